"""How soon the command line answers, beside an empty Typer app and beside a bare request.

python -m tests.benchmarks.cli [--pairs 15]

`lightctl --version` against an app of one command that does nothing; `light show` against a running daemon of five
lamps, beside the same empty app, in seconds on the wall. A rate is starts a second.
"""

from __future__ import annotations

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
        (folder / "empty.py").write_text(EMPTY)
        bin_folder = commands(folder / "bin")
        environ = environment(bin_folder, folder)
        empty = _starts([sys.executable, str(folder / "empty.py")], folder, environ)
        version = paired(_starts(["lightctl", "--version"], folder, environ), empty, pairs)
        with living_city(folder, environ) as city:
            lamp = "LP-0001"
            shows = _starts(["lightctl", "light", "show", lamp, "-o", "json"], city.folder, environ)
            show = paired(shows, empty, pairs)
            seconds = [1 / shows() for _ in range(pairs)]
    figures = {f"version_{key}": value for key, value in version.items()}
    figures |= {f"show_{key}": value for key, value in show.items() if key != "pairs"}
    return figures | {"show_s": round(median(seconds), 3)} | versions("typer", "rich", "httpx")


def _starts(command: list[str], cwd: Path, environ: Mapping[str, str]) -> Callable[[], float]:
    def once() -> float:
        began = time.perf_counter()
        subprocess.run(command, cwd=cwd, env=dict(environ), check=True, stdout=subprocess.DEVNULL)
        return 1 / (time.perf_counter() - began)

    return once


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
