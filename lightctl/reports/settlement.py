"""Settlement: a unit's day as switching events, and half hours of energy from them. Pure.

An event is a change of the level a node said it held. What it held when the day began is an event too; so is silence
longer than its lease, after which nobody knows. kWh of a half hour = sum(circuit_W(level) x minutes) / 60000, over what
is known; what is not known is counted in seconds, for the data default that the Meter Administrator applies.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from zoneinfo import ZoneInfo

from lightctl.domain.luminaires import PowerCurve
from lightctl.domain.settlement import Information, SwitchingEvent, UnitDay
from lightctl.planning.wall import ONE_DAY, wall_instant

HALF_HOUR = dt.timedelta(minutes=30)
CLOCK_TRUSTED = dt.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Said:
    """One report of a unit: when it was received, when by the node's own clock, and the level in force (percent)."""

    received_at: dt.datetime
    at: dt.datetime | None
    level: int | None

    @property
    def instant(self) -> dt.datetime:
        """When it was so: by the node's clock, unless that is far off."""
        if self.at is None or abs(self.at - self.received_at) > CLOCK_TRUSTED:
            return self.received_at
        return self.at


@dataclass(frozen=True, slots=True)
class Energy:
    """Half hours of a day from its start, in kWh; unknown_s: seconds of units at levels or watts that nobody knows."""

    half_hours: tuple[float, ...]
    unknown_s: float


def day_bounds(date: dt.date, time_zone: str) -> tuple[dt.datetime, dt.datetime]:
    """Give the UTC start and end of a local day: 23 or 25 hours when clocks change."""
    zone = ZoneInfo(time_zone)
    return wall_instant(date, 0, zone), wall_instant(date + ONE_DAY, 0, zone)


def switching_events(
    unit: str,
    said: Iterable[Said],
    start: dt.datetime,
    end: dt.datetime,
    lease: dt.timedelta,
    curve: PowerCurve | None,
) -> tuple[SwitchingEvent, ...]:
    """Give a unit's events from start to before end; `said` may begin earlier, for what it held when the day began."""
    ordered = sorted((each for each in said if each.level is not None), key=lambda each: each.instant)
    heard = {each.instant: each for each in ordered if each.instant < end}
    course = list(_course(list(heard.values()), end, lease))
    before = [level for at, level, _ in course if at <= start]
    held = before[-1] if before else None
    coming = [step for step in course if step[0] > start]
    if held is None and all(level is None for _, level, _ in coming):
        return ()
    steps = [(start, held, Information.UNKNOWN if held is None else Information.CARRIED), *coming]
    kept = steps[:1] + [step for last, step in pairwise(steps) if step[1] != last[1]]
    return tuple(
        SwitchingEvent(unit, at, level, None if curve is None or level is None else curve.watts(level), information)
        for at, level, information in kept
    )


def _course(
    heard: Sequence[Said], end: dt.datetime, lease: dt.timedelta
) -> Iterator[tuple[dt.datetime, int | None, Information]]:
    """Give what is known from when on, silence included."""
    followed = [*(each.instant for each in heard[1:]), end]
    for each, following in zip(heard, followed, strict=False):
        yield each.instant, each.level, Information.REPORTED
        if following - each.instant > lease:
            yield each.instant + lease, None, Information.UNKNOWN


def energy(days: Iterable[UnitDay], start: dt.datetime, end: dt.datetime) -> Energy:
    """Add up the half hours of a day over units; one without events, or without watts, is unknown all day."""
    halves = [0.0] * ceil((end - start) / HALF_HOUR)
    unknown_s = 0.0
    for day in days:
        if not day.events:
            unknown_s += (end - start).total_seconds()
            continue
        spans = zip(day.events, [*(event.at for event in day.events[1:]), end], strict=True)
        for event, until in spans:
            if event.circuit_w is None:
                unknown_s += (until - event.at).total_seconds()
                continue
            at = event.at
            while at < until:
                number = int((at - start) / HALF_HOUR)
                closes = min(until, start + (number + 1) * HALF_HOUR)
                halves[number] += event.circuit_w * ((closes - at).total_seconds() / 60) / 60_000
                at = closes
    return Energy(tuple(halves), unknown_s)
