"""A full disk: at every single write of a store's life, and under a daemon whose lamps still have to be driven.

python -m tests.campaigns disk_full --rounds 200 --seed 1 [-o json]
python -m tests.campaigns disk_full --rounds 40 --break NAME     broken on purpose: must fail

Nineteen rounds of twenty go through a store: at the n-th write of its life the disk is full, for that write alone or
for so many after it, and every transaction must then be there whole or not at all, just as it was answered. The
twentieth does it to the daemon of a city: while its disk is full, nodes start anew that know nothing by themselves, and
must be told their level; people are refused, not lied to; and all is well when there is space again. Exit code 1: it
was not.
"""

from __future__ import annotations

import contextlib
import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from lightctl.domain.errors import StoreError
from lightctl.store.sqlite import SqliteStore
from tests.campaigns.power_cut import CHECKPOINT_PAGES, TRANSACTIONS, whole, write
from tests.support.brokers import start_nats
from tests.support.faulty_disk import FULL, OK, Disk, Entry, Write, unwatch, watch
from tests.support.fire_city import FireCity, naps
from tests.support.fire_judge import Judge
from tests.support.fire_load import Load
from tests.support.fire_rounds import Staged, in_cities, make_of, through_its_night
from tests.support.fire_town import LIVE, small_town
from tests.support.firing import Report, arguments, conclude
from tests.support.struck import BREAKS as STRUCK_BREAKS
from tests.support.struck import DISK_STRIKES
from tests.support.wire_log import WireLog

NAME = "disk_full"
LAMPS = 40
OFTEN = 20
DRIVEN_WITHIN_S = 20.0
BREAKS = ("swallow-errors", "give-up-on-a-full-disk")


class Shortage:
    """Refuses the n-th write and so many after it."""

    def __init__(self, first: int, long: int) -> None:
        self._writes, self._refused = 0, range(first, first + long)

    def __call__(self, entry: Entry) -> int:
        if not isinstance(entry, Write):
            return OK
        self._writes += 1
        return FULL if self._writes in self._refused else OK

    @property
    def reached(self) -> bool:
        return self._writes >= self._refused.start


def store_round(folder: Path, number: int, rng: random.Random) -> tuple[str, list[str]]:
    """Let a store live with a full disk from its n-th write on; gives what was done and what was wrong."""
    long = rng.choice((1, 1, 5, 50))
    disk = Disk(folder, keeping=False)
    watch(disk)
    wrong: list[str] = []
    there = 0
    try:
        store = _open(folder)
        shortage = disk.refuse = Shortage(number, long)
        for _ in range(TRANSACTIONS):
            try:
                write(store, there + 1, size=rng.choice((10, 10, 3000, 40_000)))
                right = (there + 1,)
            except StoreError:
                # The measurements come after the transaction and have a file of their own: it may be the one refused.
                right = (there, there + 1)
            found = store.schedules().version
            if found not in right:
                wrong.append(f"{there} were there, {len(right) - 1} refused, {found} are there")
            there = found
            if rng.random() < 0.06:
                store.close()
                store = _reopened(folder)
        disk.refuse = lambda _entry: OK
        wrong += whole(store, there)
        store.close()
    finally:
        unwatch()
    left = SqliteStore(folder / "store")
    with contextlib.closing(left):
        wrong += whole(left, there + 1)
    return ("a write refused" if long == 1 else f"{long} writes refused") if shortage.reached else "not reached", wrong


def _open(folder: Path) -> SqliteStore:
    store = SqliteStore(folder / "store")
    store._main.db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    return store


def _reopened(folder: Path) -> SqliteStore:
    """Open again, which may itself find no room: then it has to say so, and to open when there is some."""
    while True:
        try:
            return _open(folder)
        except StoreError as error:
            if "disk" not in str(error):
                raise


def city_round(city: FireCity, judge: Judge, seed: int, number: int) -> Counter[str]:
    """Fill the disk under a daemon that is asked for much, and see that lamps are driven; then give it space."""
    rng = random.Random(f"{seed}/{number}")
    at_write = 1 + rng.randrange(60)
    strike = rng.choice(DISK_STRIKES)
    city.arm(f"{strike}:{at_write}")
    refused = len(judge.load.refused)
    judge.load.start()
    for _ in naps(10.0):
        if len(judge.load.refused) > refused:
            break
    judge.load.stop()
    done = f"disk {strike} under a daemon"
    if len(judge.load.refused) == refused:
        done += ", not reached"
    judge.hold_daemon_to_account()
    live = [point for point in city.points if point.tags["make"] == LIVE]
    chosen = rng.sample(live, 5)
    before = {point.id: len(city.truth.lamps[point.id].at) for point in chosen if city.levels()}
    city.reboot([point.node for point in chosen])
    expected, off = judge.load.expected(), {}
    for _ in naps(DRIVEN_WITHIN_S):
        levels = city.levels()
        asleep = [each for each, lines in before.items() if len(city.truth.lamps[each].at) == lines]
        off = {point.id: levels[point.id] for point in chosen if levels[point.id] != expected[point.id]}
        if not off and not asleep:
            break
    else:
        judge.wrong.append(f"not driven with a full disk: {off} instead of { {each: expected[each] for each in off} }")
        return Counter([done])
    city.arm("space:0")
    judge.wire.take_given()
    judge.hold_daemon_to_account()
    judge.await_peace()
    judge.judge_commands()
    if not _said_well(city):
        judge.wrong.append("there is space, and the daemon still says that the store takes nothing")
    return Counter([done])


def _said_well(city: FireCity) -> bool:
    assert city.client is not None
    return any(city.client.get("/healthz").status_code == 200 for _ in naps(20.0))


@contextlib.contextmanager
def _broken(name: str) -> Iterator[None]:
    from sqlite_utils import Database  # noqa: PLC0415

    execute = Database.execute
    if name == "swallow-errors":
        STRUCK_BREAKS[name]()
    try:
        yield
    finally:
        Database.execute = execute


def run(
    seed: int,
    rounds: int,
    *,
    lamps: int = LAMPS,
    first: int = 0,
    breaking: str = "",
    until_found: bool = False,
    often: int = OFTEN,
) -> Report:
    """Run rounds of both kinds; `often` says how many a city's round counts for, 0 for stores alone."""
    report = Report(NAME, seed, breaking, first)
    in_stores = rounds - (rounds // often if often else 0)
    with _broken(breaking):
        while report.rounds < in_stores and not (until_found and report.violations):
            rng = random.Random(f"{seed}/{report.number}")
            with tempfile.TemporaryDirectory(prefix="lightctl-full-") as folder:
                done, wrong = store_round(Path(folder), 1 + report.number, rng)
            report.injected[done] += 1
            report.end_round(wrong)

    def stage(stack: ExitStack, place: Path) -> Staged:
        broker = stack.enter_context(start_nats(place / "broker"))
        wire = stack.enter_context(WireLog(broker.host, broker.port))
        city = stack.enter_context(FireCity(place / "city", broker, small_town(lamps), breaking=breaking, disk=True))
        judge = Judge(city, Load(city, seed + report.number), wire)
        return Staged(judge, make_of(broker), partial(city_round, city, judge, seed), through_its_night(judge))

    return in_cities(report, rounds, stage, until_found=until_found)


def main(told: Sequence[str]) -> int:
    """Run what the command line asks for."""
    chosen = arguments(NAME, __doc__, BREAKS, rounds=200).parse_args(told)
    return conclude(run(chosen.seed, chosen.rounds, first=chosen.first, breaking=chosen.breaking), chosen.output)
