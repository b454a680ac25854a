"""What every benchmark shares: options, the machine it ran on, and how figures are said."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import os
import platform
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from statistics import median

Figures = dict[str, object]
LOOPS = ("asyncio", "uvloop")


def options(module: str, documentation: str) -> argparse.ArgumentParser:
    """Give a parser for a benchmark's command line, `-o` included."""
    parser = argparse.ArgumentParser(f"python -m {module}", description=documentation.partition("\n")[0])
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    return parser


@contextmanager
def timed(figures: Figures, prefix: str = "") -> Iterator[None]:
    """Add the seconds that a block takes: of this process's processor time, and on the wall."""
    used, wall = time.process_time(), time.perf_counter()
    yield
    figures[f"{prefix}cpu_s"] = round(time.process_time() - used, 1)
    figures[f"{prefix}wall_s"] = round(time.perf_counter() - wall, 1)


def paired(us: Callable[[], float], floor: Callable[[], float], pairs: int = 5) -> Figures:
    """Measure us and the floor by turns, each giving how much it does in a second; `ratio` is the median of us / floor.

    One turn of each goes before and is not counted. A machine that slows down slows both of a pair.
    """
    us(), floor()
    measured = [(us(), floor()) for _ in range(pairs)]
    ratios = sorted(ours / theirs for ours, theirs in measured)
    return {
        "us_per_s": round(median(ours for ours, _ in measured), 1),
        "floor_per_s": round(median(theirs for _, theirs in measured), 1),
        "ratio": round(median(ratios), 3),
        "ratios": [round(ratio, 3) for ratio in ratios],
        "pairs": pairs,
    }


def used_ratio(us: Sequence[float], floor: Sequence[float]) -> float:
    """Give the median of floor / us over processor times by turns, the first not counted: above 1 we use less.

    A machine that is busy with other things changes how much is done in a second, and this hardly.
    """
    return round(median(theirs / ours for ours, theirs in zip(us[1:], floor[1:], strict=True)), 3)


def loop_of(name: str) -> Callable[[], asyncio.AbstractEventLoop]:
    """Give how an event loop is made: asyncio's own, or uvloop's, which is no requirement of ours."""
    return asyncio.new_event_loop if name == "asyncio" else importlib.import_module(name).new_event_loop


def loop_missing(*names: str) -> str:
    """Say if one of these event loops is not installed here, "" when all are."""
    absent = next((name for name in names if find_spec(name) is None), "")
    return f"{absent} is not installed here: pip install {absent}, in an environment of its own" if absent else ""


def versions(*names: str) -> Figures:
    """Say which versions of libraries were measured."""
    return {"versions": {name: metadata.version(name) for name in names}}


def peak_mb() -> int:
    """Give the most memory this process ever held, in MB of a million bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 // 1_000_000


class Peak:
    """The most memory this process holds from here on, above what it holds now."""

    def __init__(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")
        self._before = _held_kb("VmRSS")

    def above_mb(self) -> float:
        """Give it in MB of a million bytes."""
        return round((_held_kb("VmHWM") - self._before) * 1024 / 1e6, 1)


def _held_kb(name: str) -> int:
    (line,) = [each for each in Path("/proc/self/status").read_text().splitlines() if each.startswith(name)]
    return int(line.split()[1])


def machine() -> Figures:
    """Say what the figures were measured on, and how busy it was (runnable processes, the last minute's mean)."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "cpu": models[0] if models else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "load": round(os.getloadavg()[0], 1),
    }


def say(figures: Mapping[str, object], output: str) -> None:
    """Write figures to stdout."""
    if output == "json":
        sys.stdout.write(json.dumps(figures) + "\n")
    else:
        sys.stdout.write("".join(f"{name}: {value}\n" for name, value in figures.items()))
