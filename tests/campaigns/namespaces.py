"""The kernel's own network under fire: daemon, broker and nodes in a network namespace each, joined by veth.

python -m tests.campaigns namespaces --rounds 36 --seed 1 [-o json]
python -m tests.campaigns namespaces --rounds 2 --break NAME     the daemon broken on purpose: must fail

As `network`, but what goes wrong is done by nft and tc to packets, not to what TCP makes of them: loss, one way or both
ways dead, refused, half-open, large packets lost, slow. Runs as root on Linux with nft, and ends with exit code 3
elsewhere. Exit code 1: an invariant was broken.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from tests.support.brokers import free_port, start_mosquitto
from tests.support.fire_city import FireCity
from tests.support.fire_judge import BOUND_S, Judge
from tests.support.fire_load import Load
from tests.support.fire_rounds import Staged, in_cities, make_of, through_its_night
from tests.support.fire_town import small_town
from tests.support.firing import Report, arguments, conclude
from tests.support.namespaces import KINDS, Side, enter, unavailable
from tests.support.wire_log import WireLog

NAME = "namespaces"
LAMPS = 40
SIDES = ("daemon", "nodes", "both")
BREAKS = ("believe-the-broker",)
UNAVAILABLE = 3
BAD_S = {"cut": (8.0, 12.0), "cut for long": (75.0, 90.0)}
BAD_OTHERWISE_S = (3.0, 8.0)


def run(
    seed: int, rounds: int, *, lamps: int = LAMPS, first: int = 0, breaking: str = "", until_found: bool = False
) -> Report:
    """Run rounds, in as many cities as their nights last; the caller has entered a namespace of its own."""
    report = Report(NAME, seed, breaking, first)

    def stage(stack: ExitStack, place: Path) -> Staged:
        port = free_port()
        daemon, nodes = (
            stack.enter_context(Side(name, number, port)) for number, name in enumerate(("daemon", "nodes"), 1)
        )
        lines = (daemon.listener, nodes.listener)
        broker = stack.enter_context(start_mosquitto(place / "broker", lines=lines))
        wire = stack.enter_context(WireLog(broker.host, broker.port))
        city = stack.enter_context(
            FireCity(
                place / "city", broker, small_town(lamps), breaking=breaking, daemon_url=daemon.url,
                nodes_url=nodes.url, around=daemon.around, nodes_around=nodes.around,
            )
        )  # fmt: skip
        judge = Judge(city, Load(city, seed + report.number), wire, BOUND_S)
        strike = partial(_round, (daemon, nodes), judge, seed)
        return Staged(judge, make_of(broker), strike, through_its_night(judge, BAD_S["cut for long"][1]))

    return in_cities(report, rounds, stage, until_found=until_found)


def _round(sides: Sequence[Side], judge: Judge, seed: int, number: int) -> Counter[str]:
    rng = random.Random(f"{seed}/{number}")
    kind, side = KINDS[number % len(KINDS)], SIDES[number // len(KINDS) % len(SIDES)]
    hit = {"daemon": sides[:1], "nodes": sides[1:], "both": sides}[side]
    judge.load.start()
    time.sleep(0.3)
    for each in hit:
        each.be(kind)
    time.sleep(rng.uniform(*BAD_S.get(kind, BAD_OTHERWISE_S)))
    judge.load.stop()
    for each in hit:
        each.be_good()
    judge.wire.take_given()
    judge.hold_daemon_to_account()
    judge.await_peace()
    judge.judge_commands()
    return Counter([f"{kind} for {side}"])


def main(told: Sequence[str]) -> int:
    """Run what the command line asks for."""
    chosen = arguments(NAME, __doc__, BREAKS, rounds=36).parse_args(told)
    why = unavailable()
    if why:
        sys.stderr.write(f"namespaces: {why}\n")
        return UNAVAILABLE
    enter()
    return conclude(run(chosen.seed, chosen.rounds, first=chosen.first, breaking=chosen.breaking), chosen.output)
