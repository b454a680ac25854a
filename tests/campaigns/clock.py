"""The daemon's clock set by seconds, hours, days, to 1970 and past 2038, smeared, and set right again; nodes keep time.

python -m tests.campaigns clock --rounds 36 --seed 1 [-o json]
python -m tests.campaigns clock --rounds 6 --break NAME     the daemon broken on purpose: must fail

Needs libfaketime; without it the campaign ends with exit code 3. Cities take turns: one at night, whose
operator writes all the time; one whose levels change every half minute; one by day. In every third round the daemon is
killed and started again while its clock is wrong, in every sixth as if the machine had been started anew. All the time
it is told to clean up what is old. Exit code 1: an invariant was broken.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from tests.support.brokers import start_mosquitto, start_nats
from tests.support.clock_judge import LATE_ANEW_S, LATE_S, PARTS, ClockJudge, PartLoad
from tests.support.fake_clock import MISSING, FakeClock, find_libfaketime
from tests.support.fire_city import Around, FireCity
from tests.support.fire_rounds import Staged, in_cities, make_of
from tests.support.fire_town import small_town
from tests.support.firing import Report, arguments, conclude
from tests.support.wire_log import WireLog

NAME = "clock"
LAMPS = 40
A_CITY = 6
UNAVAILABLE = 3
CLEAN_UP_EVERY_S = 2.0
HOUR, DAY = 3600.0, 86400.0
TO_1970, TO_2040 = -1_795_000_000.0, 14 * 365.25 * DAY
STEPS = {
    "+1 s": 1.0, "-1 h": -HOUR, "+12 h": HOUR * 12, "-1 d": -DAY, "to 1970": TO_1970, "+30 d": DAY * 30, "smeared": 0.0,
    "-1 s": -1.0, "+1 h": HOUR, "-12 h": -HOUR * 12, "+1 d": DAY, "to 2040": TO_2040, "-30 d": -DAY * 30,
}  # fmt: skip
SMEAR = [(0.1, 0.7)] * 60
"""So many pauses of so long (s), after each of which the clock is so much further ahead (s)."""
BREAKS = ("believe-the-clock", "prune-by-the-clock")


def run(
    seed: int,
    rounds: int,
    *,
    lamps: int = LAMPS,
    first: int = 0,
    breaking: str = "",
    until_found: bool = False,
) -> Report:
    """Run rounds, six in a city."""
    report = Report(NAME, seed, breaking, first)

    def stage(stack: ExitStack, place: Path) -> Staged:
        start = start_nats if len(report.cities) % 2 else start_mosquitto
        part, began = PARTS[report.number // A_CITY % len(PARTS)], report.number
        broker = stack.enter_context(start(place / "broker"))
        wire = stack.enter_context(WireLog(broker.host, broker.port))
        clock = FakeClock(place)
        around = Around(clock.environ, ("--upkeep-every", str(CLEAN_UP_EVERY_S)))
        city = stack.enter_context(
            FireCity(
                place / "city", broker, small_town(lamps), breaking=breaking, around=around,
                evening=part.start, speed=1.0, files=part.files,
            )
        )  # fmt: skip
        judge = ClockJudge(city, PartLoad(city, seed + report.number, part), wire, part=part)
        return Staged(
            judge,
            f"{make_of(broker)}, {part.name}",
            partial(_round, clock, judge, seed),
            goes_on=lambda number: number // A_CITY == began // A_CITY,
        )

    return in_cities(report, rounds, stage, until_found=until_found)


def _round(clock: FakeClock, judge: ClockJudge, seed: int, number: int) -> Counter[str]:
    rng, name, city = random.Random(f"{seed}/{number}"), list(STEPS)[number % len(STEPS)], judge.city
    again, anew = number % 3 == 2, number % 6 == 5
    judge.load.start()
    before_s = rng.uniform(0.2, 2.0)
    # Where levels change, one changes while the clock is wrong: nothing would be seen of a daemon that believes it.
    time.sleep(before_s + judge.part.until_change_s(city.now() + dt.timedelta(seconds=2 * before_s)))
    answered, down_s = judge.answered(), 0.0
    for _ in _setting(clock, name):
        pass
    if again:
        time.sleep(rng.uniform(0.0, 2.0))
        city.kill_daemon()
        died_s = time.monotonic()
        if anew:
            _forget_the_boot(city.store / "clock.json")
        judge.load.stop()
        city.start_daemon()
        down_s = time.monotonic() - died_s
        judge.load.start()
    time.sleep(before_s + rng.uniform(1.0, 4.0) + (LATE_ANEW_S if anew else LATE_S))
    judge.look_at_the_door(answered, by_the_command_line=number % 4 == 0)
    judge.load.stop()
    judge.wire.take_given()
    clock.set_by(0.0)
    judge.hold_daemon_to_account()
    judge.await_peace()
    judge.judge_commands()
    judge.judge_time(anew=anew, down_s=down_s)
    return Counter(
        [name, *(["started again meanwhile"] if again else []), *(["as on a machine started anew"] if anew else [])]
    )


def _setting(clock: FakeClock, name: str) -> Iterator[None]:
    if name != "smeared":
        clock.set_by(STEPS[name])
        return
    ahead_s = 0.0
    for pause_s, further_s in SMEAR:
        time.sleep(pause_s)
        ahead_s += further_s
        clock.set_by(ahead_s)
        yield


def _forget_the_boot(kept: Path) -> None:
    """Have what was kept of the time look as of an earlier start of the machine."""
    kept.write_text(json.dumps(json.loads(kept.read_text()) | {"boot": "an earlier one"}))


def main(told: Sequence[str]) -> int:
    """Run what the command line asks for."""
    chosen = arguments(NAME, __doc__, BREAKS, rounds=36).parse_args(told)
    if not find_libfaketime():
        sys.stderr.write(f"{MISSING}\n")
        return UNAVAILABLE
    return conclude(run(chosen.seed, chosen.rounds, first=chosen.first, breaking=chosen.breaking), chosen.output)
