"""A period in parts, each read at the coarsest resolution that covers it exactly.

Whole local months (and the month that still runs, up to now) are read from months; of what is left whole lighting days
from nights, and the ragged ends from quarters of an hour. So a year of a city is twelve rows a lamp.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from lightctl.domain.usage import Resolution
from lightctl.planning.wall import ONE_DAY, night_bounds, night_date, wall_instant


@dataclass(frozen=True, slots=True)
class Part:
    """A span of a report, as fine as its figures are read."""

    since: dt.datetime
    until: dt.datetime
    resolution: Resolution

    @property
    def length_s(self) -> float:
        """How long it is (seconds)."""
        return (self.until - self.since).total_seconds()


def parts_of(
    since: dt.datetime, until: dt.datetime, now: dt.datetime, time_zone: str, cuts: Collection[dt.date] = ()
) -> list[Part]:
    """Cut a period at months, and at the local days in `cuts`, which no part reaches over."""
    zone = ZoneInfo(time_zone)
    found: list[Part] = []
    at = since
    while at < until:
        month, coming = _month(at, zone)
        end = min(until, coming)
        for cut in sorted(cuts):
            instant = wall_instant(cut, 0, zone)
            end = instant if at < instant < end else end
        if at == month and (end == coming or now <= end < coming):
            found.append(Part(at, end, Resolution.MONTH))
        else:
            found += _ragged(at, end, time_zone)
        at = end
    return found


def nights_of(since: dt.datetime, until: dt.datetime, now: dt.datetime, time_zone: str) -> list[Part]:
    """Give the lighting days that begin in a period, the one that still runs up to now."""
    date = night_date(since, time_zone)
    if night_bounds(date, time_zone)[0] < since:
        date += ONE_DAY
    found: list[Part] = []
    while (begin := night_bounds(date, time_zone)[0]) < until and begin < now:
        found.append(Part(begin, min(now, night_bounds(date, time_zone)[1]), Resolution.NIGHT))
        date += ONE_DAY
    return found


def _ragged(since: dt.datetime, until: dt.datetime, time_zone: str) -> Iterator[Part]:
    date = night_date(since, time_zone)
    first = night_bounds(date, time_zone)[0]
    first = first if first == since else night_bounds(date, time_zone)[1]
    last = night_bounds(night_date(until, time_zone), time_zone)[0]
    if last <= first:
        yield Part(since, until, Resolution.QUARTER)
        return
    if since < first:
        yield Part(since, first, Resolution.QUARTER)
    date = night_date(first, time_zone)
    while (begin := night_bounds(date, time_zone)[0]) < last:
        yield Part(begin, night_bounds(date, time_zone)[1], Resolution.NIGHT)
        date += ONE_DAY
    if last < until:
        yield Part(last, until, Resolution.QUARTER)


def _month(instant: dt.datetime, zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
    first = instant.astimezone(zone).date().replace(day=1)
    return wall_instant(first, 0, zone), wall_instant((first + 31 * ONE_DAY).replace(day=1), 0, zone)
