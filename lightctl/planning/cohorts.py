"""Light points that stand alike under two intents, and the nights they are told by either.

What counts of a light point is its calendar, its floor and its corner of the city; the sun is that of one light point
of the corner, so spans are good to about a minute across it.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lightctl.domain.assets import LightPoint, Place
from lightctl.domain.luminaires import LUMINAIRE_TAG, LuminaireType, PowerCurve, power_curve, together
from lightctl.domain.programs import DEFAULT_PROGRAM, DUSK_ALTITUDE_DEG, Calendar, Intent
from lightctl.planning.calendars import choose
from lightctl.planning.floors import Floor, floored
from lightctl.planning.forecast import NightSum, below_s, night_sum
from lightctl.planning.night import Night, Script, Span, compile_night
from lightctl.planning.reading import Reader
from lightctl.planning.standing import Lot, Standings

CORNER_DEG = 0.1
UNASSIGNED = ""
DEFAULT_SCRIPT = Script.of(DEFAULT_PROGRAM)


@dataclass(frozen=True, slots=True)
class Side:
    """How light points stand under one of the two intents."""

    calendar: str
    floor: Floor


@dataclass(slots=True)
class Cohort:
    """Light points that stand alike; `curves` says how many draw what, `curve` is that of all of them together."""

    before: Side
    after: Side
    place: Place
    groups: Counter[str] = field(default_factory=Counter)
    ids: list[str] = field(default_factory=list)
    curves: Counter[PowerCurve] = field(default_factory=Counter)

    @property
    def curve(self) -> PowerCurve:
        """What all of them draw together."""
        return together(self.curves)

    @property
    def light_points(self) -> int:
        """How many stand alike."""
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Told:
    """A night as lamps are told it, floor applied; `asked_below_s`: how long its program asks for less than that."""

    night: Night
    sum: NightSum
    asked_below_s: float


class BothYears:
    """Compiled nights of both intents, each made once; a program that did not change is the same on both sides."""

    def __init__(self, before: Intent, after: Intent, dates: Sequence[dt.date]) -> None:
        self._intents = (before, after)
        self._same = {
            name for name, program in before.programs.items() if after.programs.get(name) == program
        }  # the only comparison of whole programs
        self._chosen: dict[tuple[int, str], Mapping[dt.date, str]] = {}
        self._dates = dates
        self._readers: dict[tuple[Place, dt.date], tuple[Reader, tuple[Span, ...]]] = {}
        self._scripts = tuple({n: Script.of(each) for n, each in one.programs.items()} for one in self._intents)
        self._told: dict[tuple[int, str, bool, Floor, Place, dt.date], Told] = {}

    def night(self, side: Side, place: Place, date: dt.date, which: int) -> Told:
        """Give the night of a date; `which` is 0 for the intent before, 1 for the one after."""
        name = self._program(side.calendar, date, which)
        known = name in self._intents[which].programs
        shared = not known or name in self._same
        key = (0 if shared else which, name, known, side.floor, place, date)
        found = self._told.get(key)
        if found is None:
            script = self._scripts[which].get(name, DEFAULT_SCRIPT)
            found = self._told[key] = self._tell(script, side.floor, place, date)
        return found

    def _tell(self, script: Script, floor: Floor, place: Place, date: dt.date) -> Told:
        if (place, date) not in self._readers:
            reader = Reader.of(place, date)
            self._readers[place, date] = (reader, reader.sun.dark(DUSK_ALTITUDE_DEG))
        reader, dark = self._readers[place, date]
        asked = compile_night(script, reader)
        told = floored(asked, floor)
        return Told(told, night_sum(told, dark), below_s(asked, floor))

    def _program(self, calendar: str, date: dt.date, which: int) -> str:
        if calendar == UNASSIGNED:
            return UNASSIGNED
        chosen = self._chosen.get((which, calendar))
        if chosen is None:
            value = self._intents[which].calendars[calendar]
            chosen = self._chosen[which, calendar] = _choices(value, self._dates)
        return chosen[date]


def _choices(calendar: Calendar, dates: Iterable[dt.date]) -> Mapping[dt.date, str]:
    return {date: choose(calendar, date)[0] for date in dates}


def cohorts(
    before: Intent,
    after: Intent,
    points: Iterable[LightPoint],
    time_zone: str,
    luminaires: Mapping[str, LuminaireType],
) -> Iterable[Cohort]:
    """Put light points together that stand alike under both intents; `luminaires` are their types by name."""
    standing_before, standing_after = Standings(before, time_zone), Standings(after, time_zone)
    found: dict[tuple[Side, Side, int, int], Cohort] = {}
    by_lots: dict[tuple[Lot, Lot, int, int], Cohort] = {}
    curves: dict[tuple[object, ...], PowerCurve | None] = {}
    for point in points:
        lots = standing_before.lot(point), standing_after.lot(point)
        corner = (round(point.latitude / CORNER_DEG), round(point.longitude / CORNER_DEG))
        cohort = by_lots.get((*lots, *corner))
        if cohort is None:
            old, new = map(_side, lots)
            made = Cohort(old, new, Place(point.latitude, point.longitude, time_zone))
            cohort = by_lots[(*lots, *corner)] = found.setdefault((old, new, *corner), made)
        cohort.ids.append(point.id)
        for group in point.groups or ("",):
            cohort.groups[group] += 1
        kind = point.tags.get(LUMINAIRE_TAG, "")
        alike = (point.rated_power_w, point.standby_power_w, point.lamps, kind)
        if alike not in curves:
            curves[alike] = power_curve(point, luminaires.get(kind))
        curve = curves[alike]
        if curve is not None:
            cohort.curves[curve] += 1
    return found.values()


def _side(lot: Lot) -> Side:
    return Side(UNASSIGNED if lot.calendar is None else lot.calendar.id, lot.floor)
