"""What the campaigns on real processes share: their command line, and the report they give."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

SHOWN = 10
SAYING_S = 30.0


@dataclass(slots=True)
class Report:
    """What some rounds showed. violations: (round, what). options: how large it was, if not by rounds."""

    campaign: str
    seed: int
    breaking: str = ""
    first: int = 0
    options: str = ""
    rounds: int = 0
    injected: Counter[str] = field(default_factory=Counter)
    violations: list[tuple[int, str]] = field(default_factory=list)
    cities: list[dict[str, object]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    figures: dict[str, object] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)
    said: float = field(default_factory=time.monotonic)

    def end_round(self, wrong: Sequence[str]) -> None:
        """Close a round and note what was wrong in it."""
        self.violations += [(self.number, each) for each in wrong]
        for each in wrong:
            sys.stderr.write(f"round {self.number}: {each[:300]}\n")
        self.rounds += 1
        if time.monotonic() - self.said > SAYING_S:
            self.said = time.monotonic()
            sys.stderr.write(f"{self.rounds} rounds, {len(self.violations)} violations, {self.seconds} s\n")

    def add_city(self, broker: str, settled_s: Sequence[float], most_messages: int, writes: int) -> None:
        """Note how a city fared."""
        times = sorted(settled_s)
        self.cities.append({
            "broker": broker, "writes": writes, "settled_s_median": times[len(times) // 2] if times else None,
            "settled_s_worst": times[-1] if times else None, "most_messages_to_a_node": most_messages,
        })  # fmt: skip

    @property
    def number(self) -> int:
        """The number of the round under way."""
        return self.first + self.rounds

    @property
    def seconds(self) -> float:
        return round(time.monotonic() - self.began, 1)

    def as_json(self) -> dict[str, object]:
        size = self.options or f"--rounds {self.rounds}"
        again = f"python -m tests.campaigns {self.campaign} {size} --seed {self.seed}"
        again += f" --first {self.first}" if self.first else ""
        return {
            "campaign": self.campaign,
            "rounds": self.rounds,
            "seed": self.seed,
            "break": self.breaking,
            "seconds": self.seconds,
            "injected": dict(sorted(self.injected.items())),
            **self.figures,
            **({"cities": self.cities} if self.cities else {}),
            "refused": dict(Counter(self.refused).most_common(SHOWN)),
            "violations": len(self.violations),
            "first_violations": [{"round": number, "what": what} for number, what in self.violations[:SHOWN]],
            "repeat": again + (f" --break {self.breaking}" if self.breaking else ""),
        }


def arguments(name: str, doc: str, breaks: Sequence[str], *, rounds: int | None) -> argparse.ArgumentParser:
    """Give the command line that these campaigns have in common; rounds None: it does not go by rounds."""
    parser = argparse.ArgumentParser(f"python -m tests.campaigns {name}", description=doc.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    if rounds is not None:
        parser.add_argument("--rounds", type=int, default=rounds)
        parser.add_argument("--first", type=int, default=0, help="the number of the first round")
    parser.add_argument("--break", dest="breaking", choices=breaks, default="", metavar="NAME")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    return parser


def conclude(report: Report, output: str) -> int:
    """Write a report; gives the exit code."""
    found = report.as_json()
    text = json.dumps(found, indent=2) + "\n"
    if output == "text":
        text = "\n".join(f"{key}: {value}" for key, value in found.items()) + "\n"
    sys.stdout.write(text)
    return int(bool(report.violations))
