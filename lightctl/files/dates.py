"""Conditions of calendar rules, as people write them: dates, weekdays, nth of the month, holiday codes."""

from __future__ import annotations

import calendar
import datetime as dt
import re

from lightctl.domain.errors import InvalidInput
from lightctl.domain.programs import LAST_OF_MONTH, DateRange
from lightctl.files.findings import did_you_mean, quoted

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NTH = ("1", "2", "3", "4", "5", "last")
# A pattern that the schema for editors shares; a regular expression both of Python and of ECMAScript.
HOLIDAY_CODE = r"([A-Z]{2})(?:-([A-Z0-9]{1,3}))?"
_DAY = re.compile(r"(?:([0-9]{4})-)?([0-9]{2})-([0-9]{2})")
_MONTHS = 12
_LEAP_YEAR = 2000  # so that a yearly 02-29 is a date
_HOLIDAY_CODE = re.compile(HOLIDAY_CODE)
_MAX_TEXT = 40
_NO_RANGE = re.compile(r"\s+(?:-|to|bis)\s+|\s*[\u2013\u2014\u2026]\s*|(?<=[A-Za-z])-(?=[A-Za-z])")
_GERMAN_DAY = re.compile(r"(?P<day>[0-9]{1,2})\. ?(?P<month>[0-9]{1,2})\.? ?(?P<year>[0-9]{4})?")
_LOOSE_DAY = re.compile(r"(?:(?P<year>[0-9]{4})-)?(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})")
_ANY_COUNTRY = "Write a country by its two letters (DE, AT; GB, not UK), or a part of one: DE-NW."
_MAX_PARTS = 4

Day = tuple[int | None, int, int]


def parse_dates(text: str, *, where: str = "") -> DateRange:
    """Read MM-DD, MM-DD..MM-DD, YYYY-MM-DD or YYYY-MM-DD..YYYY-MM-DD; raises InvalidInput."""
    parts = text.split("..") if len(text) <= _MAX_TEXT else [text]
    if len(parts) > 2:  # noqa: PLR2004 - a range has two ends
        raise InvalidInput(where, f"{quoted(text)} is not a date or a range", hint="Write 12-24..12-26.")
    first = _day(parts[0].strip(), where)
    last = _day(parts[-1].strip(), where)
    if (first[0] is None) != (last[0] is None):
        raise InvalidInput(
            where, f"{quoted(text)} has a year on one end only", hint="Write the year on both ends, or on none."
        )
    if first[0] is not None and last[0] is not None and (first[0], *first[1:]) > (last[0], *last[1:]):
        raise InvalidInput(where, f"{quoted(text)} ends before it starts", hint="Swap the two dates.")
    return DateRange(first, last)


def parse_weekdays(text: str, *, where: str = "") -> frozenset[int]:
    """Read mon or fri..sun (0 is Monday; a range may wrap over Sunday); raises InvalidInput."""
    parts = text.split("..") if len(text) <= _MAX_TEXT else [text]
    if len(parts) > 2:  # noqa: PLR2004 - a range has two ends
        raise InvalidInput(where, f"{quoted(text)} is not a weekday or a range", hint="Write mon..fri.")
    first, last = _weekday(parts[0].strip(), where), _weekday(parts[-1].strip(), where)
    length = (last - first) % len(WEEKDAYS) + 1
    return frozenset((first + step) % len(WEEKDAYS) for step in range(length))


def parse_nth(text: str, *, where: str = "") -> int:
    """Read 1..5 or last; raises InvalidInput."""
    if text not in NTH:
        raise InvalidInput(where, f"{quoted(text)} is not a week of the month", hint="Write 1 to 5, or last.")
    return LAST_OF_MONTH if text == "last" else int(text)


def parse_holidays(text: str, *, where: str = "") -> str:
    """Check a country or country-subdivision code such as DE or DE-NW; raises InvalidInput."""
    # Asked for only when a file uses it: the library takes a quarter of a second to start.
    import holidays  # noqa: PLC0415

    known = holidays.list_supported_countries(include_aliases=False)
    found = _HOLIDAY_CODE.fullmatch(text)
    if found is None:
        usual = text.upper().replace("_", "-")
        hint = f"Write {usual}." if _HOLIDAY_CODE.fullmatch(usual) and usual[:2] in known else _ANY_COUNTRY
        raise InvalidInput(where, f"{quoted(text)} is not a holiday code", hint=hint)
    country, subdivision = found.groups()
    if country not in known:
        wholes = [f"{whole}-{country}" for whole, parts in sorted(known.items()) if country in parts]
        hint = f"Write its country first: {' or '.join(wholes)}. " if 0 < len(wholes) <= _MAX_PARTS else ""
        hint += _ANY_COUNTRY
        raise InvalidInput(where, f"no public holidays are known for {country}", hint=hint)
    if subdivision is not None and subdivision not in known[country]:
        parts = [part for part in known[country] if _HOLIDAY_CODE.fullmatch(f"{country}-{part}")]
        hint = did_you_mean(subdivision, parts) or f"Write the whole country: {country}."
        raise InvalidInput(where, f"no public holidays are known for {subdivision} in {country}", hint=hint)
    return text


def _day(text: str, where: str) -> Day:
    found = _DAY.fullmatch(text)
    if found is None:
        raise InvalidInput(where, f"{quoted(text)} is not a date", hint=_day_hint(text))
    year = None if found[1] is None else int(found[1])
    month, day = int(found[2]), int(found[3])
    try:
        dt.date(_LEAP_YEAR if year is None else year, month, day)
    except ValueError:
        hint = "Write the month first: 12-24 is the 24th of December."
        if 1 <= month <= _MONTHS:
            days = calendar.monthrange(_LEAP_YEAR if year is None else year, month)[1] if year != 0 else 0
            hint = f"That month has {days} days."
        raise InvalidInput(where, f"{quoted(text)} is not in the calendar", hint=hint) from None
    return (year, month, day)


def _day_hint(text: str) -> str:
    ends = [_as_day(end) for end in _NO_RANGE.split(text)]
    if all(ends) and len(ends) <= 2:  # noqa: PLR2004 - a range has two ends
        return f"Write {'..'.join(ends)}."
    return "Write month and day as 12-24, or with the year 2026-12-24."


def _as_day(text: str) -> str:
    """Write a day as it should be, "" when nobody can tell which it is."""
    found = _GERMAN_DAY.fullmatch(text) or _LOOSE_DAY.fullmatch(text)
    if found is None:
        return ""
    day = f"{int(found['month']):02}-{int(found['day']):02}"
    return f"{found['year']}-{day}" if found["year"] else day


def _weekday(text: str, where: str) -> int:
    if text in WEEKDAYS:
        return WEEKDAYS.index(text)
    raise InvalidInput(where, f"{quoted(text)} is not a weekday", hint=_weekday_hint(text))


def _weekday_hint(text: str) -> str:
    ends = [end[:3].lower() for end in _NO_RANGE.split(text)]
    several = [part[:3].lower() for part in text.replace(",", " ").split()]
    if len(several) > 1 and set(several) <= set(WEEKDAYS):
        return f"Write a list: [{', '.join(several)}]."
    if len(ends) <= 2 and set(ends) <= set(WEEKDAYS):  # noqa: PLR2004 - a range has two ends
        return f"Write {'..'.join(ends)}."
    return f"Write one of {', '.join(WEEKDAYS)}."
