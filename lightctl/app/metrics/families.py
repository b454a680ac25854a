"""Families: the figures that are read at a scrape, from the latest census, the latest tally and what is live.

A figure nobody knows yet is left out, not 0; what can be counted has a sample for every label value there can be.
"""

from __future__ import annotations

import datetime as dt
import platform
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from lightctl import __version__
from lightctl.app.live import Live
from lightctl.app.metrics.tally import Tally
from lightctl.app.running.inbox import Inbox
from lightctl.control.census import Census, Hearing, Standing
from lightctl.domain.assets import LifeCycle, LightPoint
from lightctl.domain.states import CommandState, FaultEvent
from lightctl.links.base import Link

SEVERITIES = ("critical", "major", "minor")
ROLLOUT_NODES = ("to_move", "pending", "followed", "failed", "gone")
TOPICS = ("store", "telemetry", "upkeep", "controller", "links", "http", "metrics")
OPEN = tuple(state for state in CommandState if not state.terminal)


@dataclass(slots=True)
class Inventory:
    """Light points and their lamps by state; unassigned: light points in use that no node switches."""

    points: Counter[LifeCycle] = field(default_factory=Counter)
    lamps: Counter[LifeCycle] = field(default_factory=Counter)
    unassigned: int = 0

    def add(self, point: LightPoint) -> None:
        """Count one light point."""
        self.points[point.state] += 1
        self.lamps[point.state] += point.lamps
        self.unassigned += point.state is LifeCycle.IN_USE and not point.node


@dataclass(slots=True)
class Sources:
    """Where the figures come from. census_s, tally_s: what the last one of each cost, in seconds of the machine.

    nightly_at, nightly_next: when the nightly run last was, None before the first, and when the next one is due.
    """

    live: Live
    inbox: Inbox
    inventory: Inventory | None = None
    links: Mapping[str, Link] = field(default_factory=dict)
    census: Census | None = None
    census_at: dt.datetime | None = None
    census_s: float = 0.0
    tally: Tally | None = None
    tally_at: dt.datetime | None = None
    tally_s: float = 0.0
    nightly_at: dt.datetime | None = None
    nightly_next: dt.datetime | None = None


class Families(Collector):
    """Gives the figures at a scrape."""

    def __init__(self, sources: Sources) -> None:
        self._from = sources

    def describe(self) -> Iterable[Metric]:
        """Give no description ahead: what there is depends on what is known."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Give every figure that is known."""
        yield from self._daemon()
        if self._from.inventory is not None:
            yield from _inventory(self._from.inventory)
        if self._from.census is not None:
            yield from _street(self._from.census, tuple(self._from.links))
        if self._from.tally is not None:
            yield from _store(self._from.tally)

    def _daemon(self) -> Iterator[Metric]:
        live, now = self._from.live, self._from.live.clock_now()
        build = ("version", "python")
        yield _gauge(
            "build_info", "1, with the versions at work.", [((__version__, platform.python_version()), 1)], build
        )
        yield _one("now_timestamp_seconds", "The instant by the clock lightctl lives by.", now.timestamp())
        yield _one("started_timestamp_seconds", "When the daemon began.", live.started_at.timestamp())
        yield _one("inbox_events", "Events that wait for the control loop.", len(self._from.inbox))
        dropped = CounterMetricFamily(
            "lightctl_telemetry_dropped",
            "Reports and readings that will never be kept, for want of room or because their store took nothing.",
        )
        dropped.add_metric([], live.telemetry_dropped)
        yield dropped
        waiting = live.telemetry_waiting
        yield _one("telemetry_waiting", "Reports and readings that are heard and not written yet.", waiting)
        yield _gauge(
            "trouble", "1 while the daemon says that something of itself is wrong, by topic.",
            [((topic,), int(topic in live.notes)) for topic in TOPICS], ("topic",),
        )  # fmt: skip
        yield _gauge(
            "link_up", "1 while the link is connected.",
            [((name,), int(view.up)) for name, view in sorted(live.links.items())], ("link",),
        )  # fmt: skip
        yield _gauge(
            "outbox_orders", "Orders that wait to be put on a wire, the newest of each node.",
            [((name,), link.waiting) for name, link in sorted(self._from.links.items())], ("link",),
        )  # fmt: skip
        if self._from.nightly_at is not None:
            ran = self._from.nightly_at.timestamp()
            yield _one("nightly_run_timestamp_seconds", "When the nightly run last was, since the daemon began.", ran)
        if self._from.nightly_next is not None:
            due = self._from.nightly_next.timestamp()
            yield _one("nightly_run_due_timestamp_seconds", "When the next nightly run is due.", due)
        for name, at, cost in (
            ("census", self._from.census_at, self._from.census_s),
            ("tally", self._from.tally_at, self._from.tally_s),
        ):
            if at is not None:
                yield _one(f"{name}_age_seconds", _AGE[name], max(0.0, (now - at).total_seconds()))
                yield _one(f"{name}_seconds", _COST[name], cost)


_AGE = {
    "census": "Age of the figures of lamps and nodes, by lightctl's clock.",
    "tally": "Age of the figures of the store, by lightctl's clock.",
}
_COST = {
    "census": "Time the last count of lamps and nodes kept the event loop, all its slices together.",
    "tally": "Time the last reading of the store's figures took on the store's thread.",
}


def _street(census: Census, links: Sequence[str]) -> Iterator[Metric]:
    names = sorted({*links, *(link for link, _ in census.nodes)})
    yield _gauge(
        "nodes", "Nodes by link and by how they are heard.",
        [((link, hearing.value), census.nodes[link, hearing]) for link in names for hearing in Hearing],
        ("link", "hearing"),
    )  # fmt: skip
    yield _gauge(
        "plan_light_points", "Light points in use that a node switches, by how they stand to the plan.",
        [((standing.value,), census.points[standing]) for standing in Standing], ("standing",),
    )  # fmt: skip
    yield _one("light_points_lit", "Reachable light points that measurably are lit.", census.lit)
    yield _one("light_points_due_lit", "Reachable light points that are to be lit now.", census.due_lit)
    yield _one("light_points_dark", "Reachable light points that are to be lit and measurably are not.", census.dark)
    yield _one(
        "light_points_burning", "Reachable light points that are to be off and measurably are not.", census.burning
    )
    yield _one("power_watts", "Power that reachable light points say they draw.", census.power_w)
    yield _gauge(
        "commands_open", "Commands on their way, by state.",
        [((state.value,), census.open_commands[state]) for state in OPEN], ("state",),
    )  # fmt: skip


def _inventory(inventory: Inventory) -> Iterator[Metric]:
    yield _gauge(
        "light_points", "Light points by their state.",
        [((state.value,), inventory.points[state]) for state in LifeCycle], ("state",),
    )  # fmt: skip
    yield _gauge(
        "lamps", "Lamps of the light points, by its state.",
        [((state.value,), inventory.lamps[state]) for state in LifeCycle], ("state",),
    )  # fmt: skip
    yield _one("light_points_unassigned", "Light points in use that no node switches.", inventory.unassigned)


def _store(tally: Tally) -> Iterator[Metric]:
    yield _gauge("faults_open", "Open faults; kind: alarm, or suppressed by a maintenance.", list(_faults(tally)), (
        "event", "severity", "kind",
    ))  # fmt: skip
    yield _one("overrides_in_force", "Levels set by hand that are in force.", tally.overrides)
    yield _one("maintenances", "Maintenances that run.", tally.maintenances)
    yield _one("unclaimed_nodes", "Nodes that were heard and are in no inventory.", tally.unclaimed_nodes)
    refused = CounterMetricFamily("lightctl_quarantined_messages", "Messages that were refused, ever.")
    refused.add_metric([], tally.quarantined)
    yield refused
    yield _one("schedule_version", "Version of the schedules in force.", tally.schedule_version)
    yield _one("audit_entries", "Entries of the audit; they never become fewer.", tally.audit_entries)
    yield _gauge(
        "store_bytes", "Size on disk, by database and part (database or wal).",
        list(tally.sizes.items()), ("database", "part"),
    )  # fmt: skip
    rollout = tally.rollout
    yield _one("rollout_under_way", "1 while a roll-out is under way, paused or not.", int(rollout is not None))
    yield _one(
        "rollout_paused", "1 while the roll-out under way is paused.", int(rollout is not None and rollout.paused)
    )
    nodes = rollout.nodes if rollout is not None else {}
    yield _gauge(
        "rollout_nodes", "Nodes of the roll-out under way by how far they got.",
        [((name,), nodes.get(name, 0)) for name in ROLLOUT_NODES], ("state",),
    )  # fmt: skip


def _faults(tally: Tally) -> Iterator[tuple[tuple[str, str, str], int]]:
    found = {
        (event, severity, "suppressed" if suppressed else "alarm"): number
        for (event, severity, suppressed), number in tally.faults.items()
    }
    every = {(event.value, severity, "alarm"): 0 for event in FaultEvent for severity in SEVERITIES}
    yield from sorted((every | found).items())


def _one(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"lightctl_{name}", text, value=value)


def _gauge(name: str, text: str, samples: Iterable[tuple[tuple[str, ...], float]], labels: Sequence[str]) -> Metric:
    family = GaugeMetricFamily(f"lightctl_{name}", text, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family
