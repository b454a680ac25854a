"""What a change of intent does to the street over a year: which lamps, which nights, how dark, how much energy.

Light points that stand alike before and after (calendar, floor, corner of the city) are one cohort, and each of its
nights is compiled once; nights for which nothing that counts has changed are not compiled to be compared. The sun is
that of one light point of the corner, so spans are good to about a minute across it.

Dark is the time the sun's centre is more than 6 degrees below the horizon, civil dusk to civil dawn: a lamp that comes
on a little after sunset leaves nobody in the dark, one that is off at midnight does.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from lightctl.domain.assets import LifeCycle, LightPoint, Place
from lightctl.domain.luminaires import LUMINAIRE_TAG, LuminaireType, PowerCurve, power_curve, together
from lightctl.domain.programs import DEFAULT_PROGRAM, DUSK_ALTITUDE_DEG, Calendar, Intent
from lightctl.planning.calendars import choose
from lightctl.planning.floors import Floor, floored
from lightctl.planning.forecast import NightSum, below_s, night_sum
from lightctl.planning.night import Night, Script, Span, compile_night
from lightctl.planning.reading import Reader
from lightctl.planning.standing import Lot, Standings
from lightctl.planning.wall import ONE_DAY

YEAR = 366
CORNER_DEG = 0.1
NIGHTS_NAMED = 5
UNASSIGNED = ""
NO_TYPES: Mapping[str, LuminaireType] = MappingProxyType({})
DEFAULT_SCRIPT = Script.of(DEFAULT_PROGRAM)

Key = TypeVar("Key", bound=tuple[object, ...])


@dataclass(frozen=True, slots=True)
class NightsChange:
    """The nights of a group that change from one program to another (the same name: the program itself changed).

    dark_before_s, dark_after_s: the mean of a lamp's night. most_added_s: the most that one night of one lamp adds.
    """

    group: str
    before: str
    after: str
    light_points: int
    nights: tuple[dt.date, ...]
    dark_before_s: float
    dark_after_s: float
    most_added_s: float


@dataclass(frozen=True, slots=True)
class Below:
    """Light points of a program for which the plan goes below a floor, in how many nights, and the first of them.

    asked: the program asks for less than the floor of today's files, which holds all the same; else the floor in force
    before was taken away and the lamps do become darker than it.
    """

    program: str
    floor: Floor
    light_points: int
    nights: tuple[dt.date, ...]
    asked: bool


@dataclass(frozen=True, slots=True)
class Impact:
    """What changes on the street in `nights` nights from `first` on.

    touched_ids: light points with any different night. without_power: those of whose watts nobody knows, left out of
    kWh.
    """

    first: dt.date
    nights: int
    touched_ids: frozenset[str]
    changes: tuple[NightsChange, ...]
    below: tuple[Below, ...]
    kwh_before: float
    kwh_after: float
    without_power: int

    @property
    def touched(self) -> int:
        """How many light points have any different night."""
        return len(self.touched_ids)

    @property
    def most_added_s(self) -> float:
        """The most darkness that any night of any lamp gains (seconds)."""
        return max((each.most_added_s for each in self.changes), default=0.0)


@dataclass(frozen=True, slots=True)
class _Side:
    """How light points stand under one of the two intents."""

    calendar: str
    floor: Floor


@dataclass(slots=True)
class _Cohort:
    """Light points that stand alike; `curves` says how many draw what, `curve` is that of all of them together."""

    before: _Side
    after: _Side
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


@dataclass(slots=True)
class _Tally:
    """What becomes of the nights of one group, or of one program under a floor, as cohorts are added."""

    light_points: int = 0
    lamp_nights: int = 0
    nights: set[dt.date] = field(default_factory=set)
    dark_before_s: float = 0.0
    dark_after_s: float = 0.0
    most_added_s: float = 0.0

    def add_night(self, date: dt.date, dark_before_s: float, dark_after_s: float) -> None:
        """Count a night of one lamp."""
        self.lamp_nights += 1
        self.nights.add(date)
        self.dark_before_s += dark_before_s
        self.dark_after_s += dark_after_s
        self.most_added_s = max(self.most_added_s, dark_after_s - dark_before_s)

    def add_lamps(self, one: _Tally, light_points: int) -> None:
        """Count so many lamps whose nights are those of one."""
        self.light_points += light_points
        self.lamp_nights += one.lamp_nights * light_points
        self.nights |= one.nights
        self.dark_before_s += one.dark_before_s * light_points
        self.dark_after_s += one.dark_after_s * light_points
        self.most_added_s = max(self.most_added_s, one.most_added_s)


def impact(
    before: Intent,
    after: Intent,
    points: Iterable[LightPoint],
    time_zone: str,
    first: dt.date,
    nights: int = YEAR,
    luminaires: Mapping[str, LuminaireType] = NO_TYPES,
) -> Impact:
    """Compare two intents over a year of nights on the light points in use; `luminaires` are their types by name."""
    used = [point for point in points if point.state is LifeCycle.IN_USE]
    dates = [first + ONE_DAY * ahead for ahead in range(nights)]
    year = _Year(before, after, dates)
    changes: dict[tuple[str, str, str], _Tally] = {}
    below: dict[tuple[str, Floor, bool], _Tally] = {}
    touched: set[str] = set()
    kwh_before = kwh_after = 0.0
    without_power = 0
    for cohort in _cohorts(before, after, used, time_zone, luminaires):
        changed: dict[tuple[str, str], _Tally] = {}
        counted: set[tuple[object, ...]] = set()
        without_power += cohort.light_points - cohort.curves.total()
        curve = cohort.curve
        for date in dates:
            old, new = year.night(cohort.before, cohort.place, date, 0), year.night(cohort.after, cohort.place, date, 1)
            kwh_before += old.sum.curve_kwh(curve)
            kwh_after += new.sum.curve_kwh(curve)
            for key in _below(cohort, old, new):
                _add(below, key, cohort.light_points, date, counted)
            if old is new or old.night.switches == new.night.switches:
                continue
            tally = changed.setdefault((old.night.program, new.night.program), _Tally())
            tally.add_night(date, old.sum.dark_s, new.sum.dark_s)
        for programs, tally in changed.items():
            for group, light_points in cohort.groups.items():
                changes.setdefault((group, *programs), _Tally()).add_lamps(tally, light_points)
        touched.update(cohort.ids if changed else ())
    return Impact(
        first,
        nights,
        frozenset(touched),
        tuple(_change(key, tally, dates) for key, tally in sorted(changes.items())),
        tuple(_below_of(key, tally) for key, tally in below.items()),
        kwh_before,
        kwh_after,
        without_power,
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """A night as lamps are told it, floor applied; `asked_below_s`: how long its program asks for less than that."""

    night: Night
    sum: NightSum
    asked_below_s: float


class _Year:
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
        self._told: dict[tuple[int, str, bool, Floor, Place, dt.date], _Told] = {}

    def night(self, side: _Side, place: Place, date: dt.date, which: int) -> _Told:
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

    def _tell(self, script: Script, floor: Floor, place: Place, date: dt.date) -> _Told:
        if (place, date) not in self._readers:
            reader = Reader.of(place, date)
            self._readers[place, date] = (reader, reader.sun.dark(DUSK_ALTITUDE_DEG))
        reader, dark = self._readers[place, date]
        asked = compile_night(script, reader)
        told = floored(asked, floor)
        return _Told(told, night_sum(told, dark), below_s(asked, floor))

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


def _cohorts(
    before: Intent,
    after: Intent,
    points: Iterable[LightPoint],
    time_zone: str,
    luminaires: Mapping[str, LuminaireType],
) -> Iterable[_Cohort]:
    standing_before, standing_after = Standings(before, time_zone), Standings(after, time_zone)
    found: dict[tuple[_Side, _Side, int, int], _Cohort] = {}
    by_lots: dict[tuple[Lot, Lot, int, int], _Cohort] = {}
    curves: dict[tuple[object, ...], PowerCurve | None] = {}
    for point in points:
        lots = standing_before.lot(point), standing_after.lot(point)
        corner = (round(point.latitude / CORNER_DEG), round(point.longitude / CORNER_DEG))
        cohort = by_lots.get((*lots, *corner))
        if cohort is None:
            old, new = map(_side, lots)
            made = _Cohort(old, new, Place(point.latitude, point.longitude, time_zone))
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


def _side(lot: Lot) -> _Side:
    return _Side(UNASSIGNED if lot.calendar is None else lot.calendar.id, lot.floor)


def _below(cohort: _Cohort, old: _Told, new: _Told) -> Iterator[tuple[str, Floor, bool]]:
    """Give where a night of the plan goes below a floor and the one before did not, or not for so long."""
    if new.asked_below_s > old.asked_below_s:
        yield new.night.program, cohort.after.floor, True
    if cohort.before.floor.level > cohort.after.floor.level and below_s(new.night, cohort.before.floor):
        yield new.night.program, cohort.before.floor, False


def _add(
    tallies: dict[Key, _Tally], key: Key, light_points: int, date: dt.date, counted: set[tuple[object, ...]]
) -> _Tally:
    """Count a night; the light points of a cohort once, in however many nights they come."""
    tally = tallies.setdefault(key, _Tally())
    if key not in counted:
        counted.add(key)
        tally.light_points += light_points
    tally.lamp_nights += light_points
    tally.nights.add(date)
    return tally


def _change(key: tuple[str, str, str], tally: _Tally, dates: Iterable[dt.date]) -> NightsChange:
    return NightsChange(
        *key,
        tally.light_points,
        tuple([date for date in dates if date in tally.nights]),
        tally.dark_before_s / tally.lamp_nights,
        tally.dark_after_s / tally.lamp_nights,
        tally.most_added_s,
    )


def _below_of(key: tuple[str, Floor, bool], tally: _Tally) -> Below:
    program, floor, asked = key
    return Below(program, floor, tally.light_points, tuple(sorted(tally.nights)), asked)
