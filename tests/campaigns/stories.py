"""Stories of a street in which everything goes wrong: does every promise hold, whatever happens?

python -m tests.campaigns stories --rounds 1000 --seed 1 [--jobs 2] [-o json]
python -m tests.campaigns stories --of lines --rounds 200       streets whose lamps hang on a Modbus line
python -m tests.campaigns stories --rounds 1 --seed 306           one story again, made small if it fails
python -m tests.campaigns stories --story FILE                    one that was written down
python -m tests.campaigns stories --rounds 60 --break NAME        a part broken on purpose: must fail
python -m tests.campaigns stories --rounds 60 --controls          every such break, each until it is found

A round is the story of one seed (tests/worlds/stories): one to three nodes for a day or two on one heap with the real
controller, store and codecs, judged by the lamps' own truth. Seeds are counted on from --seed, so runs over other
seeds add up. --keep FOLDER writes failing stories there, made small. Exit code 1: a promise was broken, or with
--controls: a break was not found.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from tests.worlds.stories.breaks import BREAKS
from tests.worlds.stories.drawing import DRAWN
from tests.worlds.stories.parts import WHOLE
from tests.worlds.stories.shrinking import shrink
from tests.worlds.stories.story import Story, read, write
from tests.worlds.stories.world import World

NAME = "stories"
NODES = "nodes"
CHUNK = 50
MANY = 8
SHOWN = 20
SAYING_S = 30.0


@dataclass
class Report:
    """What some stories showed. did: mishaps that came about, where a word alone does not say so.

    streets: how many were of which kind. failed: (seed, what was broken first).
    """

    stories: int = 0
    hours: float = 0.0
    cpu_s: float = 0.0
    looks: int = 0
    happened: Counter[str] = field(default_factory=Counter)
    did: Counter[str] = field(default_factory=Counter)
    streets: Counter[str] = field(default_factory=Counter)
    busiest: int = 0
    places: set[str] = field(default_factory=set)
    failed: list[tuple[int, str]] = field(default_factory=list)

    def add(self, other: Report) -> None:
        self.stories += other.stories
        self.hours += other.hours
        self.cpu_s += other.cpu_s
        self.looks += other.looks
        self.happened.update(other.happened)
        self.did.update(other.did)
        self.streets.update(other.streets)
        self.busiest = max(self.busiest, other.busiest)
        self.places |= other.places
        self.failed += other.failed


def told(story: Story, breaking: str = "") -> tuple[list[str], World | None]:
    """Tell a story; gives what it broke. What leaves it as an error is broken as well."""
    try:
        world = World(story, BREAKS[breaking].parts if breaking else WHOLE)
        return world.tell(), world
    except Exception as error:  # noqa: BLE001 - whatever leaves a story is what is looked for
        place = traceback.extract_tb(error.__traceback__)[-1]
        return [f"error: {error!r} in {Path(place.filename).name}:{place.lineno}"], None


def drawn(seed: int, breaking: str = "", of: str = NODES) -> Story:
    """Draw the story of a seed, of the kind in which a break is looked for."""
    draw, words = DRAWN[BREAKS[breaking].of if breaking else of]
    return draw(seed, BREAKS[breaking].words if breaking else words)


def run(seeds: range, breaking: str = "", of: str = NODES, *, until_found: str = "") -> Report:
    """Tell the stories of some seeds in this process; until_found: a rule, with which it ends."""
    report, began = Report(), time.process_time()
    for seed in seeds:
        story = drawn(seed, breaking, of)
        broken, world = told(story, breaking)
        report.stories += 1
        report.happened.update(entry.word for entry in story.entries)
        report.places.add(story.place)
        report.streets.update(_kinds_of(story))
        if world is not None:
            report.hours += (world.scene.now - story.start).total_seconds() / 3600
            report.looks += world.looks
            report.did.update(world.scene.did)
            report.busiest = max(report.busiest, world.busiest)
        report.failed += [(seed, what) for what in broken[:1]]
        if until_found and any(what.startswith(until_found) for what in broken):
            break
    report.cpu_s = time.process_time() - began
    return report


def _kinds_of(story: Story) -> Iterator[str]:
    """Say of what kinds the street of a story is, for those who count them."""
    yield from set(story.nodes)
    if story.switch_ons_per_s:
        yield "feeders with a limit"
    if (line := story.line) is not None:
        yield "in RTU framing" if line.rtu else "in TCP framing"
        yield "with echo" if line.echoes else "without echo"
        yield f"polled every {line.poll_s:.0f} s"
        yield "one line" if line.count == 1 else f"{line.count} lines"
        if len(story.nodes) > MANY:
            yield f"more than {MANY} nodes"


def smallest(story: Story, breaking: str = "") -> tuple[Story, str]:
    """Give the smallest story that breaks the same rule as this one, and what it breaks."""

    def first(of: Story) -> str:
        return next(iter(told(of, breaking)[0]), "")

    rule = first(story).partition(" ")[0]
    small = shrink(story, lambda each: first(each).partition(" ")[0] == rule)
    return small, first(small)


def _chunks(seeds: range, breaking: str, of: str, jobs: int) -> Iterator[Report]:
    parts = [seeds[first : first + CHUNK] for first in range(0, len(seeds), CHUNK)]
    if jobs == 1:
        yield from (run(part, breaking, of) for part in parts)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(run, parts, [breaking] * len(parts), [of] * len(parts))


def campaign(
    seeds: range, breaking: str = "", of: str = NODES, jobs: int = 1, keep: Path | None = None
) -> dict[str, object]:
    """Run a campaign and give its figures."""
    report, began, said = Report(), time.perf_counter(), time.perf_counter()
    for part in _chunks(seeds, breaking, of, jobs):
        report.add(part)
        if part.failed or time.perf_counter() - said > SAYING_S:
            said = time.perf_counter()
            news = "".join(f"\n  seed {seed}: {what}" for seed, what in part.failed)
            sys.stderr.write(
                f"{report.stories:,} of {len(seeds):,} stories, {len(report.failed)} failed, "
                f"{said - began:.0f} s{news}\n"
            )
    return {
        "campaign": NAME,
        "rounds": report.stories,
        "seed": seeds.start,
        "of": of,
        "jobs": jobs,
        "break": breaking,
        "seconds": round(time.perf_counter() - began, 1),
        "cpu_s": round(report.cpu_s, 1),
        "cpu_s_per_story": round(report.cpu_s / max(1, report.stories), 4),
        "hours_lived": round(report.hours),
        "looks_at_lamps": report.looks,
        "places": len(report.places),
        "most_changes_of_a_lamp_in_an_hour": report.busiest,
        "streets": dict(sorted(report.streets.items())),
        "happened": dict(sorted(report.happened.items())),
        "came_about": dict(sorted(report.did.items())),
        "failed": len(report.failed),
        "failures": [failure(seed, what, breaking, of, keep) for seed, what in sorted(report.failed)[:SHOWN]],
    }


def failure(seed: int, what: str, breaking: str, of: str, keep: Path | None) -> dict[str, object]:
    """Give what a story broke, how to see it again, and the smallest that still breaks it."""
    small, broken = smallest(drawn(seed, breaking, of), breaking)
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        (keep / f"seed-{seed}.json").write_text(write(small))
    again = f"python -m tests.campaigns {NAME}{f' --of {of}' * (of != NODES)} --rounds 1 --seed {seed}"
    return {
        "seed": seed,
        "what": what,
        "small": broken,
        "repeat": again + (f" --break {breaking}" if breaking else ""),
        "story": json.loads(write(small)),
    }


def controls(seeds: range) -> dict[str, object]:
    """Break parts in every way there is, each until it is found."""
    found = []
    for name, each in BREAKS.items():
        report = run(seeds, name, until_found=each.rule)
        missed = not report.failed or report.stories == len(seeds)
        found.append({"break": name, "rule": each.rule, "found": not missed, "stories": report.stories})
    return {
        "campaign": NAME,
        "seed": seeds.start,
        "rounds": len(seeds),
        "missed": [each["break"] for each in found if not each["found"]],
        "controls": found,
    }


def main(arguments: Sequence[str]) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(f"python -m tests.campaigns {NAME}", description=__doc__.partition("\n")[0])
    parser.add_argument("--of", choices=tuple(DRAWN), default=NODES, help="streets of MQTT nodes, or on a Modbus line")
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--story", type=Path, help="tell this story alone, from a file")
    parser.add_argument("--break", dest="breaking", choices=sorted(BREAKS), default="", metavar="NAME")
    parser.add_argument("--controls", action="store_true", help="find every break")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="write failing stories there, made small")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    chosen = parser.parse_args(arguments)
    seeds = range(chosen.seed, chosen.seed + chosen.rounds)
    if chosen.story is not None:
        result = _one(chosen.story, chosen.breaking)
    elif chosen.controls:
        result = controls(seeds)
    else:
        result = campaign(seeds, chosen.breaking, chosen.of, chosen.jobs, chosen.keep)
    sys.stdout.write(json.dumps(result, indent=2) + "\n" if chosen.output == "json" else _text(result))
    return int(bool(result.get("missed") or result.get("failed")))


def _one(path: Path, breaking: str) -> dict[str, object]:
    broken, world = told(read(path.read_bytes()), breaking)
    log = [] if world is None else world.scene.log
    return {"campaign": NAME, "story": str(path), "failed": len(broken), "happened": log, "violations": broken}


def _text(result: dict[str, object]) -> str:
    lines = []
    for key, value in result.items():
        if isinstance(value, list):
            lines += [f"{key}:", *(f"  {each}" for each in value)]
        else:
            lines.append(f"{key}: {value}")
    return "\n".join(lines) + "\n"
