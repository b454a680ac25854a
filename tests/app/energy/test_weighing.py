"""What one light point used in one span: laws that hold whatever was seen."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightctl.app.energy.weighing import Planned, weigh
from lightctl.domain.usage import Usage

START = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
DAY = 86_400.0
WATTS = tuple(1 + level * 0.49 for level in range(101))
PLANNED = Planned({0: DAY / 2, 50: DAY / 4, 100: DAY / 4}, 12 * 1 + 6 * 25.5 + 6 * 50, DAY / 2)
levels = st.dictionaries(st.sampled_from([0, 10, 50, 80, 100]), st.floats(0, DAY / 5), max_size=5)


def usage(energy_wh: float | None, metered_s: float, level_s: dict[int, float]) -> Usage:
    return Usage("n", 0, START, energy_wh, metered_s, level_s, 1)


@given(levels, st.one_of(st.none(), st.floats(0, 1200)), st.floats(0, DAY))
def test_energy_is_never_less_than_standby_nor_more_than_full_power(level_s, energy_wh, metered_s):
    seen = usage(energy_wh, 0.0 if energy_wh is None else metered_s, level_s)
    found = weigh(DAY, [(seen, 1.0)], WATTS, PLANNED)
    uncounted_h = (DAY - seen.metered_s) / 3600
    assert found.metered_wh == (energy_wh or 0.0)
    assert uncounted_h * WATTS[0] - 1 <= found.estimated_wh <= uncounted_h * WATTS[100] + 1
    assert 0 <= found.lit_s <= DAY + 1e-6


@given(levels)
def test_what_is_seen_in_two_shares_is_what_is_seen_in_one(level_s):
    seen = usage(100.0, DAY / 2, level_s)
    whole = weigh(DAY, [(seen, 1.0)], WATTS, PLANNED)
    shared = weigh(DAY, [(seen, 0.25), (seen, 0.75)], WATTS, PLANNED)
    assert shared.estimated_wh == pytest.approx(whole.estimated_wh, abs=1e-6)
    assert (shared.metered_wh, shared.lit_s) == (pytest.approx(whole.metered_wh), pytest.approx(whole.lit_s))


def test_a_lamp_that_does_what_is_planned_uses_what_is_planned_however_much_of_it_is_seen():
    for part in (0.01, 0.3, 0.99, 1.0):
        seen = usage(None, 0.0, {level: seconds * part for level, seconds in PLANNED.levels.items()})
        assert weigh(DAY, [(seen, 1.0)], WATTS, PLANNED).estimated_wh == pytest.approx(PLANNED.energy_wh)


def test_silence_is_what_the_plan_has_beyond_what_was_seen():
    # All of the day was seen; the silent hours are those of the night.
    found = weigh(DAY, [(usage(None, 0.0, {0: DAY / 2}), 1.0)], WATTS, PLANNED)
    assert found.estimated_wh == pytest.approx(PLANNED.energy_wh)
    assert found.lit_s == pytest.approx(DAY / 2)


def test_a_day_burner_is_counted_as_what_it_burned():
    assert weigh(DAY, [(usage(None, 0.0, {100: DAY}), 1.0)], WATTS, PLANNED).estimated_wh == pytest.approx(24 * 50)


def test_a_lamp_of_unknown_power_has_hours_and_no_energy():
    found = weigh(DAY, [(usage(None, 0.0, {50: DAY}), 1.0)], None, PLANNED)
    assert (found.estimated_wh, found.lit_s, found.counted) == (0.0, DAY, False)
