"""How soon the demo's first lamp is lit, from the start of its process, once its environment is there.

python -m tests.benchmarks.demo [--starts 5] [--dev]

On the wall, as people wait: until the demo says that a lamp's own log has it lit. It is stopped then, as by Ctrl-C.
Without --dev it is started as dev.py starts it once .venv is there, on this interpreter; with it by dev.py itself, the
first start of which may make .venv and is not counted.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from statistics import median

from tests.support.benchmark import Figures, options, say
from tests.support.city import ROOT
from tests.support.orphans import end_with_parent

GOAL_S = 5.0
SAYS = b"first lamp lit after"
INTERRUPTED = 130


def measure(starts: int, *, dev: bool) -> Figures:
    """Start it so many times, one after another."""
    command = [str(ROOT / "dev.py")] if dev else ["-m", "lightctl"]
    with tempfile.TemporaryDirectory(prefix="lightctl-bench-") as folder:
        seconds = [_until_lit([sys.executable, *command, "demo"], folder) for _ in range(starts + dev)][dev:]
    return {"starts": starts, "first_lit_s": round(median(seconds), 2), "each_s": [round(each, 2) for each in seconds]}


def _until_lit(command: list[str], folder: str) -> float:
    began = time.perf_counter()
    demo = subprocess.Popen(
        command,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": folder, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=end_with_parent,  # noqa: PLW1509 - one thread, and nothing but a system call
    )
    assert demo.stderr is not None
    said = []
    for line in demo.stderr:
        said.append(line)
        if line.startswith(SAYS):
            break
    lit = time.perf_counter() - began
    demo.send_signal(signal.SIGINT)
    demo.communicate()
    assert said, "the demo said nothing"
    assert said[-1].startswith(SAYS), b"".join(said).decode()
    assert demo.returncode == INTERRUPTED, f"it ended with {demo.returncode}"
    return lit


def main() -> None:
    """Measure and say it."""
    parser = options("tests.benchmarks.demo", __doc__)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--dev", action="store_true", help="start it by dev.py, in .venv")
    chosen = parser.parse_args()
    figures = measure(chosen.starts, dev=chosen.dev)
    goal = {"goal": f"first lamp lit within {GOAL_S:g} s", "within_goal": figures["first_lit_s"] < GOAL_S}
    say(figures | goal, chosen.output)


if __name__ == "__main__":
    main()
