"""How fast reports are taken in over the wire, to the last committed row, against a subscriber that keeps nothing.

python -m tests.benchmarks.ingest_wire [--reports 50000] [--nodes 10000] [--pairs 5] [--broker mosquitto|nats]
    [--beside aiomqtt5 paho gmqtt lean]

`ingest` is the store alone, `intake` all but the wire; this is all of it. A running daemon hears the reports of nodes
that follow their plan, as fast as broker and nodes give them, and a turn ends when the telemetry store has the last one
on disk. The floor is a bare aiomqtt subscriber that decodes each report with `json`, no more; broker, nodes and reports
are the same for both. Rates are reports a second on the wall; the ratio is the median of pairs measured by turns. What
the daemon cannot keep up with waits in the broker and in its inbox: the memory it holds is said after each turn. As an
inbox of more than 200,000 events lets go of reports that newer ones outdate, a million are measured in many turns.
`--beside` has other clients do what the floor does, in every turn: what another library would change.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from lightctl.devices.topics import ROOT
from tests.benchmarks.push import NIGHTS, schedules, told
from tests.support.bare_mqtt import CLIENTS, FLOOR, OTHERS, missing
from tests.support.benchmark import Figures, options, paired, say, used_ratio, versions
from tests.support.push_floors import WINDOW
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
    """A client library and `json`."""

    def __init__(self, street: WireStreet, reports: int, client: str = FLOOR) -> None:
        self.used_s: list[float] = []
        self.rates: list[float] = []
        self._street = street
        self._reports = reports
        self._client = CLIENTS[client]

    def rate(self) -> float:
        """Give how many reports a second it decodes."""
        self.rates.append(self._reports / asyncio.run(self._listen()))
        return self.rates[-1]

    async def _listen(self) -> float:
        loop, all_heard, heard = asyncio.get_running_loop(), asyncio.Event(), 0

        def hear(payload: bytes | bytearray) -> None:
            nonlocal heard
            json.loads(payload)
            heard += 1
            if heard == self._reports:
                loop.call_soon_threadsafe(all_heard.set)

        client = self._client()
        await client.start(self._street.port, WINDOW, hear)
        try:
            await client.subscribe(f"{FLOOR_ROOT}/{AREA}/+/reported")
            telling = threading.Thread(target=self._street.order, args=(f"stream {FLOOR_ROOT} {self._reports}",))
            began, used_s = time.time(), time.process_time()
            telling.start()
            async with asyncio.timeout(600):
                await all_heard.wait()
            took_s = time.time() - began
            self.used_s.append(time.process_time() - used_s)
            await asyncio.to_thread(telling.join)
            return took_s
        finally:
            await client.stop()


def measure(reports: int, nodes: int, pairs: int, broker: str, beside: Sequence[str] = ()) -> Figures:
    """Let the nodes report to both by turns."""
    with (
        tempfile.TemporaryDirectory() as name,
        wire_street(Path(name) / "street", nodes, NIGHTS, schedules(50), broker) as street,
    ):
        before_mb = street.resident_mb()
        intake, subscriber = Intake(street, reports), Subscriber(street, reports)
        others = {name: Subscriber(street, reports, name) for name in beside}

        def floor() -> float:
            for other in others.values():
                other.rate()
            return subscriber.rate()

        found = paired(intake.rate, floor, pairs)
        status = street.status()
    ours_us, floor_us = (round(median(each.used_s[1:]) / reports * 1e6) for each in (intake, subscriber))
    used = used_ratio(intake.used_s, subscriber.used_s)
    return {
        "reports": reports,
        "nodes": nodes,
        "broker": broker,
        **found,
        "cpu_us_per_report": {"daemon": ours_us, "floor": floor_us, "ratio": used},
        "beside": {name: told(other.rates, other.used_s, reports) for name, other in others.items()},
        "daemon_mb": {"before": before_mb, "after_each_turn": intake.resident_mb},
        "dropped": status["telemetry_dropped"],
        "settled": status["settled"],
        **versions("aiomqtt", "paho-mqtt"),
    }


def quick() -> Figures:
    """Measure for a few seconds, by processor time, on the broker that is there wherever the tests are."""
    found = measure(reports=3000, nodes=200, pairs=4, broker="nats")
    return {"ratio": found["cpu_us_per_report"]["ratio"]}


def main() -> None:
    """Measure once and say it."""
    parser = options("tests.benchmarks.ingest_wire", __doc__)
    parser.add_argument("--reports", type=int, default=50_000)
    parser.add_argument("--nodes", type=int, default=10_000)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--broker", choices=BROKERS, default=broker_here())
    parser.add_argument("--beside", nargs="+", choices=OTHERS, default=[], help="other clients to measure")
    chosen = parser.parse_args()
    if why := missing(chosen.beside, chosen.broker):
        parser.error(why)
    figures = measure(chosen.reports, chosen.nodes, chosen.pairs, chosen.broker, chosen.beside)
    good = figures["ratio"] >= GOAL and not figures["dropped"]
    say(figures | {"goal": f"at least {GOAL} x the bare subscriber, none dropped", "within_goal": good}, chosen.output)


if __name__ == "__main__":
    main()
