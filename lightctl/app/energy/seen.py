"""What was seen of each light point in a part of a report, and what the meters of cabinets counted.

Usage is kept by node and channel; mountings say whom those served. What a node did in a span in which it was moved from
one light point to another is divided by the time it served each.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from lightctl.app.desk import Desk
from lightctl.app.energy.lamps import Lamp
from lightctl.app.energy.parts import Part
from lightctl.domain.usage import MeterUsage, Resolution, Usage
from lightctl.store.base import Mounting

# More quarters of an hour than this are not added up for a ragged end: nights are, and divided by the plan.
MAX_QUARTERS = 1_000_000
QUARTER_S = 900.0
WHOLE = 1.0

Seen = Mapping[str, Sequence[tuple[Usage, float]]]
Served = Mapping[tuple[str, int], Sequence[tuple[Lamp, Mounting]]]


@dataclass(frozen=True, slots=True)
class Counted:
    """What the meters of one cabinet counted in a part, and for how much of it."""

    energy_wh: float
    metered_s: float


def seen_in(desk: Desk, part: Part, served: Served, nodes: Collection[str] | None = None) -> Seen:
    """Give the usage of every light point by its id, each with the share that is its own; of all nodes, or of some."""
    found: dict[str, tuple[tuple[Usage, float], ...]] = {}
    for usage in joined(desk.store.usage(part.resolution, part.since, part.until, nodes)):
        serving = served.get((usage.node, usage.channel), ())
        if len(serving) == 1:
            light = serving[0][0].point.id
            found[light] = (*found[light], (usage, WHOLE)) if light in found else ((usage, WHOLE),)
            continue
        spans = [(lamp, _overlap_s(mounting, part)) for lamp, mounting in serving]
        whole = sum(seconds for _, seconds in spans)
        for lamp, seconds in spans:
            if seconds:
                found[lamp.point.id] = (*found.get(lamp.point.id, ()), (usage, seconds / whole))
    return found


def joined(usages: Iterable[Usage]) -> Iterator[Usage]:
    """Add up what each channel did, of usages that come channel by channel."""
    for _, group in groupby(usages, key=lambda each: (each.node, each.channel)):
        first, *rest = group
        yield _sum(first, rest) if rest else first


def _sum(first: Usage, rest: Sequence[Usage]) -> Usage:
    energy: float | None = first.energy_wh
    metered, reports = first.metered_s, first.reports
    levels = dict(first.level_s)
    for each in rest:
        if each.energy_wh is not None:
            energy = (energy or 0.0) + each.energy_wh
        metered += each.metered_s
        reports += each.reports
        for level, seconds in each.level_s.items():
            levels[level] = levels.get(level, 0.0) + seconds
    return replace(first, energy_wh=energy, metered_s=metered, level_s=levels, reports=reports)


def counted_in(desk: Desk, part: Part) -> dict[str, Counted]:
    """Give what the meters of each cabinet counted; several meters of one are added up."""
    cabinets = cabinet_meters(desk)
    by_meter: dict[str, list[MeterUsage]] = {}
    for each in desk.store.meter_usage(part.resolution, part.since, part.until):
        if each.node in cabinets:
            by_meter.setdefault(each.node, []).append(each)
    found: dict[str, Counted] = {}
    for node, rows in by_meter.items():
        cabinet = cabinets[node]
        known = found.get(cabinet, Counted(0.0, part.length_s))
        energy = sum(each.energy_wh for each in rows)
        seconds = sum(each.metered_s for each in rows)
        found[cabinet] = Counted(known.energy_wh + energy, min(known.metered_s, seconds))
    return found


def cabinet_meters(desk: Desk) -> dict[str, str]:
    """Give the cabinet each meter stands in, by the meter's node; any node with a cabinet may be one."""
    return {node.id: node.cabinet for node in desk.fleet.nodes.values() if node.cabinet}


def has_quarters(desk: Desk, part: Part, lamps: int) -> bool:
    """Say whether quarters of an hour are still kept for a part, and are few enough to add up."""
    if lamps * part.length_s / QUARTER_S > MAX_QUARTERS:
        return False
    return next(iter(desk.store.usage(Resolution.QUARTER, part.since, part.until)), None) is not None


def _overlap_s(mounting: Mounting, part: Part) -> float:
    since = part.since if mounting.since is None else max(part.since, mounting.since)
    until = part.until if mounting.until is None else min(part.until, mounting.until)
    return max(dt.timedelta(), until - since).total_seconds()
