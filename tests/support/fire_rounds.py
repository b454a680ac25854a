"""Rounds in cities under fire: a city is set up, struck round after round while its first night lasts, then a new one.

A campaign says how its city is set up and what a round does to it; everything else is the same for all of them. A
city in which something was wrong is given no further rounds: what it shows next would say little.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.support.brokers import Broker
from tests.support.fire_city import NIGHT_S
from tests.support.fire_judge import Judge
from tests.support.firing import Report

Strike = Callable[[int], Counter[str]]


@dataclass(frozen=True, slots=True)
class Staged:
    """A city with its judge. strike: do the round of that number to it, and say what was done.

    broker: what the report calls its broker. goes_on: whether it may be given the round of that number.
    besides: what was done, all rounds taken together, beside what the rounds say.
    """

    judge: Judge
    broker: str
    strike: Strike
    goes_on: Callable[[int], bool]
    besides: Callable[[], Counter[str]] = Counter


Stage = Callable[[ExitStack, Path], Staged]
"""Set up a city in an empty folder; whatever has to end with it goes onto the stack. Its daemon is not started."""


def in_cities(report: Report, rounds: int, stage: Stage, *, until_found: bool = False) -> Report:
    """Add rounds to a report, in as many cities as it takes; until_found: end with the first that went wrong."""
    while report.rounds < rounds and not (until_found and report.violations):
        with ExitStack() as stack:
            place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lightctl-fire-")))
            staged = stage(stack, place)
            judge = staged.judge
            judge.city.start_daemon()
            judge.await_peace(first=True)
            if judge.wrong:
                report.end_round(judge.wrong)
            while report.rounds < rounds and staged.goes_on(report.number) and not judge.wrong:
                report.injected.update(staged.strike(report.number))
                report.end_round(judge.wrong)
            report.injected.update(staged.besides())
            report.add_city(staged.broker, judge.settled_s, judge.most_messages, len(judge.load.writes))
            report.refused += judge.load.refused
    return report


def through_its_night(judge: Judge, before_its_end_s: float = 0.0) -> Callable[[int], bool]:
    """Let a city go on while its night lasts: what a lamp shall do is plain for so long."""
    return lambda _number: judge.city.age_s < NIGHT_S - before_its_end_s


def make_of(broker: Broker) -> str:
    """Give the name of a broker's make, as reports say it."""
    return type(broker).__name__
