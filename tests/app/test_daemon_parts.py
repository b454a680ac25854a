"""The parts of the daemon that can be held still: clock, alarm, inbox, recorder, boot, notices."""

import asyncio
import datetime as dt
import gc
import socket
import stat
import time

import pytest

from lightctl.app.asking import Guard, Role, Target
from lightctl.app.clock import Alarm, RunClock
from lightctl.app.live import Live
from lightctl.app.operations import Operations
from lightctl.app.running.boot import boot_events
from lightctl.app.running.collector import Ebb, relax
from lightctl.app.running.first_token import TOKEN_FILE, write_first_token
from lightctl.app.running.inbox import BATCH, Inbox
from lightctl.app.running.recorder import Recorder
from lightctl.app.running.sdnotify import sd_notify
from lightctl.app.running.wiring import policy_of, time_scale_of
from lightctl.app.steps import finish
from lightctl.control.controller import Controller
from lightctl.control.effects import Effects
from lightctl.control.policy import Policy
from lightctl.devices.profile import shipped_profiles
from lightctl.domain.events import FleetChanged, IntentChanged, LinkChanged, OverrideSet, ReviewDue
from lightctl.domain.states import ChannelReport, Reading, ReportedState
from lightctl.domain.timescale import REAL_TIME, TimeScale
from lightctl.files.settings import Settings
from lightctl.planning.wall import next_wall_time
from lightctl.store.sqlite import SqliteStore
from tests.support.desk import NOW, OPERATOR, TECHNICIAN, VIEWER

NOON_S = 12 * 3600


@pytest.mark.parametrize(
    ("now", "wall_s", "expected"),
    [
        ("2026-12-04T10:00:00Z", 14 * 3600, "2026-12-04T13:00:00Z"),
        ("2026-12-04T13:00:00Z", 14 * 3600, "2026-12-05T13:00:00Z"),
        ("2026-03-28T20:00:00Z", 9000, "2026-03-29T01:30:00Z"),
        ("2026-10-24T20:00:00Z", 9000, "2026-10-25T00:30:00Z"),
        ("2026-10-25T00:30:00Z", 9000, "2026-10-26T01:30:00Z"),
    ],
)
def test_the_next_wall_time_is_once_a_day_whatever_the_clocks_do(now, wall_s, expected):
    found = next_wall_time(dt.datetime.fromisoformat(now), wall_s, "Europe/Berlin")
    assert found == dt.datetime.fromisoformat(expected)


def test_a_clock_without_settings_is_the_machines():
    clock = RunClock(time_scale_of(Settings()))
    assert abs(clock.now().timestamp() - time.time()) < 1
    assert abs(clock.machine_seconds_to(NOW) - (NOW.timestamp() - time.time())) < 1


def test_a_fast_clock_maps_both_ways():
    clock = RunClock(TimeScale(NOW, 1000.0, 600.0))
    assert clock.scale.instant(1001.0) == NOW + dt.timedelta(minutes=10)
    clock = RunClock(TimeScale(NOW, time.time(), 600.0))
    assert abs(clock.machine_seconds_to(clock.now() + dt.timedelta(minutes=10)) - 1.0) < 0.1


async def test_an_alarm_rings_once_at_its_instant_and_at_once_when_it_has_passed():
    clock = RunClock(TimeScale(NOW, time.time(), 100.0))
    alarm, rang, over = Alarm(clock), [], asyncio.Event()

    def review() -> None:
        rang.append("review")
        over.set()

    alarm.start()
    alarm.wake("late", NOW - dt.timedelta(hours=1), lambda: rang.append("late"))
    alarm.wake("review", NOW + dt.timedelta(seconds=1000), lambda: rang.append("never"))
    alarm.wake("review", clock.now() + dt.timedelta(seconds=20), review)
    alarm.wake("gone", NOW + dt.timedelta(seconds=1), lambda: rang.append("gone"))
    alarm.wake("gone", None, lambda: None)
    await asyncio.wait_for(over.wait(), 5)
    alarm.stop()
    assert rang == ["late", "review"]


async def test_an_alarm_set_again_while_it_rings_is_not_skipped():
    clock = RunClock(TimeScale(NOW, time.time(), 1000.0))
    alarm, rang, over = Alarm(clock), [], asyncio.Event()

    def ring() -> None:
        rang.append(clock.now())
        if len(rang) < 50:
            alarm.wake("review", clock.now() + dt.timedelta(milliseconds=1), ring)
        else:
            over.set()

    alarm.start()
    alarm.wake("review", clock.now(), ring)
    await asyncio.wait_for(over.wait(), 5)
    alarm.stop()


async def test_the_inbox_gives_everything_in_order_and_at_most_a_batch_at_once():
    inbox = Inbox()
    waiting = asyncio.create_task(inbox.drain(5))
    await asyncio.sleep(0)
    assert not waiting.done()
    for _ in range(BATCH + 1):
        inbox.put(ReviewDue())
    assert len(await waiting) == BATCH
    assert len(await inbox.drain(5)) == 1
    assert await inbox.drain(0.001) == [], "nothing came: look again all the same"


def test_sd_notify_tells_systemd_and_nobody_without_it(tmp_path):
    assert not sd_notify({}, "READY=1")
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(path)
        assert sd_notify({"NOTIFY_SOCKET": path}, "READY=1")
        assert systemd.recv(100) == b"READY=1"
    assert not sd_notify({"NOTIFY_SOCKET": str(tmp_path / "absent")}, "READY=1")


def test_the_first_start_writes_one_token_that_only_its_owner_can_read(tmp_path):
    store = SqliteStore(tmp_path)
    operations = Operations(store, Settings(), lambda: NOW, lambda _events: None)
    path = write_first_token(operations, tmp_path)
    assert path == tmp_path / TOKEN_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    actor = operations.authenticate(path.read_text().strip(), "http")
    assert actor.role == "operator"
    assert write_first_token(operations, tmp_path) is None
    store.close()


def test_a_token_made_before_the_first_start_locks_nobody_out(tmp_path):
    store = SqliteStore(tmp_path)
    operations = Operations(store, Settings(), lambda: NOW, lambda _events: None)
    operations.token_create(OPERATOR, "operator", Role.VIEWER, None)
    path = write_first_token(operations, tmp_path)
    assert path is not None
    assert operations.authenticate(path.read_text().strip(), "http").role == "operator"
    assert [token.name for token in operations.token_list(OPERATOR)] == ["operator", "operator-2"]
    store.close()


def test_boot_gives_a_fresh_controller_what_the_store_knows(office):
    office.operations.set_level(TECHNICIAN, Target(id="LP1"), 30, None, Guard())
    events = list(boot_events(office.store.replay(NOW), "Europe/Berlin"))
    kinds = [type(event) for event in events]
    assert kinds[-3:] == [FleetChanged, IntentChanged, OverrideSet]
    assert not events[-1].asked
    controller = Controller(Policy(), shipped_profiles(), "Europe/Berlin")
    effects = controller.step(events, NOW)
    assert {document.node for document in effects.desired} == {"n-1", "n-2", "n-3"}
    held = next(document for document in effects.desired if document.node == "n-1").channels[0].override
    assert held.level == 30


def reported(seq: int) -> Effects:
    report = ReportedState("n-1", NOW, {0: ChannelReport(level=seq)}, "b", seq, NOW, 1)
    return Effects(reported=(report,), reports=(report,))


async def run_here(work):
    return work()


async def test_a_store_that_is_full_is_said_and_what_it_missed_is_written_when_it_recovers(tmp_path):
    store = SqliteStore(tmp_path)
    live = Live(NOW, lambda: NOW)
    recorder = Recorder(store, run_here, live)
    await recorder.record(reported(1))
    pages = store._main.number("PRAGMA page_count")
    store._main.rows(f"PRAGMA max_page_count = {pages}")
    for seq in range(2, 400):
        many = tuple(
            ReportedState(f"n-{n}", NOW, {0: ChannelReport(level=seq % 100)}, "b", seq, NOW, 1) for n in range(seq)
        )
        await recorder.record(Effects(reported=many))
        if "store" in live.notes:
            break
    assert "store" in live.notes, "the control: a full store must fail"
    assert not [fault for _, fault in store.faults()]
    store._main.rows("PRAGMA max_page_count = 1000000")
    await recorder.record(reported(500))
    assert "store" not in live.notes
    assert store.last_reports()["n-1"].seq == 500
    assert f"n-{seq - 1}" in store.last_reports()
    (fault,) = [fault for _, fault in store.faults()]
    assert (fault.event, fault.cleared_at) == ("storeFailure", NOW)
    store.close()


async def test_a_meter_is_heard_by_its_readings(office):
    recorder = Recorder(office.store, run_here, Live(NOW, lambda: NOW))
    await recorder.record(Effects(readings=(Reading("n-1", NOW, {"power_w": 840.0}),)))
    assert office.operations.node_show(VIEWER, "n-1").last_seen == NOW
    assert office.operations.node_show(VIEWER, "n-1").reachable


def test_a_link_is_up_since_it_came_up():
    live = Live(NOW, lambda: NOW)
    live.hear(LinkChanged("mqtt", up=False, at=NOW))
    live.hear(LinkChanged("mqtt", up=True, at=NOW + dt.timedelta(seconds=5)))
    live.hear(LinkChanged("mqtt", up=True, at=NOW + dt.timedelta(seconds=9)))
    assert live.links["mqtt"].since == NOW + dt.timedelta(seconds=5)


def test_policy_is_what_settings_say():
    settings = Settings.model_validate(
        {"delivery": {"settle_s": 5.0, "nights": 8, "clock_warn_s": 9, "clock_untrusted_s": 60.0}}
    )
    policy = policy_of(settings)
    assert (policy.settle_s, policy.nights, policy.clock_warn_s, policy.clock_untrusted_s) == (5.0, 8, 9.0, 60.0)
    assert time_scale_of(settings) is REAL_TIME


def test_a_daemon_less_change_says_that_nobody_sends_it(office):
    office.operations._desk.live = None
    view = office.operations.set_level(TECHNICIAN, Target(id="LP1"), 30, None, Guard())
    assert view.points[0].detail == "recorded; no daemon runs that could send it"
    assert finish(office.operations.status(VIEWER)).daemon is False


def test_the_collector_of_a_daemon_looks_through_a_city_seldom():
    before = gc.get_threshold()
    try:
        relax()
        young, rounds, old = gc.get_threshold()
    finally:
        gc.set_threshold(*before)
    assert young * rounds * old > 1_000_000


def test_room_is_given_back_when_the_last_order_of_a_city_is_on_the_wire_and_not_for_a_few():
    given: list[int] = []
    ebb, waiting = Ebb(lambda: given.append(1)), 70_000
    for _ in range(100):
        ebb.passed(1000, lambda: waiting)
    assert not given
    waiting = 0
    for _ in range(20):
        ebb.passed(3, lambda: waiting)
    assert given == [1]
