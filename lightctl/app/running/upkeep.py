"""Upkeep: what the store needs while the daemon runs: measurements added up every quarter of an hour, old things gone.

Both go in slices on the store's thread, each waited for before the next is asked for: so the control loop, which shares
that thread, never waits for more than one.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from lightctl.app.clock import Alarm
from lightctl.app.live import Live
from lightctl.app.usage import Upkeeping
from lightctl.domain.errors import StoreError
from lightctl.store.sqlite import SqliteStore

T = TypeVar("T")
log = structlog.get_logger("lightctl.upkeep")
ROLL_UP_EVERY = dt.timedelta(minutes=15)
PRUNE_EVERY = dt.timedelta(hours=24)
PAUSE_S = 5.0  # of the machine, between two rounds: a clock that runs fast must not keep the thread busy
TOPIC = "upkeep"


class Upkeep:
    """The rounds through the store; `run` never ends by itself."""

    def __init__(
        self,
        store: SqliteStore,
        on_store_thread: Callable[[Callable[[], object]], Awaitable[object]],
        alarm: Alarm,
        live: Live,
        terms: Callable[[], Upkeeping],
        forget_people: Callable[[], object],
        sure: Callable[[], bool],
    ) -> None:
        """Look after `store`, on its thread; `terms` is asked at each round, there.

        forget_people: erases whom the settings say to forget. sure: whether the time is sure enough to delete by it.
        """
        self._store = store
        self._on_store_thread = on_store_thread
        self._alarm = alarm
        self._live = live
        self._terms = terms
        self._forget_people = forget_people
        self._sure = sure
        self._due = asyncio.Event()

    async def run(self, pause_s: float = PAUSE_S) -> None:
        """Go the rounds: the first in a quarter of an hour; it prunes, or a daemon restarted each day never would."""
        pruned_at: dt.datetime | None = None
        while True:
            self._alarm.wake(TOPIC, self._live.clock_now() + ROLL_UP_EVERY, self._due.set)
            await self._due.wait()
            self._due.clear()
            now = self._live.clock_now()
            prune = self._sure() and (pruned_at is None or abs(now - pruned_at) >= PRUNE_EVERY)
            pruned_at = now if prune else pruned_at
            try:
                await self.go_round(prune=prune)
            except StoreError as error:
                log.error("upkeep failed; it is tried again at the next round", why=str(error))  # noqa: TRY400 - it says all
                self._live.note(TOPIC, f"measurements are not added up: {error}")
            else:
                self._live.note(TOPIC, "")
            await asyncio.sleep(pause_s)

    async def go_round(self, *, prune: bool) -> None:
        """Add up what came, and delete what is older than settings keep."""
        terms = await self._ask(self._terms)
        while await self._ask(functools.partial(self._store.roll_up_slice, terms.zone, terms.hold_s)):
            pass
        if prune:
            await self._ask(self._forget_people)
            await self._ask(functools.partial(self._store.prune_journal, terms.journal_before))
            slices = self._store.prune_telemetry(terms.keep)
            while await self._ask(functools.partial(next, slices, None)) is not None:
                pass

    async def _ask(self, work: Callable[[], T]) -> T:
        found: list[T] = []
        await self._on_store_thread(lambda: found.append(work()))
        return found[0]
