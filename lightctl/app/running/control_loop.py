"""The control loop: takes a batch off the inbox, lets the controller decide, has that recorded, then acts.

Record, then act; but a store that fails stops no light: what it cannot take or give is noted, and the loop goes on.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog

from lightctl.app.clock import Alarm, RunClock
from lightctl.app.live import Live
from lightctl.app.metrics.metrics import Metrics
from lightctl.app.notices.office import Office
from lightctl.app.running.boot import held_events
from lightctl.app.running.collector import Ebb
from lightctl.app.running.hurry import Hurry
from lightctl.app.running.inbox import Inbox
from lightctl.app.running.recorder import Recorder
from lightctl.app.running.sdnotify import sd_notify
from lightctl.control.controller import SET_BACK, Controller
from lightctl.control.effects import Effects
from lightctl.domain.errors import StoreError
from lightctl.domain.events import Event, FleetChanged, LinkChanged, ReviewDue
from lightctl.links.base import Link
from lightctl.store.sqlite import SqliteStore

log = structlog.get_logger("lightctl.daemon")
REVIEW_AT_LEAST_S = 10.0  # of the machine: an alarm that never rang costs no lamp more than this
Held = Callable[[dt.datetime], Awaitable[Sequence[Event]]]


def held_by(store: SqliteStore, now: dt.datetime) -> Sequence[Event]:
    """Give what people hold, by the store; on its thread."""
    return tuple(held_events(store.overrides(now), store.running_maintenances(now)))


class ControlLoop:
    """Steps the controller; belongs to the daemon's loop, but for `decide`, which any one thread at a time may call."""

    def __init__(
        self,
        controller: Controller,
        inbox: Inbox,
        recorder: Recorder,
        clock: RunClock,
        alarm: Alarm,
        live: Live,
        metrics: Metrics,
        links: Mapping[str, Link],
        office: Office,
        held: Held,
    ) -> None:
        """Take what it works with; held: gives what people hold at an instant, by the store."""
        self._controller, self._inbox, self._recorder = controller, inbox, recorder
        self._clock, self._alarm, self._live, self._metrics = clock, alarm, live, metrics
        self._links, self._office, self._held = links, office, held
        self._hurry = Hurry()
        self._ebb = Ebb()

    async def run(self, decided: Effects) -> None:
        """Carry out what was decided at the start, then go on for ever."""
        await self._carry_out(decided)
        latest = self._clock.now()
        while True:
            events = await self._next_events(decided)
            before, latest = latest, self._clock.now()
            if latest < before - SET_BACK:
                events = [*await self._held_again(latest), *events]
            self.hear(events)
            decided = self.decide(events)
            await self._carry_out(decided)

    async def settle(self) -> None:
        """Take in what arrived last, so that nothing heard is lost; nothing more is sent."""
        while len(self._inbox):
            await self._recorder.record(self.decide(self._inbox.take()))

    def hear(self, events: Sequence[Event]) -> None:
        """Let links, office and status know what concerns them."""
        for event in events:
            match event:
                case FleetChanged(fleet):
                    self._office.fleet = fleet
                    for name, link in self._links.items():
                        link.attach(fleet.nodes_on(name))
                    orphans = sorted({n.link for n in fleet.nodes.values()} - self._links.keys())
                    self._live.note("links", f"no link {', '.join(orphans)} in settings" if orphans else "")
                case LinkChanged():
                    self._live.hear(event)
                    log.info("link", link=event.link, up=event.up, detail=event.detail)
                case _:
                    pass

    def decide(self, events: Sequence[Event]) -> Effects:
        """Let the controller decide; events it cannot take are lost, which the next reports make good."""
        now, began_s = self._clock.now(), time.perf_counter()
        self._metrics.hear(events)
        try:
            effects = self._controller.step(events, now)
        except Exception as error:
            self._metrics.instruments.steps_failed.inc()
            log.exception("a step failed", events=len(events))
            self._live.note("controller", f"a step failed, its events are lost: {error!r}. Please report this.")
            return Effects(review_at=now + dt.timedelta(seconds=REVIEW_AT_LEAST_S))
        self._metrics.stepped(events, effects, time.perf_counter() - began_s)
        return effects

    async def _next_events(self, decided: Effects) -> list[Event]:
        if self._hurry.goes_on(decided, self._clock.now(), time.monotonic()):
            await asyncio.sleep(0)
            return self._inbox.take() if self._inbox.asked else []
        return await self._inbox.drain(REVIEW_AT_LEAST_S)

    async def _held_again(self, now: dt.datetime) -> Sequence[Event]:
        """Give what people hold: what a clock ahead of the time has ended may hold again."""
        try:
            return await self._held(now)
        except StoreError as error:
            log.warning("overrides that a wrong clock ended cannot be read", why=str(error))
            return ()

    async def _carry_out(self, effects: Effects) -> None:
        await self._recorder.record(effects)
        self._act(effects)
        if effects.faults:
            self._office.wake()
        sd_notify(os.environ, "WATCHDOG=1")

    def _act(self, effects: Effects) -> None:
        for order in effects.submissions:
            link = self._links.get(order.node.link)
            if link is not None:
                link.submit(order)
        self._ebb.passed(len(effects.submissions), lambda: sum(link.waiting for link in self._links.values()))
        self._alarm.wake("review", effects.review_at, lambda: self._inbox.put(ReviewDue()))
