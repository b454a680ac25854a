"""The gate of the benchmarks: a ratio that fell is noticed, noise is not, and a made-up slow-down fails."""

from __future__ import annotations

import time
import tomllib

from lightctl.store.sqlite import SqliteStore
from tests.benchmarks import ingest
from tests.benchmarks.__main__ import NAMES
from tests.benchmarks._gate import FAILS_BELOW, RECORDED, judge, quick_ones


def test_a_ratio_near_the_recorded_one_passes():
    assert judge(["step"], {"step": 1.0}, lambda _name: FAILS_BELOW + 0.01)[1] == []


def test_a_ratio_that_fell_below_the_limit_fails_when_it_is_measured_again_too():
    _, failed = judge(["step"], {"step": 1.0}, lambda _name: FAILS_BELOW - 0.01)
    assert failed == ["step: 0.69 is less than 0.7 of the recorded 1"]


def test_what_looks_slow_once_is_measured_again_and_the_better_counts():
    ratios = iter([0.3, 0.95])
    assert judge(["step"], {"step": 1.0}, lambda _name: next(ratios))[1] == []


def test_a_quick_benchmark_that_nobody_recorded_fails_and_so_does_one_that_is_gone():
    _, failed = judge(["new"], {"old": 1.0}, lambda _name: 1.0)
    assert [line.partition(":")[0] for line in failed] == ["new", "old"]


def test_every_benchmark_with_a_quick_way_has_a_recorded_ratio():
    assert sorted(tomllib.loads(RECORDED.read_text())["ratios"]) == quick_ones(NAMES)


def test_a_made_up_slow_down_of_the_store_fails_the_gate(monkeypatch):
    def measure(_name: str) -> float:
        return float(ingest.measure(reports=3000, nodes=100, batch=500, pairs=3)["ratio"])

    healthy = measure("ingest")
    assert judge(["ingest"], {"ingest": healthy}, measure)[1] == []
    swift = SqliteStore.add_reports

    def slow(store, reports):
        began = time.process_time()
        swift(store, reports)
        until = time.process_time() + (time.process_time() - began)
        while time.process_time() < until:
            pass

    monkeypatch.setattr(SqliteStore, "add_reports", slow)
    _, failed = judge(["ingest"], {"ingest": healthy}, measure)
    assert failed
