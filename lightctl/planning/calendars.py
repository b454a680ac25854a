"""Which program a calendar chooses for a night; every rule speaks of the night's own date."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

from lightctl.domain.programs import LAST_OF_MONTH, Calendar, CalendarRule

WEEK = dt.timedelta(days=7)


def choose(calendar: Calendar, date: dt.date) -> tuple[str, int | None]:
    """Give the program of a night and the index of the rule that chose it, None for the calendar's default."""
    for index, rule in enumerate(calendar.rules):
        if rule_covers(rule, date):
            return rule.program, index
    return calendar.default, None


def rule_covers(rule: CalendarRule, date: dt.date) -> bool:
    """Say whether every condition a rule gives holds for a date."""
    return (
        (not rule.dates or any(dates.covers(date) for dates in rule.dates))
        and (not rule.weekdays or date.weekday() in rule.weekdays)
        and (not rule.nth or _is_nth(date, rule.nth))
        and (not rule.holidays or is_holiday(rule.holidays, date))
    )


def is_holiday(code: str, date: dt.date) -> bool:
    """Say whether a date is a public holiday under a code of the `holidays` library such as DE or DE-NW.

    A code the library does not know has no holidays; `is_holiday_code` tells beforehand.
    """
    return date in _public_holidays(code, date.year)


def is_holiday_code(code: str) -> bool:
    """Say whether the `holidays` library knows a country or country-subdivision code."""
    # Imported late: the library takes a while to load and most calendars never ask.
    from holidays import list_supported_countries  # noqa: PLC0415

    country, _, subdivision = code.partition("-")
    known = list_supported_countries(include_aliases=True)
    return country in known and (not subdivision or subdivision in known[country])


def are_holidays_known(code: str, year: int) -> bool:
    """Say whether the `holidays` library knows any holiday of a code in a year; some countries end, some start late."""
    return bool(_public_holidays(code, year))


@lru_cache(maxsize=256)
def _public_holidays(code: str, year: int) -> frozenset[dt.date]:
    from holidays import country_holidays  # noqa: PLC0415

    country, _, subdivision = code.partition("-")
    try:
        return frozenset(country_holidays(country, subdiv=subdivision or None, years=year))
    except NotImplementedError:
        return frozenset()


def _is_nth(date: dt.date, nth: tuple[int, ...]) -> bool:
    is_last = (date + WEEK).month != date.month
    return (date.day - 1) // 7 + 1 in nth or (is_last and LAST_OF_MONTH in nth)
