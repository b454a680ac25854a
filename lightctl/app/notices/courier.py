"""A courier: tells one target what happened, in a task of its own beside the control loop.

It looks what is to be told, stores that, sends it, and stores what came of it. It waits for its own target alone: a
target that is slow, dead or hanging delays no other, and the loop never waits for any. Killed at any point it begins
again with the same message under the same id, so that each is told at least once and a repeat can be dropped.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import structlog

from lightctl.app.live import Live
from lightctl.app.notices.sorting import Sorting
from lightctl.app.notices.timing import Patience, Wait, failed, pause_s, taken
from lightctl.domain.errors import StoreError
from lightctl.domain.notices import Parcel, Standing
from lightctl.links.base import Clock
from lightctl.links.notice import Carrier, Notice, NotTaken
from lightctl.links.stopping import end_if_cancelled
from lightctl.store.base import AuditDraft
from lightctl.store.sqlite import SqliteStore

T = TypeVar("T")
log = structlog.get_logger("lightctl.notices")
POLL_S = 5.0  # of the machine: news that nobody woke us for is told no later than this
NAP_S = 60.0
SLOWEST = 2.0  # a target that answers, but byte by byte, is cut off after so many times its time
USER = "lightctl"


class OnStoreThread(Protocol):
    """Runs work on the store's own thread."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]:
        """Give what the work gives, or raise what it raises."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt; `failure` is None where the target took it."""

    said: str
    failure: NotTaken | None = None


async def attempt(carrier: Carrier, notice: Notice, now: dt.datetime, timeout_s: float) -> Outcome:
    """Try once to hand a message over; whatever goes wrong is an outcome, and none takes longer than it may."""
    try:
        async with asyncio.timeout(timeout_s * SLOWEST):
            said = await carrier.carry(notice, now)
    except NotTaken as failure:
        return Outcome(failure.why, failure)
    except TimeoutError:
        return _not_taken(f"it was not done within {timeout_s * SLOWEST:g} s")
    except Exception as error:
        log.exception("a carrier failed")
        return _not_taken(f"{type(error).__name__}: {error}")
    return Outcome(said)


def _not_taken(why: str) -> Outcome:
    return Outcome(why, NotTaken(why))


class Courier:
    """Tells one target."""

    def __init__(
        self,
        name: str,
        carrier: Carrier,
        sorting: Sorting,
        patience: Patience,
        timeout_s: float,
        *,
        store: SqliteStore,
        on_store_thread: OnStoreThread,
        clock: Clock,
        live: Live,
        machine_s: Callable[[float], float] = float,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Send by `carrier` what `sorting` gives; `machine_s` turns seconds of the clock into the machine's."""
        self.name = name
        self._carrier = carrier
        self._sorting = sorting
        self._patience = patience
        self._timeout_s = timeout_s
        self._store = store
        self._on_store_thread = on_store_thread
        self._clock = clock
        self._live = live
        self._machine_s = machine_s
        self._chance = chance
        self._news = asyncio.Event()
        self._sent: deque[dt.datetime] = deque(maxlen=600)

    def wake(self) -> None:
        """There is news."""
        self._news.set()

    def settle_in(self) -> None:
        """Begin, where it is new, with what happens from now on; on the store's thread."""
        self._sorting.standing()

    async def run(self) -> None:
        """Tell until cancelled."""
        while True:
            end_if_cancelled()
            self._news.clear()
            try:
                wait = await self.turn()
            except StoreError as error:  # a full disk: the recorder says so to everybody
                log.warning("a notification waits for the store", target=self.name, why=str(error))
                wait = Wait(self._clock.now() + dt.timedelta(seconds=NAP_S))
            if wait is not None:
                await self._rest(wait)

    async def turn(self) -> Wait | None:
        """Tell one thing and give None; or say how long there is nothing to do."""
        found = await self._on_store_thread(lambda: self._sorting.look(self._clock.now(), tuple(self._sent)))
        if isinstance(found, Wait):
            return found
        parcel = found.parcel
        assert parcel is not None
        outcome = await attempt(self._carrier, notice_of(parcel), self._clock.now(), self._timeout_s)
        await self._on_store_thread(lambda: self._settle(found, parcel, outcome))
        return None

    def _settle(self, standing: Standing, parcel: Parcel, outcome: Outcome) -> None:
        now = self._clock.now()
        failure = outcome.failure
        if failure is None:
            self._store.put_notice_target(taken(standing, now))
            self._sent.append(now)
            if standing.failing_since is not None:
                log.info("notifications are taken again", target=self.name)
            self._live.note(self._topic, "")
            return
        pause = pause_s(
            standing.failures + 1,
            self._patience,
            self._chance(),
            refused=failure.refused,
            asked_s=failure.retry_after_s,
        )
        after = failed(standing, now, outcome.said, pause, self._patience, refused=failure.refused)
        lost = after.given_up > standing.given_up
        self._store.put_notice_target(after, self._given_up(parcel, outcome, now) if lost else None)
        if lost:
            log.error("a notification was given up", target=self.name, id=parcel.id, why=outcome.said)
        elif standing.failing_since is None:
            log.warning("a notification is not taken; it is tried again", target=self.name, why=outcome.said)
        since = after.failing_since or now
        self._live.note(self._topic, f"notification {self.name} fails since {since:%Y-%m-%dT%H:%MZ}: {outcome.said}")

    def _given_up(self, parcel: Parcel, outcome: Outcome, now: dt.datetime) -> AuditDraft:
        told = f"{parcel.type} of {parcel.count} fault{'' if parcel.count == 1 else 's'}, {parcel.id}: {outcome.said}"
        return AuditDraft(now, USER, "daemon", "notification give-up", self.name, "nobody took it in time", told)

    @property
    def _topic(self) -> str:
        return f"notification {self.name}"

    async def _rest(self, wait: Wait) -> None:
        """Sleep until an instant, however much news there is; without one until there is news."""
        if wait.until is not None:
            left = self._machine_s((wait.until - self._clock.now()).total_seconds())
            await asyncio.sleep(max(0.01, min(left, NAP_S)))
            return
        woken = asyncio.ensure_future(self._news.wait())
        try:
            await asyncio.wait((woken,), timeout=POLL_S)
        finally:
            woken.cancel()


def notice_of(parcel: Parcel) -> Notice:
    """Give what a carrier carries of a parcel."""
    return Notice(parcel.id, parcel.title, parcel.text, parcel.body.encode())
