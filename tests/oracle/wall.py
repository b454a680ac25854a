"""Local clocks, read one way only: from UTC to what a clock on the wall shows, never back.

A wall time is found by asking the wall at the instants at which it might show it. Instants are seconds since 1970, UTC.
"""

from __future__ import annotations

import calendar
import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo

NOON_S = 43200
DAY_S = 86400
AROUND_S = 26 * 3600
SAMPLE_S = 1800
ONE_DAY = dt.timedelta(days=1)


def shown(instant: int, zone: ZoneInfo) -> int:
    """Give what the wall shows at an instant, counted as if the wall were in UTC."""
    return calendar.timegm(dt.datetime.fromtimestamp(instant, zone).timetuple())


@lru_cache(maxsize=4096)
def instant_of(date: dt.date, seconds: int, zone_name: str) -> int:
    """Give when the wall shows a time of a date: at first, if twice; never: as if the offset before had gone on."""
    zone = ZoneInfo(zone_name)
    wanted = calendar.timegm(date.timetuple()) + seconds
    samples = range(wanted - AROUND_S, wanted + AROUND_S + 1, SAMPLE_S)
    walls = [shown(each, zone) for each in samples]
    offsets = {wall - each for wall, each in zip(walls, samples, strict=True)}
    found = [wanted - offset for offset in offsets if shown(wanted - offset, zone) == wanted]
    if found:
        return min(found)
    before = max(each for wall, each in zip(walls, samples, strict=True) if wall < wanted)
    return wanted - (shown(before, zone) - before)


def night_of(date: dt.date, zone_name: str) -> tuple[int, int]:
    """Give the noons between which the night of a date lies."""
    return instant_of(date, NOON_S, zone_name), instant_of(date + ONE_DAY, NOON_S, zone_name)


def clock_in_night(seconds: int, date: dt.date, zone_name: str) -> int:
    """Give when a clock time comes in the night of a date: from noon on this day, before it the next."""
    return instant_of(date if seconds >= NOON_S else date + ONE_DAY, seconds, zone_name)
