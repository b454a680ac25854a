"""How long it takes to add up what a city reported in a quarter of an hour, and for how long that keeps others waiting.

python -m tests.benchmarks.rollup [--nodes 10000] [--hours 6]

Every node reports every five minutes; after each quarter of an hour all of it is added up, as the daemon does: the
quarters, the night and the month so far. The control loop shares the store's thread with that, and waits for one slice
at most: the longest of all rounds counts, the first apart, which also fills SQLite's cache. Then the whole night is
read. Seconds are those of one core.
"""

from __future__ import annotations

import datetime as dt
import statistics
import tempfile
import time
from pathlib import Path

from lightctl.domain.states import ChannelReport, Reason, ReportedState
from lightctl.domain.usage import Resolution
from lightctl.store.sqlite import SqliteStore
from tests.support.benchmark import Figures, options, peak_mb, say

GOAL_MS = 100
ZONE = "Europe/Berlin"
BEGIN = dt.datetime(2026, 11, 25, 16, 0, tzinfo=dt.UTC)
HEARTBEAT = dt.timedelta(seconds=300)
A_ROUND = 3


def measure(nodes: int, hours: float) -> Figures:
    """Let a city report for some hours, and give the figures."""
    rounds, slices, longest = [], 0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder))
        for number in range(int(hours * 4)):
            for seq in range(number * A_ROUND, (number + 1) * A_ROUND):
                _report(store, nodes, seq)
            took = _slices(store)
            rounds.append(sum(took))
            slices = len(took)
            longest = max(longest, *took) if number else 0.0
        reads = {resolution: _read(store, resolution) for resolution in Resolution}
        store.close()
        size = (Path(folder) / "telemetry.db").stat().st_size
    return {
        "nodes": nodes,
        "hours": hours,
        "reports": nodes * A_ROUND * len(rounds),
        "round_s": round(statistics.median(rounds), 2),
        "last_round_s": round(rounds[-1], 2),
        "slices": slices,
        "longest_slice_ms": round(longest * 1000),
        "quarters": reads[Resolution.QUARTER][0],
        "read_quarters_s": round(reads[Resolution.QUARTER][1], 2),
        "read_nights_s": round(reads[Resolution.NIGHT][1], 2),
        "file_mb": round(size / 1e6),
        "peak_mb": peak_mb(),
    }


def _report(store: SqliteStore, nodes: int, seq: int) -> None:
    said = []
    for node in range(nodes):
        at = BEGIN + seq * HEARTBEAT + dt.timedelta(milliseconds=29 * node)
        channel = ChannelReport(70, 70, Reason.PROGRAM, 41.3, 1000.0 + 3.4 * seq, 230.4, 0.18, 0.97, 31.0, 812.5)
        said.append(ReportedState(f"N-{node:06}", at, {0: channel}, "boot-1", seq, at, 12))
    for first in range(0, nodes, 1000):
        store.add_reports(said[first : first + 1000])


def _slices(store: SqliteStore) -> list[float]:
    took, more = [], True
    while more:
        began = time.process_time()
        more = store.roll_up_slice(ZONE)
        took.append(time.process_time() - began)
    return took


def _read(store: SqliteStore, resolution: Resolution) -> tuple[int, float]:
    began = time.process_time()
    month = dt.timedelta(days=31)
    spans = sum(1 for _ in store.usage(resolution, BEGIN - month, BEGIN + month))
    return spans, time.process_time() - began


def main() -> None:
    """Measure once and say it."""
    parser = options("tests.benchmarks.rollup", __doc__)
    parser.add_argument("--nodes", type=int, default=10_000)
    parser.add_argument("--hours", type=float, default=6)
    chosen = parser.parse_args()
    figures = measure(chosen.nodes, chosen.hours)
    within = figures["longest_slice_ms"] < GOAL_MS
    say(figures | {"goal": f"no slice over {GOAL_MS} ms", "within_goal": within}, chosen.output)


if __name__ == "__main__":
    main()
