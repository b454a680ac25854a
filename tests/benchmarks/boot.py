"""How long a daemon takes from the start of its process to the first document on the broker.

python -m tests.benchmarks.boot [--points 100000] [--nights 30] [--store FOLDER]

Every node has confirmed its nights and left a command for each of so many nightly renewals in the journal; the broker
was emptied, so that every document is published again. A store made before is used again with --store, which is filled
when it is empty (and takes longer than all the rest). first: over a copy of it, as after a crash, so that every page is
read before anything is sent; again: after that daemon was stopped. Processor seconds are those of all threads of the
daemon until that first document.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

from tests.support.benchmark import Figures, options, say
from tests.support.large_city import fill
from tests.support.large_daemon import cpu_s, large_daemon, rss_mb

GOAL_S = 5.0
PATIENCE_S = 120.0


def measure(points: int, nights: int, store: Path | None) -> Figures:
    """Start the daemon once over a copy of the store, and once more after it was stopped."""
    with tempfile.TemporaryDirectory(prefix="lightctl-bench-") as name:
        folder = Path(name)
        kept = store or folder / "kept"
        if not (kept / "lightctl.db").exists():
            fill(kept, points, nights)
        figures: Figures = {"points": points, "nights": nights}
        figures["journal_mb"] = (kept / "lightctl.db").stat().st_size // 1_000_000
        run = folder / "run"
        shutil.copytree(kept, run / "store")
        for turn in ("", "again_"):
            with large_daemon(run) as daemon:
                listener = daemon.listener
                assert listener.heard.wait(PATIENCE_S), "nothing came to the broker"
                assert listener.first is not None
                figures[f"{turn}first_s"] = round(listener.first - daemon.began, 2)
                figures[f"{turn}cpu_s"] = round(cpu_s(daemon.pid), 2)
                deadline = time.monotonic() + PATIENCE_S
                while listener.count < points and time.monotonic() < deadline:
                    time.sleep(0.1)
                figures[f"{turn}all_s"] = round(time.perf_counter() - daemon.began, 1)
                figures[f"{turn}documents"] = listener.count
                figures[f"{turn}rss_mb"] = rss_mb(daemon.pid)
            shutil.rmtree(run / "broker")
    return figures


def main() -> None:
    """Measure and say it."""
    parser = options("tests.benchmarks.boot", __doc__)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--nights", type=int, default=30)
    parser.add_argument("--store", type=Path)
    chosen = parser.parse_args()
    figures = measure(chosen.points, chosen.nights, chosen.store)
    goal = {
        "goal": f"first document within {GOAL_S:g} s",
        "within_goal": figures["first_s"] < GOAL_S and figures["again_first_s"] < GOAL_S,
    }
    say(figures | goal, chosen.output)


if __name__ == "__main__":
    main()
