"""A plan in people's words, line by line."""

from __future__ import annotations

from collections.abc import Iterator

from lightctl.app.schedules.guards import MAX_AFFECTED
from lightctl.app.schedules.losses import LOSSES
from lightctl.app.schedules.views import NightsView, PlanEnergyView, PlanView


def summary_of(plan: PlanView, affected: int) -> tuple[str, ...]:
    """Say what a plan changes: what was written, whom it touches, darkness, energy, and what stands in its way."""
    return tuple(_lines(plan, affected))


def _lines(plan: PlanView, affected: int) -> Iterator[str]:
    for change in plan.changes:
        one = f": {change.words[0]}" if len(change.words) == 1 else ""
        yield f"{change.kind} {change.name} {change.verb}{one}"
        if not one:
            yield from (f"    {words}" for words in change.words)
    light_points = "light point changes" if affected == 1 else "light points change"
    yield f"{affected:,} {light_points} in the {plan.nights_ahead} nights from {plan.first_night} on"
    yield from (f"    {_nights(each)}" for each in plan.nights)
    yield from _energy(plan.energy, affected)
    for lost in plan.losses:
        lamps = "1 light point" if lost.light_points == 1 else f"{lost.light_points:,} light points"
        yield f"{lost.model} ({lamps}) loses of a lamp's year:"
        yield from (f"    {loss.kind} ({loss.count}): {loss.detail}" for loss in lost.losses)
        if lost.refused:
            yield f"    everything, on some nodes: {lost.refused}"
    for guard in plan.guards:
        instead = {MAX_AFFECTED: f", or --max-affected {guard.value}", LOSSES: ", or --accept-losses"}
        yield f"needs a second person{instead.get(guard.rule, '')}: {guard.detail}"


def _nights(change: NightsView) -> str:
    name = change.group or "no group"
    program = f"{change.after} (changed)" if change.before == change.after else f"{change.before} -> {change.after}"
    darkness = ""
    if change.dark_minutes_before != change.dark_minutes_after or change.most_added_minutes:
        darkness = (
            f"; dark minutes a night {change.dark_minutes_before:g} -> {change.dark_minutes_after:g}, "
            f"at most {change.most_added_minutes:+g}"
        )
    lamps = "1 light point" if change.light_points == 1 else f"{change.light_points:,} light points"
    nights = "1 night" if change.nights == 1 else f"{change.nights} nights"
    return f"{name}: {program}, {nights} of {lamps}{darkness}"


def _energy(energy: PlanEnergyView, affected: int) -> Iterator[str]:
    if not affected or not (energy.kwh_before or energy.kwh_after):
        return
    share = f", {(energy.kwh_after / energy.kwh_before - 1) * 100:+.1f} %" if energy.kwh_before else ""
    difference = energy.kwh_after - energy.kwh_before
    unknown = energy.light_points_without_power
    aside = f"; {unknown:,} without rated_power_w left out" if unknown else ""
    yield f"{energy.kwh_before:,.0f} -> {energy.kwh_after:,.0f} kWh a year ({difference:+,.0f} kWh{share}){aside}"
