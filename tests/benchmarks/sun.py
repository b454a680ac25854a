"""How fast a year of sunsets is worked out for many places, beside astral's formula.

python -m tests.benchmarks.sun [--places 1000] [--pairs 5]

The places lie all over Germany; every date of 2026 is asked for at each. Ours is asked as the planner asks: the sun of
a night once for all places that share its clocks, then each place. astral's answers are 24 seconds off on average
(field measurements), ours 1.2; both are asked for the same event.
"""

from __future__ import annotations

import datetime as dt
import random
import time
from zoneinfo import ZoneInfo

from astral import Observer
from astral.sun import sunset

from lightctl.domain.assets import Place
from lightctl.domain.programs import SUNSET_ALTITUDE_DEG
from lightctl.planning.sun import sun_passes
from tests.support.benchmark import Figures, options, paired, say, versions

GOAL = 3.0
SEED = 7
ZONE = "Europe/Berlin"
DATES = [dt.date(2026, 1, 1) + dt.timedelta(days=day) for day in range(365)]


def measure(places: int, pairs: int) -> Figures:
    """Work out the sunsets both ways, by turns."""
    dice = random.Random(SEED)
    there = [(dice.uniform(47.5, 55), dice.uniform(6, 15)) for _ in range(places)]
    ours = [Place(latitude, longitude, ZONE) for latitude, longitude in there]
    theirs = [Observer(latitude, longitude) for latitude, longitude in there]
    zone = ZoneInfo(ZONE)

    def us() -> float:
        began = time.process_time()
        for date in DATES:
            for place in ours:
                sun_passes(place, date, SUNSET_ALTITUDE_DEG, downwards=True)
        return places * len(DATES) / (time.process_time() - began)

    def floor() -> float:
        began = time.process_time()
        for date in DATES:
            for observer in theirs:
                sunset(observer, date, tzinfo=zone)
        return places * len(DATES) / (time.process_time() - began)

    return {"places": places, "dates": len(DATES)} | paired(us, floor, pairs) | versions("astral")


def quick() -> Figures:
    """Measure at a size of seconds, for the gate."""
    return measure(places=50, pairs=5)


def main() -> None:
    """Measure and say it."""
    parser = options("tests.benchmarks.sun", __doc__)
    parser.add_argument("--places", type=int, default=1000)
    parser.add_argument("--pairs", type=int, default=5)
    chosen = parser.parse_args()
    figures = measure(chosen.places, chosen.pairs)
    goal = {"goal": f"at least {GOAL} times astral", "within_goal": figures["ratio"] >= GOAL}
    say(figures | goal, chosen.output)


if __name__ == "__main__":
    main()
