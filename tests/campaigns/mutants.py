"""Mutation testing: is a slip of the pen in the rooms that decide about light noticed by their tests?

python -m tests.campaigns mutants [--room NAME] [--rounds N] [--seed S] [-o json]
python -m tests.campaigns mutants --room NAME --only WORDS     those alone whose key has these words
python -m tests.campaigns mutants --listed                     those listed as never to be seen: must all live
python -m tests.campaigns mutants --room fit --tests tests/mutants/toothless.py    insisting on nothing: must fail

A round is one mutant (tests/mutants); without --rounds every one of them is tried, else so many of each room, drawn
from the seed. Those that nobody could see are listed with the reason in tests/mutants/equivalent.txt and not counted.
Exit code 1: of a room fewer than 90 % were killed, or with --listed: one of them was.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence

from tests.mutants.mutate import Mutant
from tests.mutants.rooms import ROOMS, equivalents
from tests.mutants.runner import IMPOSSIBLE, KILLED, TIMED_OUT, UNREACHED, Outcome, run

NAME = "mutants"
ENOUGH_PERCENT = 90.0
NICE = 10


def drawn(mutants: Sequence[Mutant], rounds: int | None, seed: int) -> list[Mutant]:
    """Draw so many mutants, in their order; None takes all."""
    if rounds is None or rounds >= len(mutants):
        return list(mutants)
    return [mutants[index] for index in sorted(random.Random(seed).sample(range(len(mutants)), rounds))]


def try_room(name: str, mutants: Sequence[Mutant], tests: Sequence[str], jobs: int) -> dict[str, object]:
    """Try some mutants of a room and give its figures."""
    began = time.perf_counter()
    baseline, outcomes = run(mutants, tests, jobs)
    return {
        "room": name,
        **figures(outcomes),
        "tests": len(baseline.seconds),
        "seconds": round(time.perf_counter() - began, 1),
        "survivors": [told(each) for each in outcomes if each.state not in (KILLED, TIMED_OUT, IMPOSSIBLE)],
    }


def figures(outcomes: Sequence[Outcome]) -> dict[str, object]:
    """Count outcomes: those a running process cannot take are no mutants."""
    tried = [each for each in outcomes if each.state != IMPOSSIBLE]
    killed = sum(each.state in (KILLED, TIMED_OUT) for each in tried)
    return {
        "mutants": len(tried),
        "killed": killed,
        "killed_percent": round(100 * killed / len(tried), 1) if tried else 100.0,
        "timed_out": sum(each.state == TIMED_OUT for each in tried),
        "unreached": sum(each.state == UNREACHED for each in tried),
        "kinds": dict(Counter(each.mutant.kind for each in tried)),
    }


def told(outcome: Outcome) -> dict[str, object]:
    """Say which mutant lives, where it stands today, and whether any test goes through its line."""
    mutant = outcome.mutant
    return {"mutant": mutant.key, "kind": mutant.kind, "line": mutant.lines.start, "state": outcome.state}


def main(arguments: Sequence[str]) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(f"python -m tests.campaigns {NAME}", description=__doc__.partition("\n")[0])
    parser.add_argument("--room", choices=ROOMS)
    parser.add_argument("--rounds", type=int, help="so many mutants of each room; default all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", metavar="WORDS", help="mutants whose key has these words")
    parser.add_argument("--listed", action="store_true", help="those listed as never to be seen alone")
    parser.add_argument("--tests", nargs="+", metavar="FILE", help="these tests in place of the room's own")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    chosen = parser.parse_args(arguments)
    os.nice(NICE)
    known, rooms = equivalents(), []
    for name in [chosen.room] if chosen.room else list(ROOMS):
        found = [each for each in ROOMS[name].mutants() if chosen.only in each.key]
        listed = [each for each in found if each.key in known]
        others = drawn([each for each in found if each.key not in known], chosen.rounds, chosen.seed)
        rooms.append(
            try_room(name, listed if chosen.listed else others, chosen.tests or ROOMS[name].tests, chosen.jobs)
        )
        rooms[-1]["equivalent"] = [{"mutant": each.key, "why": known[each.key]} for each in listed]
        sys.stderr.write(f"{name}: {rooms[-1]['killed']} of {rooms[-1]['mutants']} killed\n")
    too_few = [each["room"] for each in rooms if each["killed_percent"] < ENOUGH_PERCENT]
    seen_after_all = [each["room"] for each in rooms if each["killed"]]
    result = {
        "campaign": NAME,
        "seed": chosen.seed,
        "rounds": sum(each["mutants"] for each in rooms),
        "failed": seen_after_all if chosen.listed else too_few,
        "repeat": f"python -m tests.campaigns {NAME} --room ROOM --only 'MUTANT'",
        "rooms": rooms,
    }
    sys.stdout.write(json.dumps(result, indent=2) + "\n" if chosen.output == "json" else _text(result))
    return int(bool(result["failed"]))


def _text(result: dict[str, object]) -> str:
    lines = [f"{key}: {value}" for key, value in result.items() if key != "rooms"]
    for room in result["rooms"]:
        lines += ["", *(f"{key}: {value}" for key, value in room.items() if not isinstance(value, list))]
        lines.append(f"equivalent: {len(room['equivalent'])}")
        lines += [f"  {each['state']}: {each['mutant']} (line {each['line']})" for each in room["survivors"]]
    return "\n".join(lines) + "\n"
