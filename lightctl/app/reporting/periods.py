"""Periods of reports: one night or the nights of a month, each from its noon to the next."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from lightctl.domain.errors import InvalidInput
from lightctl.planning.wall import ONE_DAY, night_bounds, night_date
from lightctl.reports.light_time import Span

_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_YEARS = range(1970, 2101)


class PeriodKind(StrEnum):
    """How long a period is."""

    NIGHT = "night"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Period:
    """The nights of the dates from first to last."""

    kind: PeriodKind
    first: dt.date
    last: dt.date
    time_zone: str

    @property
    def dates(self) -> Iterator[dt.date]:
        """The dates of its nights."""
        return (self.first + ONE_DAY * ahead for ahead in range((self.last - self.first).days + 1))

    @property
    def bounds(self) -> Span:
        """Its first noon and its last."""
        return night_bounds(self.first, self.time_zone)[0], night_bounds(self.last, self.time_zone)[1]

    @property
    def name(self) -> str:
        """What files of it are called after."""
        return f"{self.first:%Y-%m}" if self.kind is PeriodKind.MONTH else self.first.isoformat()


def night_period(text: str | None, now: dt.datetime, time_zone: str) -> Period:
    """Give the night of a date (YYYY-MM-DD), without one the last that is over; raises InvalidInput."""
    if text is None:
        date = night_date(now, time_zone) - ONE_DAY
    else:
        try:
            date = dt.date.fromisoformat(text)
        except ValueError:
            raise InvalidInput("date", f"{text!r} is no date", hint="Write one such as 2026-10-24.") from None
    return _begun(Period(PeriodKind.NIGHT, date, date, time_zone), now, "date")


def month_period(text: str | None, now: dt.datetime, time_zone: str) -> Period:
    """Give the nights of a month (YYYY-MM), without one those of the last that is over; raises InvalidInput."""
    if text is None:
        first = (night_date(now, time_zone).replace(day=1) - ONE_DAY).replace(day=1)
    else:
        found = _MONTH.fullmatch(text)
        if found is None or not 1 <= int(found[2]) <= 12 or int(found[1]) not in _YEARS:  # noqa: PLR2004 - months
            raise InvalidInput("month", f"{text!r} is no month", hint="Write one such as 2026-10.")
        first = dt.date(int(found[1]), int(found[2]), 1)
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    return _begun(Period(PeriodKind.MONTH, first, last, time_zone), now, "month")


def _begun(period: Period, now: dt.datetime, where: str) -> Period:
    if period.first.year not in _YEARS:
        raise InvalidInput(where, f"the year {period.first.year} is out of reach", hint="1970 to 2100.")
    if period.bounds[0] >= now:
        begins = f"{period.first} 12:00"
        raise InvalidInput(where, f"{period.name} has not begun", hint=f"Its first night begins on {begins}.")
    return period
