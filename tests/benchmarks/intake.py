"""How fast reports are taken in, from a broker's payload to the last committed row, against a bare subscriber.

python -m tests.benchmarks.intake [--reports 50000] [--nodes 10000] [--batch 1000] [--pairs 5]

Ours is what the daemon does with a message: the link judges and decodes it, the controller compares it with what is
desired, and the recorder keeps the state of the node (durably) and the measurement. The floor is the least that anybody
would do: `json.loads`, and the row into SQLite, a batch at a time. No broker is in between, for either. All lamps
follow their schedule. Both are measured in turn; seconds are those of one core; ratio is the share of the floor's speed
that is left, the median of the pairs.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from lightctl.app.clock import ManualClock
from lightctl.app.live import Live
from lightctl.app.running.recorder import Recorder
from lightctl.control.controller import Controller
from lightctl.control.policy import Policy
from lightctl.devices.codec import mqtt_codec
from lightctl.devices.profile import shipped_profiles
from lightctl.domain.assets import Fleet, LightPoint
from lightctl.domain.events import Event, FleetChanged, IntentChanged
from lightctl.domain.states import DesiredState
from lightctl.files.schedules import read_schedules
from lightctl.links.inbound import Inbound
from lightctl.store.connection import SqliteFile
from lightctl.store.migrations import TELEMETRY
from lightctl.store.sqlite import SqliteStore
from tests.support.benchmark import Figures, options, say
from tests.support.steps import steps

ZONE = "Europe/Berlin"
BEGIN = dt.datetime(2026, 11, 25, 22, 0, tzinfo=dt.UTC)
HEARTBEAT = dt.timedelta(seconds=300)
SCHEDULES = """\
version: 1
programs: {all: {steps: [{at: "21:00", level: 70}]}}
calendars: {all: {default: all}}
assignments: [{select: "*", calendar: all}]
"""
PUT = (
    "INSERT OR IGNORE INTO reports (node, boot_id, seq, channel, observed_at, received_at, at, applied_revision, "
    "level, commanded, reason, power_w, energy_wh, voltage_v, current_a, power_factor, temperature_c, operating_h, "
    "faults) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')"
)
FIELDS = (
    "level", "commanded", "reason", "power_w", "energy_wh", "voltage_v", "current_a", "power_factor", "temperature_c",
    "operating_h",
)  # fmt: skip
Message = tuple[str, bytes]


class Daemon:
    """What takes a message in, without the wire."""

    def __init__(self, folder: Path, nodes: int) -> None:
        """Know a fleet and its schedule; every node still has to hear of it."""
        profiles = shipped_profiles()
        self.clock = ManualClock(BEGIN - HEARTBEAT)
        self.store = SqliteStore(folder)
        self._events: list[Event] = []
        codecs = {"native": mqtt_codec(profiles["native"])}
        self._inbound = Inbound("mqtt", codecs, frozenset({"native"}), self._events.append, self.clock)
        self._controller = Controller(Policy(), profiles, ZONE)
        self._recorder = Recorder(self.store, _run_here, Live(BEGIN, self.clock.now))
        points = [LightPoint(f"LP-{n:06}", 51.43, 6.76, node=f"N-{n:06}") for n in range(nodes)]
        fleet = Fleet.of(points, ZONE)
        self._inbound.attach(dict(fleet.nodes))
        self._events += [FleetChanged(fleet), IntentChanged(read_schedules({"all.yaml": SCHEDULES}).intent)]
        self.desired: dict[str, DesiredState] = {}

    async def take_in(self, messages: Sequence[Message]) -> None:
        """Do what a step of the control loop does with these messages."""
        for topic, payload in messages:
            self._inbound.receive(topic, payload, False)
        events, self._events[:] = list(self._events), []
        for effects in steps(self._controller, events, self.clock.now()):
            self.desired |= {document.node: document for document in effects.desired}
            await self._recorder.record(effects)


async def _run_here(work: Callable[[], None]) -> None:
    work()


def measure(reports: int, nodes: int, batch: int, pairs: int) -> Figures:
    """Take the same messages in both ways in turn, and give the figures."""
    ours: list[float] = []
    floor: list[float] = []
    kept = 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(pairs):
            daemon = Daemon(Path(folder) / f"ours-{number}", nodes)
            ours.append(asyncio.run(_ours(daemon, reports, nodes, batch)))
            kept = daemon.store._telemetry.number("SELECT count(*) FROM reports") - nodes
            daemon.store.close()
            messages = _rounds(reports, nodes, batch, daemon.desired)
            floor.append(_floor(Path(folder) / f"floor-{number}.db", [each for _, each in messages]))
    ratios = [raw / our for our, raw in zip(ours, floor, strict=True)]
    return {
        "reports": reports,
        "nodes": nodes,
        "batch": batch,
        "pairs": pairs,
        "rows_kept": kept,
        "reports_per_s": round(reports / statistics.median(ours)),
        "floor_reports_per_s": round(reports / statistics.median(floor)),
        "ratio": round(statistics.median(ratios), 2),
        "ratio_worst": round(min(ratios), 2),
        "ratio_best": round(max(ratios), 2),
        "sqlite": sqlite3.sqlite_version,
    }


async def _ours(daemon: Daemon, reports: int, nodes: int, batch: int) -> float:
    await daemon.take_in(())
    first = [_message(node, 0, daemon.desired) for node in range(nodes)]
    for at in range(0, nodes, batch):
        await daemon.take_in(first[at : at + batch])
    rounds = _rounds(reports, nodes, batch, daemon.desired)
    return await _timed(daemon, rounds)


async def _timed(daemon: Daemon, rounds: Sequence[tuple[dt.datetime, Sequence[Message]]]) -> float:
    began = time.process_time()
    for at, messages in rounds:
        daemon.clock.set(at)
        await daemon.take_in(messages)
    return time.process_time() - began


def _rounds(
    reports: int, nodes: int, batch: int, desired: dict[str, DesiredState]
) -> list[tuple[dt.datetime, list[Message]]]:
    made = []
    for at in range(0, reports, batch):
        numbers = [divmod(number, nodes) for number in range(at, min(at + batch, reports))]
        seq, node = numbers[-1]
        instant = BEGIN + seq * HEARTBEAT + dt.timedelta(milliseconds=29 * node)
        made.append((instant, [_message(node, seq + 1, desired) for seq, node in numbers]))
    return made


def _message(node: int, seq: int, desired: dict[str, DesiredState]) -> Message:
    name = f"N-{node:06}"
    at = (BEGIN + (seq - 1) * HEARTBEAT).timestamp() + 0.029 * node
    document = {
        "boot_id": "boot-1",
        "seq": seq,
        "at": at,
        "applied_revision": desired[name].revision,
        "channels": {
            "0": {
                "level": 70, "commanded": 70, "reason": "program", "power_w": 41.3, "energy_wh": 1000.0 + 3.4 * seq,
                "voltage_v": 230.4, "current_a": 0.18, "power_factor": 0.97, "temperature_c": 31.0,
                "operating_h": 812.5, "faults": [],
            }
        },
    }  # fmt: skip
    return f"lightctl/v1/main/{name}/reported", json.dumps(document).encode()


def _floor(path: Path, batches: Sequence[Sequence[Message]]) -> float:
    SqliteFile(path, TELEMETRY, synchronous="NORMAL").close()
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "cache_size = -32768"):
        connection.execute(f"PRAGMA {pragma}")
    began = time.process_time()
    for messages in batches:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(PUT, map(_row, messages))
        connection.execute("COMMIT")
    took = time.process_time() - began
    connection.close()
    return took


def _row(message: Message) -> tuple[object, ...]:
    topic, payload = message
    said = json.loads(payload)
    channel = said["channels"]["0"]
    at = said["at"]
    head = (topic.split("/")[3], said["boot_id"], said["seq"], 0, int(at * 1000), at, at, said["applied_revision"])
    return (*head, *(channel[name] for name in FIELDS))


def quick() -> Figures:
    """Measure at a size of seconds, for the gate."""
    return measure(reports=10_000, nodes=1000, batch=1000, pairs=5)


def main() -> None:
    """Measure once and say it."""
    parser = options("tests.benchmarks.intake", __doc__)
    parser.add_argument("--reports", type=int, default=50_000)
    parser.add_argument("--nodes", type=int, default=10_000)
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--pairs", type=int, default=5)
    chosen = parser.parse_args()
    figures = measure(chosen.reports, chosen.nodes, chosen.batch, chosen.pairs)
    say(figures | {"within_goal": True}, chosen.output)


if __name__ == "__main__":
    main()
