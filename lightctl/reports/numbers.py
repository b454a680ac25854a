"""How figures are written: one way for pages, PDFs and terminals."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

_NOTHING = "-"
_HOUR_S = 3600
_FINE, _COARSE = 10, 1000
_ALL = 100.0


def number(value: float | None, places: int | None = None) -> str:
    """Write a number with so many places, else with as many as its size deserves; a dash where there is none."""
    if value is None:
        return _NOTHING
    if places is None:
        size = abs(value)
        places = 0 if size >= _COARSE or value == int(value) else 1 if size >= _FINE else 2
    shown = f"{value:,.{places}f}"
    return shown.removeprefix("-") if float(shown.replace(",", "")) == 0 else shown


def with_unit(value: float | None, unit: str, places: int | None = None) -> str:
    """Write a number with its unit; a dash alone where there is none. Shares are written as `percent` does."""
    if unit == "%" and places is None:
        return percent(value)
    return _NOTHING if value is None else f"{number(value, places)} {unit}".rstrip()


def percent(value: float | None, places: int = 1) -> str:
    """Write a share; what is nearly but not quite everything, or nothing, is never rounded to it."""
    if value is None:
        return _NOTHING
    least = 10.0**-places
    if 0 < value < least / 2:
        return f"< {number(least, places)} %"
    nearly = _ALL - least / 2 <= value < _ALL
    return f"{number(_ALL - least if nearly else value, places)} %"


def duration(seconds: float | None) -> str:
    """Write how long something took: 45 min, 7 h 05 min, 3 d 4 h."""
    if seconds is None:
        return _NOTHING
    minutes = round(seconds / 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:  # noqa: PLR2004 - two days
        return f"{hours // 24} d {hours % 24} h"
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def hours(seconds: float | None, places: int | None = 1) -> str:
    """Write seconds as hours."""
    return _NOTHING if seconds is None else f"{number(seconds / _HOUR_S, places)} h"


def local(instant: dt.datetime | None, time_zone: str) -> str:
    """Write an instant by the city's clock; with its offset where clocks show that time twice."""
    if instant is None:
        return _NOTHING
    there = instant.astimezone(ZoneInfo(time_zone))
    twice = there.replace(fold=0).utcoffset() != there.replace(fold=1).utcoffset()
    return there.strftime("%Y-%m-%d %H:%M") + (there.strftime(" %Z") if twice else "")


def plural(count: int, noun: str, nouns: str = "") -> str:
    """Write a number of things."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"
