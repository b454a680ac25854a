"""How long a year of lint takes for many programs at many places: processor seconds, one core.

python -m tests.benchmarks.lint [--programs 200] [--places 50] [--calendars 0]

Each program is its own: two windows' edges and four steps with times drawn from a seed. By default each has a calendar
of its own, so that every program is judged on every one of the 366 nights at every place; with --calendars N the
programs share N calendars by weekday, as cities do. Places lie all over Germany; --everywhere spreads them from the
equator to 78 degrees north, where polar nights make more orders of a night.
"""

from __future__ import annotations

import random

from lightctl.domain.assets import Place
from lightctl.files.schedules import read_schedules
from lightctl.planning.lint import lint
from tests.support.benchmark import Figures, options, peak_mb, say, timed

GOAL_S = 60
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SEED = 3


def measure(programs: int, places: int, calendars: int, *, everywhere: bool) -> Figures:
    """Lint a year and give the figures."""
    dice = random.Random(SEED)
    read = read_schedules({"bench.yaml": schedule(dice, programs, calendars or programs)})
    assert not read.errors, read.errors[0]
    south, north = (0, 78) if everywhere else (47.5, 55)
    there = [Place(dice.uniform(south, north), dice.uniform(6, 15), "Europe/Berlin") for _ in range(places)]
    figures: Figures = {"programs": programs, "calendars": len(read.intent.calendars), "places": places, "nights": 366}
    with timed(figures):
        found = lint(read.intent, there, 2027)
    return figures | {"findings": len(found), "peak_mb": peak_mb()}


def main() -> None:
    """Measure once and say it."""
    parser = options("tests.benchmarks.lint", __doc__)
    parser.add_argument("--programs", type=int, default=200)
    parser.add_argument("--places", type=int, default=50)
    parser.add_argument("--calendars", type=int, default=0)
    parser.add_argument("--everywhere", action="store_true")
    chosen = parser.parse_args()
    figures = measure(chosen.programs, chosen.places, chosen.calendars, everywhere=chosen.everywhere)
    say(figures | {"goal": f"under {GOAL_S} s", "within_goal": figures["cpu_s"] < GOAL_S}, chosen.output)


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
