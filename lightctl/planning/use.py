"""What an intent has light points do over any span: seconds by level, as `forecast` adds them up.

Light points that stand alike (calendar, floor, corner of the city) share one answer; the sun is that of the middle of
the corner, so the length of a night is good to half a minute across it.
"""

from __future__ import annotations

import datetime as dt

from lightctl.domain.assets import LightPoint, Place
from lightctl.domain.programs import DEFAULT_PROGRAM, ActivePeriod, ControlProgram, Intent
from lightctl.planning.calendars import choose
from lightctl.planning.floors import NO_FLOOR, Floor, floored
from lightctl.planning.forecast import NightSum, added, night_sum
from lightctl.planning.night import Night, Script, Span, compile_night
from lightctl.planning.reading import Reader
from lightctl.planning.standing import Lot, Standings
from lightctl.planning.wall import ONE_DAY, night_date

CORNER_DEG = 0.1
Corner = tuple[int, int]
Standing = tuple[str, Floor, Corner]


def corner_of(point: LightPoint) -> Corner:
    """Give the corner of the city a light point lies in."""
    return round(point.latitude / CORNER_DEG), round(point.longitude / CORNER_DEG)


class Suns:
    """The readers of a city's nights, each made once for all who ask about one corner."""

    def __init__(self, time_zone: str) -> None:
        self.time_zone = time_zone
        self._readers: dict[tuple[Corner, dt.date], Reader] = {}

    def reader(self, corner: Corner, date: dt.date) -> Reader:
        """Give the reader of a night in the middle of a corner."""
        known = self._readers.get((corner, date))
        if known is None:
            row, column = corner
            place = Place(row * CORNER_DEG, column * CORNER_DEG, self.time_zone)
            known = self._readers[corner, date] = Reader.of(place, date)
        return known


class PlannedUse:
    """An intent as seconds by level; pure from outside, remembers nights inside."""

    def __init__(self, intent: Intent, suns: Suns) -> None:
        self._intent = intent
        self._suns = suns
        self._standings = Standings(intent, suns.time_zone)
        self._scripts = {name: Script.of(program) for name, program in intent.programs.items()}
        self._usual = Script.of(DEFAULT_PROGRAM)
        self._nights: dict[tuple[str, Floor, Corner, dt.date], Night] = {}
        self._spans: dict[tuple[Standing, Span], NightSum] = {}

    def standing(self, point: LightPoint) -> Standing:
        """Give what light points have in common that do the same in every span: calendar, floor, corner of the city."""
        lot = self._standings.of(point).lot
        return ("" if lot.calendar is None else lot.calendar.id, lot.floor, corner_of(point))

    def of(self, point: LightPoint, since: dt.datetime, until: dt.datetime) -> NightSum:
        """Give what a light point does in a span; light points that stand alike get the very same value."""
        lot, corner = self._standings.of(point).lot, corner_of(point)
        key = (self.standing(point), (since, until))
        known = self._spans.get(key)
        if known is None:
            nights = (self._night(lot, corner, date) for date in _dates(since, until, self._suns.time_zone))
            known = self._spans[key] = added(night_sum(night, (), (since, until)) for night in nights)
        return known

    def _night(self, lot: Lot, corner: Corner, date: dt.date) -> Night:
        name = "" if lot.calendar is None else choose(lot.calendar, date)[0]
        key = (name, lot.floor, corner, date)
        known = self._nights.get(key)
        if known is None:
            script = self._scripts.get(name, self._usual)
            known = self._nights[key] = floored(compile_night(script, self._suns.reader(corner, date)), lot.floor)
        return known


class FullNights:
    """Full light all night, whatever anybody planned: what baselines are made of."""

    def __init__(self, period: ActivePeriod, suns: Suns) -> None:
        self._script = Script.of(ControlProgram("baseline", (period,), start_level=100))
        self._suns = suns
        self._spans: dict[tuple[Corner, Span], NightSum] = {}

    def of(self, point: LightPoint, since: dt.datetime, until: dt.datetime) -> NightSum:
        """Give what a light point would do in a span."""
        corner = corner_of(point)
        key = (corner, (since, until))
        known = self._spans.get(key)
        if known is None:
            dates = _dates(since, until, self._suns.time_zone)
            nights = (floored(compile_night(self._script, self._suns.reader(corner, date)), NO_FLOOR) for date in dates)
            known = self._spans[key] = added(night_sum(night, (), (since, until)) for night in nights)
        return known


def _dates(since: dt.datetime, until: dt.datetime, time_zone: str) -> list[dt.date]:
    """Give the nights that have a part in a span."""
    if until <= since:
        return []
    first, last = night_date(since, time_zone), night_date(until - dt.timedelta(microseconds=1), time_zone)
    return [first + ONE_DAY * ahead for ahead in range((last - first).days + 1)]
