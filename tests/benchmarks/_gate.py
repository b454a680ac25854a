"""The gate: a ratio that fell below 0.7 of the recorded one fails, so that nothing becomes slow unnoticed.

python -m tests.benchmarks --gate            measure every benchmark that has a `quick` way, and compare
python -m tests.benchmarks --gate --record   measure them, and write the ratios down as what to compare with

Ratios alone are compared: us and the floor by turns on the same machine, so that another or a busy machine changes
little. What looks slow is measured once more, and the better of both counts. A benchmark joins with
`quick() -> Figures`: its `ratio`, measured within a few seconds.
"""

from __future__ import annotations

import datetime as dt
import importlib
import json
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from tests.support.benchmark import machine

RECORDED = Path(__file__).parent / "recorded.toml"
FAILS_BELOW = 0.7

Measure = Callable[[str], float]


def judge(names: Iterable[str], recorded: Mapping[str, float], measure: Measure) -> tuple[list[str], list[str]]:
    """Measure what is named, twice where it looks slow; gives a line for each, and for each that fails."""
    lines: list[str] = []
    failed: list[str] = []
    for name in names:
        ratio = measure(name)
        if name not in recorded:
            failed.append(f"{name}: {ratio:g}, but nothing is recorded to compare with")
            continue
        limit = FAILS_BELOW * recorded[name]
        if ratio < limit:
            ratio = max(ratio, measure(name))
        lines.append(f"{name}: {ratio:g}, recorded {recorded[name]:g}")
        if ratio < limit:
            failed.append(f"{name}: {ratio:g} is less than {FAILS_BELOW:g} of the recorded {recorded[name]:g}")
    failed += [f"{name}: recorded, but it has no quick way any more" for name in recorded if name not in names]
    return lines, failed


def quick_ones(names: Iterable[str]) -> list[str]:
    """Give the benchmarks that have a quick way."""
    return [name for name in names if hasattr(importlib.import_module(f"tests.benchmarks.{name}"), "quick")]


def measured(name: str) -> float:
    """Run the quick way of a benchmark in a process of its own and give its ratio."""
    script = f"import json\nfrom tests.benchmarks.{name} import quick\nprint(json.dumps(quick()['ratio']))"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=RECORDED.parents[2], stdout=subprocess.PIPE, check=True, text=True)
    return float(json.loads(done.stdout))


def gate(names: Iterable[str], *, record: bool) -> int:
    """Compare with what is recorded, or record; gives the exit code."""
    quick = quick_ones(names)
    if record:
        ratios = {name: measured(name) for name in quick}
        RECORDED.write_text(_written(ratios))
        sys.stdout.write("".join(f"{name}: {ratio:g}\n" for name, ratio in ratios.items()))
        return 0
    lines, failed = judge(quick, tomllib.loads(RECORDED.read_text())["ratios"], measured)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stderr.write("".join(f"FAILED {line}\n" for line in failed))
    return int(bool(failed))


def _written(ratios: Mapping[str, float]) -> str:
    found = machine() | {"date": f"{dt.datetime.now(dt.UTC):%Y-%m-%d}"}
    text = (
        "# Written by `python -m tests.benchmarks --gate --record`; the gate compares with these ratios.\n[machine]\n"
    )
    text += "".join(f"{key} = {json.dumps(value)}\n" for key, value in found.items())
    return text + "\n[ratios]\n" + "".join(f"{name} = {ratio:g}\n" for name, ratio in ratios.items())
