"""The daemon's clock is set: what it lives by then, what it says, and what it knows of that after a new start."""

import asyncio
import datetime as dt
import time

import pytest

from lightctl.app import clock as clocks
from lightctl.app.clock import Alarm, RunClock
from lightctl.app.live import Live
from lightctl.app.running import timekeeping
from lightctl.app.running.timekeeping import FILE, Timekeeper, own_time_of
from lightctl.control.own_time import OwnTime
from lightctl.domain.states import FaultEvent
from lightctl.files.settings import Settings
from tests.support.desk import NOW

DAY = 86400.0


class Machine:
    """A machine whose clock can be set (`set_by`), and time that passes when it is told to."""

    def __init__(self, monkeypatch, folder) -> None:
        self.steady_s, self.set_by_s = 1000.0, 0.0
        monkeypatch.setattr(time, "time", lambda: NOW.timestamp() + self.steady_s + self.set_by_s)
        for module in (clocks, timekeeping):
            monkeypatch.setattr(module, "steady_s", lambda: self.steady_s)
        self.settings = Settings.model_validate({"store": {"directory": str(folder)}})
        self.folder, self.told, self.offsets = folder, [], [0.0] * 4
        self.start()

    def start(self) -> None:
        """Start the daemon, or start it again."""
        self.own = own_time_of(self.settings)
        self.clock = RunClock(own=self.own)
        self.live = Live(self.clock.now(), self.clock.now)
        tell, ask = self.told.append, lambda _most: self.offsets
        self.keeper = Timekeeper(self.own, self.folder, self.live, Alarm(self.clock), ask, tell)

    def pass_on(self, seconds: float) -> None:
        self.steady_s += seconds
        self.keeper.look(time.time(), self.steady_s)

    @property
    def true(self) -> dt.datetime:
        return NOW + dt.timedelta(seconds=self.steady_s)


@pytest.fixture
def machine(monkeypatch, tmp_path) -> Machine:
    return Machine(monkeypatch, tmp_path)


@pytest.mark.parametrize("step_s", [3600.0, -DAY, 30 * DAY, 14 * 365 * DAY])
def test_a_clock_set_wrong_is_one_fault_of_the_site_that_ends_when_it_is_right(machine, step_s):
    machine.pass_on(1)
    machine.set_by_s = step_s
    for _ in range(5):
        machine.pass_on(60)
        assert machine.clock.now() == machine.true
    assert "Set the clock right" in machine.live.notes["clock"]
    assert not machine.keeper.sure()
    machine.set_by_s = 0.0
    machine.pass_on(60)
    assert machine.keeper.sure()
    assert machine.live.notes == {}
    opened, closed = [judged.fault for judged in machine.told]
    assert (opened.event, opened.subject, opened.severity) == (FaultEvent.CLOCK_UNTRUSTED, "clock", "critical")
    assert opened.key == closed.key
    assert closed.cleared_at == machine.clock.now()
    assert not any(judged.moved for judged in machine.told)


def test_a_daemon_started_again_while_the_clock_is_wrong_lives_by_the_right_time_and_ends_the_fault(machine):
    machine.pass_on(1)
    machine.set_by_s = -DAY
    machine.pass_on(10)
    machine.start()
    machine.keeper.take_up([machine.told[0].fault])
    assert machine.clock.now() == machine.true
    machine.set_by_s = 0.0
    machine.pass_on(10)
    assert [judged.fault.cleared_at is None for judged in machine.told] == [True, False]


def test_a_clock_that_nodes_say_is_right_is_followed_and_the_controller_is_told(machine):
    machine.offsets = [7200.0] * 4
    machine.pass_on(1)
    machine.set_by_s = 7200.0
    machine.pass_on(1)
    assert machine.clock.now() == machine.true + dt.timedelta(hours=2)
    assert machine.told[-1].moved
    assert machine.told[-1].fault.cleared_at is not None


@pytest.mark.parametrize("spoiled", [b"", b"{}", b"no json", b'{"boot":1}'])
def test_a_spoiled_file_is_as_none(machine, spoiled):
    (machine.folder / FILE).write_bytes(spoiled)
    machine.start()
    machine.pass_on(1)
    assert machine.clock.now() == machine.true
    assert machine.keeper.sure()


def test_the_file_is_written_when_something_changed_and_once_an_hour(machine):
    machine.pass_on(1)
    first = (machine.folder / FILE).stat().st_mtime_ns
    for _ in range(59):
        machine.pass_on(60)
    assert (machine.folder / FILE).stat().st_mtime_ns == first
    machine.pass_on(120)
    assert (machine.folder / FILE).stat().st_mtime_ns > first


async def test_alarms_ring_when_so_much_time_has_passed_though_the_clock_was_set_back():
    real = time.time
    clock = RunClock(own=OwnTime(real(), clocks.steady_s(), 300.0, 750.0))
    alarm, rang = Alarm(clock), asyncio.Event()
    alarm.start()
    with pytest.MonkeyPatch.context() as patch:  # before it is set back, as the scheduler has the time from elsewhere
        patch.setattr(time, "time", lambda: real() + DAY)
        alarm.wake("review", clock.now() + dt.timedelta(seconds=0.3), rang.set)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(rang.wait(), 0.5)
    alarm.set_anew()
    await asyncio.wait_for(rang.wait(), 5)
    alarm.stop()
