"""A daemon that can be struck: it kills itself, or its disk is full, at the n-th moment; it can be broken on purpose.

python -m tests.support.struck [--strike KIND:N] [--armed-by FILE] [--disk FOLDER] [--upkeep-every S] [--break NAME]
    serve --config FILE

KIND is before-commit, after-commit, before-publish or after-publish: it kills itself there. With --disk it may be full
(from the n-th write on nothing can be made larger), dead (nothing can be written at all) or space, which ends either.
With --upkeep-every it cleans up all the time, where a daemon does so once a day. On SIGUSR2 what is written in FILE is
armed, and counting begins there. Nothing of this is in lightctl: its own functions, and SQLite's, are wrapped here, in
this process only.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlite_utils import Database

from lightctl.app import operations, usage
from lightctl.app.running import timekeeping, upkeep
from lightctl.app.running.control_loop import ControlLoop
from lightctl.app.running.inbox import Inbox
from lightctl.app.running.recorder import Recorder
from lightctl.cli.main import main as lightctl
from lightctl.control import delivery, knowledge, own_time
from lightctl.control.reconcile import Resend, Wait
from lightctl.domain.events import BrokerAcked
from lightctl.domain.moves import moved
from lightctl.domain.states import CommandState
from lightctl.links.strict_mqtt import StrictClient
from tests.support.faulty_disk import FULL, OK, Disk, Entry, Write
from tests.support.faulty_disk import watch as watch_disk

STRIKES = ("before-commit", "after-commit", "before-publish", "after-publish")
DISK_STRIKES = ("full", "dead")
GATHERED, CROWD, KEPT_BYTES = 25, 10, 4096


class Striker:
    """Counts what happens and ends the process, as SIGKILL does, when the count is reached."""

    def __init__(self, text: str = "") -> None:
        self._what, self._left = "", 0
        self.arm(text)

    def arm(self, text: str) -> None:
        self._what, _, number = text.partition(":")
        self._left = int(number or 0)

    def refuse(self, entry: Entry) -> int:
        """Say, as a disk does, whether a change of a file can be made."""
        if self._what not in DISK_STRIKES or not isinstance(entry, Write):
            return OK
        self._left -= 1
        end = entry.offset + len(entry.data)
        return FULL if self._left <= 0 and (self._what == "dead" or end > Path(entry.path).stat().st_size) else OK

    def at(self, what: str) -> None:
        if what == self._what:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def watch(striker: Striker) -> None:
    """Have every commit of a database and every publish pass the striker."""
    execute, send = Database.execute, StrictClient.send

    def commit(self: Database, sql: str, *rest: object) -> object:
        if sql != "COMMIT":
            return execute(self, sql, *rest)
        striker.at("before-commit")
        done = execute(self, sql, *rest)
        striker.at("after-commit")
        return done

    def publish(self: StrictClient, *message: object, **how: object) -> object:
        striker.at("before-publish")
        sent = send(self, *message, **how)
        striker.at("after-publish")
        return sent

    Database.execute = commit
    StrictClient.send = publish


def answer_before_commit() -> None:
    """Break: transactions are gathered and committed together later, so that a 2xx leaves before its commit."""
    execute, counts = Database.execute, {}

    def gather(self: Database, sql: str, *rest: object) -> object:
        if sql == "BEGIN IMMEDIATE":
            return None if self.conn.in_transaction else execute(self, sql, *rest)
        if sql == "COMMIT":
            counts[id(self)] = counts.get(id(self), 0) + 1
            if counts[id(self)] % GATHERED:
                return None
        return execute(self, sql, *rest)

    Database.execute = gather


def act_before_recording() -> None:
    """Break: what was decided is sent first and recorded when it is on the wire."""

    async def carry_out(self: Any, effects: Any) -> None:
        self._act(effects)
        await asyncio.sleep(0.05 if effects.submissions else 0.0)
        await self._recorder.record(effects)

    ControlLoop._carry_out = carry_out


def believe_the_broker() -> None:
    """Break: an acknowledgement of the broker counts as one of the node."""
    absorb = knowledge.Knowledge.absorb

    def believing(self: Any, event: Any, now: Any, out: Any) -> Any:
        found = absorb(self, event, now, out)
        memory = self.memories.get(event.node) if isinstance(event, BrokerAcked) else None
        command = None if memory is None else memory.open_command
        if command is not None and command.revision == event.revision:
            memory.command = out.commands[command.id] = moved(command, CommandState.CONFIRMED, now)
        return found

    knowledge.Knowledge.absorb = believing


def send_once() -> None:
    """Break: what was sent is never sent again, whatever the node says."""
    decide = delivery.reconcile

    def deciding(desired: Any, report: Any, command: Any, *rest: Any, **more: Any) -> Any:
        found = decide(desired, report, command, *rest, **more)
        if isinstance(found, Resend) and command is not None and command.sent_at is not None:
            return Wait(command.deadline)
        return found

    delivery.reconcile = deciding


def give_up_on_a_full_disk() -> None:
    """Break: what cannot be recorded is not sent either."""
    act, record, recorders = ControlLoop._act, Recorder.record, []

    async def remembered(self: Recorder, effects: Any) -> None:
        recorders[:] = [self]
        await record(self, effects)

    def only_recorded(self: Any, effects: Any) -> None:
        if not recorders or recorders[0]._failed is None:
            act(self, effects)

    Recorder.record = remembered
    ControlLoop._act = only_recorded


def swallow_errors() -> None:
    """Break: a commit that fails is not noticed."""
    execute = Database.execute

    def swallowing(self: Database, sql: str, *rest: object) -> object:
        try:
            return execute(self, sql, *rest)
        except sqlite3.Error:
            if sql != "COMMIT":
                raise
            return None

    Database.execute = swallowing


def drop_when_crowded() -> None:
    """Break: what comes while the daemon is busy is lost, whatever it says."""
    put = Inbox.put

    def dropping(self: Inbox, event: Any) -> None:
        if len(self) < CROWD:
            put(self, event)

    Inbox.put = dropping


def keep_every_event() -> None:
    """Break: whatever arrives is kept for ever, with room of its own."""
    put, kept = Inbox.put, []

    def keeping(self: Inbox, event: Any) -> None:
        kept.append((event, bytearray(KEPT_BYTES)))
        put(self, event)

    Inbox.put = keeping


def leave_files_open() -> None:
    """Break: every commit opens a file and forgets it."""
    execute, left = Database.execute, []

    def leaving(self: Database, sql: str, *rest: object) -> object:
        if sql == "COMMIT":
            left.append(os.open(os.devnull, os.O_RDONLY))
        return execute(self, sql, *rest)

    Database.execute = leaving


def never_checkpoint() -> None:
    """Break: what is in a write-ahead log stays there."""
    execute = Database.execute

    def configure(self: Database, sql: str, *rest: object) -> object:
        if sql == "BEGIN IMMEDIATE":
            execute(self, "PRAGMA wal_autocheckpoint = 0")
        return execute(self, sql, *rest)

    Database.execute = configure


def believe_the_clock() -> None:
    """Break: whatever the machine's clock shows is the time."""
    own_time.OwnTime.now_s = lambda _self, wall_s, _steady_s: wall_s
    own_time.OwnTime.look = lambda *_told: False
    own_time.OwnTime.sure = lambda *_told: True


def prune_by_the_clock() -> None:
    """Break: what is old is deleted by what the machine's clock shows."""
    kept = usage.upkeeping

    def by_the_clock(desk: Any) -> Any:
        return kept(SimpleNamespace(settings=desk.settings, now=lambda: dt.datetime.now(dt.UTC), fleet=desk.fleet,
                                    profiles=desk.profiles))  # fmt: skip

    operations.upkeeping = by_the_clock
    timekeeping.Timekeeper.sure = lambda _self: True


def clean_up_every(seconds: float) -> None:
    """Have everything old deleted so often."""
    upkeep.ROLL_UP_EVERY, upkeep.PRUNE_EVERY = dt.timedelta(seconds=seconds), dt.timedelta()
    upkeep.Upkeep.run.__defaults__ = (seconds,)


BREAKS: dict[str, Callable[[], None]] = {
    "answer-before-commit": answer_before_commit,
    "act-before-recording": act_before_recording,
    "drop-when-crowded": drop_when_crowded,
    "give-up-on-a-full-disk": give_up_on_a_full_disk,
    "send-once": send_once,
    "swallow-errors": swallow_errors,
    "believe-the-broker": believe_the_broker,
    "believe-the-clock": believe_the_clock,
    "prune-by-the-clock": prune_by_the_clock,
    "keep-every-event": keep_every_event,
    "leave-files-open": leave_files_open,
    "never-checkpoint": never_checkpoint,
}


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.support.struck")
    parser.add_argument("--strike", default="")
    parser.add_argument("--armed-by", type=Path)
    parser.add_argument("--disk", type=Path)
    parser.add_argument("--upkeep-every", type=float)
    parser.add_argument("--break", dest="breaking", choices=["", *BREAKS], default="")
    known, rest = parser.parse_known_args()
    if known.breaking:
        BREAKS[known.breaking]()
    if known.upkeep_every is not None:
        clean_up_every(known.upkeep_every)
    striker = Striker(known.strike)
    watch(striker)
    if known.disk is not None:
        watch_disk(Disk(known.disk.resolve(), refuse=striker.refuse, keeping=False))
    if known.armed_by is not None:
        signal.signal(signal.SIGUSR2, lambda *_: striker.arm(known.armed_by.read_text()))
    sys.argv = ["lightctl", *rest]
    sys.exit(lightctl())


if __name__ == "__main__":
    main()
