"""The compiled night against the brute-force reading of the contract, minute by minute."""

from __future__ import annotations

import datetime as dt

from hypothesis import example, given, settings
from hypothesis import strategies as st

from lightctl.domain.programs import (
    ActivePeriod,
    ClockTime,
    ControlProgram,
    Moment,
    Step,
    SunEvent,
    SunTime,
)
from lightctl.planning.night import Night, night
from lightctl.planning.sun import solar_altitude_deg
from tests.support.brute_force import BruteForceNight
from tests.support.programs import DUISBURG, NOME, VADSO, Place, program, step, window

ZONES = ["UTC", "Europe/Berlin", "Pacific/Kiritimati", "America/Nome", "Australia/Lord_Howe", "Africa/Cairo"]
MINUTE, SECOND = dt.timedelta(minutes=1), dt.timedelta(seconds=1)

clocks = st.one_of(st.integers(0, 1439).map(lambda minute: minute * 60), st.integers(0, 86399)).map(ClockTime)
suns = st.builds(
    SunTime,
    st.sampled_from(SunEvent),
    st.sampled_from([-0.833, -6.0, -3.0, -12.0, 5.0]),
    st.integers(-240, 240).map(lambda minutes: minutes * 60),
)
moments = st.builds(Moment, st.one_of(clocks, suns), st.one_of(st.none(), clocks), st.one_of(st.none(), clocks))
levels = st.integers(0, 100)
programs = st.builds(
    ControlProgram,
    st.just("p"),
    st.lists(st.builds(ActivePeriod, moments, moments), min_size=1, max_size=3).map(tuple),
    levels,
    st.lists(st.builds(Step, moments, levels, st.integers(0, 600)), max_size=4).map(tuple),
)
places = st.builds(
    Place,
    st.one_of(st.floats(-90, 90), st.floats(58, 72)),
    st.floats(-180, 180),
    st.sampled_from(ZONES),
)
dates = st.one_of(
    st.dates(dt.date(1970, 1, 2), dt.date(2100, 1, 1)),
    st.sampled_from([dt.date(2026, 3, 28), dt.date(2026, 10, 24), dt.date(2028, 2, 28), dt.date(2028, 2, 29)]),
)


def minutes(compiled: Night) -> list[dt.datetime]:
    return [compiled.start + MINUTE * n for n in range(int((compiled.end - compiled.start) / MINUTE))]


@settings(max_examples=120, deadline=None)
@given(programs, dates, places)
@example(program(window("sunset-10m", "sunrise+10m"), steps=(step("22:00", 50),)), dt.date(2026, 12, 20), NOME)
@example(program(window("sunset-10m", "sunrise+10m"), steps=(step("02:30", 50),)), dt.date(2026, 11, 22), VADSO)
@example(program(window("22:00", "sunrise"), steps=(step("02:30", 50),)), dt.date(2026, 3, 28), DUISBURG)
def test_the_level_at_every_minute_is_the_contracts(control_program, date, place):
    compiled = night(control_program, date, place)
    oracle = BruteForceNight(control_program, date, place)
    edges = {at + shift for at in oracle.instants() for shift in (-SECOND, dt.timedelta(), SECOND)}
    for instant in [*minutes(compiled), *(at for at in edges if compiled.start <= at < compiled.end)]:
        assert compiled.level_at(instant) == oracle.level_at(instant), instant


@settings(max_examples=120, deadline=None)
@given(programs, dates, places)
def test_switches_are_changes_in_order_within_the_night_and_levels_are_percent(control_program, date, place):
    compiled = night(control_program, date, place)
    times = [each.at for each in compiled.switches]
    assert times[0] == compiled.start
    assert times == sorted(set(times))
    assert all(at < compiled.end for at in times[1:])
    assert all(one.level != two.level for one, two in zip(compiled.switches, compiled.switches[1:], strict=False))
    assert all(0 <= each.level <= 100 and each.at.microsecond == 0 for each in compiled.switches)
    assert all(each.cause for each in compiled.switches)


@settings(max_examples=60, deadline=None)
@given(dates, places)
def test_sunset_to_sunrise_is_lit_whenever_the_sun_is_down_and_only_then(date, place):
    compiled = night(program(), date, place)
    edges = {each.at for each in compiled.switches}
    for instant in minutes(compiled)[::5]:
        height = solar_altitude_deg(place.latitude, place.longitude, instant) + 0.833
        # passages are whole seconds, and grazing ones good to 1e-4 degrees
        if abs(height) > 1e-4 and not edges & {instant - SECOND, instant, instant + SECOND}:
            assert (compiled.level_at(instant) == 100) is (height < 0), instant
