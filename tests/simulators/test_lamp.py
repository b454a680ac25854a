from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.lamp import HEALTHY, Ills, Lamp, LampType

START = dt.datetime(2026, 12, 21, 16, 0, tzinfo=dt.UTC)
KIND = LampType(rated_power_w=60.0, standby_power_w=1.0)
CURVED = LampType(rated_power_w=60.0, standby_power_w=1.0, power_table=((50, 20.0),))


def after(seconds: float) -> dt.datetime:
    return START + dt.timedelta(seconds=seconds)


def test_a_dark_lamp_draws_its_standby_power():
    lamp = Lamp(KIND, START)
    assert lamp.level(START) == 0
    assert lamp.power_w(START) == 1.0
    assert lamp.energy_wh(after(3600)) == pytest.approx(1.0)
    assert lamp.lit_h(after(3600)) == 0


def test_power_is_a_straight_line_from_standby_to_rated():
    assert [KIND.power_w(level) for level in (0, 50, 100)] == [1.0, 30.5, 60.0]


def test_power_follows_the_table_of_its_type_and_the_spread_of_the_specimen():
    assert [CURVED.power_w(level) for level in (0, 25, 50, 75, 100)] == [1.0, 10.5, 20.0, 40.0, 60.0]
    assert replace(CURVED, spread=1.1).power_w(50) == pytest.approx(22.0)


def test_energy_over_a_ramp_follows_the_table_too():
    lamp = Lamp(CURVED, START)
    lamp.drive(100, 3600, START)
    assert lamp.energy_wh(after(3600)) == pytest.approx((10.5 + 40.0) / 2)


def test_a_ramp_moves_the_light_linearly_and_then_stops():
    lamp = Lamp(KIND, START)
    lamp.drive(100, 60, START)
    assert [lamp.level(after(it)) for it in (0, 15, 60, 300)] == [0, 25, 100, 100]
    assert lamp.ramp_end == after(60)


def test_at_a_moment_before_an_order_without_a_ramp_a_lamp_is_where_the_order_took_it():
    lamp = Lamp(KIND, START)
    lamp.drive(100, 0, after(1))
    assert lamp.level(START) == 100


def test_a_new_order_in_the_middle_of_a_ramp_starts_from_the_light_there_is():
    lamp = Lamp(KIND, START)
    lamp.drive(100, 60, START)
    lamp.drive(0, 30, after(30))
    assert lamp.level(after(45)) == 25


@given(
    st.lists(
        st.tuples(st.integers(1, 400), st.integers(0, 100), st.integers(0, 300), st.booleans()), min_size=1, max_size=12
    )
)
def test_energy_and_burning_hours_equal_a_sum_over_every_second(steps):
    lamp = Lamp(KIND, START)
    joules = lit = 0.0
    second = 0
    for wait, level, ramp, supplied in steps:
        lamp.supply(on=supplied, now=after(second))
        lamp.drive(level, ramp, after(second))
        for _ in range(wait):
            middle = after(second + 0.5)
            joules += lamp.power_w(middle)
            lit += lamp.level(middle) > 0
            second += 1
    assert lamp.energy_wh(after(second)) == pytest.approx(joules / 3600, rel=1e-9, abs=1e-9)
    assert lamp.lit_h(after(second)) == pytest.approx(lit / 3600, abs=1e-9)


def test_a_failed_lamp_gives_no_light_and_draws_standby_until_it_is_replaced():
    lamp = Lamp(KIND, START)
    lamp.drive(100, 0, START)
    lamp.fail(1, after(10))
    assert (lamp.level(after(11)), lamp.power_w(after(11))) == (0, 1.0)
    lamp.fail(0, after(20))
    assert (lamp.level(after(21)), lamp.power_w(after(21))) == (100, 60.0)
    assert lamp.lit_h(after(30)) == pytest.approx(20 / 3600)


def test_one_failed_lamp_of_a_segment_shows_in_the_power_and_not_in_the_level():
    lamp = Lamp(LampType(60.0, 0.0, lamps=42), START)
    lamp.drive(100, 0, START)
    lamp.fail(1, after(1))
    assert lamp.level(after(2)) == 100
    assert lamp.power_w(after(2)) == 41 * 60


def test_a_stuck_driver_keeps_its_level_and_follows_its_last_order_when_it_comes_free():
    lamp = Lamp(KIND, START)
    lamp.drive(100, 60, START)
    lamp.hold(stuck=True, now=after(30))
    lamp.drive(20, 0, after(40))
    assert lamp.level(after(100)) == 50
    lamp.hold(stuck=False, now=after(200))
    assert lamp.level(after(200)) == 20


def test_without_mains_there_is_no_light_no_power_and_no_energy():
    lamp = Lamp(KIND, START)
    lamp.drive(80, 0, START)
    lamp.supply(on=False, now=START)
    assert (lamp.level(after(1)), lamp.power_w(after(1)), lamp.energy_wh(after(3600))) == (0, 0, 0)


def test_counters_go_on_from_what_they_were():
    lamp = Lamp(KIND, START, energy_wh=500.0, lit_h=7.0)
    lamp.drive(100, 0, START)
    assert lamp.energy_wh(after(3600)) == pytest.approx(560)
    assert lamp.lit_h(after(3600)) == pytest.approx(8)


def test_a_lamp_that_burns_on_is_asked_anew_when_anything_is_done_to_it():
    lamp = Lamp(LampType(100.0, 0.0), after(0))
    lamp.drive(50, 0, after(0))
    assert (lamp.level(after(10)), lamp.power_w(after(10))) == (50, 50.0)
    for change, expected in (
        (lambda at: lamp.drive(80, 0, at), (80, 80.0)),
        (lambda at: lamp.show(30, at), (30, 30.0)),
        (lambda at: lamp.show(None, at), (80, 80.0)),
        (lambda at: lamp.ail(Ills(dimmer=20.0), at), (20, 20.0)),
        (lambda at: lamp.ail(HEALTHY, at), (80, 80.0)),
        (lambda at: lamp.fail(1, at), (0, 0.0)),
        (lambda at: lamp.fail(0, at), (80, 80.0)),
        (lambda at: lamp.supply(on=False, now=at), (0, 0.0)),
        (lambda at: lamp.supply(on=True, now=at), (80, 80.0)),
    ):
        change(after(20))
        assert (lamp.level(after(20)), lamp.power_w(after(20))) == expected
