"""The daemon adds measurements up and deletes old ones in slices between which others get their turn."""

from __future__ import annotations

import asyncio
import datetime as dt
import time

import pytest

from lightctl.app import usage
from lightctl.app.clock import Alarm, RunClock
from lightctl.app.live import Live
from lightctl.app.running.upkeep import ROLL_UP_EVERY, Upkeep
from lightctl.domain.errors import StoreError
from lightctl.domain.states import ChannelReport, Reading, ReportedState
from lightctl.domain.timescale import TimeScale
from lightctl.domain.usage import Resolution
from lightctl.store import rollup
from tests.support.desk import NOW

SPAN = (NOW - dt.timedelta(days=40), NOW + dt.timedelta(days=40))


def said(node: str, minutes: float, seq: int) -> ReportedState:
    at = NOW + dt.timedelta(minutes=minutes)
    return ReportedState(node, at, {0: ChannelReport(70, 70, None, 60.0, 5.0 * seq)}, "b", seq, at, 1)


class Thread:
    """Runs work in place and counts it; says when it was asked for any, and when it did some."""

    def __init__(self) -> None:
        self.works = 0
        self.broken = False
        self.asked, self.worked = asyncio.Event(), asyncio.Event()

    async def __call__(self, work):
        self.works += 1
        self.asked.set()
        if self.broken:
            raise StoreError("the disk is full")
        work()
        self.worked.set()


def upkeep_of(office, clock=None, sure=lambda: True) -> tuple[Upkeep, Thread, Live]:
    live, thread = Live(NOW, clock.now if clock else lambda: NOW), Thread()
    return (
        Upkeep(
            office.store,
            thread,
            Alarm(clock or RunClock()),
            live,
            office.operations.upkeeping,
            office.operations.citizen_forget,
            sure,
        ),
        thread,
        live,
    )


async def test_a_round_goes_in_slices(office, monkeypatch):
    monkeypatch.setattr(rollup, "JOBS_A_SLICE", 1)
    office.store.add_reports([said(f"n-{n}", minute, minute) for n in range(4) for minute in (0, 5)])
    upkeep, thread, _ = upkeep_of(office)
    await upkeep.go_round(prune=False)
    assert thread.works > 4
    assert [each.energy_wh for each in office.store.usage(Resolution.NIGHT, *SPAN)] == [25.0] * 4


async def test_a_round_that_prunes_keeps_what_settings_say(office):
    old = -60 * 24 * 100
    office.store.add_reports([said("n-1", old, 0), said("n-1", old + 5, 1), said("n-1", 0, 2)])
    office.store.add_readings([Reading("n-9", NOW, {"energy_kwh": 1.0})])
    upkeep, _, _ = upkeep_of(office)
    await upkeep.go_round(prune=True)
    assert len(office.store.reports("n-1", *SPAN)) == 1
    assert office.store._telemetry.number("SELECT count(*) FROM reports") == 1
    assert len(list(office.store.usage(Resolution.QUARTER, SPAN[0] - dt.timedelta(days=90), SPAN[1]))) > 1


async def test_rounds_are_every_quarter_of_an_hour_and_one_that_fails_is_said_and_tried_again(office):
    clock = RunClock(TimeScale(NOW, time.time(), 20_000.0))
    upkeep, thread, live = upkeep_of(office, clock)
    upkeep._alarm.start()
    office.store.add_reports([said("n-1", 0, 0), said("n-1", 5, 1)])
    thread.broken = True
    running = asyncio.create_task(upkeep.run(pause_s=0))
    await asyncio.wait_for(thread.asked.wait(), 10)
    assert clock.now() >= NOW + ROLL_UP_EVERY
    assert office.store.backlog().rows == 2
    thread.asked.clear()
    await asyncio.wait_for(thread.asked.wait(), 10)
    assert "the disk is full" in live.notes["upkeep"]
    thread.broken = False
    for _ in range(20):
        thread.worked.clear()
        await asyncio.wait_for(thread.worked.wait(), 10)
    assert "upkeep" not in live.notes
    assert office.store.backlog().rows == 0
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    upkeep._alarm.stop()


def test_whoever_reads_usage_reads_what_came_up_to_now(office):
    desk = office.operations._desk
    office.store.add_reports([said("n-1", 0, 0), said("n-1", 5, 1)])
    office.store.add_readings(
        [Reading("n-9", NOW + dt.timedelta(minutes=5 * n), {"energy_kwh": 1.0 + n}) for n in range(2)]
    )
    assert [each.energy_wh for each in usage.usage(desk, Resolution.MONTH, *SPAN, ["n-1"])] == [5.0]
    assert [each.energy_wh for each in usage.meter_usage(desk, Resolution.MONTH, *SPAN)] == [1000.0]


def test_a_level_holds_as_long_as_its_node_counts_as_reachable(office):
    terms = office.operations.upkeeping()
    assert (terms.zone, terms.hold_s) == ("Europe/Berlin", 750.0)
    assert NOW - terms.keep.telemetry == dt.timedelta(days=90)


async def test_nothing_is_deleted_while_the_time_is_doubted_and_it_is_when_it_is_sure_again(office):
    clock = RunClock(TimeScale(NOW, time.time(), 20_000.0))
    sure = [False]
    upkeep, thread, _ = upkeep_of(office, clock, lambda: sure[0])
    upkeep._alarm.start()
    old = -60 * 24 * 100
    office.store.add_reports([said("n-1", old, 0), said("n-1", old + 5, 1), said("n-1", 0, 2)])
    running = asyncio.create_task(upkeep.run(pause_s=0))
    await rounds(thread, 5)
    assert reports_kept(office) == 3
    sure[0] = True
    await rounds(thread, 5)
    assert reports_kept(office) == 1
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    upkeep._alarm.stop()


async def rounds(thread: Thread, number: int) -> None:
    """Wait until so much more work was asked for as so many rounds have at least."""
    enough = thread.works + 3 * number
    while thread.works < enough:
        thread.worked.clear()
        await asyncio.wait_for(thread.worked.wait(), 10)


def reports_kept(office) -> int:
    return office.store._telemetry.number("SELECT count(*) FROM reports")
