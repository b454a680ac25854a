"""`python -m tests.acceptance.live_night`: how late live lamps follow, in real processes, by the lamps' own log.

One winter night of a town, sped up; for every switching time of every live lamp the seconds on the wire until the lamp
had the level due. The share of live lamps lit wrongly for more than 10 s after a switching time is the figure; exits 0
only when it is nil.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path

from lightctl.cli.demo.night import shipped_schedules
from lightctl.cli.demo.town import CARRIES, TIME_ZONE
from lightctl.cli.demo.truth import LampTruth, TruthReader
from lightctl.cli.demo.verdict import LEVEL_TOLERANCE
from lightctl.devices.fit import fit_level
from lightctl.devices.profile import shipped_profiles
from lightctl.domain.assets import LightPoint
from lightctl.files.schedules import read_schedules
from lightctl.planning.night import night_date
from lightctl.planning.resolve import Plan
from tests.support.night import Night, night

LAMPS, SECONDS, HOURS = 500, 120.0, 18.5
TOO_LATE_S = 10.0
NEVER_S = float("inf")


def main() -> int:
    """Run the command; gives its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.live_night", description=__doc__)
    parser.add_argument("--lamps", type=int, default=LAMPS, help="how many lamps on the broker; a third of them live")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long the night shall take")
    wishes = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="live-night-") as folder,
        night(Path(folder), lamps=wishes.lamps, hours=HOURS, seconds=wishes.seconds) as passing,
    ):
        passing.wait_until(passing.end)
        passing.stage.end("daemon")
        passing.stage.end("simulators")
        truth = TruthReader(passing.stage.truth_log)
        truth.read_on()
        speed = passing.stage.pace.clock.speed
        live = [point for point in passing.points if point.tags.get("make") != CARRIES]
        delays = {point.id: [*_delays_s(passing, point, truth.lamps.get(point.id, LampTruth()))] for point in live}
    every = sorted(delay / speed for each in delays.values() for delay in each)
    late = [light for light, each in delays.items() if any(delay / speed > TOO_LATE_S for delay in each)]
    figures = {
        "live_lamps": len(live),
        "switchings": len(every),
        "speed": round(speed, 1),
        "median_s": round(every[len(every) // 2], 3),
        "p99_s": round(every[int(len(every) * 0.99)], 3),
        "worst_s": round(every[-1], 3),
        "lamps_over_10_s": len(late),
        "share_over_10_s_percent": round(100 * len(late) / len(live), 3),
    }
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    return 1 if late else 0


def _delays_s(passing: Night, point: LightPoint, lamp: LampTruth) -> Iterator[float]:
    """Give for each switching time in the run how long the lamp took to have the level due, in seconds of the run."""
    plan = Plan(read_schedules(shipped_schedules()).intent, TIME_ZONE)
    capabilities = shipped_profiles()[point.profile].capabilities
    switches = plan.switches(point, night_date(passing.begin, TIME_ZONE), 2)
    due = [(each.at, fit_level(each.level, capabilities, point.min_level)) for each in switches]
    for (at, level), (over, _) in zip(due, [*due[1:], (passing.end, 0)], strict=True):
        if not passing.begin < at < passing.end:
            continue
        known = max(0, bisect_left(lamp.at, at) - 1)
        states = zip(lamp.at[known:], lamp.levels[known:], strict=True)
        reached = next((then for then, real in states if abs(real - level) <= LEVEL_TOLERANCE and then <= over), None)
        yield NEVER_S if reached is None else max(0.0, (reached - at).total_seconds())


if __name__ == "__main__":
    raise SystemExit(main())
