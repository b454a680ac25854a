from __future__ import annotations

import pytest

from lightctl.domain.programs import (
    SUNSET_TO_SUNRISE,
    ClockTime,
    DateRange,
    Intent,
    Moment,
    Source,
    SunEvent,
    SunTime,
)
from lightctl.domain.selectors import EVERYTHING, parse_selector
from lightctl.files.schedules import read_schedules

CONTRACT = """\
version: 1
programs:
  residential:
    description: Full light in the evening, half in the small hours
    active: sunset-10m .. sunrise+10m      # one window or a list
    start_level: 100
    steps:                                 # each holds until the next
      - {at: "22:00", level: 70, ramp: 30s}
      - {at: 00:30, level: 50}
      - {at: sunrise-45m, level: 100, earliest: "05:00", latest: "06:30"}
  festive: {}
  market:
    active: [{from: {at: sunset-10m, earliest: "16:30"}, to: sunrise}]
  test-night: {active: ["sunset .. 23:00", dawn(-3) .. sunrise]}
  weekend: {start_level: 0}
  crossings: {}
calendars:
  residential:
    rules:
      - {dates: 12-24..12-26, program: festive}
      - {dates: 2026-11-27..2026-12-23, weekdays: [fri, sat], program: market}
      - {weekdays: mon, nth: 2, program: test-night}
      - {holidays: DE-NW, program: weekend}
      - {weekdays: fri..sat, program: weekend}
    default: residential
  crossings: {default: crossings}
assignments:
  - {select: kind=crossing, calendar: crossings}
  - {select: "road_class in (collector,local), district!=harbour", calendar: residential}
  - {select: "*", calendar: residential}
protections:
  - {select: kind=crossing, min_level: 100, reason: zebra crossings stay lit}
"""


@pytest.fixture(scope="module")
def intent() -> Intent:
    read = read_schedules({"city.yaml": CONTRACT})
    assert read.errors == ()
    assert read.warnings == ()
    return read.intent


def sun(event: SunEvent, offset: int = 0) -> SunTime:
    return SunTime(event, -0.833, offset)


def test_windows_and_steps_are_read_as_written(intent):
    program = intent.programs["residential"]
    assert program.active[0].start == Moment(sun(SunEvent.SUNSET, -600))
    assert program.active[0].end == Moment(sun(SunEvent.SUNRISE, 600))
    assert [(step.level, step.ramp_s) for step in program.steps] == [(70, 30), (50, 0), (100, 0)]
    assert program.steps[1].at == Moment(ClockTime(1800))
    assert program.steps[2].at == Moment(sun(SunEvent.SUNRISE, -2700), ClockTime(18000), ClockTime(23400))
    assert program.description.startswith("Full light")


def test_what_is_not_written_has_the_contracts_default(intent):
    program = intent.programs["festive"]
    assert program.active == (SUNSET_TO_SUNRISE,)
    assert (program.start_level, program.steps, program.description) == (100, (), "")


def test_a_window_edge_can_be_clamped(intent):
    window = intent.programs["market"].active[0]
    assert window.start == Moment(sun(SunEvent.SUNSET, -600), earliest=ClockTime(59400))
    assert window.end == Moment(sun(SunEvent.SUNRISE))


def test_several_windows_are_a_list(intent):
    evening, morning = intent.programs["test-night"].active
    assert evening.end == Moment(ClockTime(82800))
    assert morning.start == Moment(SunTime(SunEvent.DAWN, -3.0))


def test_calendar_rules_keep_their_order_and_conditions(intent):
    rules = intent.calendars["residential"].rules
    assert [rule.program for rule in rules] == ["festive", "market", "test-night", "weekend", "weekend"]
    assert rules[0].dates == (DateRange((None, 12, 24), (None, 12, 26)),)
    assert rules[1].dates == (DateRange((2026, 11, 27), (2026, 12, 23)),)
    assert rules[1].weekdays == {4, 5}
    assert (rules[2].weekdays, rules[2].nth) == ({0}, (2,))
    assert rules[3].holidays == "DE-NW"
    assert rules[4].weekdays == {4, 5}


def test_assignments_and_protections_keep_their_selectors(intent):
    assert [entry.select for entry in intent.assignments] == [
        parse_selector("kind=crossing"),
        parse_selector("road_class in (collector,local), district!=harbour"),
        EVERYTHING,
    ]
    assert [(entry.min_level, entry.reason) for entry in intent.protections] == [(100, "zebra crossings stay lit")]


def test_everything_knows_where_it_stands(intent):
    assert intent.programs["festive"].source == Source("city.yaml", 11, 3)
    assert intent.programs["residential"].steps[1].source == Source("city.yaml", 9, 9)
    assert intent.calendars["residential"].rules[2].source == Source("city.yaml", 22, 9)
    assert intent.assignments[0].source == Source("city.yaml", 28, 5)
    assert intent.protections[0].source == Source("city.yaml", 32, 5)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("start", ["", "\ufeff", "---\n", "# a comment\n"])
def test_line_ends_and_a_byte_order_mark_change_nothing(intent, newline, start):
    read = read_schedules({"city.yaml": start + CONTRACT.replace("\n", newline)})
    assert read.errors == ()
    assert read.intent == intent


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("dates: 02-29", (DateRange((None, 2, 29), (None, 2, 29)),)),
        ("dates: 12-30..01-02", (DateRange((None, 12, 30), (None, 1, 2)),)),
        (
            "dates: [05-01, 2026-10-03]",
            (DateRange((None, 5, 1), (None, 5, 1)), DateRange((2026, 10, 3), (2026, 10, 3))),
        ),
    ],
)
def test_dates_are_read_with_and_without_a_year(written, expected):
    assert rule(written).dates == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("mon", {0}),
        ("mon..fri", {0, 1, 2, 3, 4}),
        ("sat..mon", {5, 6, 0}),
        ("[mon, wed..thu]", {0, 2, 3}),
        ("sun..sun", {6}),
    ],
)
def test_weekdays_are_names_lists_and_ranges(written, expected):
    assert rule(f"weekdays: {written}").weekdays == expected


@pytest.mark.parametrize(("written", "expected"), [("1", (1,)), ("last", (-1,)), ("[1, 3, last]", (1, 3, -1))])
def test_nth_counts_a_weekday_in_its_month(written, expected):
    assert rule(f"weekdays: fri, nth: {written}").nth == expected


def rule(condition: str):
    text = (
        "version: 1\nprograms: {p: {}}\ncalendars: {c: {rules: [{"
        f"{condition}"
        ', program: p}], default: p}}\nassignments: [{select: "*", calendar: c}]\n'
    )
    read = read_schedules({"x.yaml": text})
    assert read.errors == ()
    return read.intent.calendars["c"].rules[0]


def test_several_files_make_one_intent_in_the_order_given():
    first = "version: 1\ncalendars: {c: {default: p}}\nassignments: [{select: kind=a, calendar: c}]\n"
    second = "version: 1\nprograms: {p: {}}\nassignments: [{select: kind=b, calendar: c}]\n"
    read = read_schedules({"1.yaml": first, "2.yaml": second})
    assert read.errors == ()
    assert [str(entry.select) for entry in read.intent.assignments] == ["kind=a", "kind=b"]
    assert set(read.intent.programs) == {"p"}
    swapped = read_schedules({"2.yaml": second, "1.yaml": first})
    assert [str(entry.select) for entry in swapped.intent.assignments] == ["kind=b", "kind=a"]


def test_no_files_ask_for_nothing():
    read = read_schedules({})
    assert read.intent == Intent()
    assert (read.errors, read.warnings) == ((), ())
