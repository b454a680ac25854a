"""A backup restored, with a real old copy of the database file: no revision is given twice, and nothing is confirmed
that a lamp does not do."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field, fields
from pathlib import Path

import pytest

from lightctl.app.running.boot import REVISIONS_BEGAN, boot_events, revision_floor
from lightctl.control.effects import Effects
from lightctl.control.memory import A_DAY_S
from lightctl.domain import events as ev
from lightctl.domain.assets import Place
from lightctl.domain.selectors import parse_selector
from lightctl.domain.states import CommandState, Override, Scope
from lightctl.store.base import AuditDraft, Recorded
from lightctl.store.sqlite import MAIN_NAME, SqliteStore
from simulators.firmware import Firmware
from simulators.lamp import LampType
from simulators.node import NodeSetup
from tests.support.controlled import AFTERNOON, CARRYING, DUISBURG, SCHEDULE, ZONE, Street, lamp

RECORDED = {each.name for each in fields(Recorded)} & {each.name for each in fields(Effects)}
AUDIT = AuditDraft(AFTERNOON, "test", "test", "prepare", "")
MINUTE = dt.timedelta(minutes=1)


@dataclass
class Run:
    """A controller on a store of its own, from boot on."""

    store: SqliteStore
    now: dt.datetime
    floor: int
    street: Street = field(init=False)

    def __post_init__(self) -> None:
        self.street = Street(now=self.now, floor=self.floor)
        self.step(*boot_events(self.store.replay(self.now), ZONE))

    def step(self, *events: ev.Event) -> None:
        effects = self.street.step(*events, after=1)
        self.store.commit(Recorded(**{name: getattr(effects, name) for name in RECORDED}))

    def deliver(self, node: Firmware) -> None:
        """Let what was sent reach the node, and its report come back."""
        for document in self.street.sent:
            self.step(ev.CommandSent("n-a", document.revision, self.street.now))
            node.receive(document, self.street.now)
        self.step(ev.NodeReported(node.report(self.street.now)))

    def dim(self, name: str, level: int) -> None:
        until = self.street.now + dt.timedelta(hours=10)
        override = Override(name, Scope.LIGHT_POINT, parse_selector("id=a"), level, self.street.now, until)
        self.step(ev.OverrideSet(override))


def node() -> Firmware:
    setup = NodeSetup("n-a", CARRYING, {0: LampType()}, {0: "a"}, Place(*DUISBURG, ZONE))
    firmware = Firmware(setup, AFTERNOON)
    firmware.boot(None, AFTERNOON)
    return firmware


def live_on_after_a_backup(folder: Path, firmware: Firmware, floor: int) -> None:
    """Fill a store, back it up, give the node another revision, lose the disk and restore the backup."""
    with closing(SqliteStore(folder)) as store:
        store.put_points((lamp("a"),), AUDIT)
        store.put_schedules({"test.yaml": SCHEDULE}, AUDIT)
        run = Run(store, AFTERNOON, floor)
        run.step(ev.NodeAnnounced("n-a", firmware.boot_id, CARRYING, 0, run.street.now, run.street.now))
        run.deliver(firmware)
        with closing(sqlite3.connect(folder / MAIN_NAME)) as live, closing(sqlite3.connect(folder / "backup")) as copy:
            live.backup(copy)
        run.dim("lost", 30)
        run.deliver(firmware)
        assert run.street.command().state is CommandState.CONFIRMED
    for ending in ("", "-wal", "-shm"):
        (folder / f"{MAIN_NAME}{ending}").unlink(missing_ok=True)
    (folder / "backup").rename(folder / MAIN_NAME)


def test_after_an_old_backup_a_node_is_never_given_a_number_it_already_holds(tmp_path):
    firmware, later = node(), AFTERNOON + 10 * MINUTE
    live_on_after_a_backup(tmp_path, firmware, revision_floor(AFTERNOON))
    with closing(SqliteStore(tmp_path)) as store:
        run = Run(store, later, revision_floor(later))
        run.dim("new", 70)
        (document,) = run.street.sent
        assert document.revision > firmware.applied_revision
        run.deliver(firmware)
        assert run.street.command().state is CommandState.CONFIRMED
        assert firmware.report(run.street.now).channels[0].commanded == 70


def test_without_the_floor_the_old_number_would_be_taken_for_the_new_level(tmp_path):
    firmware, later = node(), AFTERNOON + 10 * MINUTE
    live_on_after_a_backup(tmp_path, firmware, 0)
    with closing(SqliteStore(tmp_path)) as store:
        run = Run(store, later, 0)
        run.dim("new", 70)
        (document,) = run.street.sent
        assert document.revision == firmware.applied_revision
        run.deliver(firmware)
        assert run.street.command().state is CommandState.CONFIRMED
        assert firmware.report(run.street.now).channels[0].commanded == 30, "confirmed, and a lie"


@pytest.mark.parametrize("heard", ["hello", "report"])
def test_a_node_ahead_of_a_restored_store_is_given_a_newer_revision_as_soon_as_it_is_heard(tmp_path, heard):
    firmware, later = node(), AFTERNOON + 10 * MINUTE
    live_on_after_a_backup(tmp_path, firmware, revision_floor(AFTERNOON))
    with closing(SqliteStore(tmp_path)) as store:
        run = Run(store, later, revision_floor(later))
        held = firmware.applied_revision
        now = run.street.now
        run.step(firmware.hello(now) if heard == "hello" else ev.NodeReported(firmware.report(now)))
        (document,) = run.street.sent
        assert document.revision > held
        run.deliver(firmware)
        assert run.street.command().state is CommandState.CONFIRMED
        assert firmware.report(run.street.now).channels[0].commanded == 0, "the afternoon of the plan that was restored"


def test_each_run_begins_above_all_that_earlier_runs_can_have_given():
    assert revision_floor(AFTERNOON + MINUTE) == revision_floor(AFTERNOON) + 60
    assert revision_floor(dt.datetime(2155, 1, 1, tzinfo=dt.UTC)) < 2**32
    assert revision_floor(REVISIONS_BEGAN - MINUTE) == 1, "a machine whose clock stands in the past still counts"


def test_a_run_starts_a_day_of_revisions_above_one_that_it_never_gave():
    street = Street(floor=1000)
    street.start()
    assert street.command().revision == 1000
    street.step(street.hello(revision=3))
    street.step(street.hello(revision=2000, boot="b2"))
    assert street.command().revision == 2000 + A_DAY_S + 1
