"""Usage is what every report and reading says of its own time."""

from __future__ import annotations

import datetime as dt

import pytest

from lightctl.domain.states import ChannelReport, Reading, ReportedState
from lightctl.domain.usage import Resolution
from lightctl.store import rollup
from lightctl.store.codec import from_ms, to_ms, up_to_ms
from lightctl.store.sqlite import SqliteStore
from tests.support.measured import EVENING, HOLD_S, HOUR, MINUTE, ZONE, all_usage, meter_usage, report


@pytest.fixture
def store():
    opened = SqliteStore(None)
    yield opened
    opened.close()


def test_energy_is_what_the_counter_grew_by_split_by_time_at_the_edge_of_a_quarter(store):
    store.add_reports([report(EVENING + 10 * MINUTE, 1, 100.0), report(EVENING + 20 * MINUTE, 2, 110.0)])
    store.roll_up(ZONE)
    first, second, _ = all_usage(store)
    assert (first.start, first.energy_wh, first.metered_s, first.reports) == (EVENING, 5.0, 300.0, 1)
    assert (second.energy_wh, second.metered_s, second.reports) == (5.0, 300.0, 1)


def test_a_gap_of_hours_keeps_the_total_right(store):
    store.add_reports([report(EVENING, 1, 100.0), report(EVENING + 9 * HOUR, 2, 640.0)])
    store.roll_up(ZONE)
    (night,) = all_usage(store, Resolution.NIGHT)
    assert (night.energy_wh, night.metered_s, night.known_s) == (pytest.approx(540), 9 * 3600, 2 * HOLD_S)


def test_what_grew_over_more_than_a_month_is_not_known(store):
    store.add_reports([report(EVENING, 1, 100.0), report(EVENING + 32 * 24 * HOUR, 2, 640.0)])
    store.roll_up(ZONE)
    assert {each.energy_wh for each in all_usage(store)} == {None}


@pytest.mark.parametrize(
    ("shown", "power_w", "energy_wh"),
    [
        (2.0, 60.0, 2.0),  # reset to zero: what it shows was drawn since
        (995.0, 60.0, None),  # fell back to what was saved last
        (800_000.0, 60.0, None),  # another device with a counter of its own
        (2.0, None, None),  # nothing says what it can have drawn
    ],
)
def test_a_counter_that_starts_anew_never_gives_negative_or_absurd_energy(store, shown, power_w, energy_wh):
    store.add_reports(
        [
            report(EVENING, 900, 1000.0, power_w=power_w),
            report(EVENING + 5 * MINUTE, 1, shown, boot="c", power_w=power_w),
            report(EVENING + 10 * MINUTE, 2, shown + 5, boot="c", power_w=power_w),
        ]
    )
    store.roll_up(ZONE)
    quarter, _ = all_usage(store)
    assert quarter.energy_wh == 5.0 + (energy_wh or 0.0)
    assert quarter.metered_s == (300.0 if energy_wh is None else 600.0)


def test_a_level_holds_until_the_next_report_but_no_longer_than_the_lease(store):
    store.add_reports([report(EVENING, 1, level=100), report(EVENING + 5 * MINUTE, 2, level=40)])
    store.roll_up(ZONE, hold_s=360)
    (quarter,) = all_usage(store)
    assert quarter.level_s == {100: 300.0, 40: 360.0}
    assert quarter.known_s == 660.0, "the control: a quarter has 900 s, and the rest is not known"


def test_the_level_in_force_counts_and_the_measured_one_where_none_is_named(store):
    named, measured = ChannelReport(level=68, commanded=70), ChannelReport(level=68)
    silent = ChannelReport(power_w=3.0)
    for minute, said in enumerate((named, measured, silent, named)):
        store.add_reports([ReportedState("n-1", EVENING + minute * MINUTE, {0: said}, "b", minute, None, 1)])
    store.roll_up(ZONE, hold_s=60)
    assert all_usage(store)[0].level_s == {70: 120.0, 68: 60.0}


def test_a_late_report_re_opens_the_spans_it_speaks_of_and_no_other(store):
    store.add_reports([report(EVENING, 1, 100.0), report(EVENING + HOUR, 8, 160.0)])
    store.roll_up(ZONE)
    before = all_usage(store)
    assert before[1].level_s == {}, "the control: nobody knew"
    late = report(EVENING + 20 * MINUTE, 5, 105.0, level=10, received=EVENING + HOUR + MINUTE)
    store.add_reports([late])
    store.roll_up(ZONE)
    after = all_usage(store)
    assert [each.energy_wh for each in after[:2]] == pytest.approx([3.75, 1.25 + 55 * 10 / 40])
    assert after[1].level_s == {10: 600.0}
    assert sum(each.energy_wh or 0 for each in after) == pytest.approx(60.0)


@pytest.mark.parametrize(("begin", "hours"), [("2026-03-28T11:00Z", 23), ("2026-10-24T10:00Z", 25)])
def test_the_nights_when_clocks_change_have_23_and_25_hours(store, begin, hours):
    noon = dt.datetime.fromisoformat(begin)
    steps = range(hours * 12)
    store.add_reports([report(noon + 5 * MINUTE * step, step, 5.0 * step) for step in steps])
    store.roll_up(ZONE, hold_s=300)
    (night,) = all_usage(store, Resolution.NIGHT)
    assert (night.start, night.known_s, night.reports) == (noon, hours * 3600, len(steps))


def test_a_month_is_the_local_one_and_adds_up_to_the_last_second(store):
    midnight = dt.datetime(2026, 11, 30, 23, 0, tzinfo=dt.UTC)
    store.add_reports([report(midnight + 5 * MINUTE * step, step + 20, 100 + 5.0 * step) for step in range(-12, 13)])
    store.roll_up(ZONE, hold_s=300)
    november, december = all_usage(store, Resolution.MONTH)
    assert (november.start, december.start) == (dt.datetime(2026, 10, 31, 23, 0, tzinfo=dt.UTC), midnight)
    assert (november.energy_wh, november.known_s) == (60.0, 3600.0)
    assert (december.energy_wh, december.known_s) == (60.0, 3900.0)


def test_a_zone_of_quarter_hours_has_its_own_noon(store):
    noon = dt.datetime(2026, 6, 1, 6, 15, tzinfo=dt.UTC)
    store.add_reports([report(noon - MINUTE, 1, 0.0), report(noon + MINUTE, 2, 4.0)])
    store.roll_up("Asia/Kathmandu")
    assert [(n.start, n.energy_wh) for n in all_usage(store, Resolution.NIGHT)] == [
        (noon - 24 * HOUR, 2.0),
        (noon, 2.0),
    ]


def test_a_meter_counts_apart_from_the_channels_of_its_node(store):
    store.add_readings([Reading("n-1", EVENING + 5 * MINUTE * n, {"energy_kwh": 7 + n / 10}) for n in range(4)])
    store.add_readings([Reading("n-1", EVENING + 7 * MINUTE, {"voltage_l1_v": 231.0})])
    store.add_reports([report(EVENING, 1, 100.0), report(EVENING + MINUTE, 2, 101.0)])
    store.roll_up(ZONE)
    assert [(m.node, m.start, m.energy_wh, m.metered_s) for m in meter_usage(store)] == [
        ("n-1", EVENING, pytest.approx(300.0), 900.0)
    ]
    assert [each.energy_wh for each in all_usage(store)] == [1.0]


def test_usage_comes_by_node_channel_and_start_and_only_of_what_is_asked_for(store):
    store.add_reports(
        [
            report(EVENING + n * HOUR, n, 10.0 * n, node=node, channel=channel, boot=f"b{channel}")
            for n in range(2)
            for node in ("n-2", "n-10", "n-1")
            for channel in (1, 0)
        ]
    )
    store.roll_up(ZONE, hold_s=60)
    keys = [(each.node, each.channel, each.start) for each in all_usage(store)]
    assert keys == sorted(keys)
    assert {node for node, _, _ in keys} == {"n-1", "n-10", "n-2"}
    some = store.usage(Resolution.QUARTER, EVENING + 15 * MINUTE, EVENING + 45 * MINUTE, ["n-2", "none"])
    assert [(each.node, each.channel, each.start) for each in some] == [
        ("n-2", channel, EVENING + minutes * MINUTE) for channel in (0, 1) for minutes in (15, 30)
    ]
    assert all_usage(store, nodes=[]) == []


def test_a_slice_is_bounded_and_the_work_resumes_where_it_was_left(store, monkeypatch):
    monkeypatch.setattr(rollup, "JOBS_A_SLICE", 2)
    monkeypatch.setattr(rollup, "TOTALS_A_SLICE", 3)
    store.add_reports([report(EVENING, 1, 1.0, node=f"n-{n}") for n in range(5)])
    assert store.backlog() == rollup.Backlog(5, 0, 0)
    seen = []
    while store.roll_up_slice(ZONE):
        seen.append(store.backlog())
    assert [each.days for each in seen] == [5, 3, 1, 0, 0, 0, 0, 0]
    assert [each.totals for each in seen] == [0, 4, 8, 10, 7, 5, 2, 0]


def test_an_instant_comes_back_to_the_millisecond():
    instant = dt.datetime(2026, 11, 18, 11, 6, 40, 123_456, tzinfo=dt.UTC)
    assert (to_ms(instant), up_to_ms(instant)) == (1_795_000_000_123, 1_795_000_000_124)
    assert from_ms(to_ms(instant)) == instant.replace(microsecond=123_000)
    assert to_ms(from_ms(-1)) == up_to_ms(from_ms(-1)) == -1
