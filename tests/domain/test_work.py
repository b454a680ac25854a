from __future__ import annotations

import datetime as dt

import pytest

from lightctl.domain.work import MOVES, Cause, RepairTime, WorkOrder, WorkState, median_s, p90_s
from lightctl.store.schema_work import WORK

NOW = dt.datetime(2026, 12, 4, 18, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def times(*hours: float) -> list[RepairTime]:
    return [RepairTime(hour * HOUR, by_fault=True) for hour in hours]


@pytest.mark.parametrize(
    ("hours", "median", "p90"),
    [((), None, None), ((3,), 3, 3), ((1, 2), 1.5, 2), (range(1, 11), 5.5, 9), (range(1, 12), 6, 10)],
)
def test_median_and_ninth_tenth_are_those_of_the_times(hours, median, p90):
    found = median_s(times(*hours)), p90_s(times(*hours))
    assert found == (None if median is None else median * 3600, None if p90 is None else p90 * 3600)


def test_a_repair_is_timed_by_its_fault_where_that_cleared_else_by_its_order():
    order = WorkOrder(1, WorkState.DONE, "lampFailure", "light point", "LP1", NOW, "timo", cause=Cause.LAMP,
                      closed_at=NOW + 4 * HOUR)  # fmt: skip
    assert order.repair_time == RepairTime(4 * HOUR, by_fault=False)


def test_only_the_ends_lead_nowhere():
    assert {state for state in WorkState if state.ended} == {WorkState.DONE, WorkState.CANCELLED}
    assert {state for state, moves in MOVES.items() if not moves} == {WorkState.DONE, WorkState.CANCELLED}


def test_the_database_knows_the_same_states_and_causes():
    for word in (*WorkState, *Cause):
        assert f"'{word}'" in WORK
