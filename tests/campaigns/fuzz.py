"""Fuzzing guided by coverage: does every door keep its word whatever bytes come in?

python -m tests.campaigns fuzz [--target NAME] [--rounds 100000] [--seed 1] [-o json]
python -m tests.campaigns fuzz --target NAME --keep      keep the inputs that reach most, in tests/fuzz/corpus
python -m tests.campaigns fuzz --controls                every guard spoiled on purpose: each must be found

A round is one input. The search starts from real messages and files and from what earlier searches kept; it follows
the branches of lightctl's own code. What fails is made small and said with the command that shows it again. Exit code
1: something failed, or with --controls: a spoiled guard was not found. Needs atheris (see pyproject.toml).
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.fuzz.breaks import broken
from tests.fuzz.corpus import keep, kept, telling
from tests.fuzz.targets import TARGETS, judge

NAME = "fuzz"
ROOT = Path(__file__).parents[2]
STAT = re.compile(r"^stat::(?P<name>\w+):\s+(?P<value>\d+)", re.MULTILINE)
COVERAGE = re.compile(r"cov: (?P<edges>\d+)")
MOST_MB = 2048
HANGS_S = 60


def search(target: str, rounds: int, seed: int, *, breaking: bool = False, keeping: bool = False) -> dict[str, object]:
    """Search one target and give its figures."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="lightctl-fuzz-") as folder:
        place = Path(folder)
        inputs, artifacts = place / "inputs", place / "failed"
        for each in (inputs, artifacts):
            each.mkdir()
        known = [*TARGETS[target].seeds(), *kept(target)]
        for number, data in enumerate(known):
            (inputs / f"{number:06}").write_bytes(data)
        longest = f"-max_len={TARGETS[target].most_bytes}"
        limits = [f"-runs={rounds}", f"-seed={seed}", longest, f"-artifact_prefix={artifacts}/"]
        limits += [f"-rss_limit_mb={MOST_MB}", f"-timeout={HANGS_S}", "-print_final_stats=1", "-verbosity=1"]
        done = _drive(target, breaking, [*limits, str(inputs)])
        stats = {found["name"]: int(found["value"]) for found in STAT.finditer(done.stderr)}
        edges = [int(found["edges"]) for found in COVERAGE.finditer(done.stderr)]
        failed = [path.read_bytes() for path in sorted(artifacts.iterdir())]
        if done.returncode and not failed:
            raise RuntimeError(f"the search itself failed:\n{done.stderr[-3000:]}")
        if keeping and not failed:
            keep(target, telling(TARGETS[target].run, [path.read_bytes() for path in inputs.iterdir()]))
    return {
        "target": target,
        "rounds": stats.get("number_of_executed_units", 0),
        "edges": max(edges, default=0),
        "known_inputs": len(known),
        "new_inputs": stats.get("new_units_added", 0),
        "seconds": round(time.perf_counter() - began, 1),
        "peak_mb": stats.get("peak_rss_mb", 0),
        "failures": [failure(target, data, breaking=breaking) for data in failed],
    }


def _drive(target: str, breaking: bool, limits: list[str]) -> subprocess.CompletedProcess[str]:  # noqa: FBT001
    command = [sys.executable, "-m", "tests.fuzz.drive", target, *(["--break"] if breaking else []), "--", *limits]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)


def failure(target: str, data: bytes, *, breaking: bool) -> dict[str, object]:
    """Make an input that failed small, and say what it does and how to see it again."""
    with broken(target if breaking else ""):
        what = fails(target, data)
        small = shrink(target, data, what) if what else data
    text = base64.b85encode(small).decode()
    return {
        "what": what or "it fails only while searching: too slow or too large",
        "bytes": repr(small),
        "base85": text,
    }


def fails(target: str, data: bytes) -> str:
    """Say how an input fails, "" if it does not: the error's kind and the place it comes from."""
    try:
        judge(TARGETS[target], data)
    except Exception as error:  # noqa: BLE001 - whatever leaves a target is what is looked for
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        where = "" if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
        return f"{type(error).__name__} in {where}: {error}"[:300]
    return ""


def shrink(target: str, data: bytes, what: str) -> bytes:
    """Take pieces out as long as it fails in the same place."""
    place = what.partition(":")[0]
    size = len(data) // 2
    while size:
        at = 0
        while at < len(data):
            smaller = data[:at] + data[at + size :]
            if fails(target, smaller).partition(":")[0] == place:
                data = smaller
            else:
                at += size
        size //= 2
    return data


def main(arguments: Sequence[str]) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(f"python -m tests.campaigns {NAME}", description=__doc__.partition("\n")[0])
    parser.add_argument("--target", choices=TARGETS)
    parser.add_argument("--rounds", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="keep the inputs that reach most")
    parser.add_argument("--controls", action="store_true", help="spoil every guard, one after another")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    chosen = parser.parse_args(arguments)
    names = [chosen.target] if chosen.target else list(TARGETS)
    found = []
    for name in names:
        found.append(search(name, chosen.rounds, chosen.seed, breaking=chosen.controls, keeping=chosen.keep))
        sys.stderr.write(f"{name}: {found[-1]['rounds']:,} rounds, {len(found[-1]['failures'])} failed\n")
    result: dict[str, object] = {"campaign": NAME, "seed": chosen.seed, "rounds": sum(each["rounds"] for each in found)}
    failed = [each["target"] for each in found if each["failures"]]
    result |= {"missed": sorted(set(names) - set(failed))} if chosen.controls else {"failed": failed}
    result |= {"targets": found, "repeat": "python -m tests.fuzz.drive TARGET FILE"}
    sys.stdout.write(json.dumps(result, indent=2) + "\n" if chosen.output == "json" else _text(result))
    return int(bool(result.get("missed") or result.get("failed")))


def _text(result: dict[str, object]) -> str:
    lines = [f"{key}: {value}" for key, value in result.items() if key != "targets"]
    for each in result["targets"]:
        lines += ["", *(f"{key}: {value}" for key, value in each.items() if key != "failures")]
        lines += [f"  {key}: {value}" for one in each["failures"] for key, value in one.items()]
    return "\n".join(lines) + "\n"
