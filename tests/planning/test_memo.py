from __future__ import annotations

import datetime as dt

from lightctl.planning.memo import DatedMemo

TODAY = dt.date(2026, 1, 5)


def test_a_value_is_made_once():
    made = []
    memo: DatedMemo[str, object] = DatedMemo()
    values = {id(memo.get("k", TODAY, lambda: made.append(1) or object())) for _ in range(3)}
    assert (len(made), len(values)) == (1, 1)


def test_dates_long_past_are_forgotten_as_time_goes_on():
    memo: DatedMemo[int, int] = DatedMemo(capacity=100)
    for day in range(1000):
        for key in range(10):
            memo.get(key, TODAY + dt.timedelta(days=day), lambda: 1)
    assert len(memo) <= 100


def test_a_working_set_larger_than_the_capacity_is_kept_whole():
    memo: DatedMemo[int, int] = DatedMemo(capacity=16)
    made = []
    for _ in range(3):
        for key in range(500):
            memo.get(key, TODAY, lambda: made.append(1) or 1)
    assert len(made) == 500
