"""Usage against a slow reckoning of every span on its own, through all that streets and wires do to reports."""

from __future__ import annotations

import datetime as dt
import math
import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lightctl.domain.states import ChannelReport, Reading, ReportedState
from lightctl.domain.usage import Resolution
from lightctl.store import rollup
from lightctl.store.sqlite import SqliteStore
from tests.oracle.usage import usage_of
from tests.support.measured import HOLD_S, HOUR, MINUTE, ZONE, all_usage, meter_usage

RAW = (
    "SELECT node, channel, observed_at, seq, id, coalesce(commanded, level), "
    "CASE WHEN energy_wh < 1e15 THEN energy_wh END, power_w FROM reports "
    "UNION ALL SELECT node, -1, observed_at, 0, id, NULL, energy_wh, power_w FROM readings"
)


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
