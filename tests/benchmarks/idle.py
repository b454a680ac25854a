"""What a daemon of a large city costs while nothing is due: of a core, and of memory.

python -m tests.benchmarks.idle [--points 100000] [--settle 60] [--seconds 60] [--store FOLDER]

A real daemon on a broker where no node is connected, over a store in which every node has confirmed its nights (that of
the boot benchmark may be used again with --store). It is measured once every document is out and it has had some time
to settle. The clock stands at the evening; nothing falls due within the hour, and no node counts as silent yet.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

from tests.support.benchmark import Figures, options, say
from tests.support.large_city import fill
from tests.support.large_daemon import cpu_s, large_daemon, rss_mb

GOAL_PERCENT, GOAL_MB = 2.0, 300
PATIENCE_S = 300.0


def measure(points: int, settle_s: float, seconds: float, store: Path | None) -> Figures:
    """Let the daemon settle, and watch it."""
    with tempfile.TemporaryDirectory(prefix="lightctl-bench-") as name:
        folder = Path(name)
        if store is not None and (store / "lightctl.db").exists():
            shutil.copytree(store, folder / "store")
        else:
            fill(folder / "store", points, nights=0)
        with large_daemon(folder) as (pid, listener, _):
            deadline = time.monotonic() + PATIENCE_S
            while listener.count < points:
                assert time.monotonic() < deadline, f"{listener.count} documents came"
                time.sleep(0.1)
            time.sleep(settle_s)
            before, began = cpu_s(pid), time.monotonic()
            time.sleep(seconds)
            used = (cpu_s(pid) - before) / (time.monotonic() - began)
            return {"points": points, "percent_of_a_core": round(100 * used, 2), "rss_mb": rss_mb(pid)}


def main() -> None:
    """Measure once and say it."""
    parser = options("tests.benchmarks.idle", __doc__)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--settle", type=float, default=60)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--store", type=Path)
    chosen = parser.parse_args()
    figures = measure(chosen.points, chosen.settle, chosen.seconds, chosen.store)
    within = figures["percent_of_a_core"] < GOAL_PERCENT and figures["rss_mb"] < GOAL_MB
    say(figures | {"goal": f"under {GOAL_PERCENT:g} % and {GOAL_MB} MB", "within_goal": within}, chosen.output)


if __name__ == "__main__":
    main()
