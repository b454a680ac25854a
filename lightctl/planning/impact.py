"""What a change of intent does to the street over a year: which lamps, which nights, how dark, how much energy.

Light points that stand alike before and after are one cohort (cohorts), and each of its nights is compiled once; nights
for which nothing that counts has changed are not compiled to be compared.

Dark is the time the sun's centre is more than 6 degrees below the horizon, civil dusk to civil dawn: a lamp that comes
on a little after sunset leaves nobody in the dark, one that is off at midnight does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from lightctl.domain.assets import LifeCycle, LightPoint
from lightctl.domain.luminaires import LuminaireType
from lightctl.domain.programs import Intent
from lightctl.planning.cohorts import BothYears, Cohort, Told, cohorts
from lightctl.planning.floors import Floor
from lightctl.planning.forecast import below_s
from lightctl.planning.wall import ONE_DAY

YEAR = 366
NIGHTS_NAMED = 5
NO_TYPES: Mapping[str, LuminaireType] = MappingProxyType({})

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
    year = BothYears(before, after, dates)
    changes: dict[tuple[str, str, str], _Tally] = {}
    below: dict[tuple[str, Floor, bool], _Tally] = {}
    touched: set[str] = set()
    kwh_before = kwh_after = 0.0
    without_power = 0
    for cohort in cohorts(before, after, used, time_zone, luminaires):
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


def _below(cohort: Cohort, old: Told, new: Told) -> Iterator[tuple[str, Floor, bool]]:
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
