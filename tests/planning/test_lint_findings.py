"""Each finding of the lint: an example that raises it and nothing else, a near miss that raises nothing."""

from __future__ import annotations

import datetime as dt

import pytest

from lightctl.domain.assets import LifeCycle
from lightctl.planning.lint import Limits, LintCode, lint
from tests.support.odd_schedules import ODD, PARK, STREET, assigned, intent_of, linted, program, rules
from tests.support.programs import DUISBURG, LONGYEARBYEN, TROMSO, lamp


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: f"{odd.code}-{odd.text[9:60]}")
def test_each_odd_schedule_is_one_finding_in_its_line(odd):
    found = linted(odd.text, odd.place, year=odd.year, points=odd.points)
    assert [(each.code, each.source.line) for each in found] == [(odd.code, odd.line)], found
    assert found[0].message


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: f"{odd.code}-{odd.near[9:60]}")
def test_each_near_miss_is_fine(odd):
    assert linted(odd.near, odd.near_place, year=odd.near_year, points=odd.points) == ()


def test_every_code_has_an_example():
    assert {odd.code for odd in ODD} == set(LintCode)


def test_a_finding_names_the_first_five_nights_their_number_program_and_calendar():
    (found,) = linted(program("{active: [sunset .. 23:00, 05:30 .. sunrise]}"))
    assert (found.program, found.calendar) == ("p", "c")
    assert found.nights == tuple(dt.date(2027, 5, 23) + dt.timedelta(days=day) for day in range(5))
    assert found.count == 49
    assert found.message == "the window 05:30 .. sunrise of program p is empty in 49 of 366 nights"


def test_a_program_is_judged_only_in_the_nights_a_calendar_chooses_it_for():
    winter = "{dates: 10-01..03-31, program: q}"
    text = rules(winter).replace("q: {}", "q: {active: [sunset .. 23:00, 05:30 .. sunrise]}")
    assert linted(text) == ()
    assert [each.code for each in linted(text.replace("03-31", "05-31"))] == ["LC-L005"]


def test_daylight_is_told_by_the_clock_of_the_first_night():
    (found,) = linted(program("{active: 18:00 .. sunrise}"))
    assert found.nights[0] == dt.date(2027, 3, 11)  # sunset at 18:30:12
    assert found.message == (
        "program p burns in daylight, more than 30 min before sunset or after sunrise: first from 18:00:00 to 18:00:12"
    )


def test_a_polar_summer_is_no_finding_and_a_polar_winter_neither():
    assert linted(program("{}"), TROMSO, LONGYEARBYEN) == ()


def test_a_window_by_the_clock_burns_under_the_midnight_sun_and_the_finding_says_where():
    text = program("{active: 22:00 .. 03:00}")
    (alone,), (both,) = linted(text, LONGYEARBYEN), linted(text, DUISBURG, LONGYEARBYEN)
    assert alone.code is both.code is LintCode.DAYLIGHT
    assert {night.month for night in alone.nights} == {4}
    assert alone.nights == both.nights
    assert both.message == f"{alone.message} (at 78.2232,15.6267 of 2 places)"


def test_a_twilight_that_never_comes_in_june_leaves_a_window_empty_although_it_is_dark():
    (found,) = linted(program("{active: dusk(-16) .. dawn(-16)}"))
    assert found.code is LintCode.SHUT_WINDOW
    assert {night.month for night in found.nights} <= {5, 6}


def test_the_same_oddity_at_several_places_is_one_finding_that_counts_nights_not_places():
    text = program("{active: sunset .. sunrise+31m}")
    (alone,), (both,) = linted(text, DUISBURG), linted(text, DUISBURG, TROMSO)
    assert alone.count == both.count == 366


def test_steps_cross_on_the_nights_of_the_rarer_order():
    (found,) = linted(program('{steps: [{at: "05:30", level: 50}, {at: sunrise-20m, level: 70}]}'))
    assert {night.month for night in found.nights} == {5}
    assert "step 05:30 to 50 % comes before step sunrise-20m to 70 % on most nights" in found.message
    assert found.count == 30  # in June the sun is up at 05:30 and the lamp off


def test_steps_in_either_order_are_fine_where_their_order_cannot_be_seen():
    after_the_light = '{active: sunset .. 04:00, steps: [{at: "05:30", level: 50}, {at: sunrise-20m, level: 70}]}'
    assert {each.code for each in linted(program(after_the_light))} == {LintCode.IDLE_STEP}
    same_level = '{steps: [{at: "05:30", level: 50}, {at: sunrise-20m, level: 50}]}'
    assert linted(program(same_level)) == ()


def test_a_rule_of_another_year_is_judged_by_its_own_dates():
    assert linted(rules("{dates: 2031-12-24..2031-12-26, program: q}")) == ()
    shadowed = linted(rules("{dates: 12-24..12-26, program: q}", "{dates: 2031-12-24..2031-12-26, program: r}"))
    assert [each.code for each in shadowed] == [LintCode.SHADOWED_RULE]
    assert shadowed[0].nights[0] == dt.date(2031, 12, 24)


def test_a_rule_shadowed_in_part_is_fine():
    assert linted(rules("{holidays: DE-NW, program: q}", "{weekdays: fri, program: r}")) == ()


@pytest.mark.parametrize(
    ("selector", "protection", "below"),
    [
        ("kind=crossing", "*", True),
        ("kind=crossing", "kind", True),
        ("kind=crossing", "kind!=street", True),
        ("kind=crossing", "kind in (crossing,underpass)", True),
        ("kind in (crossing,underpass)", "kind=crossing", False),
        ("kind", "kind=crossing", False),
        ("kind!=street", "kind!=street", True),
        ("kind!=street", "kind", False),
        ("kind!=street", "kind!=park", False),
        ("group=a", "group!=b", False),
        ("group=a", "group in (a,b)", True),
        ("kind=crossing", "kind=crossing, ward=6", False),
        ("*", "kind=crossing", False),
    ],
)
def test_without_light_points_a_protection_counts_where_the_selector_implies_it(selector, protection, below):
    text = assigned(
        selector, protection=f'select: "{protection}", min_level: 60', body='{steps: [{at: "00:30", level: 50}]}'
    )
    assert [each.code for each in linted(text)] == [LintCode.BELOW_PROTECTION] * below


def test_with_light_points_a_protection_counts_where_one_of_them_has_it():
    text = assigned("*", protection="select: kind=park, min_level: 60", body='{steps: [{at: "00:30", level: 50}]}')
    assert linted(text) == ()
    assert linted(text, points=(STREET,)) == ()
    (found,) = linted(text, points=(STREET, PARK))
    assert found.message == (
        "program p asks for 50 % while the sun is down, where the protection kind=park at odd.yaml:6:15 keeps 60 %, "
        "at 1 light point"
    )
    assert (found.count, found.calendar) == (366, "c")


def test_only_light_points_in_use_must_be_assigned():
    points = [lamp(f"LP-{number}", kind="park", state=LifeCycle.IN_USE) for number in range(7)]
    planned = lamp("LP-9", kind="park", state=LifeCycle.PLANNED)
    (found,) = linted(assigned("kind=street"), points=[*points, planned])
    assert found.count == 7
    assert found.nights == ()
    assert found.message.endswith("LP-0, LP-1, LP-2, LP-3, LP-4, ...")


def test_how_many_switchings_are_too_many_is_the_callers_to_say():
    intent = intent_of(program('{steps: [{at: "23:00", level: 50}]}'))
    assert lint(intent, (DUISBURG,), 2027, limits=Limits(switchings=3)) == ()
    (found,) = lint(intent, (DUISBURG,), 2027, limits=Limits(switchings=2))
    assert "3 times a night, more than 2" in found.message


def test_findings_come_in_the_order_of_the_files_and_what_stands_in_none_comes_last():
    text = program("{active: [sunset .. sunrise+40m, 05:30 .. sunrise]}")
    found = linted(text, type(DUISBURG)(51.43, 6.76, "UTC"))
    places = [(each.source.line, each.source.column) for each in found if each.source.file]
    assert places == sorted(places)
    assert found[-1].code is LintCode.TIME_ZONE


def test_nothing_assigned_and_nothing_written_is_nothing_odd():
    assert lint(intent_of(""), (DUISBURG,), 2027) == ()
