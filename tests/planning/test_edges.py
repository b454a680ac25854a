"""The edges of planning: the first and last instant of things, and what is told of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from lightctl.domain.programs import (
    NO_INTENT,
    Assignment,
    Calendar,
    CalendarRule,
    ControlProgram,
    DateRange,
    Intent,
    Moment,
    Protection,
)
from lightctl.domain.selectors import EVERYTHING, parse_selector
from lightctl.domain.states import Override, Reason, Scope, Switch
from lightctl.files.schedules import read_schedules
from lightctl.planning.floors import Floor, floor_of, floored, merged, raised
from lightctl.planning.night import night
from lightctl.planning.resolve import Plan
from lightctl.planning.sun import SunNight
from tests.support.programs import DUISBURG, LONGYEARBYEN, NOME, Place, lamp, moment, program, step, sun, utc, window

BERLIN = "Europe/Berlin"
WINTER = dt.date(2026, 1, 5)  # Duisburg: sunset 15:39:32Z, sunrise 07:37:05Z
SUNSET, SUNRISE = utc("2026-01-05T15:39:32"), utc("2026-01-06T07:37:05")
SECOND = dt.timedelta(seconds=1)
ALL_NIGHT = window("12:00", "11:59:59")
APIA = Place(-13.83, -171.77, "Pacific/Apia")  # has no 2011-12-30: that night has no length


def streets(*programs: ControlProgram, rules: tuple[CalendarRule, ...] = (), floor: int = 0) -> Intent:
    protections = (Protection(EVERYTHING, floor, "a crossing"),) if floor else ()
    calendar = Calendar("streets", programs[0].id, rules)
    return Intent(
        {each.id: each for each in programs}, {"streets": calendar}, (Assignment(EVERYTHING, "streets"),), protections
    )


def on(year: int, month: int, day: int) -> tuple[DateRange, ...]:
    return (DateRange((year, month, day), (year, month, day)),)


class TestWhatALightPointFollows:
    def test_a_plan_tells_assignment_protections_floor_and_place(self):
        intent = streets(program(), floor=60)
        plan = Plan(intent, BERLIN)
        assert plan.intent is intent
        assert plan.assignment(lamp()) is intent.assignments[0]
        assert plan.protections(lamp()) == intent.protections
        assert plan.floor(lamp()) == Floor(60, "a crossing")
        place = plan.place(lamp())
        assert (place.time_zone, round(place.latitude, 1), round(place.longitude, 1)) == (BERLIN, 51.4, 6.8)

    def test_what_nobody_assigned_follows_nothing(self):
        plan = Plan(NO_INTENT, BERLIN)
        assert (plan.assignment(lamp()), plan.protections(lamp()), plan.floor(lamp())) == (None, (), Floor())

    def test_a_light_point_follows_the_sensors_of_tonights_program_and_no_other(self):
        read = read_schedules(
            {
                "test.yaml": """version: 1
programs:
  busy:
    dynamics:
      - {sensor: traffic, when: {at_least: 20}, operation: max, level: 80, hold: 10m}
      - {sensor: rain, when: {at_least: 1}, operation: max, level: 80, hold: 10m}
  calm: {}
calendars: {c: {rules: [{weekdays: sun, program: calm}], default: busy}}
assignments: [{select: "*", calendar: c}]
"""
            }
        )
        plan, monday, sunday = Plan(read.intent, BERLIN), utc("2026-01-05T20:00"), utc("2026-01-04T20:00")
        told = [plan.follows(lamp(), name, at) for at in (monday, sunday) for name in ("traffic", "rain", "fog")]
        assert told == [True, True, False, False, False, False]

    def test_of_equal_protections_the_first_gives_its_reason_and_without_any_nothing_is_protected(self):
        floors = [Protection(EVERYTHING, level, reason) for level, reason in ((20, "a"), (60, "b"), (60, "c"))]
        assert floor_of(floors) == Floor(60, "b")
        assert floor_of(()) == Floor(0, "")


class TestChangesToCome:
    @pytest.mark.parametrize(("day", "until"), [(22, "2026-12-22T11:00"), (23, None)])
    def test_what_changes_within_three_nights_is_in_sight_and_later_things_are_not(self, day, until):
        other = CalendarRule("dim", dates=on(2026, 12, day))
        intent = streets(program(), program(name="dim", start_level=50), rules=(other,))
        resolved = Plan(intent, LONGYEARBYEN.time_zone).resolve(lamp(place=LONGYEARBYEN), (), utc("2026-12-20T20:00"))
        assert resolved.until == (until and utc(until))

    def test_no_night_beyond_those_asked_for_is_looked_at(self):
        coming = list(Plan(streets(program()), BERLIN).changes(lamp(), (), utc("2026-01-05T19:00"), 2))
        assert [f"{at:%dT%H:%M}" for at in coming] == ["06T07:37", "06T15:40", "07T07:36"]

    def test_every_night_up_to_the_end_of_the_last_override_is_looked_at(self):
        plan, now = Plan(streets(program(), floor=60), BERLIN), utc("2026-01-05T22:00")
        held = [
            Override(name, Scope.LIGHT_POINT, EVERYTHING, 0, now, until)
            for name, until in (("a", now + dt.timedelta(days=2, hours=23)), ("b", now + dt.timedelta(hours=1)))
        ]
        coming = [f"{at:%dT%H:%M}" for at in plan.changes(lamp(), held, now, 1)]
        sunsets = ["06T15:40", "07T15:42", "08T15:43"]
        sunrises = ["06T07:37", "07T07:36", "08T07:36", "09T07:35"]
        assert coming == sorted([*sunsets, *sunrises, "08T21:00"])


class TestTheFloorOfAPeriod:
    @pytest.mark.parametrize(
        ("edge", "begins_s", "ends_s", "level"),
        [(0, -60, 0, 0), (0, -60, 1, 1), (1, 0, 60, 0), (1, -1, 60, 1)],
    )
    def test_it_begins_and_ends_with_the_sun_to_the_second(self, edge, begins_s, ends_s, level):
        plan = Plan(streets(program(), floor=1), BERLIN)
        ((*edges,),) = plan.night(lamp(), WINTER).night.dark
        assert plan.floor_within(lamp(), edges[edge] + begins_s * SECOND, edges[edge] + ends_s * SECOND) == level

    def test_one_of_two_dark_spans_of_a_night_is_enough(self):
        plan, point = Plan(streets(program(), floor=30), NOME.time_zone), lamp(place=NOME)
        compiled = plan.night(point, dt.date(2026, 12, 20)).night
        first, second = compiled.dark
        assert plan.floor_within(point, first[0], first[0] + SECOND) == 30
        assert plan.floor_within(point, second[1] - SECOND, second[1]) == 30
        assert plan.floor_within(point, first[1], second[0]) == 0


class TestARaisedNight:
    def test_a_rise_with_the_sunset_and_a_drop_with_the_sunrise_have_no_ramp_and_follow_the_sun(self):
        off = night(program(window("13:00", "14:00"), steps=(step("13:30", 20, 30),)), WINTER, DUISBURG)
        rise, drop = raised(off, Floor(60, "a crossing"))[-2:]
        assert [(each.at, each.level, each.ramp_s, each.sun) for each in (rise, drop)] == [
            (SUNSET, 60, 0, sun("sunset")), (SUNRISE, 0, 0, sun("sunrise")),
        ]  # fmt: skip
        assert rise.cause == "protection: a crossing"
        assert drop.cause.startswith("protection ends, ")

    def test_a_fade_to_below_the_floor_ends_at_it(self):
        dimmed = night(program(steps=(step("22:00", 20, 90),)), WINTER, DUISBURG)
        (faded,) = [each for each in raised(dimmed, Floor(60, "")) if each.level == 60]
        assert (faded.at, faded.ramp_s) == (utc("2026-01-05T21:00"), 90)
        assert faded.cause == "protection: a minimum while the sun is down"

    def test_a_level_that_is_the_floor_already_is_the_programs_own(self):
        even = night(program(steps=(step("22:00", 60), step("23:00", 20), step("23:30", 100))), WINTER, DUISBURG)
        causes = [each.cause for each in raised(even, Floor(60, "a crossing"))]
        assert causes[2] == "program test, step 22:00"

    def test_nothing_happens_at_the_end_of_a_polar_night(self):
        dark = night(program(start_level=20), dt.date(2026, 12, 20), LONGYEARBYEN)
        assert [(each.at, each.level) for each in raised(dark, Floor(60, ""))] == [(dark.start, 60)]

    def test_a_floored_night_is_the_same_night_with_other_switches(self):
        own = night(program(steps=(step("22:00", 20),)), WINTER, DUISBURG)
        lifted = floored(own, Floor(60, "x"))
        assert lifted == replace(own, switches=raised(own, Floor(60, "x")), sources=())
        assert {each.level for each in lifted.switches} == {0, 60, 100}


class TestNightsInARow:
    def test_a_night_without_length_leaves_no_switch_of_its_own(self):
        festive = CalendarRule("on", dates=on(2011, 12, 30))
        dark = program(window("13:00", "14:00"), name="short")
        plan = Plan(streets(dark, program(ALL_NIGHT, name="on"), rules=(festive,)), APIA.time_zone)
        carried = plan.switches(lamp(place=APIA), dt.date(2011, 12, 29), 3)
        instants = [each.at for each in carried]
        assert len(set(instants)) == len(instants)
        assert [each.level for each in carried] == [0, 100, 0, 100, 0]

    def test_of_two_switches_at_the_instant_where_nights_meet_the_later_nights_counts(self):
        at = [SUNSET + each * SECOND for each in range(3)]
        met = merged([(Switch(at[0], 0), Switch(at[1], 100)), (Switch(at[1], 0), Switch(at[2], 50))])
        assert met == (Switch(at[0], 0), Switch(at[2], 50))

    def test_only_changes_of_level_are_kept_where_nights_meet(self):
        first, second = (night(program(), WINTER + dt.timedelta(days=day), DUISBURG).switches for day in (0, 1))
        assert merged([first, second]) == (*first, *second[1:])


class TestSwitches:
    def test_each_says_which_sun_event_it_follows_unless_a_clock_may_hold_it(self):
        compiled = night(
            program(
                window("sunset-10m", moment("sunrise", latest="09:00")),
                steps=(
                    step("22:00", 70),
                    step("dusk", 90),
                    step(moment("sunrise-3h", earliest="03:00"), 80),
                    step(moment("sunrise-2h", latest="08:00"), 60),
                    step("sunrise-1h", 50),
                ),
            ),
            WINTER,
            DUISBURG,
        )
        assert [each.sun for each in compiled.switches] == [
            None, sun("sunset", -600), sun("dusk"), None, None, None, sun("sunrise", -3600), None,
        ]  # fmt: skip

    def test_an_edge_that_is_the_nights_own_follows_no_event(self):
        compiled = night(program(), dt.date(2026, 12, 20), NOME)
        assert [each.sun for each in compiled.switches] == [None, sun("sunrise"), sun("sunset")]

    def test_just_before_its_night_the_level_is_that_of_its_beginning(self):
        compiled = night(program(window("12:00", "20:00")), WINTER, DUISBURG)
        assert compiled.index_at(compiled.start - SECOND) == 0
        assert [compiled.level_at(compiled.start + each * SECOND) for each in (-1, 0, 8 * 3600 - 1, 8 * 3600)] == [
            100, 100, 100, 0,
        ]  # fmt: skip

    def test_a_window_that_opens_where_another_closes_goes_on_to_its_own_closing(self):
        (_, rise), (fall, _) = SunNight.of(NOME, dt.date(2026, 12, 20)).dark()
        gap = (fall - rise) // SECOND
        lit = window("sunset", Moment(sun("sunrise", gap)))
        compiled = night(program(lit), dt.date(2026, 12, 20), NOME)
        assert compiled.level_at(fall) == 100
        assert compiled.level_at(compiled.end - SECOND) == 100


def test_a_person_who_asks_for_the_level_in_force_is_the_reason_all_the_same():
    plan, now = Plan(streets(program()), BERLIN), utc("2026-01-05T19:00")
    held = Override("o", Scope.LIGHT_POINT, parse_selector("id=LP1"), 100, now, now + 60 * SECOND)
    assert plan.level_at(lamp(), (held,), now) == (100, Reason.OVERRIDE)
    assert plan.next_change(lamp(), (held,), now) == held.until
