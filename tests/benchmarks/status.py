"""What `status` costs in a large city: seconds, steps, how long a step keeps the store's thread, memory for a moment.

python -m tests.benchmarks.status [--points 100000] [--times 5] [--store FOLDER]

Every node has confirmed its nights and was heard just now (the store of the boot benchmark may be used again with
--store). The first `status` after a start also reads what the plan says of each light point, and that stays. A step is
measured in processor time of its thread, `status` on the wall as well, with nothing between steps. Memory is this
process's: what it held at most during a `status`, above what it held before it.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

from lightctl.app.live import Live
from lightctl.app.operations import Operations
from lightctl.app.running.collector import give_back, relax, undisturbed
from lightctl.app.steps import advance
from lightctl.app.views import StatusView
from lightctl.domain.assets import Fleet
from lightctl.files.settings import Settings
from lightctl.store.sqlite import SqliteStore
from tests.support.benchmark import Figures, Peak, options, say
from tests.support.desk import VIEWER
from tests.support.large_city import EVENING, ZONE, fill

GOAL_STEP_MS, GOAL_MB = 50, 50


def measure(points: int, times: int, store: Path | None) -> Figures:
    """Ask so many times after a start."""
    with tempfile.TemporaryDirectory(prefix="lightctl-bench-") as name:
        folder = Path(name) / "store"
        if store is not None and (store / "lightctl.db").exists():
            shutil.copytree(store, folder)
        else:
            fill(folder, points, nights=0)
        relax()
        opened = SqliteStore(folder)
        try:
            live = Live(EVENING, lambda: EVENING)
            settings = Settings.model_validate({"site": {"name": "Large city", "time_zone": ZONE}})
            operations = Operations(opened, settings, lambda: EVENING, lambda _events: None, live)
            with undisturbed():  # as a daemon is started
                operations.know(Fleet.of(opened.points(), ZONE))
            give_back()
            first, *later = [_asked(operations) for _ in range(times)]
        finally:
            opened.close()
    shared = ("light_points", "settled", "steps")
    return (
        {name: first[name] for name in shared}
        | {f"first_{name}": value for name, value in first.items() if name not in shared}
        | {name: round(median(each[name] for each in later), 2) for name in ("wall_s", "cpu_s")}  # type: ignore[misc]
        | {name: max(each[name] for each in later) for name in ("longest_step_ms", "needs_mb")}  # type: ignore[type-var]
    )


def _asked(operations: Operations) -> Figures:
    memory, costs, began = Peak(), [], time.perf_counter()
    steps = operations.status(VIEWER)
    while True:
        before = time.thread_time()
        result = advance(steps)
        costs.append(time.thread_time() - before)
        if result is not None:
            break
    took, view = time.perf_counter() - began, result.value
    assert isinstance(view, StatusView)
    return {
        "light_points": view.light_points,
        "settled": view.settled,
        "steps": len(costs),
        "wall_s": round(took, 2),
        "cpu_s": round(sum(costs), 2),
        "longest_step_ms": round(max(costs) * 1000, 1),
        "needs_mb": memory.above_mb(),
    }


def main() -> None:
    """Measure once and say it."""
    parser = options("tests.benchmarks.status", __doc__)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--store", type=Path)
    chosen = parser.parse_args()
    figures = measure(chosen.points, chosen.times, chosen.store)
    within = figures["longest_step_ms"] < GOAL_STEP_MS and figures["needs_mb"] < GOAL_MB
    goal = f"no step over {GOAL_STEP_MS} ms, under {GOAL_MB} MB, the first `status` after a start aside"
    say(figures | {"goal": goal, "within_goal": within}, chosen.output)


if __name__ == "__main__":
    main()
