"""A season of nights by the wall clock: what a heat map draws, and which program had which nights.

A night is a row from noon to noon, always 24 hours of the wall clock: where clocks skip an hour the level before it
lasts through it, where they repeat one the later pass counts. So columns stay the same hours all year.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from zoneinfo import ZoneInfo

from lightctl.cli.nights import PreviewedNight

HOURS = 24
_NOON = dt.time(12)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_RUNS_NAMED = 4
_SEVERAL = 3
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Row:
    """One night in hours of the wall clock since noon, 0 to 24: spans of a level, spans of dark, the sun's events."""

    previewed: PreviewedNight
    levels: tuple[tuple[float, float, int], ...]
    dark: tuple[Span, ...]
    sunset: float | None
    sunrise: float | None

    @property
    def date(self) -> dt.date:
        """The night's own date."""
        return self.previewed.night.date

    def level_at(self, hour: float) -> int | None:
        """Give the level at an hour since noon; None in a night that a zone leaves out."""
        return next((level for first, last, level in reversed(self.levels) if first <= hour < last), None)

    @property
    def is_off_in_the_dark(self) -> bool:
        """Say whether the lamp is off at some time while the sun is down."""
        off = [(first, last) for first, last, level in self.levels if level == 0]
        return any(max(first, down) < min(last, up) for first, last in off for down, up in self.dark)

    def is_dark(self, hour: float) -> bool:
        """Say whether the sun is down at an hour since noon."""
        return any(first <= hour < last for first, last in self.dark)


@dataclass(frozen=True, slots=True)
class Use:
    """A program with the nights it has, and who gave it them."""

    program: str
    chosen_by: str
    dates: tuple[dt.date, ...]


def row_of(previewed: PreviewedNight) -> Row:
    """Lay a night out by the wall clock."""
    night, zone = previewed.night, ZoneInfo(previewed.place.time_zone)
    noon = dt.datetime.combine(night.date, _NOON)

    def hour(instant: dt.datetime) -> float:
        if instant >= night.end:
            return HOURS
        local = instant.astimezone(zone).replace(tzinfo=None)
        return min(max((local - noon) / dt.timedelta(hours=1), 0.0), HOURS)

    marks = [*(hour(switch.at) for switch in night.switches), HOURS]
    levels = [
        (first, last, switch.level) for (first, last), switch in zip(pairwise(marks), night.switches, strict=True)
    ]
    dark = [(hour(start), hour(end)) for start, end in night.dark]
    sunset, sunrise = (None if sun is None else hour(sun) for sun in (night.sunset, night.sunrise))
    return Row(previewed, tuple(each for each in levels if each[0] < each[1]), tuple(dark), sunset, sunrise)


def uses(nights: Sequence[PreviewedNight]) -> list[Use]:
    """Say which program has which nights, the most frequent first."""
    found: dict[tuple[str, str], list[dt.date]] = {}
    for each in nights:
        found.setdefault((each.night.program, each.chosen_by), []).append(each.night.date)
    every = [Use(program, by, tuple(dates)) for (program, by), dates in found.items()]
    return sorted(every, key=lambda use: -len(use.dates))


def when(dates: Sequence[dt.date]) -> str:
    """Write dates in order as people read them: the runs of days, the first few only where there are many."""
    runs = [_range(f"{first:%m-%d}", f"{last:%m-%d}") for first, last in _runs(dates)]
    if len(runs) <= _RUNS_NAMED:
        return ", ".join(runs)
    return f"{', '.join(runs[: _RUNS_NAMED - 1])}, ... ({len(runs)} times)"


def weekdays(dates: Sequence[dt.date]) -> str:
    """Name the weekdays of many nights as schedules write them, such as fri..sat; nothing when it would say nothing."""
    there = {date.weekday() for date in dates}
    if len(dates) < _SEVERAL * len(there) or len(there) == len(_WEEKDAYS):
        return ""
    starts = [day for day in sorted(there) if (day - 1) % 7 not in there]
    found = []
    for start in starts:
        length = next(length for length in range(1, 8) if (start + length) % 7 not in there)
        found.append(_range(_WEEKDAYS[start], _WEEKDAYS[(start + length - 1) % 7]))
    return ", ".join(found)


def _runs(dates: Sequence[dt.date]) -> Iterator[tuple[dt.date, dt.date]]:
    first = last = dates[0]
    for date in dates[1:]:
        if date - last > dt.timedelta(days=1):
            yield first, last
            first = date
        last = date
    yield first, last


def _range(first: str, last: str) -> str:
    return first if first == last else f"{first}..{last}"
