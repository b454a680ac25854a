"""How soon the command line answers, beside an empty Typer app and beside a bare request.

python -m tests.benchmarks.cli [--pairs 15]

`lightctl --version` against an app of one command that does nothing, and `light show` against a running daemon of five
lamps beside the same empty app, in processor seconds; a rate is starts a second. show_s is on the wall, as people wait.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

from tests.support.benchmark import Figures, options, paired, say, versions
from tests.support.city import commands, environment, living_city

GOAL, GOAL_S = 1 / 1.3, 0.4
EMPTY = "import typer\napp = typer.Typer()\n@app.command()\ndef main() -> None:\n    pass\napp()\n"


def measure(pairs: int) -> Figures:
    """Start both by turns."""
    with tempfile.TemporaryDirectory(prefix="lightctl-bench-") as name:
        folder = Path(name)
        environ = environment(commands(folder / "bin"), folder)
        empty = _empty(folder, environ)
        version = paired(_starts(["lightctl", "--version"], folder, environ), empty, pairs)
        with living_city(folder, environ) as city:
            lamp = "LP-0001"
            shows = _starts(["lightctl", "light", "show", lamp, "-o", "json"], city.folder, environ)
            show = paired(shows, empty, pairs)
            seconds = [_wall_s(shows) for _ in range(pairs)]
    figures = {f"version_{key}": value for key, value in version.items()}
    figures |= {f"show_{key}": value for key, value in show.items() if key != "pairs"}
    return figures | {"show_s": round(median(seconds), 3)} | versions("typer", "rich", "httpx")


def quick() -> Figures:
    """Measure `--version` alone, for the gate."""
    with tempfile.TemporaryDirectory(prefix="lightctl-bench-") as name:
        folder = Path(name)
        environ = environment(commands(folder / "bin"), folder)
        return paired(_starts(["lightctl", "--version"], folder, environ), _empty(folder, environ), pairs=7)


def _empty(folder: Path, environ: Mapping[str, str]) -> Callable[[], float]:
    (folder / "empty.py").write_text(EMPTY)
    return _starts([sys.executable, str(folder / "empty.py")], folder, environ)


def _wall_s(once: Callable[[], float]) -> float:
    began = time.perf_counter()
    once()
    return time.perf_counter() - began


def _starts(command: list[str], cwd: Path, environ: Mapping[str, str]) -> Callable[[], float]:
    def once() -> float:
        before = _children_s()
        subprocess.run(command, cwd=cwd, env=dict(environ), check=True, stdout=subprocess.DEVNULL)
        return 1 / (_children_s() - before)

    return once


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure and say it."""
    parser = options("tests.benchmarks.cli", __doc__)
    parser.add_argument("--pairs", type=int, default=15)
    figures = measure(parser.parse_args().pairs)
    within = figures["version_ratio"] >= GOAL and figures["show_s"] < GOAL_S
    goal = {"goal": f"--version within 1.3 of an empty app, light show under {GOAL_S} s", "within_goal": within}
    say(figures | goal, parser.parse_args().output)


if __name__ == "__main__":
    main()
