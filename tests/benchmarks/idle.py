"""What a daemon of a large city costs while nothing is due: of a core, and of memory.

python -m tests.benchmarks.idle [--points 100000] [--settle 60] [--seconds 60] [--rounds 2] [--round-s 300]
    [--store FOLDER]

A real daemon over a store in which every node has confirmed its nights (that of the boot benchmark may be used again
with --store). It is measured once every document is out and it has had some time to settle: nobody speaks, the clock
stands at the evening, nothing falls due within the hour, and no node counts as silent yet. Then every node reports that
it follows, in so many rounds, one node after another as on a street with a heartbeat of `--round-s`, with numbers as
meters give them; memory is said after each, as a daemon that has just started shares what each report brings anew, and
the share of a core while they speak beside it.
"""

from __future__ import annotations

import random
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from lightctl.devices.native_node import encode_reported
from lightctl.domain.states import ChannelReport, Reason, ReportedState
from tests.support.benchmark import Figures, options, say
from tests.support.large_city import fill
from tests.support.large_daemon import LargeDaemon, cpu_s, large_daemon, rss_mb

GOAL_PERCENT, GOAL_MB = 2.0, 300
PATIENCE_S = 300.0
AT_ONCE_S = 0.1


class Street:
    """Nodes that say nothing but that they hold what they were sent, each as lit as its neighbours."""

    def __init__(self, daemon: LargeDaemon) -> None:
        self._listener = daemon.listener
        self._clock = daemon.clock
        self._rng = random.Random(1)
        self._seq = 1

    def speak(self, round_s: float) -> None:
        """Have every node report once, evenly within so many seconds."""
        self._seq += 1
        began, revisions = time.monotonic(), self._listener.revisions
        for number, (node, revision) in enumerate(revisions.items()):
            ahead_s = number * round_s / len(revisions) - (time.monotonic() - began)
            if ahead_s > AT_ONCE_S:
                time.sleep(ahead_s)
            self._listener.say(*self._report(node, revision))

    def _report(self, node: str, revision: int) -> tuple[str, bytes]:
        draw, now = self._rng.uniform, self._clock.instant(time.time())
        said = ChannelReport(
            level=100, commanded=100, reason=Reason.PROGRAM, power_w=round(draw(49, 51), 1),
            energy_wh=round(draw(1e5, 2e5), 1), voltage_v=round(draw(227, 234), 1), current_a=round(draw(0.2, 0.3), 3),
            power_factor=round(draw(0.9, 0.99), 2), temperature_c=round(draw(10, 30), 1),
            operating_h=round(draw(1e3, 2e4), 1),
        )  # fmt: skip
        message = encode_reported("main", ReportedState(node, now, {0: said}, f"b-{node}", self._seq, now, revision))
        return message.topic, message.payload


def measure(points: int, settle_s: float, seconds: float, rounds: int, round_s: float, store: Path | None) -> Figures:
    """Let the daemon settle and watch it, then let its nodes speak and watch it again."""
    with tempfile.TemporaryDirectory(prefix="lightctl-bench-") as name:
        folder = Path(name)
        if store is not None and (store / "lightctl.db").exists():
            shutil.copytree(store, folder / "store")
        else:
            fill(folder / "store", points, nights=0)
        with large_daemon(folder) as daemon:
            deadline = time.monotonic() + PATIENCE_S
            while daemon.listener.count < points:
                assert time.monotonic() < deadline, f"{daemon.listener.count} documents came"
                time.sleep(0.1)
            time.sleep(settle_s)
            idle = _share(daemon.pid, lambda: time.sleep(seconds))
            found = {"points": points, "percent_of_a_core": idle, "rss_mb": rss_mb(daemon.pid)}
            street, busy, held = Street(daemon), [], []
            for _ in range(rounds):
                busy.append(_share(daemon.pid, lambda: street.speak(round_s)))
                held.append(rss_mb(daemon.pid))
            return found | {"round_s": round_s, "percent_in_each_round": busy, "rss_mb_after_each_round": held}


def _share(pid: int, do: Callable[[], object]) -> float:
    """Give the percent of a core that a process uses while something is done."""
    before, began = cpu_s(pid), time.monotonic()
    do()
    return round(100 * (cpu_s(pid) - before) / (time.monotonic() - began), 2)


def main() -> None:
    """Measure once and say it."""
    parser = options("tests.benchmarks.idle", __doc__)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--settle", type=float, default=60)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--round-s", type=float, default=300)
    parser.add_argument("--store", type=Path)
    chosen = parser.parse_args()
    figures = measure(chosen.points, chosen.settle, chosen.seconds, chosen.rounds, chosen.round_s, chosen.store)
    held_mb = (figures["rss_mb"], *figures["rss_mb_after_each_round"])
    within = figures["percent_of_a_core"] < GOAL_PERCENT and max(held_mb) < GOAL_MB
    say(figures | {"goal": f"under {GOAL_PERCENT:g} % and {GOAL_MB} MB", "within_goal": within}, chosen.output)


if __name__ == "__main__":
    main()
