"""What it costs to tell Prometheus about a large city: a round of the census, a reading of the store, a scrape.

python -m tests.benchmarks.scrape [--points 100000]

Each light point has a node that carries its nights, follows, and was heard just now; the store holds them, their nodes
and 2,000 open faults. Seconds are processor seconds. The loop is kept for one slice of the census at a time, the
store's thread for one reading, both for a scrape that finds them older than `metrics.every_s` (15 s), and never without
one; what a scrape costs beside them keeps the loop.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import tempfile
import time
from collections import deque
from pathlib import Path

from lightctl.app.live import Live
from lightctl.app.metrics.metrics import SLICE, Metrics
from lightctl.app.operations import Operations
from lightctl.app.running.inbox import Inbox
from lightctl.control.census import Census
from lightctl.control.controller import Controller
from lightctl.control.policy import Policy
from lightctl.devices.profile import shipped_profiles
from lightctl.domain.assets import Fleet, LightPoint
from lightctl.domain.events import CommandSent, FleetChanged, IntentChanged, NodeAnnounced, NodeReported
from lightctl.domain.states import ChannelReport, Fault, FaultEvent, ReportedState
from lightctl.files.settings import Settings
from lightctl.store.base import AuditDraft, Recorded
from lightctl.store.sqlite import SqliteStore
from tests.support.benchmark import Figures, options, peak_mb, say
from tests.support.controlled import CARRYING, ZONE, intent
from tests.support.steps import steps

EVENING = dt.datetime(2026, 12, 4, 18, 0, tzinfo=dt.UTC)
GOAL_SLICE_MS, GOAL_SCRAPE_MS, GOAL_TALLY_MS = 20, 50, 250
FAULTS = 2000


def measure(points: int) -> Figures:
    """Make a city, count it, read its store, scrape it."""
    city = tuple(
        LightPoint(f"LP-{n:06}", 51.43, 6.76, rated_power_w=50.0, node=f"n-{n:06}", cabinet=f"C-{n // 200}")
        for n in range(points)
    )
    controller = _followed(city)
    figures: Figures = {"points": points}
    census, slices = Census(), []
    nodes = controller.nodes
    for start in range(0, len(nodes), SLICE):
        began = time.process_time()
        controller.count(nodes[start : start + SLICE], census, EVENING)
        slices.append(time.process_time() - began)
    figures |= {
        "following": census.points["following"],
        "census_s": round(sum(slices), 2),
        "longest_slice_ms": round(max(slices) * 1000, 1),
    }
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder))
        try:
            figures |= _read(store, city, controller)
        finally:
            store.close()
    return figures | {"peak_mb": peak_mb()}


def _read(store: SqliteStore, city: tuple[LightPoint, ...], controller: Controller) -> Figures:
    store.put_points(city, AuditDraft(EVENING, "bench", "cli", "inventory import", "city"))
    store.commit(
        Recorded(faults=tuple(Fault(FaultEvent.LAMP_FAILURE, "light point", p.id, EVENING) for p in city[:FAULTS]))
    )
    live = Live(EVENING, lambda: EVENING)
    operations = Operations(store, Settings(), lambda: EVENING, lambda _events: None, live)
    times = []
    for _ in range(5):
        began = time.process_time()
        tally = operations.tally()
        times.append(time.process_time() - began)
    fleet = Fleet.of(city, ZONE)
    metrics = Metrics(Settings().metrics, live, Inbox())

    async def scrape() -> tuple[bytes, list[float]]:
        async def take() -> object:
            return tally

        metrics.connect({}, controller, take)
        metrics.hear([FleetChanged(fleet)])
        costs = []
        text = await metrics.scrape()
        for _ in range(20):
            began = time.process_time()
            text = await metrics.scrape()
            costs.append(time.process_time() - began)
        return text, costs

    text, costs = asyncio.run(scrape())
    return {
        "tally_ms": round(max(times) * 1000, 1),
        "scrape_ms": round(max(costs) * 1000, 1),
        "scrape_bytes": len(text),
    }


def _followed(city: tuple[LightPoint, ...]) -> Controller:
    """Give a controller whose nodes all hold their document and said so."""
    controller = Controller(Policy(), shipped_profiles(), ZONE)
    deque(steps(controller, (FleetChanged(Fleet.of(city, ZONE)), IntentChanged(intent())), EVENING), maxlen=0)
    hellos = [NodeAnnounced(p.node, "b1", CARRYING, 0, EVENING, EVENING) for p in city]
    effects = controller.step(hellos, EVENING)
    del effects
    said = []
    for point in city:
        memory = controller._knowledge.memories[point.node]
        assert memory.desired is not None
        said.append(CommandSent(point.node, memory.desired.revision, EVENING))
        channel = ChannelReport(100, 100, power_w=50.0)
        report = ReportedState(point.node, EVENING, {0: channel}, "b1", 1, EVENING, memory.desired.revision)
        said.append(NodeReported(report))
    controller.step(said, EVENING)
    return controller


def main() -> None:
    """Measure once and say it."""
    parser = options("tests.benchmarks.scrape", __doc__)
    parser.add_argument("--points", type=int, default=100_000)
    chosen = parser.parse_args()
    figures = measure(chosen.points)
    within = (
        figures["longest_slice_ms"] < GOAL_SLICE_MS
        and figures["scrape_ms"] < GOAL_SCRAPE_MS
        and figures["tally_ms"] < GOAL_TALLY_MS
    )
    goal = f"slice under {GOAL_SLICE_MS} ms, scrape under {GOAL_SCRAPE_MS} ms, tally under {GOAL_TALLY_MS} ms"
    say(figures | {"goal": goal, "within_goal": within}, chosen.output)


if __name__ == "__main__":
    main()
