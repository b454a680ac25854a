"""Time zones that do not know when a city changes its clocks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from lightctl.planning.lint.findings import LintCode, LintFinding

FIXED = frozenset(
    {"UTC", "UCT", "GMT", "GMT0", "GMT+0", "GMT-0", "Greenwich", "Universal", "Zulu", "EST", "MST", "HST"}
)
FORECAST_FROM = 2027  # from here on the tz database says what the law of its day would make of a year
DAYS_APART = 5  # the shortest change of clocks, Morocco's in Ramadan, lasts a month


def zone_findings(time_zone: str, year: int) -> Iterator[LintFinding]:
    """Say when a zone is an offset without a place, or its changes of clocks end before a year."""
    if time_zone in FIXED or time_zone.startswith("Etc/"):
        message = f"the time zone {time_zone} never changes its clocks; name the city's own, such as Europe/Berlin"
        yield LintFinding(LintCode.TIME_ZONE, message)
        return
    last = _last_year_of_changes(time_zone, year)
    if last is not None and last < year:
        message = f"the time zone data of {time_zone} knows changes of clocks until {last}, none in {year}"
        yield LintFinding(LintCode.TIME_ZONE, message)


def _last_year_of_changes(time_zone: str, year: int) -> int | None:
    zone = ZoneInfo(time_zone)
    return next((each for each in range(year, FORECAST_FROM - 1, -1) if _changes(zone, each)), None)


def _changes(zone: ZoneInfo, year: int) -> bool:
    first = dt.datetime(year, 1, 1, tzinfo=zone)
    return any(
        (first + dt.timedelta(days=days)).utcoffset() != first.utcoffset()
        for days in range(DAYS_APART, 366, DAYS_APART)
    )
