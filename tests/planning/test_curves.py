"""What nights and parts of them use on a power curve that is no straight line, against a second-by-second count."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightctl.domain.assets import LightPoint
from lightctl.domain.luminaires import LuminaireType, PowerCurve, power_curve, together
from lightctl.planning.forecast import added, night_sum
from lightctl.planning.night import night
from tests.support.programs import DUISBURG, program, step, window

DATE = dt.date(2026, 11, 23)
SECOND = dt.timedelta(seconds=1)
BENT = PowerCurve(((0, 1.0), (10, 9.0), (50, 24.0), (100, 52.0)))
STRAIGHT = PowerCurve(((0, 2.0), (100, 50.0)))
PARK = program(
    window("sunset", "23:00"),
    window("05:30", "sunrise"),
    start_level=70,
    steps=(step("20:00", 40, ramp_s=600), step("20:05", 90, ramp_s=7200)),
)


def counted_kwh(compiled, curve, since, until):
    """Add up second by second."""
    joules = 0.0
    for n in range(int((until - since) / SECOND)):
        at = since + SECOND * n
        index = compiled.index_at(at)
        switch = compiled.switches[index]
        passed = (at - switch.at).total_seconds() + 0.5
        level = float(switch.level)
        if index and passed < switch.ramp_s:
            before = compiled.switches[index - 1].level
            level = before + (switch.level - before) * passed / switch.ramp_s
        joules += curve.watts(level)
    return joules / 3_600_000


@pytest.mark.parametrize("curve", [BENT, STRAIGHT])
def test_a_night_with_fades_uses_what_its_seconds_use(curve):
    compiled = night(PARK, DATE, DUISBURG)
    found = night_sum(compiled, ())
    assert found.curve_kwh(curve) == pytest.approx(counted_kwh(compiled, curve, compiled.start, compiled.end), rel=1e-6)


def test_on_a_straight_line_the_curve_says_what_the_formula_says():
    found = night_sum(night(PARK, DATE, DUISBURG), ())
    assert found.curve_kwh(STRAIGHT) == pytest.approx(found.energy_kwh(50.0, 2.0), rel=1e-12)


@given(st.lists(st.integers(0, 86_400), min_size=0, max_size=6))
def test_the_parts_of_a_night_add_up_to_the_night_wherever_it_is_cut(cuts):
    compiled = night(PARK, DATE, DUISBURG)
    marks = sorted({compiled.start, compiled.end, *(compiled.start + SECOND * each for each in cuts)})
    whole = night_sum(compiled, compiled.dark)
    parts = added(night_sum(compiled, compiled.dark, span) for span in pairwise(marks))
    for name in ("length_s", "lit_s", "level_s", "dark_s"):
        assert getattr(parts, name) == pytest.approx(getattr(whole, name), abs=1e-6)
    assert parts.curve_kwh(BENT) == pytest.approx(whole.curve_kwh(BENT), rel=1e-9)


def test_a_part_outside_the_night_is_nothing():
    compiled = night(PARK, DATE, DUISBURG)
    later = (compiled.end + SECOND, compiled.end + 2 * SECOND)
    assert night_sum(compiled, (), later).curve_kwh(BENT) == 0


@given(st.floats(0, 100), st.floats(0, 100))
def test_the_mean_of_a_fade_lies_between_its_ends_and_is_the_same_both_ways(one, other):
    mean = BENT.mean_watts(one, other)
    low, high = sorted((BENT.watts(one), BENT.watts(other)))
    assert low - 1e-9 <= mean <= high + 1e-9
    assert mean == pytest.approx(BENT.mean_watts(other, one))


def test_lamps_together_draw_the_sum_of_what_each_draws():
    both = together({BENT: 2, STRAIGHT: 3})
    for level in (0, 5, 10, 33, 50, 75, 100):
        assert both.watts(level) == pytest.approx(2 * BENT.watts(level) + 3 * STRAIGHT.watts(level))
    assert together({}).full_w == 0


def test_the_curve_by_whole_percents_is_the_curve():
    kind = LuminaireType("led", 100.0, 1.0, ((10, 20.0), (50, 45.0)))
    curve = power_curve(LightPoint("L", 51, 7), kind)
    assert curve is not None
    assert curve.by_percent() == tuple(curve.watts(level) for level in range(101))
