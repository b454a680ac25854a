"""Roll-outs shown: figures wave by wave, failures by name, and what one lamp has to do with a roll-out."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from lightctl.app.reasons.views import VerdictView
from lightctl.app.rollouts.views import FailureView, RolloutView, WaveView
from lightctl.control.rollout import look_again_at, opens_at
from lightctl.domain.assets import Fleet, LightPoint
from lightctl.domain.rollouts import Figures, MemberState, Rollout, RolloutState, Standing, Wave

PLANNED = "planned"


def shown(rollout: Rollout, standings: Mapping[str, Standing], now: dt.datetime, time_zone: str) -> RolloutView:
    """Show a roll-out, without the names of what failed."""
    waves = tuple(_wave(rollout, number, wave, standings) for number, wave in enumerate(rollout.waves))
    figures = Figures(
        sum(each.moved for each in waves),
        sum(each.followed for each in waves),
        sum(each.failed for each in waves),
        sum(each.gone for each in waves),
    )
    waits_for, next_at = _waits(rollout, figures, now, time_zone)
    return RolloutView(
        id=rollout.id,
        state=rollout.state,
        detail=rollout.detail,
        plan=rollout.plan,
        base_version=rollout.base_version,
        version=rollout.version,
        user=rollout.user,
        reason=rollout.reason,
        approved_by=rollout.approved_by,
        started_at=rollout.started_at,
        changed_at=rollout.changed_at,
        light_points=rollout.light_points,
        nodes=rollout.nodes,
        moved=figures.moved,
        followed=figures.followed,
        failed=figures.failed,
        pending=figures.pending,
        gone=figures.gone,
        wave=rollout.wave,
        waits_for=waits_for,
        next_at=next_at,
        window=None if rollout.window is None else str(rollout.window),
        max_failures_percent=rollout.max_failures_percent,
        on_failure=rollout.on_failure,
        soak_s=rollout.soak_s,
        pace=rollout.pace,
        waves=waves,
    )


def tried(view: RolloutView) -> RolloutView:
    """Show a roll-out that was not started."""
    return replace(view, id="", state=PLANNED, waits_for="", next_at=None, dry_run=True)


def failures(rollout: Rollout, standings: Mapping[str, Standing], fleet: Fleet) -> tuple[FailureView, ...]:
    """Name the nodes that moved and do not follow, wave by wave."""
    return tuple(
        FailureView(node, _lights(fleet, node), number, standings[node].detail)
        for number, wave in enumerate(rollout.waves)
        for batch in wave
        for node in batch
        if node in standings and standings[node].state is MemberState.FAILED
    )


def noted(rollout: Rollout | None) -> Iterator[str]:
    """Say in a line that a roll-out is under way, where one is."""
    if rollout is not None:
        where = f"{rollout.wave_name(rollout.wave)}, {len(rollout.moved):,} of {rollout.nodes:,} nodes moved"
        yield f"roll-out {rollout.id} is {rollout.state}: {where}"


def verdict_on(rollout: Rollout, point: LightPoint) -> Iterator[VerdictView]:
    """Say which of the two schedules a light point follows while a roll-out is under way."""
    place = rollout.place_of(point.node) if point.node else None
    if place is None:
        return
    name = f"roll-out {rollout.id} ({rollout.state}), {rollout.wave_name(place[0])}"
    if place <= rollout.place:
        yield VerdictView("rollout", "chosen", f"{name}: moved, it follows the coming schedules ({rollout.plan})")
    else:
        yield VerdictView("rollout", "none", f"{name}: not moved yet, version {rollout.base_version} holds")


def _wave(rollout: Rollout, number: int, wave: Wave, standings: Mapping[str, Standing]) -> WaveView:
    released = wave if number < rollout.wave else wave[: rollout.batches] if number == rollout.wave else ()
    moved = [node for batch in released for node in batch]
    counts = Counter(standings[node].state for node in moved if node in standings)
    followed, failed = counts[MemberState.FOLLOWED], counts[MemberState.FAILED]
    gone = counts[MemberState.GONE]
    pending = len(moved) - followed - failed - gone
    return WaveView(number, _nodes(wave), len(moved), followed, failed, pending, gone)


def _nodes(wave: Sequence[Sequence[str]]) -> int:
    return sum(map(len, wave))


def _lights(fleet: Fleet, node: str) -> tuple[str, ...]:
    known = fleet.nodes.get(node)
    return () if known is None else tuple(known.channels.values())


def _waits(rollout: Rollout, figures: Figures, now: dt.datetime, time_zone: str) -> tuple[str, dt.datetime | None]:
    name = rollout.wave_name(rollout.wave)
    if rollout.state is RolloutState.PAUSED:
        return "somebody to resume or undo it", None
    if rollout.state.ended:
        return "", None
    at = look_again_at(rollout, figures, now, time_zone)
    if rollout.soaks_from is not None:
        if at is None or at <= now:
            return f"{figures.pending:,} nodes of {name} to answer" if figures.pending else f"the end of {name}", None
        return f"{name} to prove itself", at
    if opens_at(rollout.window, now, time_zone) > now:
        return f"the window {rollout.window}", at
    return f"the next nodes of {name}", at
