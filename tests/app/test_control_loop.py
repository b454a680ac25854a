"""The control loop itself, with everything it works with but wires."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence

from lightctl.app.clock import Alarm, ManualClock
from lightctl.app.live import Live
from lightctl.app.metrics.metrics import Metrics
from lightctl.app.notices.office import Office
from lightctl.app.running.control_loop import ControlLoop, held_by
from lightctl.app.running.inbox import Inbox
from lightctl.app.running.recorder import Recorder
from lightctl.control.controller import Controller
from lightctl.control.effects import Effects
from lightctl.control.policy import Policy
from lightctl.devices.profile import shipped_profiles
from lightctl.domain.errors import StoreError
from lightctl.domain.events import Event, OverrideSet, ReviewDue
from lightctl.domain.selectors import parse_selector
from lightctl.domain.states import Override, Scope
from lightctl.files.settings import Settings
from lightctl.store.base import AuditDraft
from lightctl.store.sqlite import SqliteStore
from tests.support.desk import NOW

HOUR = dt.timedelta(hours=1)
HELD = Override("o1", Scope.SITE, parse_selector("*"), 40, NOW - HOUR, NOW + HOUR)


class Listening(Controller):
    """Remembers what it was told, and says when, beside doing what a controller does."""

    told: tuple[Event, ...] = ()

    def step(self, events, now):
        self.told = (*self.told, *events)
        self.stepped.set()
        return super().step(events, now)


async def told_after_a_step_back(read: Callable[[SqliteStore, dt.datetime], Sequence[Event]]) -> list[Event]:
    """Let the clock be ahead for three hours, then set it right; gives what the controller is told then."""
    store, clock, settings, inbox = SqliteStore(None), ManualClock(NOW + 3 * HOUR), Settings(), Inbox()
    store.add_overrides([HELD], HELD.id, AuditDraft(NOW, "test", "test", "dim", ""))
    live = Live(clock.now(), clock.now)
    controller = Listening(Policy(), shipped_profiles(), "Europe/Berlin")
    controller.stepped = asyncio.Event()

    async def at_once(work):
        return work()

    async def held(now: dt.datetime) -> Sequence[Event]:
        return read(store, now)

    loop = ControlLoop(
        controller, inbox, Recorder(store, at_once, live, inbox.put_all, 60.0), clock, Alarm(clock), live,
        Metrics(settings.metrics, live, inbox), {}, Office(settings, store, at_once, clock, live, float), held,
    )  # fmt: skip
    running = asyncio.create_task(loop.run(Effects()))
    for at in (NOW + 3 * HOUR, NOW):
        clock.set(at)
        controller.stepped.clear()
        inbox.put(ReviewDue())
        step = asyncio.create_task(controller.stepped.wait())
        await asyncio.wait({step, running}, return_when=asyncio.FIRST_COMPLETED)
        assert not running.done(), running
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    store.close()
    return [event for event in controller.told if not isinstance(event, ReviewDue)]


async def test_what_a_clock_ahead_has_ended_is_told_again_when_it_is_right():
    assert await told_after_a_step_back(held_by) == [OverrideSet(HELD, asked=False)]


async def test_a_store_that_cannot_be_read_then_does_not_end_the_loop():
    def broken(_store: SqliteStore, _now: dt.datetime) -> Sequence[Event]:
        raise StoreError("the disk is gone")

    assert await told_after_a_step_back(broken) == []
