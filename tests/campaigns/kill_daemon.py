"""SIGKILL of the daemon under load: at random instants, upon an answer, and around every commit and every publish.

python -m tests.campaigns kill_daemon --rounds 60 --seed 1 [-o json]
python -m tests.campaigns kill_daemon --rounds 6 --break NAME     the daemon broken on purpose: must fail

A round kills the daemon of a small city (real broker, real nodes, an operator who writes all the time), every third
round once more while it starts, and then holds everything against the invariants of docs/proof.md. Exit code 1: one
of them was broken.
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
from tests.support.fire_city import FireCity
from tests.support.fire_judge import Judge
from tests.support.fire_load import Load
from tests.support.fire_rounds import Staged, in_cities, make_of, through_its_night
from tests.support.fire_town import small_town
from tests.support.firing import Report, arguments, conclude
from tests.support.struck import STRIKES
from tests.support.wire_log import WireLog

NAME = "kill_daemon"
LAMPS = 40
KINDS = ("random", "answered", *STRIKES)
STRUCK_WITHIN_S = 30.0
BREAKS = ("answer-before-commit", "act-before-recording")


def run(
    seed: int, rounds: int, *, lamps: int = LAMPS, first: int = 0, breaking: str = "", until_found: bool = False
) -> Report:
    """Run rounds, in as many cities as their nights last."""
    report = Report(NAME, seed, breaking, first)

    def stage(stack: ExitStack, place: Path) -> Staged:
        start = start_nats if len(report.cities) % 2 == 0 else start_mosquitto
        broker = stack.enter_context(start(place / "broker"))
        wire = stack.enter_context(WireLog(broker.host, broker.port))
        city = stack.enter_context(FireCity(place / "city", broker, small_town(lamps), breaking=breaking))
        judge = Judge(city, Load(city, seed + report.number), wire)
        return Staged(judge, make_of(broker), partial(_round, city, judge, seed), through_its_night(judge))

    return in_cities(report, rounds, stage, until_found=until_found)


def _round(city: FireCity, judge: Judge, seed: int, number: int) -> Counter[str]:
    rng, kind, done = random.Random(f"{seed}/{number}"), KINDS[number % len(KINDS)], Counter[str]()
    if kind in STRIKES:
        city.arm(f"{kind}:{1 + number // len(KINDS)}")
    judge.load.start()
    if kind == "answered":
        for _ in range(rng.randrange(1, 8)):
            judge.load.answered.wait(STRUCK_WITHIN_S)
            judge.load.answered.clear()
    elif kind == "random":
        time.sleep(rng.uniform(0.05, 2.0))
    struck = city.kill_daemon(within_s=STRUCK_WITHIN_S if kind in STRIKES else 0.0)
    done[kind if struck or kind not in STRIKES else f"{kind} not reached"] += 1
    judge.load.stop()
    judge.hold_store_to_account()
    if number % 3 == 2:
        again = f"{rng.choice(STRIKES)}:{1 + number // len(KINDS)}"
        city.start_daemon(again)
        struck = city.kill_daemon(within_s=3.0)
        done[f"{again.partition(':')[0]} while it starts" if struck else "random while it starts"] += 1
        judge.hold_store_to_account()
    judge.wire.take_given()
    city.start_daemon()
    judge.await_peace()
    judge.judge_commands()
    return done


def main(told: Sequence[str]) -> int:
    """Run what the command line asks for."""
    chosen = arguments(NAME, __doc__, BREAKS, rounds=60).parse_args(told)
    report = run(chosen.seed, chosen.rounds, first=chosen.first, breaking=chosen.breaking)
    return conclude(report, chosen.output)
