"""How long a year of lint takes for many programs at many places: processor seconds, one core.

python -m tests.benchmarks.lint [--programs 200] [--places 50] [--calendars 0]

Each program is its own: two windows' edges and four steps with times drawn from a seed. By default each has a calendar
of its own, so that every program is judged on every one of the 366 nights at every place; with --calendars N the
programs share N calendars by weekday, as cities do. Places lie all over Germany; --everywhere spreads them from the
equator to 78 degrees north, where polar nights make more orders of a night.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import time

from lightctl.domain.assets import Place
from lightctl.files.schedules import read_schedules
from lightctl.planning.lint import lint

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SEED = 3


def main() -> None:
    """Measure once and say it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--programs", type=int, default=200)
    parser.add_argument("--places", type=int, default=50)
    parser.add_argument("--calendars", type=int, default=0)
    parser.add_argument("--everywhere", action="store_true")
    chosen = parser.parse_args()
    dice = random.Random(SEED)
    read = read_schedules({"bench.yaml": schedule(dice, chosen.programs, chosen.calendars or chosen.programs)})
    assert not read.errors, read.errors[0]
    south, north = (0, 78) if chosen.everywhere else (47.5, 55)
    places = [Place(dice.uniform(south, north), dice.uniform(6, 15), "Europe/Berlin") for _ in range(chosen.places)]
    began, wall = time.process_time(), time.perf_counter()
    found = lint(read.intent, places, 2027)
    used, passed = time.process_time() - began, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(
        f"{chosen.programs} programs, {len(read.intent.calendars)} calendars, {len(places)} places, 366 nights: "
        f"{used:.1f} s of processor time, {passed:.1f} s on the wall, peak {peak} MB, {len(found)} findings\n"
    )


def schedule(dice: random.Random, programs: int, calendars: int) -> str:
    """Write a schedule of so many programs, shared out over calendars."""
    lines = ["version: 1", "programs:"]
    for number in range(programs):
        lines += program(dice, number)
    lines.append("calendars:")
    for number in range(calendars):
        own = range(number, programs, calendars)
        lines += [f"  c{number}:", f"    default: p{own[0]}"]
        if len(own) > 1:
            lines.append("    rules:")
            lines += [
                f"      - {{weekdays: {day}, program: p{each}}}" for day, each in zip(WEEK, own[1:], strict=False)
            ]
    lines.append("assignments:")
    lines += [f"  - {{select: area={number}, calendar: c{number}}}" for number in range(calendars)]
    return "\n".join(lines) + "\n"


def program(dice: random.Random, number: int) -> list[str]:
    """Write one program."""
    down, up = dice.choice([("sunset", "sunrise"), ("dusk(-3)", "dawn(-3)"), ("dusk", "dawn")])
    before, after = (dice.randrange(5, 30, 5) for _ in range(2))
    clocks = (dice.randrange(21, 24), dice.randrange(0, 3), 5)
    at = [f'"{hour:02}:{dice.randrange(0, 60, 5):02}"' for hour in clocks]
    return [
        f"  p{number}:",
        f"    active: {down}-{before}m .. {up}+{after}m",
        "    steps:",
        f"      - {{at: {at[0]}, level: {dice.randrange(65, 80)}, ramp: 30s}}",
        f"      - {{at: {at[1]}, level: {dice.randrange(40, 60)}}}",
        f"      - {{at: {at[2]}, level: 80}}",
        f'      - {{at: sunrise-{dice.randrange(20, 60, 5)}m, level: 100, earliest: {at[2]}, latest: "06:30"}}',
    ]


if __name__ == "__main__":
    main()
