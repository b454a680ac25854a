"""How fast reports go into the telemetry store, against the floor of the same rows put into SQLite by hand.

python -m tests.benchmarks.ingest [--reports 200000] [--nodes 10000] [--batch 1000] [--pairs 5]

Every node reports in turn, in batches as the daemon writes them, into a new database on disk. Ours is
`SqliteStore.add_reports`, domain values to committed rows; the floor is `sqlite3.executemany` of the very rows that
makes, ready as tuples, into a table with the same columns, indexes and pragmas. Both are measured in turn. Seconds are
those of one core; ratio is the share of the floor's speed that is left, the median of the pairs. Making the reports is
not counted.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from lightctl.domain.states import ChannelReport, Reason, ReportedState
from lightctl.store.connection import SqliteFile
from lightctl.store.migrations import TELEMETRY
from lightctl.store.sqlite import SqliteStore
from tests.support.benchmark import Figures, options, say

GOAL = 0.5
BEGIN = dt.datetime(2026, 11, 25, 16, 0, tzinfo=dt.UTC)
HEARTBEAT = dt.timedelta(seconds=300)
COLUMNS = (
    "node, boot_id, seq, channel, observed_at, received_at, at, applied_revision, level, commanded, reason, power_w, "
    "energy_wh, voltage_v, current_a, power_factor, temperature_c, operating_h, faults"
)
PUT = f"INSERT OR IGNORE INTO reports ({COLUMNS}) VALUES ({', '.join('?' * len(COLUMNS.split(',')))})"

Batches = Sequence[Sequence[ReportedState]]


def measure(reports: int, nodes: int, batch: int, pairs: int) -> Figures:
    """Write the same reports both ways in turn, and give the figures."""
    made = [_report(number, nodes) for number in range(reports)]
    batches = [made[at : at + batch] for at in range(0, reports, batch)]
    with tempfile.TemporaryDirectory() as folder:
        rows = _rows(Path(folder), batches)
        by_hand = [rows[at : at + batch] for at in range(0, reports, batch)]
        ours: list[float] = []
        floor: list[float] = []
        for number in range(pairs):
            ours.append(_ours(Path(folder) / f"ours-{number}", batches))
            floor.append(_floor(Path(folder) / f"floor-{number}.db", by_hand))
    ratios = [raw / our for our, raw in zip(ours, floor, strict=True)]
    return {
        "reports": reports,
        "nodes": nodes,
        "batch": batch,
        "pairs": pairs,
        "rows_kept": len(rows),
        "rows_per_s": round(reports / statistics.median(ours)),
        "floor_rows_per_s": round(reports / statistics.median(floor)),
        "ratio": round(statistics.median(ratios), 2),
        "ratio_worst": round(min(ratios), 2),
        "ratio_best": round(max(ratios), 2),
        "sqlite": sqlite3.sqlite_version,
    }


def _report(number: int, nodes: int) -> ReportedState:
    seq, node = divmod(number, nodes)
    at = BEGIN + seq * HEARTBEAT + dt.timedelta(milliseconds=29 * node)
    channel = ChannelReport(70, 70, Reason.PROGRAM, 41.3, 1000.0 + 3.4 * seq, 230.4, 0.18, 0.97, 31.0, 812.5 + seq / 12)
    received = at + dt.timedelta(milliseconds=140 + node % 50)
    return ReportedState(f"N-{node:06}", received, {0: channel}, f"boot-{node % 7}", seq + 1, at, 12)


def _rows(folder: Path, batches: Batches) -> list[tuple[object, ...]]:
    """Give the rows that our way writes."""
    store = SqliteStore(folder / "made")
    for reports in batches:
        store.add_reports(reports)
    rows = store._telemetry.rows(f"SELECT {COLUMNS} FROM reports ORDER BY id")
    store.close()
    return rows


def _ours(folder: Path, batches: Batches) -> float:
    store = SqliteStore(folder)
    began = time.process_time()
    for reports in batches:
        store.add_reports(reports)
    took = time.process_time() - began
    store.close()
    return took


def _floor(path: Path, batches: Sequence[Sequence[tuple[object, ...]]]) -> float:
    SqliteFile(path, TELEMETRY, synchronous="NORMAL").close()
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "cache_size = -32768"):
        connection.execute(f"PRAGMA {pragma}")
    began = time.process_time()
    for rows in batches:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(PUT, rows)
        connection.execute("COMMIT")
    took = time.process_time() - began
    connection.close()
    return took


def quick() -> Figures:
    """Measure at a size of seconds, for the gate."""
    return measure(reports=20_000, nodes=1000, batch=1000, pairs=5)


def main() -> None:
    """Measure once and say it."""
    parser = options("tests.benchmarks.ingest", __doc__)
    parser.add_argument("--reports", type=int, default=200_000)
    parser.add_argument("--nodes", type=int, default=10_000)
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--pairs", type=int, default=5)
    chosen = parser.parse_args()
    figures = measure(chosen.reports, chosen.nodes, chosen.batch, chosen.pairs)
    say(figures | {"goal": f"at least {GOAL} x the floor", "within_goal": figures["ratio"] >= GOAL}, chosen.output)


if __name__ == "__main__":
    main()
