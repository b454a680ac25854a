"""Power cuts of the store: at any point of what it writes, with all that was not synced lost, torn and out of order.

python -m tests.campaigns power_cut --rounds 1000 --seed 1 [-o json]
python -m tests.campaigns power_cut --rounds 200 --break normal    the main store less careful on purpose: must fail

A tape is what a store writes in a life of its own: transactions, checkpoints, closing and opening again. A round cuts
the power at a random point of a tape (tests/support/faulty_disk.py), opens the store on what may be left, and asks for
every transaction that was acknowledged by then, whole; for an audit that holds; and for the next transaction to be
taken. Exit code 1: something was missing or broken.
"""

from __future__ import annotations

import contextlib
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lightctl.domain.errors import StoreError
from lightctl.domain.states import CommandState
from lightctl.store.base import Recorded
from lightctl.store.connection import SqliteFile
from lightctl.store.sqlite import MAIN_NAME, TELEMETRY_NAME, SqliteStore
from tests.support.faulty_disk import Disk, Entry, Image, Note, Sync, Write, unwatch, watch
from tests.support.firing import Report, arguments, conclude
from tests.support.stores import command, desired, draft, report

NAME = "power_cut"
CUTS_PER_TAPE = 100
TRANSACTIONS = 50
CHECKPOINT_PAGES = 40  # instead of SQLite's 1,000, so that a short tape has checkpoints in the midst of work
BREAKS = {"normal": "NORMAL", "off": "OFF"}


@dataclass(frozen=True, slots=True)
class Tape:
    """What was written to a folder, in order, with a note upon each acknowledgement."""

    folder: Path
    entries: list[Entry]


@contextlib.contextmanager
def broken(name: str) -> Iterator[None]:
    """Have the main store written with less care; without a name, as it is."""
    configure = SqliteFile._configure

    def careless(self: SqliteFile, synchronous: str, *, in_memory: bool) -> None:
        configure(self, BREAKS[name] if synchronous == "FULL" else synchronous, in_memory=in_memory)

    if name:
        SqliteFile._configure = careless
    try:
        yield
    finally:
        SqliteFile._configure = configure


def record(folder: Path, rng: random.Random) -> Tape:
    """Let a store live and give its tape: number after number, each in every room of one transaction."""
    disk = Disk(folder)
    watch(disk)
    try:
        store = _open(folder)
        for number in range(1, TRANSACTIONS + 1):
            write(store, number, size=rng.choice((10, 10, 3000, 40_000)))
            disk.note(str(number))
            if rng.random() < 0.06:
                store.close()
                store = _open(folder)
        store.close()
    finally:
        unwatch()
    return Tape(folder, disk.journal)


def _open(folder: Path) -> SqliteStore:
    store = SqliteStore(folder / "store")
    for file in (store._main, store._telemetry):
        file.db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    return store


def write(store: SqliteStore, number: int, size: int = 10) -> None:
    """Write a number into schedules, audit, documents, commands and reports, all in one transaction."""
    with store.transaction():
        files = {"number.yaml": str(number), "large.yaml": "#" * size}
        store.put_schedules(files, draft(detail=str(number)))
        ended = (command(revision=number - 1, state=CommandState.SUPERSEDED),) if number > 1 else ()
        store.commit(
            Recorded(
                desired=(desired(revision=number),),
                commands=(*ended, command(revision=number)),
                reported=(report(seq=number, applied_revision=number),),
            )
        )
    store.add_reports([report(seq=number, applied_revision=number)])


def run(seed: int, rounds: int, *, first: int = 0, breaking: str = "", until_found: bool = False) -> Report:
    """Cut the power so many times."""
    found = Report(NAME, seed, breaking, first)
    while found.rounds < rounds and not (until_found and found.violations):
        rng = random.Random(f"{seed}/{found.number}")
        with tempfile.TemporaryDirectory(prefix="lightctl-cut-") as folder, broken(breaking):
            tape = record(Path(folder) / "tape", rng)
            points = sorted(rng.choices(range(len(tape.entries) + 1), k=min(CUTS_PER_TAPE, rounds - found.rounds)))
            image, position, acknowledged = Image(), 0, 0
            for point in points:
                for entry in tape.entries[position:point]:
                    image.take(entry)
                    acknowledged = int(entry.text) if isinstance(entry, Note) else acknowledged
                position = point
                last = tape.entries[point - 1] if point else None
                found.injected[_where(last)] += 1
                left = image.after_a_cut(rng)
                found.end_round(judge(Path(folder) / "left", tape, left, acknowledged))
    return found


def _where(last: Entry | None) -> str:
    match last:
        case Write(path) | Sync(path):
            return f"after a {type(last).__name__.lower()} of {Path(path).name}"
        case None:
            return "before the first write"
        case _:
            return f"after a {type(last).__name__.lower()}"


def judge(place: Path, tape: Tape, left: dict[str, bytes], acknowledged: int) -> list[str]:
    """Open a store on what is left and say what is wrong with it."""
    with tempfile.TemporaryDirectory(dir=place.parent) as folder:
        for path, content in left.items():
            there = Path(folder) / Path(path).relative_to(tape.folder)
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_bytes(content)
        try:
            store = SqliteStore(Path(folder) / "store")
        except StoreError as error:
            return [f"{acknowledged} acknowledged, and the store does not open: {error}"]
        try:
            return [*_wrong(store, acknowledged), *whole(store, store.schedules().version)]
        except StoreError as error:
            return [f"{acknowledged} acknowledged, and the store cannot be read: {error}"]
        finally:
            store.close()


def _wrong(store: SqliteStore, acknowledged: int) -> Iterator[str]:
    number = store.schedules().version
    if not acknowledged <= number <= acknowledged + 1:
        yield f"I4: {acknowledged} acknowledged, {number} found"


def whole(store: SqliteStore, number: int) -> Iterator[str]:
    """Say what is not as so many transactions should have left it; one more must be taken."""
    found, numbers = store.schedules(), list(range(number, 0, -1))
    parts = {
        "schedules": (found.version, int(found.files.get("number.yaml", 0))) == (number, number),
        "audit": [entry.detail for entry in store.audit()] == [str(each) for each in numbers],
        "commands": [each.revision for each in store.commands()] == numbers,
        "documents": number == 0 or store.desired_of("N1") == desired(revision=number),
        "reports": number == 0 or store.last_reports()["N1"].seq == number,
    }
    if halves := [name for name, good in parts.items() if not good]:
        yield f"a transaction is there in part: {', '.join(halves)} are not at {number}"
    check = store.verify_audit()
    if not check.ok:
        yield f"I8: the audit is broken at {check.broken_at}: {check.detail}"
    for name, file in ((MAIN_NAME, store._main), (TELEMETRY_NAME, store._telemetry)):
        said = file.rows("PRAGMA integrity_check")
        if said != [("ok",)]:
            yield f"{name} is damaged: {said[:2]}"
    write(store, number + 1)
    if store.schedules().version != number + 1 or not store.verify_audit().ok:
        yield "the next transaction was not taken as it should be"


def main(told: Sequence[str]) -> int:
    """Run what the command line asks for."""
    chosen = arguments(NAME, __doc__, tuple(BREAKS), rounds=1000).parse_args(told)
    return conclude(run(chosen.seed, chosen.rounds, first=chosen.first, breaking=chosen.breaking), chosen.output)
