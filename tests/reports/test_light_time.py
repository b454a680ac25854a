from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightctl.reports.light_time import NOTHING, LightTime, light_time, seconds, within, without

NOON = dt.datetime(2026, 10, 1, 10, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
DAY_S = 86_400.0


def span(begin: float, end: float):
    return NOON + begin * HOUR, NOON + end * HOUR


def told(light: LightTime) -> tuple[float, ...]:
    """Give planned, lit, unknown, dark in hours."""
    return tuple(round(each / 3600, 3) for each in (light.planned_s, light.lit_s, light.unknown_s, light.dark_s))


PLANNED = (span(7, 19),)  # twelve hours


@pytest.mark.parametrize(
    ("known_h", "lit_h", "expected"),
    [
        (24, 12, (12, 12, 0, 0)),  # as planned
        (24, 0, (12, 0, 0, 12)),  # heard all night, never lit: dark
        (0, 0, (12, 0, 12, 0)),  # nothing heard: not known, and no light
        (20, 8, (12, 8, 4, 0)),  # what is missing may all be in what nobody knows
        (22, 6, (12, 6, 2, 4)),  # more is missing than nobody knows
        (24, 11.99, (12, 12, 0, 0)),  # switching takes its time
        (24, 14, (12, 12, 0, 0)),  # lit longer is not lit more than planned
    ],
)
def test_light_planned_is_lit_unknown_or_dark_by_what_the_node_said(known_h, lit_h, expected):
    assert told(light_time(PLANNED, DAY_S, known_h * 3600, lit_h * 3600)) == expected


def test_a_lamp_that_fails_is_dark_however_bright_its_node_says_it_is():
    out = [(span(10, 14), 1.0)]
    assert told(light_time(PLANNED, DAY_S, DAY_S, 12 * 3600, out=out)) == (12, 8, 0, 4)


def test_a_failed_lamp_that_is_reported_dark_too_is_not_counted_twice():
    out = [(span(10, 14), 1.0)]
    assert told(light_time(PLANNED, DAY_S, DAY_S, 8 * 3600, out=out)) == (12, 8, 0, 4)


def test_faults_by_day_take_no_light():
    assert told(light_time(PLANNED, DAY_S, DAY_S, 12 * 3600, out=[(span(0, 6), 1.0)])) == (12, 12, 0, 0)


def test_a_supply_loss_makes_known_dark_of_what_the_silent_node_leaves_unknown():
    out = [(span(7, 19), 1.0)]
    assert told(light_time(PLANNED, DAY_S, 0, 0, out=out)) == (12, 0, 0, 12)


def test_one_failed_lamp_of_a_segment_is_one_lamp():
    light = light_time(PLANNED, DAY_S, DAY_S, 12 * 3600, lamps=4, out=[(span(7, 19), 1 / 4)])
    assert told(light) == (48, 36, 0, 12)


def test_two_faults_at_once_take_the_light_once():
    out = [(span(7, 13), 1.0), (span(10, 16), 1.0)]
    assert told(light_time(PLANNED, DAY_S, DAY_S, 12 * 3600, out=out)) == (12, 3, 0, 9)


def test_maintenance_is_kept_apart_and_its_faults_with_it():
    light = light_time(PLANNED, DAY_S, DAY_S, 8 * 3600, out=[(span(10, 14), 1.0)], apart=[span(10, 14)])
    assert told(light) == (8, 8, 0, 0)
    assert light.maintenance_s == 4 * 3600
    # The control: without the maintenance the same night has four dark hours.
    assert told(light_time(PLANNED, DAY_S, DAY_S, 8 * 3600, out=[(span(10, 14), 1.0)])) == (12, 8, 0, 4)


def test_burning_much_longer_than_planned_is_counted_beyond_the_plan():
    assert light_time(PLANNED, DAY_S, DAY_S, 20 * 3600).beyond_s == 8 * 3600
    assert light_time(PLANNED, DAY_S, DAY_S, 12.2 * 3600).beyond_s == 0


def test_shares_of_nothing_are_not_known():
    assert NOTHING.in_light_percent is None


hours = st.floats(0, 24, allow_nan=False)


@given(hours, hours, st.lists(st.tuples(hours, hours), max_size=3), st.lists(st.tuples(hours, hours), max_size=3))
def test_whatever_is_said_planned_is_the_sum_of_its_parts_and_none_is_negative(known, lit, out, apart):
    faults = [(span(*sorted(each)), 1.0) for each in out]
    light = light_time(
        PLANNED, DAY_S, max(known, lit) * 3600, lit * 3600, out=faults, apart=[span(*sorted(each)) for each in apart]
    )
    assert min(light.planned_s, light.lit_s, light.unknown_s, light.dark_s, light.maintenance_s) >= -1e-6
    assert light.lit_s + light.unknown_s + light.dark_s == pytest.approx(light.planned_s, abs=1e-3)
    assert light.planned_s + light.maintenance_s == pytest.approx(12 * 3600, abs=1e-3)


def test_holes_and_bounds_cut_spans():
    assert without([span(0, 10)], [span(2, 3), span(5, 12)]) == (span(0, 2), span(3, 5))
    assert within([span(0, 4), span(6, 8)], span(3, 7)) == (span(3, 4), span(6, 7))
    assert seconds([span(0, 1), span(2, 4)]) == 3 * 3600
