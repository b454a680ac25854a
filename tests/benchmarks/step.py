"""What a step of the controller costs in a large fleet, beside the same events in a small one.

python -m tests.benchmarks.step [--points 100000] [--small 1000] [--events 1000] [--pairs 5]

Every light point has a node that carries its nights and has confirmed them. A step takes a report of each of a thousand
nodes, as a heartbeat brings it. Its cost must grow with the events, not with the fleet.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator

from lightctl.control.controller import Controller
from lightctl.control.policy import Policy
from lightctl.devices.profile import shipped_profiles
from lightctl.domain.assets import Capabilities, Fleet, LightPoint
from lightctl.domain.events import CommandSent, FleetChanged, IntentChanged, NodeAnnounced, NodeReported
from lightctl.domain.states import ChannelReport, ReportedState
from lightctl.files.schedules import read_schedules
from tests.support.benchmark import Figures, options, paired, peak_mb, say
from tests.support.steps import steps

GOAL = 0.5
ZONE = "Europe/Berlin"
EVENING = dt.datetime(2026, 11, 25, 19, tzinfo=dt.UTC)
CARRYING = Capabilities(nights=7, slots=96, persists=True)
SCHEDULE = """
version: 1
programs:
  street: {active: sunset .. sunrise, steps: [{at: "22:00", level: 70}, {at: "05:00", level: 100}]}
calendars:
  street: {default: street}
assignments:
  - {select: "*", calendar: street}
"""


class Street:
    """A controller whose nodes have all confirmed their nights, and the reports they go on to make."""

    def __init__(self, points: int) -> None:
        self.now = EVENING
        self.names = [f"n{number}" for number in range(points)]
        self.controller = Controller(Policy(), shipped_profiles(), ZONE)
        lamps = [LightPoint(f"L{name}", 51.4, 6.7 + 1e-6 * at, node=name) for at, name in enumerate(self.names)]
        self._seq = 0
        self._revisions: dict[str, int] = {}
        self._step(FleetChanged(Fleet.of(lamps, ZONE)))
        self._step(IntentChanged(read_schedules({"s.yaml": SCHEDULE}).intent))
        self._step(*(NodeAnnounced(name, "b1", CARRYING, 0, self.now) for name in self.names))
        self._step(*(CommandSent(name, self._revisions[name], self.now) for name in self.names))
        self._step(*self.reports(self.names))

    def _step(self, *events: object) -> None:
        for effects in steps(self.controller, events, self.now):
            self._revisions |= {desired.node: desired.revision for desired in effects.desired}

    def reports(self, nodes: list[str]) -> Iterator[NodeReported]:
        """Let nodes report that they hold what they shall."""
        self._seq += 1
        said = {0: ChannelReport(level=100, commanded=100, power_w=50.0, energy_wh=1.0)}
        for node in nodes:
            report = ReportedState(node, self.now, said, "b1", self._seq, self.now, self._revisions[node])
            yield NodeReported(report)

    def rate(self, events: int) -> float:
        """Give how many reports a second a step takes in; a second later each time."""
        self.now += dt.timedelta(seconds=1)
        first = self._seq * events % max(1, len(self.names) - events + 1)
        heard = list(self.reports(self.names[first : first + events]))
        began = time.process_time()
        effects = self.controller.step(heard, self.now)
        took = time.process_time() - began
        assert len(effects.reports) == events
        assert not effects.submissions, "a report was not simply taken in"
        return events / took


def measure(points: int, small: int, events: int, pairs: int) -> Figures:
    """Step the large fleet and the small one by turns."""
    large, few = Street(points), Street(small)
    found = paired(lambda: large.rate(events), lambda: few.rate(events), pairs)
    return {"points": points, "small": small, "events": events} | found | {"peak_mb": peak_mb()}


def quick() -> Figures:
    """Measure at a size of seconds, for the gate."""
    return measure(points=20_000, small=1000, events=500, pairs=9)


def main() -> None:
    """Measure and say it."""
    parser = options("tests.benchmarks.step", __doc__)
    for name, default in (("--points", 100_000), ("--small", 1000), ("--events", 1000), ("--pairs", 15)):
        parser.add_argument(name, type=int, default=default)
    chosen = parser.parse_args()
    figures = measure(chosen.points, chosen.small, chosen.events, chosen.pairs)
    goal = {"goal": f"at least {GOAL} of the small fleet's rate", "within_goal": figures["ratio"] >= GOAL}
    say(figures | goal, chosen.output)


if __name__ == "__main__":
    main()
