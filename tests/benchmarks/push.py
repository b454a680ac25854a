"""How fast a changed plan reaches a street of native nodes, against what the MQTT library does with nothing behind it.

python -m tests.benchmarks.push [--nodes 10000] [--pairs 5] [--broker mosquitto|nats]
    [--protocol 3.1.1] [--beside aiomqtt5 paho gmqtt lean]

Ours is a running daemon: `schedule apply` over HTTP changes the nights of every node, and the turn ends when the store
has the last node's confirmation on disk. The floor is aiomqtt, the library the daemon speaks through: a retained
document of the same bytes to every node, a reply of every node counted, a hundred publishes in flight as in the daemon;
below it a C client (libmosquitto) does the same. Broker and nodes are the same processes for all, and each node answers
at once. The floor speaks MQTT 3.1.1; the daemon MQTT 5 where the broker can, or with `--protocol 3.1.1` the same. Rates
are nodes a second on the wall; the ratio is the median of pairs measured by turns. `--beside` has other clients do what
the floor does, in every turn: what another library, or MQTT 5, would change.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from statistics import median

from tests.support.bare_mqtt import OTHERS, missing
from tests.support.benchmark import Figures, options, paired, say, used_ratio, versions
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


def measure(nodes: int, pairs: int, broker: str, beside: Sequence[str] = (), protocol: str = "auto") -> Figures:
    """Change the plan and push the floor's documents by turns."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with wire_street(folder / "street", nodes, NIGHTS, schedules(50), broker, protocol=protocol) as street:
            document = document_of(street.port, name_of(0))
            push, library = Push(street), LibraryFloor(street.port, nodes, document)
            others = {name: LibraryFloor(street.port, nodes, document, name) for name in beside}
            in_c = CFloor(folder, street.port, nodes, document)
            c_rates: list[float] = []

            def floor() -> float:
                if in_c.available:
                    c_rates.append(nodes / in_c.seconds())
                for other in others.values():
                    other.rate()
                return library.rate()

            found = paired(push.rate, floor, pairs)
            failed = street.number("SELECT count(*) FROM commands WHERE state NOT IN ('confirmed', 'superseded')")
            attempts = street.number("SELECT max(attempts) FROM commands")
            resident = street.resident_mb()
    ours_us, floor_us = (round(median(each.used_s[1:]) / nodes * 1e6) for each in (push, library))
    used = used_ratio(push.used_s, library.used_s)
    return {
        "nodes": nodes,
        "broker": broker,
        "protocol": protocol,
        "document_bytes": len(document),
        **found,
        "c_client_per_s": round(median(c_rates[1:]), 1) if in_c.available else "no C compiler or libmosquitto here",
        "ratio_to_c": round(found["us_per_s"] / median(c_rates[1:]), 3) if in_c.available else None,
        "cpu_us_per_node": {"daemon": ours_us, "floor": floor_us, "ratio": used},
        "beside": {name: told(other.rates, other.used_s, nodes) for name, other in others.items()},
        "daemon_mb": resident,
        "not_confirmed": failed,
        "most_attempts": attempts,
        **versions("aiomqtt", "paho-mqtt"),
    }


def quick() -> Figures:
    """Measure for a few seconds, by processor time, on the broker that is there wherever the tests are."""
    return {"ratio": measure(nodes=300, pairs=4, broker="nats")["cpu_us_per_node"]["ratio"]}


def told(rates: Sequence[float], used_s: Sequence[float], each: int) -> Figures:
    """Say what another client did in its turns, but for the first."""
    return {"per_s": round(median(rates[1:]), 1), "cpu_us": round(median(used_s[1:]) / each * 1e6)}


def main() -> None:
    """Measure once and say it."""
    parser = options("tests.benchmarks.push", __doc__)
    parser.add_argument("--nodes", type=int, default=10_000)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--broker", choices=BROKERS, default=broker_here())
    parser.add_argument("--protocol", choices=("auto", "3.1.1"), default="auto", help="what the daemon speaks")
    parser.add_argument("--beside", nargs="+", choices=OTHERS, default=[], help="other clients to measure")
    chosen = parser.parse_args()
    if why := missing(chosen.beside, chosen.broker):
        parser.error(why)
    figures = measure(chosen.nodes, chosen.pairs, chosen.broker, chosen.beside, chosen.protocol)
    goal = {"goal": f"at least {GOAL} x the library's rate", "within_goal": figures["ratio"] >= GOAL}
    say(figures | goal, chosen.output)


if __name__ == "__main__":
    main()
