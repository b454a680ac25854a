"""`python -m tests.acceptance.rollout --nodes 10000`: a new plan in waves on simulated nodes over a real broker.

Daemon, broker and simulators are processes of their own; two of a hundred nodes are dead. Exits 0 only when every node
is confirmed by its own report or named as failed, the dead alone are named, and every lamp shows the new level.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.support.rollout_run import Figures, Wishes, as_json, run_rollout


def main() -> int:
    """Run the command; gives its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.rollout", description=__doc__)
    parser.add_argument("--nodes", type=int, default=1000, help="how many nodes, one lamp each")
    parser.add_argument("--pace", type=int, default=10, help="nodes a second and feeder of fifty")
    parser.add_argument("--waves", default="10%,50%,100%", help="as the command takes them")
    parser.add_argument("--soak", type=float, default=5.0, help="seconds each wave is watched")
    parser.add_argument("--deadline", type=float, default=60.0, help="seconds a node has to answer")
    parser.add_argument("--kill", action="store_true", help="kill the daemon in the middle of a wave")
    parser.add_argument("--keep", type=Path, help="an empty folder for settings, store, logs and the lamps' truth")
    asked = parser.parse_args()
    wishes = Wishes(
        asked.nodes, deadline_s=asked.deadline, soak_s=asked.soak, pace=asked.pace, waves=asked.waves, kill=asked.kill
    )
    if asked.keep is not None:
        asked.keep.mkdir(parents=True, exist_ok=True)
        figures = _run(wishes, asked.keep.resolve())
    else:
        with tempfile.TemporaryDirectory(prefix="rollout-") as folder:
            figures = _run(wishes, Path(folder))
    sys.stdout.write(as_json(figures) + "\n")
    return 0 if figures.as_promised else 1


def _run(wishes: Wishes, folder: Path) -> Figures:
    def say(text: str) -> None:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()

    return run_rollout(wishes, folder, say)


if __name__ == "__main__":
    raise SystemExit(main())
