"""Measurements and usage are kept for their own times, and what goes leaves no hole in what stays."""

from __future__ import annotations

import datetime as dt

import pytest

from lightctl.domain.states import Reading
from lightctl.domain.usage import Resolution
from lightctl.store.retention import Keep
from lightctl.store.sqlite import SqliteStore
from tests.support.measured import EVENING, HOUR, MINUTE, ZONE, all_usage, meter_usage, report


@pytest.fixture
def store():
    opened = SqliteStore(None)
    yield opened
    opened.close()


def test_measurements_go_when_they_are_old_but_never_before_they_were_added_up(store):
    store.add_reports([report(EVENING + 5 * MINUTE * n, n, 5.0 * n) for n in range(12)])
    assert store.prune(EVENING, EVENING + 30 * MINUTE) == 0
    store.roll_up(ZONE)
    before = all_usage(store)
    assert store.prune(EVENING, EVENING + 30 * MINUTE) == 6
    assert store.prune(EVENING, EVENING + 30 * MINUTE) == 0
    store.add_reports([report(EVENING + HOUR, 12, 60.0)])
    store.add_reports([report(EVENING + MINUTE, 3, 0.0, boot="late")])
    store.roll_up(ZONE)
    after = all_usage(store)
    assert after[:3] == before[:3], "what cannot be reckoned anew stays as it was"
    assert sum(each.energy_wh or 0 for each in after) == pytest.approx(60.0)


def test_the_newest_measurement_of_a_channel_stays_so_that_the_energy_of_the_next_counts(store):
    store.add_reports([report(EVENING, 1, 100.0), report(EVENING, 1, 7.0, node="n-2", boot="")])
    store.add_readings([Reading("m-1", EVENING, {"energy_kwh": 3.0})])
    store.roll_up(ZONE)
    store.prune(EVENING, EVENING + 24 * HOUR)
    store.add_reports(
        [report(EVENING + 30 * HOUR, 2, 400.0), report(EVENING + 30 * HOUR, 1, 37.0, node="n-2", boot="")]
    )
    store.add_readings([Reading("m-1", EVENING + 30 * HOUR, {"energy_kwh": 9.0})])
    store.roll_up(ZONE)
    counted = dict.fromkeys(("n-1", "n-2", "m-1"), 0.0)
    for each in (*all_usage(store), *meter_usage(store)):
        counted[each.node] += each.energy_wh or 0.0
    assert counted == pytest.approx({"n-1": 300.0, "n-2": 30.0, "m-1": 6000.0})


def test_pruning_by_a_clock_that_was_years_ahead_does_not_stop_the_adding_up(store):
    store.add_reports([report(EVENING + 5 * MINUTE * n, n, 5.0 * n) for n in range(13)])
    store.roll_up(ZONE)
    assert store.prune(EVENING, EVENING + 24 * 3650 * HOUR) == 12
    store.add_reports([report(EVENING + 2 * HOUR, 13, 100.0)])
    store.roll_up(ZONE)
    assert sum(each.energy_wh or 0 for each in all_usage(store)) == pytest.approx(100.0)


def test_each_resolution_is_kept_for_its_own_time(store):
    begin = EVENING - 400 * 24 * HOUR
    days = range(0, 400, 20)
    for day in days:
        at = begin + day * 24 * HOUR
        store.add_reports([report(at, 2 * day, 1.0), report(at + 5 * MINUTE, 2 * day + 1, 2.0)])
    store.roll_up(ZONE)
    counts = {resolution: len(all_usage(store, resolution)) for resolution in Resolution}
    keep = Keep(*(EVENING - dt.timedelta(days=number) for number in (10, 50, 150, 300)))
    removed = sum(store.prune_telemetry(keep))
    assert removed > 0
    starts = {resolution: all_usage(store, resolution)[0].start for resolution in Resolution}
    assert EVENING - dt.timedelta(days=50) <= starts[Resolution.QUARTER] < EVENING - dt.timedelta(days=30)
    assert EVENING - dt.timedelta(days=150) <= starts[Resolution.NIGHT] < EVENING - dt.timedelta(days=130)
    assert EVENING - dt.timedelta(days=300) <= starts[Resolution.MONTH] < EVENING - dt.timedelta(days=260)
    assert all(len(all_usage(store, resolution)) < counts[resolution] for resolution in Resolution)


def test_quarters_outlive_measurements_by_a_month_whatever_is_asked(store):
    store.add_reports([report(EVENING, 1, 1.0), report(EVENING + 5 * MINUTE, 2, 2.0)])
    store.roll_up(ZONE)
    now = EVENING + 31 * 24 * HOUR
    assert sum(store.prune_telemetry(Keep(now, now, now, None))) == 1
    assert len(all_usage(store)) == 2
    assert len(all_usage(store, Resolution.NIGHT)) == 1


def test_numbers_of_deleted_rows_are_not_given_again_unseen(store):
    store.add_reports([report(EVENING + 5 * MINUTE * n, n, 5.0 * n) for n in range(5)])
    store.roll_up(ZONE)
    store.prune(EVENING, EVENING + 24 * HOUR)
    store.add_reports([report(EVENING + 25 * HOUR, 9, 25.0), report(EVENING + 25 * HOUR + 5 * MINUTE, 10, 30.0)])
    assert store.backlog().rows == 2
    store.roll_up(ZONE)
    assert all_usage(store)[-1].energy_wh is not None or all_usage(store)[-2].energy_wh is not None
