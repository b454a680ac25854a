"""Random plans against the oracle: does every lamp get, every minute, what contracts 1 and 2 say?

python -m tests.campaigns plan_nights --rounds 1000 --seed 1 [--jobs 2] [-o json]
python -m tests.campaigns plan_nights --seed 1 --round 17        one round again, made small if it fails
python -m tests.campaigns plan_nights --rounds 60 --break NAME   planning broken on purpose: must fail
python -m tests.campaigns plan_nights --rounds 60 --controls     every such break, each until it is found

A round is one plan for six lamps and up to three nights (tests/support/plan_cases.py), compared with a second reading
of the contracts that shares no code with lightctl.planning (tests/oracle). Exit code 1: something disagrees, or with
--controls: a break was not found.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context

from tests.support.plan_breaks import BREAKS, broken
from tests.support.plan_cases import case_of, changing_zones
from tests.support.plan_check import Disagreement, check
from tests.support.plan_shrink import as_text, shrink

NAME = "plan_nights"
CHUNK = 50
SHOWN = 10
SAYING_S = 60.0


@dataclass
class Report:
    """What some rounds showed: counts of `check`, and which rounds failed first with what."""

    counts: Counter[str] = field(default_factory=Counter)
    zones: set[str] = field(default_factory=set)
    failed: list[tuple[int, Disagreement]] = field(default_factory=list)

    def add(self, other: Report) -> None:
        self.counts.update(other.counts)
        self.zones |= other.zones
        self.failed = sorted([*self.failed, *other.failed], key=lambda each: each[0])[:SHOWN]


def run(seed: int, rounds: Sequence[int], breaking: str = "", *, until_found: bool = False) -> Report:
    """Run rounds of a seed in this process."""
    report = Report()
    with broken(breaking):
        for number in rounds:
            case = case_of(seed, number)
            tally = check(case)
            report.counts.update(tally.counts)
            report.counts.update(rounds=1, disagreements=len(tally.disagreements))
            report.zones.add(case.zone)
            report.failed += [(number, each) for each in tally.disagreements[:1]]
            if until_found and tally.disagreements:
                break
    return report


def _chunks(seed: int, rounds: range, breaking: str, jobs: int) -> Iterator[Report]:
    parts = [rounds[first : first + CHUNK] for first in range(0, len(rounds), CHUNK)]
    if jobs == 1:
        yield from (run(seed, part, breaking) for part in parts)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(run, [seed] * len(parts), parts, [breaking] * len(parts))


def campaign(seed: int, rounds: range, breaking: str = "", jobs: int = 1) -> dict[str, object]:
    """Run a campaign and give its figures."""
    report, began, said = Report(), time.perf_counter(), time.perf_counter()
    for part in _chunks(seed, rounds, breaking, jobs):
        report.add(part)
        if time.perf_counter() - said > SAYING_S:
            said = time.perf_counter()
            counts = report.counts
            sys.stderr.write(
                f"{counts['rounds']:,} of {len(rounds):,} rounds, {counts['plan_nights']:,} plan-nights, "
                f"{counts['disagreements']} disagreements after {said - began:.0f} s\n"
            )
    counts = report.counts
    return {
        "campaign": NAME,
        "rounds": counts["rounds"],
        "plan_nights": counts["plan_nights"],
        "seed": seed,
        "jobs": jobs,
        "break": breaking,
        "seconds": round(time.perf_counter() - began, 1),
        "disagreements": counts["disagreements"],
        "skipped": {"grazing": counts["grazing"]},
        "instants": counts["instants"],
        "open_instants": counts["open_instants"],
        "zones": len(report.zones),
        "zones_with_changes": len(changing_zones()),
        "nights": {
            name: counts[name] for name in ("shorter", "longer", "leap_day", "sun_never_sets", "sun_never_rises")
        },
        "repeat": f"python -m tests.campaigns {NAME} --seed {seed} --round ROUND",
        "failures": [failure(seed, number, found, breaking) for number, found in report.failed],
    }


def failure(seed: int, number: int, found: Disagreement, breaking: str) -> dict[str, object]:
    """Give what failed in a round, how to see it again, and the smallest plan that still fails."""
    with broken(breaking):
        small = shrink(case_of(seed, number), lambda case: bool(check(case).disagreements))
        found = next(iter(check(small).disagreements), found)
    again = f"python -m tests.campaigns {NAME} --seed {seed} --round {number}"
    return {
        "round": number,
        **asdict(found),
        "date": str(found.date),
        "repeat": again + (f" --break {breaking}" if breaking else ""),
        "plan": as_text(small),
    }


def controls(seed: int, rounds: int) -> dict[str, object]:
    """Break planning in every way there is, each until it is found."""
    found = []
    for name in BREAKS:
        report = run(seed, range(rounds), name, until_found=True)
        first = report.failed[0] if report.failed else None
        found.append(
            {
                "break": name,
                "found": first is not None,
                "plan_nights": report.counts["plan_nights"],
                "round": first and first[0],
                "what": first and first[1].what,
            }
        )
    missed = [each["break"] for each in found if not each["found"]]
    return {"campaign": NAME, "seed": seed, "rounds": rounds, "missed": missed, "controls": found}


def main(arguments: Sequence[str]) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(f"python -m tests.campaigns {NAME}", description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--round", type=int, help="run this round alone")
    parser.add_argument("--break", dest="breaking", choices=sorted(BREAKS), default="", metavar="NAME")
    parser.add_argument("--controls", action="store_true", help="find every break")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    chosen = parser.parse_args(arguments)
    if chosen.controls:
        result = controls(chosen.seed, chosen.rounds)
    else:
        rounds = range(chosen.rounds) if chosen.round is None else range(chosen.round, chosen.round + 1)
        result = campaign(chosen.seed, rounds, chosen.breaking, chosen.jobs)
    sys.stdout.write(json.dumps(result, indent=2) + "\n" if chosen.output == "json" else _text(result))
    return int(bool(result["missed"] if chosen.controls else result["disagreements"]))


def _text(result: dict[str, object]) -> str:
    lines = [f"{key}: {value}" for key, value in result.items() if not isinstance(value, list)]
    lines += [", ".join(f"{key}: {value}" for key, value in each.items()) for each in result.get("controls", ())]
    for each in result.get("failures", ()):
        lines += ["", *(f"{key}: {value}" for key, value in each.items() if key != "plan"), each["plan"]]
    return "\n".join(lines) + "\n"
