"""The lint's short cut is exact, and whatever validation accepts can be linted."""

from __future__ import annotations

import datetime as dt

from hypothesis import example, given, settings
from hypothesis import strategies as st

from lightctl.domain.assets import LightPoint, Place
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
from lightctl.domain.selectors import parse_selector
from lightctl.planning.lint import LintCode, lint
from lightctl.planning.lint.facts import facts_of
from lightctl.planning.lint.findings import NIGHTS_NAMED
from lightctl.planning.lint.year import sightings
from lightctl.planning.reading import Reader
from tests.support.programs import DUISBURG, NOME, TROMSO, VADSO, program, step, window

TOLERANCE = dt.timedelta(minutes=30)
ZONES = ["UTC", "Europe/Berlin", "Pacific/Kiritimati", "America/Nome", "Australia/Lord_Howe", "Africa/Casablanca"]
# Few values, so that marks often coincide: ties are what a short cut by order could get wrong.
clocks = st.one_of(st.sampled_from([0, 19800, 43200, 43199, 79200, 82800]), st.integers(0, 86399)).map(ClockTime)
suns = st.builds(
    SunTime,
    st.sampled_from(SunEvent),
    st.one_of(st.sampled_from([-0.833, -6.0, 5.0]), st.floats(-90, 90)),
    st.one_of(st.sampled_from([0, -1800, 1800]), st.integers(-43200, 43200)),
)
moments = st.builds(Moment, st.one_of(clocks, suns), st.one_of(st.none(), clocks), st.one_of(st.none(), clocks))
levels = st.one_of(st.sampled_from([0, 50, 100]), st.integers(0, 100))
bodies = st.tuples(
    st.lists(st.builds(ActivePeriod, moments, moments), min_size=1, max_size=3).map(tuple),
    levels,
    st.lists(st.builds(Step, moments, levels, st.integers(0, 600)), max_size=4).map(tuple),
)
places = st.builds(
    Place, st.one_of(st.floats(-90, 90), st.floats(58, 72)), st.floats(-180, 180), st.sampled_from(ZONES)
)
dates = st.dates(dt.date(1970, 1, 2), dt.date(2100, 12, 31))
yearly = st.tuples(st.none(), st.integers(1, 12), st.integers(1, 28))
dated = st.lists(dates, min_size=2, max_size=2).map(
    lambda two: DateRange(*((each.year, each.month, each.day) for each in sorted(two)))
)
ranges = st.one_of(st.builds(DateRange, yearly, yearly), dated)
conditions = st.builds(
    CalendarRule,
    st.sampled_from("abc"),
    st.lists(ranges, max_size=2).map(tuple),
    st.frozensets(st.integers(0, 6)),
    st.lists(st.sampled_from([1, 2, 5, LAST_OF_MONTH]), max_size=2).map(tuple),
    st.sampled_from(["", "", "DE-NW", "LK", "MA"]),
)
calendars = st.tuples(st.sampled_from("abc"), st.lists(conditions, max_size=4).map(tuple))
selectors = st.sampled_from(
    [
        "*",
        "kind",
        "kind=a",
        "kind!=a",
        "kind in (a,b)",
        "kind=a, ward=6",
        "kind=a, kind=b",
        "group=a, group=b",
        "kind=b",
    ]
).map(parse_selector)


@st.composite
def intents(draw: st.DrawFn) -> Intent:
    programs = {name: ControlProgram(name, *draw(bodies)) for name in "abc"}
    named = {name: Calendar(name, *draw(calendars)) for name in "xy"}
    assignments = draw(st.lists(st.builds(Assignment, selectors, st.sampled_from("xy")), max_size=4))
    protections = draw(st.lists(st.builds(Protection, selectors, levels), max_size=2))
    return Intent(programs, named, tuple(assignments), tuple(protections))


@settings(max_examples=60, deadline=None)
@given(bodies, places, st.lists(dates, min_size=1, max_size=12, unique=True))
@example(
    ((window("sunset", "sunrise"),), 100, (step("22:00", 50),)),
    NOME,
    [dt.date(2026, 12, day) for day in range(1, 29)],
)
@example(
    ((window("sunset-10m", "sunrise+10m"),), 100, (step("02:30", 50), step("sunrise", 60))),
    VADSO,
    [dt.date(2026, 11, day) for day in range(10, 30)],
)
@example(
    ((window("sunset-30m", "sunrise+30m"),), 100, (step("05:30", 50),)),
    TROMSO,
    [dt.date(2026, 5, day) for day in range(5, 30)],
)
@example(
    ((window("05:30", "sunrise"),), 70, (step("05:30", 50),)), DUISBURG, [dt.date(2026, 5, 20), dt.date(2026, 6, 20)]
)
def test_every_night_shows_what_it_would_show_compiled_alone(body, place, nights):
    control_program = ControlProgram("p", *body)
    seen = sightings({"p": nights}, {"p": control_program}, [place], nights, TOLERANCE)["p"]
    assert sorted(date for each in seen for date in each.nights) == sorted(nights)
    for each in seen:
        for date in each.nights:
            assert each.facts == facts_of(control_program, Reader.of(place, date), TOLERANCE), date


@settings(max_examples=15, deadline=None)
@given(
    intents(),
    st.lists(places, min_size=1, max_size=2),
    st.integers(1970, 2100),
    st.one_of(st.none(), st.just((LightPoint("LP-1", 51.4, 6.7, kind="a"), LightPoint("LP-2", 51.4, 6.7)))),
)
def test_whatever_validation_accepts_can_be_linted(intent, where, year, points):
    found = lint(intent, where, year, points)
    assert found == lint(intent, where, year, points)
    for each in found:
        assert each.code in LintCode
        assert each.message
        assert list(each.nights) == sorted(set(each.nights))
        assert len(each.nights) <= NIGHTS_NAMED
        assert len(each.nights) <= each.count or each.count == 0


def test_nights_of_one_program_at_many_places_are_compiled_once_for_each_order():
    nights = [dt.date(2027, 1, 1) + dt.timedelta(days=day) for day in range(366)]
    towns = [Place(48 + number / 10, 8.0, "Europe/Berlin") for number in range(10)]
    control_program = program(window("sunset-10m", "sunrise+10m"), steps=(step("22:00", 50), step("05:30", 70)))
    seen = sightings({"p": nights}, {"p": control_program}, towns, nights, TOLERANCE)["p"]
    assert sum(len(each.nights) for each in seen) == 3660
    assert len({id(each.facts) for each in seen}) < 20
