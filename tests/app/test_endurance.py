"""What the daemon outlives: refused records, a telemetry file that fails, a store that hangs, parts that die."""

import asyncio
import datetime as dt
from dataclasses import replace

import pytest

from lightctl.app.live import Live
from lightctl.app.running.boot import boot_events
from lightctl.app.running.door import open_door
from lightctl.app.running.inbox import BATCH, Inbox
from lightctl.app.running.keeping import keep_running
from lightctl.app.running.recorder import Recorder
from lightctl.control.effects import Effects
from lightctl.domain.errors import LinkDown, StoreError
from lightctl.domain.events import NodeReported, NodeRestored, ReviewDue
from lightctl.domain.states import ChannelReport, Command, CommandState, Fault, FaultEvent, ReportedState
from lightctl.files.settings import HttpSettings
from lightctl.store.base import Recorded
from lightctl.store.sqlite import SqliteStore
from tests.support.desk import NOW
from tests.support.street import desired


async def run_here(work):
    return work()


def recorder_of(store: SqliteStore) -> tuple[Recorder, Live]:
    live = Live(NOW, lambda: NOW)
    return Recorder(store, run_here, live), live


def command(node: str, revision: int, state: CommandState = CommandState.QUEUED) -> Command:
    finished = NOW if state.terminal else None
    return Command(node, revision, state, "test", NOW, NOW + dt.timedelta(minutes=15), finished_at=finished)


def report(node: str, seq: int) -> ReportedState:
    return ReportedState(node, NOW, {0: ChannelReport(level=50)}, "b", seq, NOW, 1)


async def test_a_record_the_store_refuses_keeps_no_other_out():
    store = SqliteStore(None)
    recorder, live = recorder_of(store)
    await recorder.record(Effects(desired=(desired("n-1", 5, now=NOW),)))
    reused = desired("n-1", 4, level=20, now=NOW)
    others = tuple(desired(f"n-{n}", 1, now=NOW) for n in range(2, 9))
    await recorder.record(Effects(desired=(*others[:3], reused, *others[3:]), commands=(command("n-2", 1),)))
    assert store.desired_of("n-1").revision == 5
    assert all(store.desired_of(each.node) is not None for each in others)
    assert store.latest_commands()["n-2"].state is CommandState.QUEUED
    await recorder.record(Effects(commands=(command("n-2", 1, CommandState.EXPIRED),)))
    assert store.latest_commands()["n-2"].state is CommandState.EXPIRED
    assert "store" not in live.notes


async def test_a_telemetry_file_that_fails_keeps_no_decision_out_and_is_a_fault_of_its_own():
    store = SqliteStore(None)
    recorder, live = recorder_of(store)
    store._telemetry.rows("PRAGMA query_only = ON")
    for revision in (1, 2, 3):
        await recorder.record(Effects(desired=(desired("n-1", revision, now=NOW),), reports=(report("n-1", revision),)))
    assert "telemetry" in live.notes, "the control: telemetry must fail"
    assert "store" not in live.notes
    assert live.telemetry_waiting == 3
    assert store.desired_of("n-1").revision == 3
    (fault,) = [fault for _, fault in store.faults()]
    assert (fault.event, fault.subject, fault.cleared_at) == ("storeFailure", "telemetry", None)
    store._telemetry.rows("PRAGMA query_only = OFF")
    await recorder.record(Effects(desired=(desired("n-1", 4, now=NOW),), reports=(report("n-1", 4),)))
    assert store.desired_of("n-1").revision == 4
    assert "telemetry" not in live.notes
    assert len(store.reports("n-1", NOW, NOW + dt.timedelta(hours=1))) == 4, "what waited is written"
    assert live.telemetry_waiting == live.telemetry_dropped == 0
    (fault,) = [fault for _, fault in store.faults()]
    assert fault.cleared_at == NOW


async def test_a_telemetry_fault_of_an_earlier_run_ends_when_the_file_takes_measurements_again():
    store = SqliteStore(None)
    recorder, _ = recorder_of(store)
    left = Fault(FaultEvent.STORE_FAILURE, "site", "telemetry", NOW - dt.timedelta(days=1))
    store.commit(Recorded(faults=(left,)))
    recorder.take_up(store.replay(NOW).open_faults)
    await recorder.record(Effects(reports=(report("n-1", 1),)))
    assert store.faults(open_only=True) == ()


async def test_a_store_that_takes_nothing_for_days_costs_one_record_of_each_thing():
    store = SqliteStore(None)
    recorder, live = recorder_of(store)
    store._main.rows("PRAGMA query_only = ON")
    for revision in range(1, 300):
        await recorder.record(
            Effects(desired=(desired("n-1", revision, now=NOW),), reported=(report("n-1", revision),))
        )
    assert "store" in live.notes
    assert len(recorder._unwritten.desired) == len(recorder._unwritten.reported) == 1
    store._main.rows("PRAGMA query_only = OFF")
    await recorder.record(Effects())
    assert store.desired_of("n-1").revision == 299
    assert "store" not in live.notes
    assert recorder._unwritten == Recorded()
    (fault,) = [fault for _, fault in store.faults()]
    assert (fault.event, fault.cleared_at) == ("storeFailure", NOW)


def test_what_was_put_in_together_is_taken_out_together():
    inbox = Inbox()
    for _ in range(BATCH - 1):
        inbox.put(ReviewDue())
    inbox.put_all([NodeReported(report("n-1", seq)) for seq in range(100)])
    inbox.put(ReviewDue())
    assert len(inbox.take()) == BATCH + 99, "half a boot must not be acted on"
    assert len(inbox.take()) == 1
    assert len(inbox) == 0


def test_an_inbox_nobody_empties_keeps_the_newest_report_of_each_node():
    inbox = Inbox(crowded=100)
    inbox.put_all([ReviewDue()] * 3)
    for seq in range(10_000):
        inbox.put(NodeReported(report(f"n-{seq % 10}", seq)))
    assert len(inbox) <= 101
    newest = {event.report.node: event.report.seq for event in inbox.take() if isinstance(event, NodeReported)}
    assert newest == {f"n-{n}": 9990 + n for n in range(10)}


async def test_a_part_that_dies_is_told_of_and_started_again():
    told: list[str] = []
    started = 0
    third = asyncio.Event()

    async def fragile() -> None:
        nonlocal started
        started += 1
        if started == 1:
            raise RuntimeError("the adapter was pulled out")
        if started == 2:
            raise SystemExit(1)
        third.set()
        await asyncio.Event().wait()

    keeping = asyncio.create_task(keep_running("link", fragile, told.append, pause_s=0.001))
    await asyncio.wait_for(third.wait(), 5)
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    assert [text.split(";")[0] for text in told] == ["RuntimeError: the adapter was pulled out", "SystemExit: 1"]


def test_faults_of_what_left_the_inventory_are_told_at_boot_so_that_they_can_end(office):
    fault = Fault(FaultEvent.LAMP_FAILURE, "light point", "LP-gone", NOW)
    site = replace(fault, subject_kind="site", subject="store")
    snapshot = replace(office.store.replay(NOW), open_faults=(fault, site))
    told = [event for event in boot_events(snapshot, "Europe/Berlin") if isinstance(event, NodeRestored)]
    assert [each.faults for each in told if each.faults] == [(fault,)]


def test_a_certificate_that_cannot_be_used_is_said_before_the_door_opens(tmp_path):
    path = tmp_path / "cert.pem"
    path.write_text("no certificate")
    with pytest.raises(LinkDown, match="cannot be used"):
        open_door(HttpSettings(port=0, tls_cert=str(path), tls_key=str(path)))


def test_only_what_content_is_to_blame_for_is_left_out():
    store = SqliteStore(None)
    store._main.rows("PRAGMA query_only = ON")
    with pytest.raises(StoreError) as failed:
        store.commit(Recorded(commands=(command("n-1", 1),)))
    assert type(failed.value) is StoreError
