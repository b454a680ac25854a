"""Usage is what every report and reading says of its own time, whatever way and however often it is added up."""

from __future__ import annotations

import datetime as dt
import math
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lightctl.domain.states import ChannelReport, Reading, ReportedState
from lightctl.domain.usage import MeterUsage, Resolution, Usage
from lightctl.store import rollup
from lightctl.store.codec import from_ms, to_ms, up_to_ms
from lightctl.store.retention import Keep
from lightctl.store.sqlite import SqliteStore
from tests.oracle.usage import usage_of

ZONE = "Europe/Berlin"
HOLD_S = 750.0
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
LONG_AGO, FAR_AHEAD = dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
EVENING = dt.datetime(2026, 11, 23, 16, 0, tzinfo=dt.UTC)
RAW = (
    "SELECT node, channel, observed_at, seq, id, coalesce(commanded, level), "
    "CASE WHEN energy_wh < 1e15 THEN energy_wh END, power_w FROM reports "
    "UNION ALL SELECT node, -1, observed_at, 0, id, NULL, energy_wh, power_w FROM readings"
)


@pytest.fixture
def store():
    opened = SqliteStore(None)
    yield opened
    opened.close()


def report(at, seq, energy_wh=None, level=70, *, boot="b", received=None, power_w=60.0, node="n-1", channel=0):
    said = ChannelReport(level, level, None, power_w, energy_wh)
    return ReportedState(node, received or at, {channel: said}, boot, seq, at, 1)


def all_usage(store, resolution=Resolution.QUARTER, **which) -> list[Usage]:
    return list(store.usage(resolution, LONG_AGO, FAR_AHEAD, **which))


def meter_usage(store, resolution=Resolution.QUARTER) -> list[MeterUsage]:
    return list(store.meter_usage(resolution, LONG_AGO, FAR_AHEAD))


def found_in(store):
    """Everything in the store's words, as the oracle gives it."""
    found = {}
    for resolution in Resolution:
        for each in all_usage(store, resolution):
            levels = {level: round(seconds * 1000) for level, seconds in each.level_s.items()}
            key = (resolution.value, each.node, each.channel, round(each.start.timestamp() * 1000))
            found[key] = (each.energy_wh, round(each.metered_s * 1000), each.reports, levels)
        for each in meter_usage(store, resolution):
            key = (resolution.value, each.node, -1, round(each.start.timestamp() * 1000))
            found[key] = (each.energy_wh, round(each.metered_s * 1000))
    return found


def assert_as_reckoned_slowly(store, zone=ZONE):
    expected = usage_of(store._telemetry.rows(RAW), HOLD_S * 1000, zone)
    expected = {key: value if key[2] >= 0 else value[:2] for key, value in expected.items()}
    expected = {key: value for key, value in expected.items() if key[2] >= 0 or value[0] is not None}
    found = found_in(store)
    assert found.keys() == expected.keys()
    for key, (energy, *others) in found.items():
        wanted, *wanted_others = expected[key]
        assert others == wanted_others, key
        assert (energy is None) == (wanted is None), key
        assert energy is None or math.isclose(energy, wanted, rel_tol=1e-9, abs_tol=1e-6), key


def a_street(dice: random.Random, begin: dt.datetime) -> list[ReportedState | Reading]:
    """What some nodes and a meter say in some days, as it arrives: late, twice, out of order, from wrong clocks."""
    arriving: list[tuple[dt.datetime, ReportedState | Reading]] = []
    for number in range(dice.randint(1, 3)):
        now, boot, seq, count = begin, 0, 0, dice.uniform(0, 5000)
        saved = count
        slow = dt.timedelta(hours=dice.choice([0, 0, 0, 2]))
        delayed_until = now
        boots = dice.random() < 0.8
        for _ in range(dice.randint(5, 120)):
            passed = dice.choice([dt.timedelta(seconds=dice.uniform(0, 40)), 5 * MINUTE, 14 * MINUTE, 3 * HOUR])
            now += passed
            level, watts = dice.choice([0, 0, 50, 70, 100]), dice.choice([0.0, 30.0, 60.0, 250.0])
            count += watts * passed / HOUR
            if dice.random() < 0.08:
                boot, seq = boot + 1, 0
                count = dice.choice([0.0, saved, count, dice.uniform(0, 1e6), dice.uniform(0, 1e9)])
            if dice.random() < 0.1:
                saved = count
            if dice.random() < 0.05:
                delayed_until = now + dt.timedelta(hours=dice.choice([1, 8, 30]))
            seq += 1
            received = max(now, delayed_until) + dt.timedelta(seconds=dice.uniform(0, 20))
            channels = {
                channel: ChannelReport(
                    level,
                    dice.choice([None, level]),
                    None,
                    dice.choice([None, watts, watts]),
                    dice.choice([None, count, count, count, count, math.inf]),
                )
                for channel in range(dice.choice([1, 1, 2]))
            }
            at = dice.choice([None, *[now - slow] * 8, now + HOUR])
            said = ReportedState(f"n-{number}", received, channels, f"b{boot}" if boots else "", seq, at, 1)
            arriving.append((received + dt.timedelta(seconds=dice.choice([0, 0, 0, dice.uniform(0, 7200)])), said))
            if dice.random() < 0.1:
                arriving.append((received + HOUR, said))
    now, count = begin, 100.0
    for _ in range(dice.randint(0, 60)):
        now += dice.choice([MINUTE, 15 * MINUTE, 5 * HOUR])
        count = dice.choice([*[count + dice.uniform(0, 3)] * 9, 0.0, 1e9])
        values = {"power_w": 800.0, **({"energy_kwh": count} if dice.random() < 0.9 else {})}
        arriving.append((now + dt.timedelta(seconds=dice.choice([0, 40_000])), Reading("m-1", now, values)))
    arriving.sort(key=lambda each: each[0])
    return [said for _, said in arriving]


def take_in(store, dice, said) -> None:
    """Let it come in batches of any size, and be added up now and then."""
    while said:
        size = dice.choice([1, 3, 20, 200])
        batch, said = said[:size], said[size:]
        store.add_reports([each for each in batch if isinstance(each, ReportedState)])
        store.add_readings([each for each in batch if isinstance(each, Reading)])
        if dice.random() < 0.4:
            for _ in range(dice.choice([1, 2, 100])):
                store.roll_up_slice(ZONE, HOLD_S)
    store.roll_up(ZONE, HOLD_S)


BEGINNINGS = st.sampled_from(["2026-03-28T09:00Z", "2026-10-24T10:00Z", "2026-11-30T01:00Z", "2026-12-31T20:07:13Z"])


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32), BEGINNINGS.map(dt.datetime.fromisoformat), st.sampled_from([1, 7, 250]))
def test_usage_is_what_reckoning_every_span_on_its_own_gives(seed, begin, a_slice):
    dice = random.Random(seed)
    store = SqliteStore(None)
    before = rollup.JOBS_A_SLICE, rollup.TOTALS_A_SLICE
    rollup.JOBS_A_SLICE = rollup.TOTALS_A_SLICE = a_slice
    try:
        take_in(store, dice, a_street(dice, begin))
        assert_as_reckoned_slowly(store)
        found = found_in(store)
        assert store.roll_up(ZONE, HOLD_S) == 0
        store._telemetry.db.execute("UPDATE rolled SET up_to = 0")
        store.roll_up(ZONE, HOLD_S)
        again = found_in(store)
        assert again.keys() == found.keys()
        assert_as_reckoned_slowly(store)
    finally:
        rollup.JOBS_A_SLICE, rollup.TOTALS_A_SLICE = before
        store.close()


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
    # The first day is not reckoned anew, so what was drawn in it is missing there: 30 hours, of which 6 remain.
    assert counted == pytest.approx({"n-1": 300.0 * 6 / 30, "n-2": 30.0 * 6 / 30, "m-1": 6000.0 * 6 / 30})


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
