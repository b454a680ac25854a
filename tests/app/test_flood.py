"""A flood of reports while the store hangs costs measurements, which are counted, and never a state."""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
import resource

import pytest

from lightctl.app.live import Live
from lightctl.app.operations import Operations
from lightctl.app.running.inbox import Inbox
from lightctl.app.running.measuring import Measurements
from lightctl.app.running.recorder import Recorder
from lightctl.app.steps import finish
from lightctl.cli import status as cli_status
from lightctl.control.controller import Controller
from lightctl.control.policy import Policy
from lightctl.devices.profile import shipped_profiles
from lightctl.domain.assets import Fleet, LightPoint
from lightctl.domain.events import (
    CommandSent,
    FleetChanged,
    MeterRead,
    NodeAnnounced,
    NodePresence,
    NodeReported,
    SensorRead,
)
from lightctl.domain.sensors import SensorReading
from lightctl.domain.states import ChannelReport, Reading, ReportedState
from lightctl.files.settings import Settings
from lightctl.store.sqlite import SqliteStore
from tests.support.desk import NOW, VIEWER

FLOOD, NODES, CROWDED = 1_000_000, 500, 20_000
CHANNEL = {0: ChannelReport(level=70, commanded=70)}
FLAT_MB = 60


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def said(number: int) -> NodeReported:
    seq, node = divmod(number, NODES)
    at = NOW + dt.timedelta(milliseconds=number)
    return NodeReported(ReportedState(f"n-{node}", at, CHANNEL, "boot", seq, at, 1))


async def test_a_million_reports_at_a_store_that_hangs_cost_no_state_and_no_memory():
    store, live = SqliteStore(None), Live(NOW, lambda: NOW)
    hanging = asyncio.Event()

    async def on_store_thread(work):
        await hanging.wait()
        work()

    inbox = Inbox(CROWDED, live.drop)
    recorder = Recorder(store, on_store_thread, live)
    controller = Controller(Policy(), shipped_profiles(), "Europe/Berlin")
    points = [LightPoint(f"LP-{n}", 51.5, 7.4, node=f"n-{n}") for n in range(NODES)]
    inbox.put(FleetChanged(Fleet.of(points, "Europe/Berlin")))
    handled = 0

    async def control_loop() -> None:
        nonlocal handled
        while handled < FLOOD - live.telemetry_dropped + 1:
            events = await inbox.drain(5)
            handled += len(events)
            await recorder.record(controller.step(events, NOW + dt.timedelta(hours=1)))

    loop = asyncio.create_task(control_loop())
    for number in range(CROWDED * 2):
        inbox.put(said(number))
        if not number % 1000:
            await asyncio.sleep(0)
    gc.collect()
    before, longest = peak_mb(), 0
    for number in range(CROWDED * 2, FLOOD):
        inbox.put(said(number))
        longest = max(longest, len(inbox))
    assert longest <= CROWDED + 1
    assert peak_mb() - before < FLAT_MB, "memory is flat while the flood lasts"
    assert live.telemetry_dropped > FLOOD / 2, "the control: it must be a flood"
    hanging.set()
    await asyncio.wait_for(loop, 60)
    last = FLOOD // NODES - 1
    assert {report.seq for report in store.last_reports().values()} == {last}
    assert len(store.last_reports()) == NODES
    kept = store._telemetry.number("SELECT count(*) FROM reports")
    assert kept + live.telemetry_dropped == FLOOD
    store.close()


def test_what_overtook_on_the_way_stays_the_state_when_the_inbox_is_thinned():
    dropped: list[int] = []
    inbox = Inbox(3, dropped.append)
    for seq in (1, 5, 4, 2):
        inbox.put(NodeReported(ReportedState("n-1", NOW, CHANNEL, "boot", seq)))
    (kept,) = inbox.take()
    assert (kept.report.seq, sum(dropped)) == (5, 3)


@pytest.mark.parametrize("reboot", ["other", ""])
def test_the_last_word_counts_where_numbers_cannot_be_compared(reboot):
    inbox = Inbox(1)
    inbox.put(NodeReported(ReportedState("n-1", NOW, CHANNEL, "boot" if reboot else "", 9)))
    inbox.put(NodeReported(ReportedState("n-1", NOW, CHANNEL, reboot, 1)))
    (kept,) = inbox.take()
    assert kept.report.seq == 1


def test_thinning_touches_no_order_and_keeps_the_newest_word_of_each_kind():
    dropped: list[int] = []
    inbox = Inbox(10, dropped.append)
    capabilities = shipped_profiles()["native"].capabilities
    for number in range(100):
        at = NOW + dt.timedelta(seconds=number)
        inbox.put(MeterRead(Reading("m-1", at, {"energy_kwh": number})))
        inbox.put(SensorRead(SensorReading("a", "n-1", "s", "lux", float(number), at, at)))
        inbox.put(NodePresence("n-1", bool(number % 2), at))
        inbox.put(NodeAnnounced("n-1", f"boot-{number}", capabilities, 0, at))
        inbox.put(CommandSent("n-1", number, at))
    taken = inbox.take()
    assert [event.revision for event in taken if isinstance(event, CommandSent)] == list(range(100))
    others = [event for event in taken if not isinstance(event, CommandSent)]
    assert len(others) < 4 * 100, "the control: it was crowded"
    assert sum(isinstance(event, MeterRead | SensorRead) for event in others) == 200 - sum(dropped)
    assert max(e.reading.at for e in others if isinstance(e, MeterRead)) == NOW + dt.timedelta(seconds=99)
    assert [e.boot_id for e in others if isinstance(e, NodeAnnounced)][-1] == "boot-99"


def test_measurements_that_find_no_room_are_dropped_oldest_first_and_counted():
    store, live = SqliteStore(None), Live(NOW, lambda: NOW)
    waiting = Measurements(store, live, room=10)
    store._telemetry.rows("PRAGMA query_only = ON")
    for number in range(25):
        waiting.take_in([said(number).report], [Reading("m-1", NOW + dt.timedelta(seconds=number), {"power_w": 1.0})])
        waiting.write()
    assert (live.telemetry_dropped, live.telemetry_waiting) == (30, 20)
    store._telemetry.rows("PRAGMA query_only = OFF")
    waiting.write()
    assert live.telemetry_waiting == 0
    kept = [report.at for node in range(25) for report in store.reports(f"n-{node}", NOW, NOW + dt.timedelta(hours=1))]
    assert kept == [NOW + dt.timedelta(milliseconds=number) for number in range(15, 25)]
    store.close()


def test_status_says_how_many_measurements_were_dropped_and_how_many_wait(office):
    live = Live(NOW, lambda: NOW, telemetry_waiting=20)
    live.drop(1200)
    live.drop(34)
    operations = Operations(office.store, Settings(), lambda: NOW, lambda _events: None, live)
    status = finish(operations.status(VIEWER))
    assert (status.telemetry_dropped, status.telemetry_waiting) == (1234, 20)
    shown = next(column for column in cli_status._SHOW if column.title == "telemetry")
    said = shown.text({"telemetry_dropped": 1234, "telemetry_waiting": 20})
    assert said == "1,234 reports and readings dropped since the start, 20 waiting to be written"
    assert finish(office.operations.status(VIEWER)).telemetry_dropped == 0
    assert shown.text({"telemetry_dropped": 0, "telemetry_waiting": 0}) == "", "the control: nothing to say"
