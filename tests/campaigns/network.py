"""The network between daemon, broker and nodes: slow, sliced, dropping, doubling, reset, cut, half-open; or it lies.

python -m tests.campaigns network --rounds 48 --seed 1 [-o json]
python -m tests.campaigns network --rounds 16 --break NAME     the daemon broken on purpose: must fail

A proxy in this process (tests/support/chaos_proxy.py) stands before the broker for the daemon, and another one for the
nodes; a round has either or both misbehave for some seconds while an operator writes. Needs no rights. Exit code 1: an
invariant was broken.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from tests.support.brokers import start_mosquitto, start_nats
from tests.support.chaos_proxy import MODES, ChaosProxy
from tests.support.fire_city import FireCity
from tests.support.fire_judge import BOUND_S, Judge
from tests.support.fire_load import Load
from tests.support.fire_rounds import Staged, in_cities, make_of, through_its_night
from tests.support.fire_town import small_town
from tests.support.firing import Report, arguments, conclude
from tests.support.wire_log import WireLog

NAME = "network"
LAMPS = 40
SIDES = ("daemon", "nodes", "both")
BREAKS = ("believe-the-broker", "send-once")


def run(
    seed: int,
    rounds: int,
    *,
    lamps: int = LAMPS,
    first: int = 0,
    breaking: str = "",
    until_found: bool = False,
    bound_s: float = BOUND_S,
    longer_s: float = 0.0,
) -> Report:
    """Run rounds, in as many cities as their nights last; each is bad for 1 to 4 s, and so much longer."""
    report = Report(NAME, seed, breaking, first)

    def stage(stack: ExitStack, place: Path) -> Staged:
        start = start_nats if len(report.cities) % 2 else start_mosquitto
        broker = stack.enter_context(start(place / "broker"))
        proxies = [stack.enter_context(ChaosProxy(broker.port, seed + side)) for side in range(2)]
        urls = [proxy.url for proxy in proxies]
        wire = stack.enter_context(WireLog(broker.host, broker.port))
        city = stack.enter_context(
            FireCity(
                place / "city", broker, small_town(lamps), breaking=breaking, daemon_url=urls[0], nodes_url=urls[1]
            )
        )
        judge = Judge(city, Load(city, seed + report.number), wire, bound_s)
        strike = partial(_round, proxies, judge, seed, longer_s)
        return Staged(
            judge,
            make_of(broker),
            strike,
            through_its_night(judge),
            besides=lambda: sum((proxy.done for proxy in proxies), Counter[str]()),
        )

    return in_cities(report, rounds, stage, until_found=until_found)


def _round(proxies: Sequence[ChaosProxy], judge: Judge, seed: int, longer_s: float, number: int) -> Counter[str]:
    rng = random.Random(f"{seed}/{number}")
    mode, side = MODES[number % len(MODES)], SIDES[number // len(MODES) % len(SIDES)]
    hit = {"daemon": proxies[:1], "nodes": proxies[1:], "both": proxies}[side]
    judge.load.start()
    time.sleep(0.3)
    for proxy in hit:
        proxy.mode = mode
    time.sleep(rng.uniform(1.0, 4.0) + longer_s)
    judge.load.stop()
    for proxy in hit:
        proxy.mode = "good"
    judge.wire.take_given()
    judge.hold_daemon_to_account()
    judge.await_peace()
    judge.judge_commands()
    return Counter([f"{mode} for {side}"])


def main(told: Sequence[str]) -> int:
    """Run what the command line asks for."""
    chosen = arguments(NAME, __doc__, BREAKS, rounds=48).parse_args(told)
    return conclude(run(chosen.seed, chosen.rounds, first=chosen.first, breaking=chosen.breaking), chosen.output)
