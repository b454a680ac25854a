"""Benchmarks: how long the large things take, and how much memory.

python -m tests.benchmarks [NAME] [-o text|json]
python -m tests.benchmarks --gate [--record]    their quick ways against the recorded ratios (_gate.py)

Every module beside this one is a benchmark, run in a process of its own; without a NAME all are, one after another.
docs/benchmarks.md has the figures and the goals. Exit code 1: a goal was missed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from tests.benchmarks._gate import gate
from tests.support.benchmark import Figures, machine

HERE = Path(__file__).parent
NAMES = sorted(path.stem for path in HERE.glob("*.py") if not path.stem.startswith("_"))


def main() -> int:
    """Run what was asked for and say its figures."""
    parser = argparse.ArgumentParser("python -m tests.benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("name", nargs="?", choices=NAMES, metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    parser.add_argument("--gate", action="store_true", help="fail where a ratio fell below 0.7 of the recorded one")
    parser.add_argument("--record", action="store_true", help="with --gate: record the ratios of today")
    chosen = parser.parse_args()
    if chosen.gate:
        return gate(NAMES, record=chosen.record)
    found = {
        "machine": machine(),
        "benchmarks": {name: run(name) for name in ([chosen.name] if chosen.name else NAMES)},
    }
    sys.stdout.write(json.dumps(found, indent=2) + "\n" if chosen.output == "json" else _text(found))
    return int(not all(figures["within_goal"] for figures in found["benchmarks"].values()))


def run(name: str) -> Figures:
    """Run one benchmark as it stands in the documentation."""
    command = [sys.executable, "-m", f"tests.benchmarks.{name}", "-o", "json"]
    done = subprocess.run(command, cwd=HERE.parent.parent, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def _text(found: dict[str, Figures]) -> str:
    sections = {"machine": found["machine"], **found["benchmarks"]}
    return "\n".join(
        f"{name}\n" + "".join(f"  {key}: {value}\n" for key, value in figures.items())
        for name, figures in sections.items()
    )


if __name__ == "__main__":
    sys.exit(main())
