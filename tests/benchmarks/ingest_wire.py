"""How fast reports are taken in over the wire, to the last committed row, against a subscriber that keeps nothing.

python -m tests.benchmarks.ingest_wire [--reports 50000] [--nodes 10000] [--pairs 5] [--broker mosquitto|nats]

`ingest` is the store alone, `intake` all but the wire; this is all of it. A running daemon hears the reports of nodes
that follow their plan, as fast as broker and nodes give them, and a turn ends when the telemetry store has the last one
on disk. The floor is a bare aiomqtt subscriber that decodes each report with `json`, no more; broker, nodes and reports
are the same for both. Rates are reports a second on the wall; the ratio is the median of pairs measured by turns. What
the daemon cannot keep up with waits in the broker and in its inbox: the memory it holds is said after each turn.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

import aiomqtt

from lightctl.devices.topics import ROOT
from tests.benchmarks.push import NIGHTS, schedules
from tests.support.benchmark import Figures, options, paired, say, versions
from tests.support.responder import AREA, FLOOR_ROOT
from tests.support.wire_street import BROKERS, WireStreet, broker_here, wire_street

GOAL = 0.5
KEPT = "SELECT max(id) FROM reports"


class Intake:
    """A daemon that hears the same street report again and again."""

    def __init__(self, street: WireStreet, reports: int) -> None:
        self.resident_mb: list[int] = []
        self.used_s: list[float] = []
        self._street = street
        self._reports = reports

    def rate(self) -> float:
        """Give how many reports a second come from the nodes into the telemetry store."""
        street = self._street
        until = street.number(KEPT, file="telemetry.db") + self._reports
        used_s, began = street.used_s(), time.time()
        street.order(f"stream {ROOT} {self._reports}")
        ended = street.wait(lambda: street.number(KEPT, file="telemetry.db") >= until, "all reports are kept")
        self.used_s.append(street.used_s() - used_s)
        self.resident_mb.append(street.resident_mb())
        return self._reports / (ended - began)


class Subscriber:
    """aiomqtt with `json`, as its documentation has it."""

    def __init__(self, street: WireStreet, reports: int) -> None:
        self.used_s: list[float] = []
        self._street = street
        self._reports = reports

    def rate(self) -> float:
        """Give how many reports a second it decodes."""
        return self._reports / asyncio.run(self._listen())

    async def _listen(self) -> float:
        async with aiomqtt.Client("127.0.0.1", self._street.port, identifier="floor") as client:
            await client.subscribe(f"{FLOOR_ROOT}/{AREA}/+/reported", qos=1)
            telling = threading.Thread(target=self._street.order, args=(f"stream {FLOOR_ROOT} {self._reports}",))
            began, used_s = time.time(), time.process_time()
            telling.start()
            heard = 0
            async with asyncio.timeout(600):
                async for message in client.messages:
                    json.loads(message.payload)
                    heard += 1
                    if heard == self._reports:
                        break
            took = time.time() - began
            self.used_s.append(time.process_time() - used_s)
            await asyncio.to_thread(telling.join)
            return took


def measure(reports: int, nodes: int, pairs: int, broker: str) -> Figures:
    """Let the nodes report to both by turns."""
    with (
        tempfile.TemporaryDirectory() as name,
        wire_street(Path(name) / "street", nodes, NIGHTS, schedules(50), broker) as street,
    ):
        before_mb = street.resident_mb()
        intake, subscriber = Intake(street, reports), Subscriber(street, reports)
        found = paired(intake.rate, subscriber.rate, pairs)
        status = street.status()
    ours_us, floor_us = (round(median(each.used_s[1:]) / reports * 1e6) for each in (intake, subscriber))
    return {
        "reports": reports,
        "nodes": nodes,
        "broker": broker,
        **found,
        "cpu_us_per_report": {"daemon": ours_us, "floor": floor_us, "ratio": round(floor_us / ours_us, 2)},
        "daemon_mb": {"before": before_mb, "after_each_turn": intake.resident_mb},
        "dropped": status["telemetry_dropped"],
        "settled": status["settled"],
        **versions("aiomqtt", "paho-mqtt"),
    }


def main() -> None:
    """Measure once and say it."""
    parser = options("tests.benchmarks.ingest_wire", __doc__)
    parser.add_argument("--reports", type=int, default=50_000)
    parser.add_argument("--nodes", type=int, default=10_000)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--broker", choices=BROKERS, default=broker_here())
    chosen = parser.parse_args()
    figures = measure(chosen.reports, chosen.nodes, chosen.pairs, chosen.broker)
    good = figures["ratio"] >= GOAL and not figures["dropped"]
    say(figures | {"goal": f"at least {GOAL} x the bare subscriber, none dropped", "within_goal": good}, chosen.output)


if __name__ == "__main__":
    main()
