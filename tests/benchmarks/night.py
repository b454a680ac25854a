"""How long one night of a very large city takes: every light point's program, night and switches.

python -m tests.benchmarks.night [--points 1000000] [--cells 1000] [--programs 50] [--by-district]

A million light points lie in a thousand place cells. Fifty programs stand in a calendar each, assigned by selectors on
two tags, with three protections above them. Every program is in use in every cell, so that 50,000 different nights are
compiled; with --by-district a cell has the programs of its district, as a city would. Then one program is edited and
all is asked again of a new plan. Seconds are those of one core; making the light points is
not counted, their memory is.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date
from types import MappingProxyType

from lightctl.domain.assets import LightPoint
from lightctl.domain.programs import Intent
from lightctl.files.schedules import read_schedules
from lightctl.planning.resolve import Plan
from tests.benchmarks.lint import program
from tests.support.benchmark import Figures, options, peak_mb, say, timed

GOAL_S, GOAL_MB = 15, 1000
SEED = 5
NIGHT = date(2026, 11, 25)
ZONE = "Europe/Berlin"
SOUTH_WEST = (51.2, 6.4)
CELL_DEG = 0.01
CELLS_A_ROW = 40
CLASSES = ("main", "collector", "local", "path", "square")


def measure(points: int, cells: int, programs: int, *, by_district: bool) -> Figures:
    """Make a city, resolve a night of it twice, and give the figures."""
    city = list(_light_points(random.Random(SEED), points, cells, programs, by_district=by_district))
    figures: Figures = {"points": points, "cells": cells, "programs": programs, "points_mb": peak_mb()}
    for name in ("", "edited_"):
        intent = _intent(random.Random(SEED), programs, edited=bool(name))
        with timed(figures, name):
            nights, carried = _resolve(Plan(intent, ZONE), city)
        figures |= {f"{name}nights": nights, f"{name}switch_lists": carried}
    return figures | {"peak_mb": peak_mb()}


def _resolve(plan: Plan, city: Sequence[LightPoint]) -> tuple[int, int]:
    """Ask for every light point's night, and for the switches its node carries; give how many differ."""
    nights, carried = set(), set()
    for point in city:
        nights.add(id(plan.night(point, NIGHT).night))
        carried.add(id(plan.switches(point, NIGHT, 1)))
    return len(nights), len(carried)


def _light_points(
    dice: random.Random, points: int, cells: int, programs: int, *, by_district: bool
) -> Iterator[LightPoint]:
    districts = [f"d{number}" for number in range(-(-programs // len(CLASSES)))]
    wards = [f"w{number}" for number in range(90)]
    for number in range(points):
        cell = number % cells
        row, column = divmod(cell, CELLS_A_ROW)
        kind = "crossing" if dice.random() < 0.02 else "road"
        tags = {
            "district": districts[cell * len(districts) // cells] if by_district else dice.choice(districts),
            "ward": wards[cell % len(wards)],
            "near": "school" if dice.random() < 0.03 else "",
        }
        yield LightPoint(
            f"LP-{number:07}",
            round(SOUTH_WEST[0] + CELL_DEG * row + dice.uniform(-0.0049, 0.0049), 6),
            round(SOUTH_WEST[1] + CELL_DEG * column + dice.uniform(-0.0049, 0.0049), 6),
            kind,
            dice.choice(CLASSES),
            rated_power_w=float(dice.choice((24, 36, 58))),
            node=f"N-{number:07}",
            tags=MappingProxyType(tags),
        )


def _intent(dice: random.Random, programs: int, *, edited: bool) -> Intent:
    lines = ["version: 1", "programs:"]
    for number in range(programs):
        lines += program(dice, number)
    if edited:
        lines[-1] = "      - {at: 05:45, level: 90}"
    lines.append("calendars:")
    for number in range(programs):
        rule = f"{{weekdays: fri..sat, program: p{(number + 1) % programs}}}"
        lines += [f"  c{number}:", f"    default: p{number}", "    rules:", f"      - {rule}"]
    lines.append("assignments:")
    for number in range(programs):
        district, road_class = divmod(number, len(CLASSES))
        select = f"district=d{district}, road_class={CLASSES[road_class]}"
        lines.append(f'  - {{select: "{select}", calendar: c{number}}}')
    lines += [
        "protections:",
        "  - {select: kind=crossing, min_level: 100, reason: crossings stay lit}",
        "  - {select: near=school, min_level: 70}",
        '  - {select: "district=d0, road_class in (main,collector)", min_level: 50}',
    ]
    read = read_schedules({"city.yaml": "\n".join(lines) + "\n"})
    assert not read.errors, read.errors[0]
    return read.intent


def main() -> None:
    """Measure once and say it."""
    parser = options("tests.benchmarks.night", __doc__)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--cells", type=int, default=1000)
    parser.add_argument("--programs", type=int, default=50)
    parser.add_argument("--by-district", action="store_true")
    chosen = parser.parse_args()
    figures = measure(chosen.points, chosen.cells, chosen.programs, by_district=chosen.by_district)
    within = max(figures["cpu_s"], figures["edited_cpu_s"]) < GOAL_S and figures["peak_mb"] < GOAL_MB
    say(figures | {"goal": f"under {GOAL_S} s and {GOAL_MB} MB", "within_goal": within}, chosen.output)


if __name__ == "__main__":
    main()
