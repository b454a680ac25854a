"""How fast a changed plan reaches a street of native nodes, against what the MQTT library does with nothing behind it.

python -m tests.benchmarks.push [--nodes 10000] [--pairs 5] [--broker mosquitto|nats]

Ours is a running daemon: `schedule apply` over HTTP changes the nights of every node, and the turn ends when the store
has the last node's confirmation on disk. The floor is aiomqtt, the library the daemon speaks through: a retained
document of the same bytes to every node, a reply of every node counted, a hundred publishes in flight as in the daemon;
below it a C client (libmosquitto) does the same. Broker and nodes are the same processes for all, and each node answers
at once. Rates are nodes a second on the wall; the ratio is the median of pairs measured by turns.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from statistics import median

from tests.support.benchmark import Figures, options, paired, say, versions
from tests.support.push_floors import CFloor, LibraryFloor, document_of
from tests.support.responder import name_of
from tests.support.wire_street import BROKERS, WireStreet, broker_here, wire_street

GOAL = 0.5
NIGHTS = 7
CONFIRMED = "SELECT count(*) FROM commands WHERE id > ? AND state = 'confirmed'"


def schedules(level: int) -> dict[str, str]:
    """Give a plan as cities have them, with a level for the small hours."""
    return {
        "street.yaml": f"""
version: 1
programs:
  street:
    active: sunset .. sunrise
    steps: [{{at: "22:00", level: 70}}, {{at: "23:30", level: {level}}}, {{at: "05:00", level: 100}}]
calendars:
  street: {{default: street}}
assignments:
  - {{select: "*", calendar: street}}
"""
    }


class Push:
    """A daemon that changes a plan again and again."""

    def __init__(self, street: WireStreet) -> None:
        self.used_s: list[float] = []
        self._street = street
        self._levels: Iterator[int] = cycle((40, 50))

    def rate(self) -> float:
        """Give how many nodes a second confirm a change of the plan, from `apply` on."""
        street = self._street
        before, used_s = street.number("SELECT max(id) FROM commands"), street.used_s()
        began = time.time()
        street.apply(schedules(next(self._levels)))
        ended = street.wait(lambda: street.number(CONFIRMED, before) == street.nodes, "all have confirmed")
        self.used_s.append(street.used_s() - used_s)
        return street.nodes / (ended - began)


def measure(nodes: int, pairs: int, broker: str) -> Figures:
    """Change the plan and push the floor's documents by turns."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with wire_street(folder / "street", nodes, NIGHTS, schedules(50), broker) as street:
            document = document_of(street.port, name_of(0))
            push, library = Push(street), LibraryFloor(street.port, nodes, document)
            in_c = CFloor(folder, street.port, nodes, document)
            c_rates: list[float] = []

            def floor() -> float:
                if in_c.available:
                    c_rates.append(nodes / in_c.seconds())
                return nodes / library.seconds()

            found = paired(push.rate, floor, pairs)
            failed = street.number("SELECT count(*) FROM commands WHERE state NOT IN ('confirmed', 'superseded')")
            attempts = street.number("SELECT max(attempts) FROM commands")
            resident = street.resident_mb()
    ours_us, floor_us = (round(median(each.used_s[1:]) / nodes * 1e6) for each in (push, library))
    return {
        "nodes": nodes,
        "broker": broker,
        "document_bytes": len(document),
        **found,
        "c_client_per_s": round(median(c_rates[1:]), 1) if in_c.available else "no C compiler or libmosquitto here",
        "ratio_to_c": round(found["us_per_s"] / median(c_rates[1:]), 3) if in_c.available else None,
        "cpu_us_per_node": {"daemon": ours_us, "floor": floor_us, "ratio": round(floor_us / ours_us, 2)},
        "daemon_mb": resident,
        "not_confirmed": failed,
        "most_attempts": attempts,
        **versions("aiomqtt", "paho-mqtt"),
    }


def main() -> None:
    """Measure once and say it."""
    parser = options("tests.benchmarks.push", __doc__)
    parser.add_argument("--nodes", type=int, default=10_000)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--broker", choices=BROKERS, default=broker_here())
    chosen = parser.parse_args()
    figures = measure(chosen.nodes, chosen.pairs, chosen.broker)
    goal = {"goal": f"at least {GOAL} x the library's rate", "within_goal": figures["ratio"] >= GOAL}
    say(figures | goal, chosen.output)


if __name__ == "__main__":
    main()
