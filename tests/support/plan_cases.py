"""Random plans: an intent, some lamps, the overrides on them and some nights, each from one number.

What validation accepts is drawn, the odd more often than people write it: windows that are empty, steps that meet,
clamps that cross, clocks far from the sun, latitudes where it hardly rises or sets, nights on which clocks change.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from random import Random

from holidays import country_holidays

from lightctl.domain.assets import LightPoint
from lightctl.domain.programs import (
    LAST_OF_MONTH,
    ActivePeriod,
    Assignment,
    Calendar,
    CalendarRule,
    ClockTime,
    ControlProgram,
    DateRange,
    Intent,
    Moment,
    Protection,
    Step,
    SunEvent,
    SunTime,
)
from lightctl.domain.selectors import Operator, Selector, Term
from lightctl.domain.states import Override, Scope

FIRST, LAST = dt.date(1970, 1, 1), dt.date(2100, 12, 31)
ONE_DAY = dt.timedelta(days=1)
APART = 10  # days; no zone changes its clocks twice in so few
MOST_NIGHTS = 3
LAMPS = 6
HOLIDAYS = ("DE-NW", "US-CA", "GB-SCT", "NO", "FR", "NZ-AUK", "JP", "IS", "CA-QC", "AU-NSW", "BR-SP", "ES-CT")
GROUPS = ("centre", "harbour")
KINDS = ("road", "path", "crossing")


@dataclass(frozen=True)
class Case:
    """A plan under one clock, and the lamps and consecutive nights it is asked about."""

    zone: str
    intent: Intent
    points: tuple[LightPoint, ...]
    overrides: tuple[Override, ...]
    dates: tuple[dt.date, ...]


@cache
def changing_zones() -> tuple[str, ...]:
    """Give every IANA zone whose clocks change between 1970 and 2100."""
    return tuple(sorted(name for name in zoneinfo.available_timezones() if _changes(name)))


def _changes(name: str) -> bool:
    noons = _noons(zoneinfo.ZoneInfo(name), 2 * APART)
    usual = next(noons).utcoffset()
    return any(each.utcoffset() != usual for each in noons)


@cache
def _nights_of_change(name: str) -> tuple[dt.date, ...]:
    found = []
    for early, late in pairwise(_noons(zoneinfo.ZoneInfo(name), APART)):
        if early.utcoffset() != late.utcoffset():
            days = [early + ONE_DAY * day for day in range(APART + 1)]
            found += [one.date() for one, two in pairwise(days) if one.utcoffset() != two.utcoffset()]
    return tuple(found)


def _noons(zone: zoneinfo.ZoneInfo, apart: int) -> Iterator[dt.datetime]:
    first = dt.datetime(FIRST.year, FIRST.month, FIRST.day, 12, tzinfo=zone)
    return (first + ONE_DAY * day for day in range(0, (LAST - FIRST).days, apart))


def case_of(seed: int, number: int) -> Case:
    """Give the plan of a round: zones take turns, everything else is drawn from seed and number."""
    zones = changing_zones()
    return _Draw(Random(f"plan nights {seed} {number}"), zones[(seed + number) % len(zones)]).case()


class _Draw:
    def __init__(self, dice: Random, zone: str) -> None:
        self.dice = dice
        self.zone = zone
        self.tz = zoneinfo.ZoneInfo(zone)
        self.code = dice.choice(HOLIDAYS)
        self.hours: tuple[int, ...] = ()  # after which clocks change
        self.clocks: list[ClockTime] = []

    def case(self) -> Case:
        dates = self._dates()
        programs = {name: self._program(name) for name in "pqrs"[: self.dice.randint(1, 4)]}
        calendars = {name: self._calendar(name, tuple(programs), dates) for name in ("c", "d")}
        select = [self._selector() for _ in range(self.dice.randint(0, 3))]
        if self.dice.random() < 0.7:
            select.append(Selector())
        intent = Intent(
            programs,
            calendars,
            tuple(Assignment(each, self.dice.choice("cd")) for each in select),
            tuple(self._protection() for _ in range(self.dice.choice((0, 0, 1, 2)))),
        )
        points = tuple(self._point(number, dates[0]) for number in range(LAMPS))
        overrides = tuple(self._override(number, dates) for number in range(self.dice.choice((0, 0, 1, 4, 8))))
        return Case(self.zone, intent, points, overrides, dates)

    def _dates(self) -> tuple[dt.date, ...]:
        kind = self.dice.choices(
            (self._any_date, self._leap_day, self._change_of_clocks, self._turn_of_year, self._solstice, self._holiday),
            (30, 12, 30, 10, 10, 8),
        )[0]
        nights = self.dice.randint(1, MOST_NIGHTS)
        first = min(max(kind() - ONE_DAY * self.dice.randrange(nights), FIRST), LAST - ONE_DAY * (nights - 1))
        return tuple(first + ONE_DAY * ahead for ahead in range(nights))

    def _any_date(self) -> dt.date:
        return FIRST + ONE_DAY * self.dice.randint(0, (LAST - FIRST).days)

    def _leap_day(self) -> dt.date:
        year = self.dice.choice(range(1972, 2100, 4))
        return dt.date(year, 2, 29) + ONE_DAY * self.dice.randint(-1, 1)

    def _change_of_clocks(self) -> dt.date:
        date = self.dice.choice(_nights_of_change(self.zone))
        hours = [dt.datetime.combine(date, dt.time(12), self.tz).timestamp() + 3600 * hour for hour in range(26)]
        walls = [dt.datetime.fromtimestamp(each, self.tz) for each in hours]
        self.hours = tuple(one.hour for one, two in pairwise(walls) if one.utcoffset() != two.utcoffset())
        return date

    def _turn_of_year(self) -> dt.date:
        return dt.date(self._year(), 12, 31) + ONE_DAY * self.dice.randint(-1, 1)

    def _solstice(self) -> dt.date:
        return dt.date(self._year(), *self.dice.choice(((6, 21), (12, 21)))) + ONE_DAY * self.dice.randint(-10, 10)

    def _holiday(self) -> dt.date:
        country, _, subdivision = self.code.partition("-")
        days = country_holidays(country, subdiv=subdivision or None, years=self._year())
        return self.dice.choice(sorted(days)) if days else self._any_date()

    def _year(self) -> int:
        return self.dice.randint(FIRST.year, LAST.year)

    def _point(self, number: int, date: dt.date) -> LightPoint:
        dice = self.dice
        latitude = dice.choice((
            dice.uniform(-90, 90),
            dice.uniform(-60, 60),
            dice.uniform(55, 72) * dice.choice((1, 1, -1)),
            dice.uniform(65, 68.5) * dice.choice((1, -1)),
            dice.choice((90.0, -90.0, dice.uniform(87, 90), -dice.uniform(87, 90))),
        ))  # fmt: skip
        noon = dt.datetime(date.year, date.month, date.day, 12, tzinfo=self.tz)
        east = (noon.utcoffset() or dt.timedelta()) / dt.timedelta(hours=24) * 360 + dice.gauss(0, 12)
        longitude = dice.uniform(-180, 180) if dice.random() < 0.2 else (east + 180) % 360 - 180
        tags: Mapping[str, str] = {
            "district": dice.choice(("north", "south", "east")),
            "group": dice.choice(("", *GROUPS, "centre; harbour")),
            **({"ward": str(dice.randint(1, 3))} if dice.random() < 0.5 else {}),
        }
        kind, road = dice.choice(KINDS), dice.choice(("", "local", "collector"))
        return LightPoint(
            f"L{number}", round(latitude, 5), round(longitude, 5), kind, road, lamps=dice.randint(1, 3), tags=tags
        )

    def _calendar(self, name: str, programs: tuple[str, ...], dates: tuple[dt.date, ...]) -> Calendar:
        rules = tuple(self._rule(self.dice.choice(programs), dates) for _ in range(self.dice.randint(0, 3)))
        return Calendar(name, self.dice.choice(programs), rules)

    def _rule(self, program: str, dates: tuple[dt.date, ...]) -> CalendarRule:
        near = self.dice.choice((*dates, *dates, dates[0] - ONE_DAY, dates[-1] + ONE_DAY))
        given = self.dice.choice(("dates", "weekdays", "nth", "holidays", "dates weekdays"))
        weekdays = {near.weekday(), *self.dice.sample(range(7), self.dice.choice((0, 0, 2)))}
        near_end = (near + 7 * ONE_DAY).month != near.month
        nth = self.dice.choice(
            ((LAST_OF_MONTH,) if near_end else ((near.day + 6) // 7,), (1, 3), (2, LAST_OF_MONTH), (5,))
        )
        return CalendarRule(
            program,
            tuple(self._range(near) for _ in range(self.dice.choice((1, 2)))) if "dates" in given else (),
            frozenset(weekdays) if "weekdays" in given or given == "nth" else frozenset(),
            nth if given == "nth" else (),
            self.code if given == "holidays" else "",
        )

    def _range(self, near: dt.date) -> DateRange:
        first, last = near - ONE_DAY * self.dice.randint(0, 60), near + ONE_DAY * self.dice.randint(0, 60)
        if self.dice.random() < 0.5:
            first = last = near
        if self.dice.random() < 0.5:
            return DateRange((None, first.month, first.day), (None, last.month, last.day))
        return DateRange((first.year, first.month, first.day), (last.year, last.month, last.day))

    def _selector(self) -> Selector:
        def term() -> Term:
            key, values = self.dice.choice((
                ("kind", KINDS),
                ("road_class", ("local", "collector")),
                ("district", ("north", "south", "east")),
                ("ward", ("1", "2", "3")),
                ("group", GROUPS),
                ("id", ("L0", "L1", "L2", "L3")),
                ("lamps", ("1", "2")),
            ))  # fmt: skip
            operator = self.dice.choice(tuple(Operator))
            count = {Operator.PRESENT: 0, Operator.IN: 2}.get(operator, 1)
            return Term(key, operator, tuple(self.dice.sample(values, count)))

        return Selector(tuple(term() for _ in range(self.dice.choice((1, 1, 2)))))

    def _protection(self) -> Protection:
        select = Selector() if self.dice.random() < 0.4 else self._selector()
        return Protection(select, self._level(), self.dice.choice(("", "school", "crossing")))

    def _override(self, number: int, dates: tuple[dt.date, ...]) -> Override:
        scope = self.dice.choice((Scope.SITE, Scope.GROUP, Scope.LIGHT_POINT))
        select = {
            Scope.SITE: Selector(),
            Scope.GROUP: Selector((Term("group", Operator.EQUALS, (self.dice.choice(GROUPS),)),)),
            Scope.LIGHT_POINT: Selector((Term("id", Operator.EQUALS, (f"L{self.dice.randrange(LAMPS)}",)),)),
        }[scope]
        day = dt.datetime.combine(dates[0], dt.time(8), dt.UTC)
        start = day + dt.timedelta(
            minutes=self.dice.randrange(0, len(dates) * 1440, 15), seconds=self.dice.choice((0, 7))
        )
        until = start + dt.timedelta(seconds=self.dice.choice((60, 36000, self.dice.randint(1, 43200))))
        return Override(f"o{number}", scope, select, self._level(), start, until)

    def _level(self) -> int:
        return self.dice.choice((0, 30, 50, 70, 100, self.dice.randint(0, 100)))

    def _program(self, name: str) -> ControlProgram:
        steps: dict[str, Step] = {}
        for _ in range(self.dice.randint(0, 5)):
            step = Step(self._moment(), self._level(), self.dice.choice((0, 30)))
            steps.setdefault(str(step.at.at), step)
        windows = tuple(self._window() for _ in range(self.dice.choice((1, 1, 2, 3))))
        return ControlProgram(name, windows, self._level(), tuple(steps.values()))

    def _window(self) -> ActivePeriod:
        kind = self.dice.random()
        if kind < 0.6:
            down, up = self._sun(SunEvent.SUNSET, SunEvent.DUSK), self._sun(SunEvent.SUNRISE, SunEvent.DAWN)
            return ActivePeriod(self._clamped(down), self._clamped(up))
        if kind < 0.8:
            edges = [self._clock(), self._sun(*SunEvent)]
            self.dice.shuffle(edges)
            return ActivePeriod(*(self._clamped(each) for each in edges))
        return ActivePeriod(self._moment(), self._moment())

    def _moment(self) -> Moment:
        return self._clamped(self._clock() if self.dice.random() < 0.55 else self._sun(*SunEvent))

    def _clamped(self, at: ClockTime | SunTime) -> Moment:
        earliest, latest = (self._clock() if self.dice.random() < 0.15 else None for _ in range(2))
        return Moment(at, earliest, latest)

    def _clock(self) -> ClockTime:
        """Draw a clock time: often one drawn before, or near the change of clocks."""
        if self.clocks and self.dice.random() < 0.25:
            return self.dice.choice(self.clocks)
        hour = self.dice.choice((*range(24), 0, 1, 2, 3, 12, 22, 23))
        if self.hours and self.dice.random() < 0.5:
            hour = (self.dice.choice(self.hours) + self.dice.randint(-1, 1)) % 24
        second = self.dice.randrange(60) if self.dice.random() < 0.1 else 0
        drawn = ClockTime(hour * 3600 + self.dice.choice((0, 15, 30, 45, self.dice.randrange(60))) * 60 + second)
        self.clocks.append(drawn)
        return drawn

    def _sun(self, *events: SunEvent) -> SunTime:
        event = self.dice.choice(events)
        usual = -0.833 if event in (SunEvent.SUNSET, SunEvent.SUNRISE) else -6.0
        angle = usual
        if usual == -6.0 and self.dice.random() < 0.5:
            angle = self.dice.choice((-3.0, -4.5, -12.0, -18.0, 5.0, round(self.dice.uniform(-90, 90), 2)))
        return SunTime(event, angle, self._offset())

    def _offset(self) -> int:
        sign = self.dice.choice((-1, 1))
        small, odd = self.dice.randrange(0, 65, 5) * 60, self.dice.randint(0, 3600)
        return sign * self.dice.choice((0, 0, small, small, odd, self.dice.randint(0, 12 * 3600)))
