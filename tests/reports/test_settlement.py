"""Events and half hours: each change once, silence as such, and the kWh that a minute-by-minute sum gives."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightctl.domain.luminaires import PowerCurve
from lightctl.domain.settlement import Information, UnitDay
from lightctl.reports.settlement import Said, day_bounds, energy, switching_events

DAY = dt.date(2026, 11, 25)
LONDON = "Europe/London"
START, END = day_bounds(DAY, LONDON)
LEASE = dt.timedelta(minutes=12)
CURVE = PowerCurve(((0, 2.0), (50, 30.0), (100, 52.0)))
R, C, U = Information.REPORTED, Information.CARRIED, Information.UNKNOWN


def said(minute: float, level: int | None) -> Said:
    at = START + dt.timedelta(minutes=minute)
    return Said(at, at, level)


def beats(first: int, last: int, level: int) -> list[Said]:
    """A report every five minutes, as nodes give them."""
    return [said(minute, level) for minute in range(first, last, 5)]


def events(reports: list[Said]) -> list[tuple[float, int | None, Information]]:
    found = switching_events("LP0000000001", reports, START, END, LEASE, CURVE)
    return [((event.at - START).total_seconds() / 60, event.level, event.information) for event in found]


def test_a_change_is_an_event_and_a_repetition_is_none():
    day = beats(-10, 360, 100) + beats(360, 1020, 0) + beats(1020, 1440, 100)
    assert events(day) == [(0, 100, C), (360, 0, R), (1020, 100, R)]


def test_what_was_never_heard_has_no_events():
    assert events([]) == []
    assert events([said(-60, 100)]) == []
    assert events([said(1500, 100)]) == []
    assert events([said(10, None)]) == []


def test_a_unit_that_begins_to_speak_is_unknown_until_then():
    assert events(beats(60, 1440, 100)) == [(0, None, U), (60, 100, R)]


def test_a_unit_that_falls_silent_is_unknown_when_its_lease_is_over_and_until_it_speaks_again():
    day = beats(-5, 600, 100) + beats(700, 1440, 100)
    assert events(day) == [(0, 100, C), (607, None, U), (700, 100, R)]


def test_the_order_in_which_reports_come_does_not_matter():
    day = beats(-5, 360, 100) + beats(360, 1440, 0)
    assert events(day[::-1]) == events(day)


def test_a_node_whose_clock_is_far_off_is_believed_the_level_and_not_the_time():
    at = START + dt.timedelta(minutes=20)
    assert Said(at, at - dt.timedelta(seconds=40), 50).instant == at - dt.timedelta(seconds=40)
    assert Said(at, at - dt.timedelta(hours=1), 50).instant == at


@pytest.mark.parametrize(("date", "half_hours"), [(DAY, 48), (dt.date(2026, 3, 29), 46), (dt.date(2026, 10, 25), 50)])
def test_a_day_has_its_own_number_of_half_hours(date, half_hours):
    start, end = day_bounds(date, LONDON)
    assert len(energy([], start, end).half_hours) == half_hours


def test_half_hours_are_watts_times_minutes():
    day = beats(-5, 15, 100) + beats(15, 1440, 50)
    unit = UnitDay("U", "LP", switching_events("U", day, START, END, LEASE, CURVE))
    found = energy([unit, unit], START, END)
    assert found.half_hours[0] == pytest.approx(2 * (52 * 15 + 30 * 15) / 60_000)
    assert found.half_hours[1] == pytest.approx(2 * 30 * 30 / 60_000)
    assert found.unknown_s == 0


def test_what_is_not_known_is_no_energy_but_counted():
    silent = UnitDay("U", "LP", ())
    no_watts = UnitDay("V", "LQ", switching_events("V", beats(-5, 1440, 100), START, END, LEASE, None))
    found = energy([silent, no_watts], START, END)
    assert sum(found.half_hours) == 0
    assert found.unknown_s == 2 * 86_400


@given(st.lists(st.tuples(st.integers(-60, 1500), st.sampled_from([0, 25, 50, 100])), max_size=60))
def test_half_hours_are_the_sum_of_every_minute(course):
    reports = [said(minute, level) for minute, level in course]
    found = switching_events("U", reports, START, END, LEASE, CURVE)
    energy_of = energy([UnitDay("U", "LP", found)], START, END)
    last = dict(sorted(course, key=lambda each: each[0]))
    halves, unknown = [0.0] * 48, 0
    for minute in range(1440):
        heard = [m for m in last if m <= minute]
        recent = max(heard, default=None)
        if recent is None or minute - recent >= 12:
            unknown += 60
        else:
            halves[minute // 30] += CURVE.watts(last[recent]) / 60_000
    assert energy_of.half_hours == pytest.approx(halves)
    assert energy_of.unknown_s == pytest.approx(unknown)
