"""Fit: what of a plan a node can really hold, and an exact report of what is lost on the way.

In go the switches of a period and a node's capabilities, out come the switches it is given, the instant until which
they hold, and every loss. The rule that must hold: at no instant of the period left is the fitted level below the
planned one (light is the duty), and nothing is dropped without a Loss that says so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lightctl.devices.repeat import EPOCH, SECOND, merged, repeated
from lightctl.devices.topics import slots_limit
from lightctl.domain.assets import Capabilities, Dates
from lightctl.domain.errors import NodeRefused
from lightctl.domain.states import Switch

LossKind = Literal["nights", "slots", "persists", "resolution", "ramp", "min_level", "levels", "dates"]


@dataclass(frozen=True, slots=True)
class Loss:
    """Something of the plan the node cannot do; `count` switches (or nights) are concerned."""

    kind: LossKind
    detail: str
    count: int

    @property
    def changes_light(self) -> bool:
        """Whether lamps do something else than planned; else the node only goes on alone for a shorter time."""
        return self.kind not in ("nights", "slots", "persists")


@dataclass(frozen=True, slots=True)
class Fitted:
    """What the node is given: its switches, until when they hold, and what was lost."""

    switches: tuple[Switch, ...]
    valid_until: dt.datetime
    losses: tuple[Loss, ...] = ()


def fit(
    switches: Sequence[Switch],
    capabilities: Capabilities,
    *,
    min_level: int,
    noons: Sequence[dt.datetime],
) -> Fitted:
    """Fit the switches of some nights to a node; raises NodeRefused when it cannot hold even the first night.

    noons: where the first night begins, then where each ends; days on which clocks change are not 24 hours long. The
    switch in force at the beginning keeps its own instant. min_level: the light point's own (percent). Without a switch
    nothing is covered: valid_until is the beginning.
    """
    start, end = noons[0], noons[-1]
    if end <= start or not switches or switches[0].at >= end:
        return Fitted((), min(start, end))
    if not capabilities.carries_nights:
        raise NodeRefused("it carries no nights: switch it live")
    planned = len(noons) - 1
    carried = slots_limit(capabilities.channels, sun=capabilities.sun)
    slots = min(capabilities.slots, carried)
    most = min(planned, capabilities.nights)
    needed = 0
    for nights in range(most, 0, -1):
        until = noons[nights]
        fitted, losses = _fit_period(clip(switches, start, until), capabilities, min_level, until)
        fitted = tuple(clip(fitted, start, until))  # the grid may have moved a switch to before the start
        needed, differing = len(fitted), 0
        if capabilities.dates is not Dates.ABSOLUTE:
            repetition = repeated(fitted, capabilities, start, until)
            fitted, needed, differing = repetition.switches, repetition.held, min(repetition.differing, nights)
        if needed <= slots and len(fitted) <= carried:
            period = _period_losses(planned, most, nights, slots)
            return Fitted(fitted, until, (*period, *losses, *_dates_loss(capabilities, differing, nights)))
    raise NodeRefused(
        f"it holds {slots} switches on each of {capabilities.channels} channels for {capabilities.nights} nights, and "
        f"the first night needs {needed}: give it a program with fewer steps, or switch it live (nights 0)"
    )


def fit_level(level: int, capabilities: Capabilities, min_level: int) -> int:
    """Give the level a node will really take for the level asked for; never darker, and 0 stays 0.

    A node that knows certain levels only takes the next one up, or its highest; one that does not know 0 cannot be off.
    """
    if level > 0:
        level = max(level, min_level, capabilities.min_level)
    if not capabilities.levels:
        return level
    return next((known for known in capabilities.levels if known >= level), capabilities.levels[-1])


def clip(switches: Sequence[Switch], start: dt.datetime, until: dt.datetime) -> list[Switch]:
    """Keep what decides the level in start..until: the switch in force at the start and the later ones."""
    first = max((index for index, switch in enumerate(switches) if switch.at <= start), default=0)
    return [switch for switch in switches[first:] if switch.at < until]


def _fit_period(
    switches: list[Switch], capabilities: Capabilities, min_level: int, until: dt.datetime
) -> tuple[tuple[Switch, ...], list[Loss]]:
    grid = capabilities.resolution_s
    losses = list(switch_losses(switches, capabilities, min_level))
    fitted = [_fit_switch(switch, capabilities, min_level) for switch in switches]
    moved = sum(not _on_grid(switch.at, grid) for switch in switches)
    if moved:
        fitted = [switch for switch in _to_grid(fitted, grid) if switch.at < until]
        detail = f"moved to its grid of {grid} s, more light earlier and less light later"
        losses.append(Loss("resolution", detail, moved))
    return merged(iter(fitted)), losses


def _fit_switch(switch: Switch, capabilities: Capabilities, min_level: int) -> Switch:
    keeps_sun = capabilities.sun and capabilities.dates is not Dates.ABSOLUTE
    level = fit_level(switch.level, capabilities, min_level)
    ramp_s, sun = switch.ramp_s if capabilities.ramp else 0, switch.sun if keeps_sun else None
    if (level, ramp_s) == (switch.level, switch.ramp_s) and sun is switch.sun:
        return switch
    return replace(switch, level=level, ramp_s=ramp_s, sun=sun)


def switch_losses(switches: Sequence[Switch], capabilities: Capabilities, min_level: int) -> Iterator[Loss]:
    """Name what of each switch's own level and ramp a node cannot do, also one that is switched live."""
    dimming = replace(capabilities, levels=())
    raised = [fit_level(switch.level, dimming, min_level) for switch in switches]
    known = [fit_level(switch.level, capabilities, min_level) for switch in switches]
    if count := sum(level != switch.level for level, switch in zip(raised, switches, strict=True)):
        lowest = max(min_level, capabilities.min_level)
        yield Loss("min_level", f"raised to {lowest} %, the lowest it burns at", count)
    if count := sum(level != other for level, other in zip(known, raised, strict=True)):
        levels = ", ".join(map(str, capabilities.levels))
        yield Loss("levels", f"taken to the next of its levels, {levels} %", count)
    if not capabilities.ramp and (count := sum(switch.ramp_s > 0 for switch in switches)):
        yield Loss("ramp", "it does not fade, the level changes at once", count)


def _period_losses(planned: int, held: int, nights: int, slots: int) -> list[Loss]:
    losses = []
    if held < planned:
        losses.append(Loss("nights", f"it carries {held} of {planned} nights", planned - held))
    if nights < held:
        losses.append(Loss("slots", f"its {slots} switches hold {nights} of {held} nights", held - nights))
    return losses


def _dates_loss(capabilities: Capabilities, differing: int, nights: int) -> list[Loss]:
    if not differing:
        return []
    table = "night" if capabilities.dates is Dates.DAILY else "week"
    detail = f"it repeats one {table}, the lightest of what is planned; {differing} of {nights} nights differ"
    return [Loss("dates", detail, differing)]


def _on_grid(instant: dt.datetime, grid: int) -> bool:
    return instant.microsecond == 0 and (instant - EPOCH) // SECOND % grid == 0


def _to_grid(switches: Sequence[Switch], grid: int) -> list[Switch]:
    """Move switches to the grid so that each grid cell has the highest level planned at any instant within it."""
    cells: dict[int, list[Switch]] = {}
    for switch in switches:
        cells.setdefault((switch.at - EPOCH) // SECOND // grid, []).append(switch)
    moved: list[Switch] = []
    before: Switch | None = None
    for cell, inside in cells.items():
        start, following = EPOCH + cell * grid * SECOND, EPOCH + (cell + 1) * grid * SECOND
        present = inside if before is None or inside[0].at == start else [before, *inside]
        moved.append(replace(max(present, key=lambda switch: switch.level), at=start))
        before = inside[-1]
        if cell + 1 not in cells:
            moved.append(replace(before, at=following))
    return moved
