from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from simulators.node_clock import NodeClock

EPOCH = dt.datetime(2026, 12, 21, 16, 0, tzinfo=dt.UTC)


def test_a_clock_gains_its_drift_every_second():
    clock = NodeClock(EPOCH, offset_s=2.0, drift_ppm=50.0)
    assert clock.shows(EPOCH) == EPOCH + dt.timedelta(seconds=2)
    assert clock.shows(EPOCH + dt.timedelta(days=1)) == EPOCH + dt.timedelta(days=1, seconds=2 + 4.32)


@given(st.floats(-1e5, 1e5), st.floats(-5000, 5000), st.integers(0, 10**13))
def test_when_is_the_first_instant_at_which_the_clock_shows_at_least_that(offset, drift, microseconds):
    clock = NodeClock(EPOCH, offset, drift)
    shown = EPOCH + dt.timedelta(microseconds=microseconds)
    instant = clock.when(shown)
    assert clock.shows(instant) >= shown
    assert clock.shows(instant) - shown < dt.timedelta(microseconds=200)
