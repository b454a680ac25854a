from __future__ import annotations

import datetime as dt
import weakref
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightctl.domain.assets import LightPoint
from lightctl.domain.programs import (
    NO_INTENT,
    Assignment,
    Calendar,
    CalendarRule,
    ControlProgram,
    Intent,
    Protection,
    Source,
)
from lightctl.domain.selectors import parse_selector
from lightctl.domain.states import Override, Reason, Scope
from lightctl.planning.memo import FIRST_CAPACITY
from lightctl.planning.resolve import Plan
from lightctl.planning.sun import solar_altitude_deg
from tests.support.programs import DUISBURG, LONGYEARBYEN, REYKJAVIK, Place, lamp, program, step, utc, window

BERLIN = "Europe/Berlin"
MONDAY = dt.date(2026, 1, 5)  # Duisburg: sunset 15:39:32Z, sunrise 07:37:05Z
EVENING, SMALL_HOURS, MIDDAY = utc("2026-01-05T19:00"), utc("2026-01-06T01:00"), utc("2026-01-06T10:00")

RESIDENTIAL = program(window("sunset", "sunrise"), steps=(step("22:00", 70, 30), step("00:30", 40)), name="residential")
WEEKEND = program(window("sunset", "sunrise"), steps=(step("23:30", 60),), name="weekend")


def intent(*protections: Protection, programs: tuple[ControlProgram, ...] = (RESIDENTIAL, WEEKEND)) -> Intent:
    return Intent(
        {each.id: each for each in programs},
        {
            "streets": Calendar(
                "streets",
                "residential",
                (CalendarRule("weekend", weekdays=frozenset({4, 5}), source=Source("c.yaml", 20, 7)),),
                Source("c.yaml", 18, 3),
            )
        },
        (Assignment(parse_selector("kind!=stadium"), "streets", Source("c.yaml", 30, 5)),),
        protections,
    )


def protection(select: str, level: int, reason: str = "") -> Protection:
    return Protection(parse_selector(select), level, reason, Source("c.yaml", 40, 5))


def override(
    name: str,
    level: int,
    scope: Scope = Scope.LIGHT_POINT,
    select: str = "*",
    start: str = "2026-01-05T18:00",
    until: str = "2026-01-06T02:00",
) -> Override:
    return Override(name, scope, parse_selector(select), level, utc(start), utc(until))


def layers(resolution) -> list[tuple[str, str]]:
    return [(each.layer, each.verdict) for each in resolution.chain]


class TestProgram:
    def test_the_program_of_the_calendar_gives_the_level(self):
        resolved = Plan(intent(), BERLIN).resolve(lamp(), (), SMALL_HOURS)
        assert (resolved.level, resolved.reason, resolved.ref) == (40, Reason.PROGRAM, "residential")
        assert layers(resolved) == [
            ("override", "none"),
            ("protection", "none"),
            ("program", "decides"),
            ("calendar", "chosen"),
            ("assignment", "chosen"),
        ]
        assert [str(each.source) for each in resolved.chain] == ["", "", "", "c.yaml:18:3", "c.yaml:30:5"]
        assert "step 00:30" in resolved.chain[2].detail

    def test_a_friday_rule_covers_friday_evening_and_saturday_morning_and_names_itself(self):
        plan = Plan(intent(), BERLIN)
        saturday_morning = plan.resolve(lamp(), (), utc("2026-01-10T03:00"))
        assert (saturday_morning.level, saturday_morning.ref) == (60, "weekend")
        assert "rules[0]" in saturday_morning.chain[3].detail
        assert str(saturday_morning.chain[3].source) == "c.yaml:20:7"
        sunday_evening = plan.resolve(lamp(), (), utc("2026-01-11T22:00"))
        assert sunday_evening.ref == "residential"

    def test_until_is_the_next_change_of_level(self):
        plan = Plan(intent(), BERLIN)
        assert plan.resolve(lamp(), (), EVENING).until == utc("2026-01-05T21:00")
        assert plan.resolve(lamp(), (), SMALL_HOURS).until == plan.night(lamp(), MONDAY).night.sunrise

    def test_by_day_until_is_the_coming_sunset_of_the_next_night(self):
        resolved = Plan(intent(), BERLIN).resolve(lamp(), (), MIDDAY)
        assert (resolved.level, resolved.reason) == (0, Reason.PROGRAM)
        assert utc("2026-01-06T15:39") < resolved.until < utc("2026-01-06T15:43")

    def test_nothing_in_sight_in_polar_night(self):
        resolved = Plan(NO_INTENT, LONGYEARBYEN.time_zone).resolve(
            lamp(place=LONGYEARBYEN), (), utc("2026-12-20T20:00")
        )
        assert (resolved.level, resolved.until) == (100, None)

    def test_next_change_is_never_past_the_end_of_the_night(self):
        plan = Plan(intent(), BERLIN)
        assert plan.next_change(lamp(), (), EVENING) == utc("2026-01-05T21:00")
        assert plan.next_change(lamp(), (), MIDDAY) == utc("2026-01-06T11:00")


class TestDefault:
    @pytest.mark.parametrize("point", [lamp(kind="stadium"), lamp()])
    def test_a_light_point_nobody_assigned_has_full_light_while_the_sun_is_down(self, point):
        plan = Plan(intent() if point.kind else NO_INTENT, BERLIN)
        resolved = plan.resolve(point, (), SMALL_HOURS)
        assert (resolved.level, resolved.reason, resolved.ref) == (100, Reason.DEFAULT, "default")
        assert layers(resolved)[-2:] == [("calendar", "none"), ("assignment", "none")]
        assert plan.level_at(point, (), MIDDAY) == (0, Reason.DEFAULT)
        assert (plan.night(point, MONDAY).program, plan.night(point, MONDAY).rule) == ("default", None)
        assert plan.assignment(point) is None

    def test_a_program_of_peoples_own_called_default_is_theirs(self):
        own = program(window("sunset", "sunrise"), start_level=30, name="default")
        theirs = Intent(
            {"default": own},
            {"c": Calendar("c", "default")},
            (Assignment(parse_selector("kind=road"), "c"),),
        )
        plan = Plan(theirs, BERLIN)
        assert plan.level_at(lamp("A", kind="road"), (), SMALL_HOURS) == (30, Reason.PROGRAM)
        assert plan.level_at(lamp("B", kind="path"), (), SMALL_HOURS) == (100, Reason.DEFAULT)
        assert plan.switches(lamp("A", kind="road"), MONDAY, 1) != plan.switches(lamp("B", kind="path"), MONDAY, 1)

    def test_a_calendar_that_names_a_missing_program_leaves_the_street_lit(self):
        broken = replace(intent(), programs={})
        assert Plan(broken, BERLIN).level_at(lamp(), (), SMALL_HOURS) == (100, Reason.DEFAULT)


class TestOverride:
    def test_an_override_holds_from_its_start_until_its_end_excluded(self):
        plan, off = Plan(intent(), BERLIN), override("o", 0, until="2026-01-05T20:00")
        levels = [
            plan.level_at(lamp(), (off,), at)
            for at in (off.start - dt.timedelta(seconds=1), off.start, off.until - dt.timedelta(seconds=1), off.until)
        ]
        program_level = (100, Reason.PROGRAM)
        assert levels == [program_level, (0, Reason.OVERRIDE), (0, Reason.OVERRIDE), program_level]

    def test_the_most_specific_wins_then_the_newest_start_then_the_id(self):
        later = "2026-01-05T18:30"
        site, group = override("site", 1, Scope.SITE, start=later), override("group", 2, Scope.GROUP, start=later)
        old, new = override("a-old", 3), override("b-new", 4, start=later)
        twin = override("c-new", 5, start=later)
        plan = Plan(intent(), BERLIN)

        def winner(*overrides: Override) -> str:
            found = {plan.resolve(lamp(), order, EVENING).ref for order in (overrides, overrides[::-1])}
            assert len(found) == 1, "the order they are given in must not matter"
            return found.pop()

        assert winner(site, group) == "group"
        assert winner(site, group, old) == "a-old"
        assert winner(old, new) == "b-new"
        assert winner(new, twin) == "c-new"

    def test_the_chain_shows_the_winner_the_outvoted_and_the_program_below(self):
        site, point = override("site", 0, Scope.SITE), override("mine", 80)
        resolved = Plan(intent(), BERLIN).resolve(lamp(), (site, point), EVENING)
        assert (resolved.level, resolved.reason, resolved.ref) == (80, Reason.OVERRIDE, "mine")
        assert layers(resolved)[:4] == [
            ("override", "decides"),
            ("override", "outvoted"),
            ("protection", "none"),
            ("program", "outvoted"),
        ]
        assert "override mine" in resolved.chain[0].detail

    def test_an_override_of_others_changes_nothing(self):
        elsewhere = override("o", 0, select="group=harbour")
        plan = Plan(intent(), BERLIN)
        assert plan.level_at(lamp(), (elsewhere,), EVENING) == (100, Reason.PROGRAM)
        assert layers(plan.resolve(lamp(), (elsewhere,), EVENING))[0] == ("override", "none")
        assert plan.next_change(lamp(), (elsewhere,), EVENING) == utc("2026-01-05T21:00")

    def test_until_is_the_overrides_end_and_steps_below_it_do_not_count(self):
        plan, held = Plan(intent(), BERLIN), override("o", 55, until="2026-01-06T02:00")
        assert plan.resolve(lamp(), (held,), EVENING).until == held.until
        assert plan.next_change(lamp(), (held,), EVENING) == held.until

    def test_an_override_that_begins_later_is_the_next_change(self):
        coming = override("o", 55, start="2026-01-05T19:30")
        plan = Plan(intent(), BERLIN)
        assert plan.next_change(lamp(), (coming,), EVENING) == coming.start
        assert plan.resolve(lamp(), (coming,), EVENING).until == coming.start


class TestProtection:
    CROSSING = lamp(kind="crossing")

    def test_no_override_goes_below_the_floor_while_the_sun_is_down(self):
        plan = Plan(intent(protection("kind=crossing", 90, "zebra crossings stay lit")), BERLIN)
        resolved = plan.resolve(self.CROSSING, (override("off", 0),), EVENING)
        assert (resolved.level, resolved.reason, resolved.ref) == (90, Reason.PROTECTION, "zebra crossings stay lit")
        assert layers(resolved)[:3] == [("override", "raised"), ("protection", "decides"), ("program", "outvoted")]
        assert str(resolved.chain[1].source) == "c.yaml:40:5"

    def test_no_program_goes_below_the_floor_while_the_sun_is_down(self):
        plan = Plan(intent(protection("kind=crossing", 90)), BERLIN)
        resolved = plan.resolve(self.CROSSING, (), SMALL_HOURS)
        assert (resolved.level, resolved.reason) == (90, Reason.PROTECTION)
        assert layers(resolved)[1:3] == [("protection", "decides"), ("program", "raised")]

    def test_a_floor_that_is_met_leaves_the_reason_with_the_program(self):
        plan = Plan(intent(protection("kind=crossing", 40)), BERLIN)
        resolved = plan.resolve(self.CROSSING, (), SMALL_HOURS)
        assert (resolved.level, resolved.reason) == (40, Reason.PROGRAM)
        assert layers(resolved)[1] == ("protection", "met")

    def test_by_day_the_floor_is_idle(self):
        plan = Plan(intent(protection("kind=crossing", 90)), BERLIN)
        resolved = plan.resolve(self.CROSSING, (), MIDDAY)
        assert (resolved.level, layers(resolved)[1]) == (0, ("protection", "idle"))

    def test_other_light_points_are_not_touched(self):
        plan = Plan(intent(protection("kind=crossing", 90)), BERLIN)
        assert plan.level_at(lamp(kind="road"), (), SMALL_HOURS) == (40, Reason.PROGRAM)
        assert plan.protections(lamp(kind="road")) == ()

    def test_of_several_floors_the_highest_counts_and_all_are_shown(self):
        low, high = protection("*", 50, "streets"), protection("kind=crossing", 80, "zebra")
        plan = Plan(intent(low, high), BERLIN)
        resolved = plan.resolve(self.CROSSING, (), SMALL_HOURS)
        assert (resolved.level, resolved.ref) == (80, "zebra")
        assert layers(resolved)[1:3] == [("protection", "met"), ("protection", "decides")]
        assert plan.protections(self.CROSSING) == (low, high)

    def test_under_an_override_the_floor_sets_in_at_sunset(self):
        plan = Plan(intent(protection("*", 50)), BERLIN)
        off = override("off", 0, start="2026-01-05T14:00", until="2026-01-05T20:00")
        assert plan.level_at(lamp(), (off,), utc("2026-01-05T15:00")) == (0, Reason.OVERRIDE)
        sunset = plan.next_change(lamp(), (off,), utc("2026-01-05T15:00"))
        assert sunset == plan.night(lamp(), MONDAY).night.sunset
        assert plan.level_at(lamp(), (off,), sunset) == (50, Reason.PROTECTION)


class TestSwitches:
    def test_rises_to_the_floor_and_drops_from_it_are_switches(self):
        dark_hours = program(window("18:00", "23:00"), name="residential", start_level=80)
        plan = Plan(intent(protection("*", 30, "nobody in the dark"), programs=(dark_hours, WEEKEND)), BERLIN)
        found = [(f"{each.at:%H:%M:%S}", each.level) for each in plan.switches(lamp(), MONDAY, 1)]
        night = plan.night(lamp(), MONDAY).night
        assert found == [
            ("11:00:00", 0),
            (f"{night.sunset:%H:%M:%S}", 30),
            ("17:00:00", 80),
            ("22:00:00", 30),
            (f"{night.sunrise:%H:%M:%S}", 0),
        ]
        assert "nobody in the dark" in plan.switches(lamp(), MONDAY, 1)[1].cause

    def test_a_fade_that_the_floor_stops_keeps_its_ramp(self):
        plan = Plan(intent(protection("*", 80)), BERLIN)
        found = [(each.level, each.ramp_s) for each in plan.switches(lamp(), MONDAY, 1)]
        assert found == [(0, 0), (100, 0), (80, 30), (0, 0)]

    def test_nights_are_joined_and_only_changes_kept(self):
        switches = Plan(intent(), BERLIN).switches(lamp(), MONDAY, 7)
        assert switches[0].at == utc("2026-01-05T11:00")
        assert [each.level for each in switches].count(0) == 8  # the start and seven mornings, no noon between
        assert all(one.at < two.at and one.level != two.level for one, two in pairwise(switches))

    def test_in_polar_night_a_week_of_constant_light_is_one_switch(self):
        switches = Plan(NO_INTENT, LONGYEARBYEN.time_zone).switches(lamp(place=LONGYEARBYEN), dt.date(2026, 12, 14), 7)
        assert [each.level for each in switches] == [100]

    def test_light_points_of_one_cell_floor_and_programs_share_the_very_same_tuple(self):
        plan = Plan(intent(protection("kind=crossing", 90)), BERLIN)
        roads = [LightPoint(f"R{n}", DUISBURG.latitude + n * 1e-5, DUISBURG.longitude, kind="road") for n in range(50)]
        assert len({id(plan.switches(each, MONDAY, 7)) for each in roads}) == 1
        assert plan.switches(lamp("C", kind="crossing"), MONDAY, 7) is not plan.switches(roads[0], MONDAY, 7)

    def test_calendars_that_choose_the_same_programs_share_too(self):
        base = intent()
        calendars = {**base.calendars, "twin": replace(base.calendars["streets"], id="twin")}
        assignments = (Assignment(parse_selector("kind=path"), "twin"), *base.assignments)
        plan = Plan(replace(base, calendars=calendars, assignments=assignments), BERLIN)
        assert plan.switches(lamp("A", kind="path"), MONDAY, 7) is plan.switches(lamp("B"), MONDAY, 7)

    def test_new_tags_of_a_light_point_are_seen_at_once(self):
        plan = Plan(intent(protection("kind=crossing", 90)), BERLIN)
        assert plan.level_at(lamp(kind="road"), (), SMALL_HOURS) == (40, Reason.PROGRAM)
        assert plan.level_at(lamp(kind="crossing"), (), SMALL_HOURS) == (90, Reason.PROTECTION)

    def test_a_year_of_nights_does_not_pile_up(self):
        plan = Plan(intent(), BERLIN)
        for cell in range(12):
            point = lamp(f"L{cell}", Place(51.0 + cell * 0.01, 6.7, BERLIN))
            for day in range(365):
                plan.night(point, MONDAY + dt.timedelta(days=day))
        assert 0 < len(plan._nights) <= FIRST_CAPACITY < 12 * 365


overrides = st.lists(
    st.builds(
        lambda number, level, scope, start, hours: Override(
            f"o{number}", scope, parse_selector("*"), level, start, start + dt.timedelta(hours=hours)
        ),
        st.integers(0, 99),
        st.integers(0, 100),
        st.sampled_from(Scope),
        st.integers(0, 1440).map(lambda minutes: utc("2026-01-05T11:00") + dt.timedelta(minutes=minutes)),
        st.integers(1, 12),
    ),
    max_size=4,
)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 100), overrides, st.sampled_from([DUISBURG, REYKJAVIK]), st.sampled_from([5, 187]))
def test_no_level_is_below_the_floor_at_any_minute_while_the_sun_is_down(floor, held, place, day):
    date = dt.date(2025, 12, 31) + dt.timedelta(days=day)
    moved = [replace(each, start=each.start + (date - MONDAY), until=each.until + (date - MONDAY)) for each in held]
    dark_hours = program(window("20:00", "22:00"), window("05:00", "sunrise-1h"), name="residential", start_level=20)
    plan = Plan(intent(protection("*", floor), programs=(dark_hours, WEEKEND)), place.time_zone)
    point = lamp(place=place)
    cell = plan._standings.of(point).place
    night = plan.night(point, date).night
    carried = plan.switches(point, date, 1)
    for minute in range(int((night.end - night.start) / dt.timedelta(minutes=1))):
        now = night.start + dt.timedelta(minutes=minute)
        level, reason = plan.level_at(point, moved, now)
        node_level = [each.level for each in carried if each.at <= now][-1]
        if solar_altitude_deg(cell.latitude, cell.longitude, now) < -0.833 - 1e-5:
            assert level >= floor
            assert node_level >= floor
        if not any(each.start <= now < each.until for each in moved):
            assert node_level == level
        assert reason is not Reason.PROTECTION or level == floor


@settings(max_examples=25, deadline=None)
@given(overrides, st.integers(0, 100), st.integers(0, 1439))
def test_between_now_and_the_next_change_nothing_changes(held, floor, minute):
    plan, point = Plan(intent(protection("*", floor)), BERLIN), lamp()
    now = utc("2026-01-05T11:00") + dt.timedelta(minutes=minute)
    coming = plan.next_change(point, held, now)
    present = plan.level_at(point, held, now)
    assert now < coming <= utc("2026-01-06T11:00")
    seconds = int((coming - now).total_seconds())
    for ahead in {*range(0, seconds, 60), seconds - 1}:
        assert plan.level_at(point, held, now + dt.timedelta(seconds=ahead)) == present
    resolved = plan.resolve(point, held, now)
    assert (resolved.level, resolved.reason) == present
    assert resolved.until is not None
    assert resolved.until >= coming


@settings(max_examples=25, deadline=None)
@given(overrides, st.integers(0, 100), st.integers(0, 1439))
def test_something_changes_at_each_change_to_come_and_never_between(held, floor, minute):
    plan, point = Plan(intent(protection("*", floor)), BERLIN), lamp()
    now = utc("2026-01-05T11:00") + dt.timedelta(minutes=minute)
    horizon = now + dt.timedelta(hours=36)
    coming = [at for at in plan.changes(point, held, now, 3) if at < horizon]
    for begin, end in pairwise([now, *coming, horizon]):
        steady = plan.level_at(point, held, begin)
        minutes = range(int((end - begin) / dt.timedelta(minutes=1)) + 1)
        moments = [begin + dt.timedelta(minutes=each) for each in minutes] + [end - dt.timedelta(microseconds=1)]
        assert {plan.level_at(point, held, at) for at in moments if at < end} == {steady}
        assert plan.due(point, held, begin)[:2] == steady
        assert end == horizon or plan.level_at(point, held, end) != steady


def test_changes_to_come_end_where_nothing_ever_changes():
    plan = Plan(NO_INTENT, LONGYEARBYEN.time_zone)
    point, polar_night = lamp(place=LONGYEARBYEN), utc("2026-12-20T20:00")
    assert list(plan.changes(point, (), polar_night, 8)) == []
    far = override("o", 30, start="2026-12-27T20:00", until="2026-12-30T20:00")
    assert list(plan.changes(point, (far,), polar_night, 8)) == [far.start, far.until]


def test_changes_to_come_leave_no_night_out_before_a_distant_override():
    plan, far = Plan(intent(), BERLIN), override("o", 30, start="2026-01-12T19:00", until="2026-01-12T20:00")
    coming = list(plan.changes(lamp(), (far,), EVENING, 2))
    assert far.start in coming
    assert {at.date() for at in coming} >= {MONDAY + dt.timedelta(days=day) for day in range(8)}


def test_a_plan_that_forgets_its_light_points_keeps_none_of_them_and_says_the_same():
    plan, point = Plan(intent(), BERLIN), lamp()
    told, held = plan.switches(point, MONDAY, 2), weakref.ref(plan._standings)
    plan.forget_points()
    assert held() is None
    assert plan.switches(lamp(), MONDAY, 2) is told
