"""How a period is cut: nothing twice, nothing left out, as coarse as it can be."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightctl.app.energy.parts import nights_of, parts_of
from lightctl.domain.usage import Resolution

UTC = dt.UTC
BERLIN = "Europe/Berlin"
NOW = dt.datetime(2026, 12, 4, 18, 0, tzinfo=UTC)
JANUARY = dt.datetime(2025, 12, 31, 23, tzinfo=UTC)


def test_a_year_is_twelve_months():
    parts = parts_of(JANUARY, dt.datetime(2026, 12, 31, 23, tzinfo=UTC), NOW + dt.timedelta(days=60), BERLIN)
    assert [part.resolution for part in parts] == [Resolution.MONTH] * 12
    assert [(part.until - part.since).total_seconds() / 3600 for part in parts][2] == 31 * 24 - 1, "March is short"


def test_the_month_that_runs_is_read_as_a_month_up_to_now():
    parts = parts_of(dt.datetime(2026, 11, 30, 23, tzinfo=UTC), NOW, NOW, BERLIN)
    assert [(part.resolution, part.until) for part in parts] == [(Resolution.MONTH, NOW)]


def test_a_ragged_period_is_half_days_and_nights():
    parts = parts_of(dt.datetime(2026, 11, 9, 23, tzinfo=UTC), dt.datetime(2026, 11, 12, 23, tzinfo=UTC), NOW, BERLIN)
    assert [part.resolution.value for part in parts] == ["15min", "night", "night", "15min"]


def test_no_part_reaches_over_a_change_of_price():
    parts = parts_of(JANUARY, JANUARY + dt.timedelta(days=31), NOW, BERLIN, [dt.date(2026, 1, 15)])
    assert dt.datetime(2026, 1, 14, 23, tzinfo=UTC) in [part.since for part in parts]
    assert Resolution.MONTH not in [part.resolution for part in parts]


@given(
    st.integers(0, 334 * 96),
    st.integers(1, 200 * 96),
    st.sampled_from([BERLIN, "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia", "UTC"]),
    st.lists(st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 31)), max_size=3),
)
def test_the_parts_of_a_period_follow_one_another_and_cover_it(begin, quarters, zone, cuts):
    since = JANUARY + dt.timedelta(minutes=15 * begin)
    until = since + dt.timedelta(minutes=15 * quarters)
    parts = parts_of(since, until, until, zone, cuts)
    assert (parts[0].since, parts[-1].until) == (since, until)
    assert all(one.until == other.since for one, other in pairwise(parts))
    assert all(part.since < part.until for part in parts)


@pytest.mark.parametrize(("date", "hours"), [(dt.date(2026, 3, 28), 23), (dt.date(2026, 10, 24), 25)])
def test_the_nights_in_which_clocks_change_are_shorter_or_longer(date, hours):
    noon = dt.datetime.combine(date, dt.time(12), UTC) - dt.timedelta(hours=2)
    (night,) = nights_of(noon, noon + dt.timedelta(hours=3), NOW, BERLIN)
    assert night.length_s == hours * 3600
