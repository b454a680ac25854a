"""The night or the month of a street, gathered from the store in steps.

The frame is read first: light points, what was planned for them, faults, maintenances, who switched whom. Then usage is
read some nodes at a time, so that recording and other calls go on in between, and added up lamp by lamp; nothing is
kept of single nights but their sums. A lamp counts from when its node was mounted, by the node it had then.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from lightctl.app.desk import Desk
from lightctl.app.energy.report import report_steps
from lightctl.app.energy.views import EnergyView
from lightctl.app.reporting.energy import BY, energy_of, nights_of
from lightctl.app.reporting.maintenances import maintenances_of
from lightctl.app.reporting.outages import FaultsOfPeriod
from lightctl.app.reporting.periods import Period
from lightctl.app.reporting.planned import PlannedLight, PlannedNight
from lightctl.app.steps import advance
from lightctl.app.usage import rolled_up
from lightctl.domain.assets import LifeCycle, LightPoint
from lightctl.domain.errors import UnknownTarget
from lightctl.domain.selectors import EVERYTHING, parse_selector
from lightctl.domain.usage import Resolution
from lightctl.planning.wall import night_bounds
from lightctl.reports.light_time import NOTHING, LightTime, Span, light_time, within, without
from lightctl.reports.street import (
    BeyondPlan,
    Burning,
    CabinetOfStreet,
    NightOfStreet,
    StreetReport,
)
from lightctl.store.base import Mounting

NODES_AT_ONCE = 500
WORST_BEYOND = 10
BARS = 12
_HOUR_S = 3600.0
_STEPS_H = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)

Channel = tuple[str, int]


@dataclass(slots=True)
class _Cabinet:
    light_points: int = 0
    lamps: int = 0
    light: LightTime = NOTHING


@dataclass(slots=True)
class _Sums:
    """What has been added up so far."""

    nights: list[LightTime]
    light: LightTime = NOTHING
    cabinets: dict[str, _Cabinet] = field(default_factory=dict)
    burning_h: dict[str, float] = field(default_factory=dict)
    beyond: list[BeyondPlan] = field(default_factory=list)


class StreetGathering:
    """One report on its way: `step` until it gives False, then `report`. On the store's own thread."""

    def __init__(self, desk: Desk, period: Period, select: str) -> None:
        """Read the frame; raises InvalidInput and UnknownTarget for a selector that names nobody."""
        self._desk, self._period, self._select = desk, period, select
        self.now = desk.now()
        self._since, end = period.bounds
        self._until = min(end, self.now)
        chosen = desk.fleet.select(parse_selector(select))
        if not chosen and parse_selector(select) != EVERYTHING:
            raise UnknownTarget(f"no light point is selected by {select!r}.")
        self._left_out = Counter(why for point in chosen if (why := _left_out(point)))
        self._points = [point for point in chosen if not _left_out(point)]
        self._nights = tuple(
            self._night(date) for date in period.dates if night_bounds(date, period.time_zone)[0] < self._until
        )
        self._planned = PlannedLight(desk, self._nights, self.now)
        self._faults = FaultsOfPeriod(desk, self._points, self._since, self._until)
        self._out = self._faults.out()
        self._apart = maintenances_of(desk, self._points, (self._since, self._until))
        self._mountings = self._mounted()
        self._sums = _Sums([NOTHING for _ in self._nights])
        self._energy: EnergyView | None = None
        self._work = self._pieces()

    def step(self) -> bool:
        """Do a piece of the work; False when nothing is left to do."""
        return next(self._work, False)

    def _pieces(self) -> Iterator[bool]:
        for _ in rolled_up(self._desk):
            yield True
        for at in range(0, len(self._points), NODES_AT_ONCE):
            some = self._points[at : at + NODES_AT_ONCE]
            seen = self._usage({channel for point in some for channel in self._channels(point)})
            for point in some:
                self._add(point, seen)
            yield True
        if self._points:
            steps = report_steps(self._desk, self._since, self._until, BY, points=self._points)
            while (done := advance(steps)) is None:
                yield True
            self._energy = done.value

    def report(self) -> StreetReport:
        """Give the report of everything added up."""
        sums, period, energy = self._sums, self._period, self._energy
        used = nights_of(energy) if energy is not None else {}
        outages = self._faults.outages()
        took = [each.seconds for each in outages if each.cleared_at is not None]
        by_cabinet = Counter(each.cabinet for each in outages)
        cabinets = [
            CabinetOfStreet(name, each.light_points, each.lamps, each.light, by_cabinet[name])
            for name, each in sums.cabinets.items()
        ]
        return StreetReport(
            site=self._desk.settings.site.name,
            kind=str(period.kind),
            first=period.first,
            last=period.last,
            since=self._since,
            until=self._until,
            complete=self._until == period.bounds[1],
            time_zone=period.time_zone,
            select=self._select,
            made_at=self.now,
            light_points=len(self._points),
            lamps=sum(point.lamps for point in self._points),
            left_out=dict(self._left_out),
            light=sums.light,
            nights=tuple(
                NightOfStreet(night.date, light, used.get(night.date))
                for night, light in zip(self._nights, sums.nights, strict=True)
            ),
            outages=outages,
            others=self._faults.others(),
            cabinets=tuple(sorted(cabinets, key=_lost)),
            burning=_burning(sums.burning_h),
            beyond=len(sums.beyond),
            worst_beyond=tuple(sorted(sums.beyond, key=lambda each: (-each.hours, each.light_point))[:WORST_BEYOND]),
            energy=energy_of(energy) if energy is not None else None,
            in_light_percent=sums.light.in_light_percent,
            unknown_percent=sums.light.unknown_percent,
            dark_percent=sums.light.dark_percent,
            open_outages=len(outages) - len(took),
            repair_median_s=median(took) if took else None,
            repair_longest_s=max(took, default=None),
        )

    def _night(self, date: dt.date) -> PlannedNight:
        span = night_bounds(date, self._period.time_zone)
        return PlannedNight(date, span, (min(span[1], self.now) - span[0]).total_seconds())

    def _mounted(self) -> Mapping[str, list[Mounting]]:
        found: dict[str, list[Mounting]] = {}
        for mounting in self._desk.store.all_mountings():
            found.setdefault(mounting.light_point, []).append(mounting)
        return found

    def _channels(self, point: LightPoint) -> set[Channel]:
        return {(point.node, point.channel)} | {(each.node, each.channel) for each in self._mountings.get(point.id, ())}

    def _usage(self, channels: set[Channel]) -> Mapping[Channel, Mapping[dt.datetime, tuple[float, float]]]:
        """Give for each channel and night how many seconds are known, and how many lit."""
        nodes = {node for node, _ in channels}
        found: dict[Channel, dict[dt.datetime, tuple[float, float]]] = {}
        for usage in self._desk.store.usage(Resolution.NIGHT, self._since, self._until, nodes):
            channel = usage.node, usage.channel
            if channel in channels:
                found.setdefault(channel, {})[usage.start] = usage.known_s, usage.lit_s
        return found

    def _add(self, point: LightPoint, seen: Mapping[Channel, Mapping[dt.datetime, tuple[float, float]]]) -> None:
        mountings = self._mountings.get(point.id, ())
        moved = any(
            each.until is not None or (each.since is not None and each.since > self._since) for each in mountings
        )
        out, apart = self._out.get(point.id, ()), self._apart.get(point.id, ())
        own = seen.get((point.node, point.channel), {})
        light, lit_s, heard = NOTHING, 0.0, False
        for at, (night, planned) in enumerate(zip(self._nights, self._planned.of(point), strict=True)):
            begin = night.span[0]
            known = own.get(begin)
            spans, length_s = planned, night.over_s
            if moved:
                here = _mounted_during(mountings, night.span)
                spans = tuple(part for span in here for part in within(planned, span))
                known = _together(seen, mountings, night)
            heard = heard or known is not None
            known_s, lit = known or (0.0, 0.0)
            found = light_time(spans, length_s, known_s, lit, lamps=point.lamps, out=out, apart=apart)
            self._sums.nights[at] += found
            light += found
            lit_s += lit
        self._count(point, light, lit_s if heard else None)

    def _count(self, point: LightPoint, light: LightTime, lit_s: float | None) -> None:
        sums = self._sums
        sums.light += light
        cabinet = sums.cabinets.setdefault(point.cabinet, _Cabinet())
        cabinet.light_points += 1
        cabinet.lamps += point.lamps
        cabinet.light += light
        if lit_s is not None:
            sums.burning_h[point.id] = lit_s / _HOUR_S
        if light.beyond_s > 0:
            sums.beyond.append(BeyondPlan(point.id, point.cabinet, light.beyond_s / point.lamps / _HOUR_S))


def _left_out(point: LightPoint) -> str:
    """Say why a light point takes no part, "" where it does."""
    if point.state is not LifeCycle.IN_USE:
        return str(point.state)
    return "" if point.node else "no node"


def _mounted_during(mountings: Sequence[Mounting], night: Span) -> list[Span]:
    """Give when of a night the light point had a node; one node followed by the next is one span."""
    found: list[Span] = []
    for each in mountings:
        span = max(each.since or night[0], night[0]), min(each.until or night[1], night[1])
        if span[0] < span[1]:
            found += without([span], found)
    return found


def _together(
    seen: Mapping[Channel, Mapping[dt.datetime, tuple[float, float]]],
    mountings: Sequence[Mounting],
    night: PlannedNight,
) -> tuple[float, float] | None:
    """Add up what the nodes that a light point had in a night said of it."""
    begin, end = night.span
    there = {
        (each.node, each.channel)
        for each in mountings
        if (each.since is None or each.since < end) and (each.until is None or each.until > begin)
    }
    said = [found for channel in there if (found := seen.get(channel, {}).get(begin)) is not None]
    if not said:
        return None
    return min(night.over_s, sum(known for known, _ in said)), min(night.over_s, sum(lit for _, lit in said))


def _lost(cabinet: CabinetOfStreet) -> tuple[float, float, str]:
    """Order cabinets by the light that was planned and not seen, then by what is known to have been dark."""
    return -cabinet.light.dark_s - cabinet.light.unknown_s, -cabinet.light.dark_s, cabinet.cabinet


def _burning(hours: Mapping[str, float]) -> Burning:
    if not hours:
        return Burning()
    least, most = min(hours, key=lambda each: hours[each]), max(hours, key=lambda each: hours[each])
    span = hours[most] - hours[least]
    step = next((each for each in _STEPS_H if span / each <= BARS), _STEPS_H[-1])
    first = math.floor(hours[least] / step)
    counts = Counter(math.floor(each / step) for each in hours.values())
    last = math.floor(hours[most] / step)
    return Burning(
        light_points=len(hours),
        mean_h=sum(hours.values()) / len(hours),
        least_h=hours[least],
        least=least,
        most_h=hours[most],
        most=most,
        step_h=step,
        counts=tuple((at * step, counts.get(at, 0)) for at in range(first, last + 1)),
    )
