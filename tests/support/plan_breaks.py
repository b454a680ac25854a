"""Ways to break the planning floor on purpose, each a mistake that could be made: what a campaign must find.

`broken(NAME)` breaks this process for as long as the block lasts.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from unittest.mock import patch

from lightctl.domain.assets import Place
from lightctl.domain.programs import LAST_OF_MONTH, DateRange
from lightctl.domain.selectors import Term
from lightctl.planning import calendars, cells, floors, night, overrides, reading, resolve, standing, sun, wall

SECOND = dt.timedelta(seconds=1)
Patch = tuple[object, str, object]


def _level_a_second_late() -> list[Patch]:
    own = night.Night.index_at
    return [(night.Night, "index_at", lambda self, at: own(self, at - SECOND))]


def _step_of_yesterday() -> list[Patch]:
    own = reading.Reader.steps

    def steps(self, program):
        found = own(self, program)
        return [replace(each, at=self.sun.start) for each in found[-1:]] + found

    return [(reading.Reader, "steps", steps)]


def _step_only_inside_its_window() -> list[Patch]:
    own = reading.Reader.steps

    def steps(self, program):
        opens = min((each.opens.at for each in self.windows(program)), default=self.sun.start)
        return [each for each in own(self, program) if each.at >= opens]

    return [(reading.Reader, "steps", steps)]


def _ties_to_the_earlier_step() -> list[Patch]:
    own = reading.Reader.steps

    def steps(self, program):
        backwards = reversed(own(self, program))
        return sorted(backwards, key=lambda each: each.at)

    return [(reading.Reader, "steps", steps)]


def _nth_without_last() -> list[Patch]:
    own = calendars._is_nth
    return [(calendars, "_is_nth", lambda date, nth: own(date, tuple(each for each in nth if each != LAST_OF_MONTH)))]


def _second_of_two_times() -> list[Patch]:
    def instant(date, seconds, zone):
        local = dt.datetime.combine(date, dt.time(), zone) + dt.timedelta(seconds=seconds)
        return local.replace(fold=1).astimezone(dt.UTC)

    return [(module, "wall_instant", instant) for module in (wall, reading)]


def _hours_counted_from_noon() -> list[Patch]:
    def instant(date, seconds, zone):
        noon = dt.datetime(date.year, date.month, date.day, 12, tzinfo=zone).astimezone(dt.UTC)
        return noon + dt.timedelta(seconds=seconds - 43200)

    return [(module, "wall_instant", instant) for module in (wall, reading)]


def _calendar_of_the_morning() -> list[Patch]:
    own = calendars.choose
    return [(resolve, "choose", lambda calendar, date: own(calendar, date + dt.timedelta(days=1)))]


def _last_rule_wins() -> list[Patch]:
    def choose(calendar, date):
        for index, rule in reversed(tuple(enumerate(calendar.rules))):
            if calendars.rule_covers(rule, date):
                return rule.program, index
        return calendar.default, None

    return [(resolve, "choose", choose)]


def _no_wrap_over_new_year() -> list[Patch]:
    own = DateRange.covers
    return [(DateRange, "covers", lambda self, date: self.first <= self.last and own(self, date))]


def _differs_needs_the_key() -> list[Patch]:
    own = Term.holds
    return [(Term, "holds", lambda self, values: bool(values) and own(self, values))]


def _newest_override_wins() -> list[Patch]:
    return [(overrides, "rank", lambda each: (each.start, each.scope, each.id))]


def _override_ends_a_second_late() -> list[Patch]:
    own = overrides.in_force

    def in_force(point, held, now):
        return own(point, [replace(each, until=each.until + SECOND) for each in held], now)

    return [(resolve, "in_force", in_force)]


def _override_under_no_floor() -> list[Patch]:
    own = resolve.Plan.level_at

    def level_at(self, point, held, now):
        found = overrides.in_force(point, held, now)
        return (found[0].level, resolve.Reason.OVERRIDE) if found else own(self, point, held, now)

    return [(resolve.Plan, "level_at", level_at)]


def _first_floor_wins() -> list[Patch]:
    def floor_of(found):
        return floors.Floor(found[0].min_level, found[0].reason) if found else floors.NO_FLOOR

    return [(standing, "floor_of", floor_of)]


def _floor_by_day() -> list[Patch]:
    return [(night.Night, "is_dark", lambda *_: True)]


def _polar_night_is_dark() -> list[Patch]:
    own = reading.Reader.edges
    return [
        (
            reading.Reader,
            "edges",
            lambda self, moment, *, at_end: [each for each in own(self, moment, at_end=at_end) if each.moment],
        )
    ]


def _one_span_a_night() -> list[Patch]:
    own = reading.Reader.windows

    def windows(self, program):
        found = own(self, program)
        return [each for number, each in enumerate(found) if each.period not in [one.period for one in found[:number]]]

    return [(reading.Reader, "windows", windows)]


def _clamps_before_offset() -> list[Patch]:
    own = reading.Reader.step_instant

    def step_instant(self, step):
        offset = getattr(step.at.at, "offset_s", 0)
        if not offset:
            return own(self, step)
        found = own(self, replace(step, at=replace(step.at, at=replace(step.at.at, offset_s=0))))
        return found and found + dt.timedelta(seconds=offset)

    return [(reading.Reader, "step_instant", step_instant)]


def _sun_a_quarter_of_a_minute_late() -> list[Patch]:
    own = sun.sky_of

    def sky_of(date, time_zone):
        sky = own(date, time_zone)
        return replace(sky, hour_angle=replace(sky.hour_angle, a=sky.hour_angle.a - math.tau * 15 / 86400))

    return [(sun, "sky_of", sky_of)]


def _sun_a_twentieth_of_a_degree_low() -> list[Patch]:
    own = sun.SunNight.passages

    def passages(self, altitude_deg):
        return own(self, altitude_deg + 0.05)

    return [(sun.SunNight, "passages", passages)]


def _cells_of_a_tenth_of_a_degree() -> list[Patch]:
    return [(cells, "TIERS", ((5.5, 0.1, 0.1),))]


def _place_of_the_first_lamp() -> list[Patch]:
    own = cells.middle_of
    seen: list[Place] = []

    def middle_of(cell, time_zone):
        seen.append(own(cell, time_zone))
        return seen[0]

    return [(standing, "middle_of", middle_of)]


BREAKS: dict[str, Callable[[], list[Patch]]] = {
    function.__name__.removeprefix("_").replace("_", "-"): function
    for function in (
        _level_a_second_late,
        _step_of_yesterday,
        _step_only_inside_its_window,
        _ties_to_the_earlier_step,
        _nth_without_last,
        _second_of_two_times,
        _hours_counted_from_noon,
        _calendar_of_the_morning,
        _last_rule_wins,
        _no_wrap_over_new_year,
        _differs_needs_the_key,
        _newest_override_wins,
        _override_ends_a_second_late,
        _override_under_no_floor,
        _first_floor_wins,
        _floor_by_day,
        _polar_night_is_dark,
        _one_span_a_night,
        _clamps_before_offset,
        _sun_a_quarter_of_a_minute_late,
        _sun_a_twentieth_of_a_degree_low,
        _cells_of_a_tenth_of_a_degree,
        _place_of_the_first_lamp,
    )
}


@contextmanager
def broken(name: str) -> Iterator[None]:
    """Break the planning floor in this process; "" breaks nothing."""
    with ExitStack() as stack:
        for target, attribute, value in BREAKS[name]() if name else ():
            stack.enter_context(patch.object(target, attribute, value))
        yield
