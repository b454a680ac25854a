"""Local wall time and the lighting day, which runs from noon to noon (contracts 1)."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from lightctl.domain.programs import NOON_S

ONE_DAY = dt.timedelta(days=1)


def wall_instant(date: dt.date, seconds: int, zone: dt.tzinfo) -> dt.datetime:
    """Give the UTC instant of a local wall time, in seconds since midnight (0..86399).

    Read as RFC 5545 does: in the spring gap with the offset before it, in the autumn fold its first occurrence.
    """
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    # fold=0 is exactly that reading (PEP 495), so nothing but the default is needed here.
    local = dt.datetime(date.year, date.month, date.day, hour, minute, second, tzinfo=zone)
    return local.astimezone(dt.UTC)


def next_wall_time(now: dt.datetime, seconds: int, time_zone: str) -> dt.datetime:
    """Give the next instant after `now` at which clocks of a zone show a wall time (seconds since midnight)."""
    zone = ZoneInfo(time_zone)
    date = now.astimezone(zone).date()
    while (at := wall_instant(date, seconds, zone)) <= now:
        date += ONE_DAY
    return at


def night_bounds(date: dt.date, time_zone: str) -> tuple[dt.datetime, dt.datetime]:
    """Give the UTC start and end of the night of a date: noon to noon, local; 23 or 25 hours when clocks change."""
    zone = ZoneInfo(time_zone)
    return wall_instant(date, NOON_S, zone), wall_instant(date + ONE_DAY, NOON_S, zone)


def noons_from(date: dt.date, nights: int, time_zone: str) -> tuple[dt.datetime, ...]:
    """Give the noons (UTC) between which the nights of so many dates lie, from this one on: one more than nights."""
    zone = ZoneInfo(time_zone)
    return tuple(wall_instant(date + ONE_DAY * ahead, NOON_S, zone) for ahead in range(nights + 1))


def night_date(instant: dt.datetime, time_zone: str) -> dt.date:
    """Give the date whose night an instant (aware, any zone) lies in."""
    local = instant.astimezone(ZoneInfo(time_zone))
    date = local.date() if local.hour * 3600 >= NOON_S else local.date() - ONE_DAY
    # Where a zone skipped a whole date (Apia 2011-12-30) the wall clock names a night that has no length.
    while instant >= night_bounds(date, time_zone)[1]:
        date += ONE_DAY
    while instant < night_bounds(date, time_zone)[0]:
        date -= ONE_DAY
    return date
