"""How fast a world is lived through: the street, both ends of the codecs, the controller and the store on one heap.

python -m tests.benchmarks.worlds [--lamps 1000] [--pairs 5] [-o json]

The town is that of the campaign `years` (Duisburg, tests/worlds/long_town.py): every night is compiled, delivered,
held and carried out, every report goes through codec, controller, diagnosis and store. A lamp event is another level
that comes into force at one lamp, a ramp of one lamp that comes to its end, or a report of a node, whether it tells a
change or that the node is alive; a report of a node with several lamps is one. Documents delivered are given beside and
count for nothing. Not in it are judging, what goes wrong, and adding up what was measured. The floor is a bare heap of
as many events: each is taken off it and puts another one on, and where it is a report, `json` reads and writes one of
four lamps.
"""

from __future__ import annotations

import datetime as dt
import heapq
import json
import time

from lightctl.app.running.collector import relax
from lightctl.control.policy import Policy
from simulators.node import Say
from tests.support.benchmark import Figures, options, paired, peak_mb, say
from tests.worlds.kernel import World
from tests.worlds.long_town import build_town
from tests.worlds.sites import SITES
from tests.worlds.years import HEARTBEAT_S, WRITE_S

GOAL = 50_000.0
START = dt.datetime(2026, 3, 25, 11, 30, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
DAY_S = 86_400
STRIDE_S = 7_919.0


class Lived:
    """A town that is lived through a night at a time."""

    def __init__(self, lamps: int) -> None:
        relax()
        self.town = build_town(SITES["duisburg"], lamps, 1, HEARTBEAT_S)
        self.world = World(self.town, 1, START, Policy(heartbeat_s=HEARTBEAT_S), write_s=WRITE_S)
        self.world.run(START + DAY)
        self.parts = self._parts()
        self.events = 0

    def rate(self) -> float:
        """Give the lamp events a second of one more night."""
        before, used = self._parts(), time.process_time()
        self.world.run(self.world.now + DAY)
        used = time.process_time() - used
        self.parts = {name: count - before[name] for name, count in self._parts().items()}
        self.events = sum(self.parts[name] for name in ("levels", "ramp_ends", "reports"))
        self.world.store.prune_journal(self.world.now - DAY)
        return self.events / used

    def floor(self) -> float:
        """Give how many events a second a heap does that only writes and reads the reports among them."""
        waiting = [(START + dt.timedelta(seconds=number * STRIDE_S % DAY_S), number) for number in range(1000)]
        heapq.heapify(waiting)
        every = self.events // self.parts["reports"]
        mast = next(name for name in self.world.faces if name.startswith("mast"))
        (said,) = self.world.faces[mast].say(Say.REPORT, self.world.now)
        used = time.process_time()
        for number in range(self.events):
            at, _ = heapq.heappop(waiting)
            if number % every == 0:
                json.dumps(json.loads(said.payload))
            heapq.heappush(waiting, (at + dt.timedelta(seconds=number * STRIDE_S % DAY_S), number))
        return self.events / (time.process_time() - used)

    def _parts(self) -> dict[str, int]:
        world = self.world
        return {
            "levels": world.lamps.switched,
            "ramp_ends": world.lamps.faded,
            "reports": world.reports,
            "documents": world.delivered,
            "messages": world.network.carried,
            "steps": world.daemon.steps,
        }


def measure(lamps: int, pairs: int) -> Figures:
    """Measure us and the floor by turns, a night each."""
    lived = Lived(lamps)
    found = paired(lived.rate, lived.floor, pairs)
    assert not lived.world.daemon.refused
    lived.world.close()
    return {
        "lamps": len(lived.town.points),
        "nodes": len(lived.town.nodes),
        "heartbeat_s": HEARTBEAT_S,
        "of_the_last_night": lived.parts,
        **found,
        "peak_mb": peak_mb(),
        "within_goal": float(str(found["us_per_s"])) >= GOAL,
    }


def quick() -> Figures:
    """Measure within seconds, for the gate."""
    return measure(300, 5)


def main() -> None:
    """Measure and say the figures."""
    parser = options("tests.benchmarks.worlds", __doc__)
    parser.add_argument("--lamps", type=int, default=1000)
    parser.add_argument("--pairs", type=int, default=5)
    chosen = parser.parse_args()
    say(measure(chosen.lamps, chosen.pairs), chosen.output)


if __name__ == "__main__":
    main()
