"""The office: a courier for each target that settings name, and one eye on silences that end.

A fault that is still there when its silence ends is news: it is an alarm again. What ended while nobody looked (the
daemon was down) is seen at the next look, because the last one is stored.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import replace
from typing import Any

from lightctl.app.faults.whereabouts import Whereabouts
from lightctl.app.live import Live
from lightctl.app.notices.carriers import carrier_of
from lightctl.app.notices.courier import Courier, OnStoreThread
from lightctl.app.notices.sorting import Sorting
from lightctl.app.notices.timing import Patience
from lightctl.app.running.keeping import keep_running
from lightctl.domain.assets import Fleet
from lightctl.domain.faults import FaultState
from lightctl.files.settings import Settings
from lightctl.files.settings_notifications import NotificationTarget
from lightctl.links.base import Clock
from lightctl.links.stopping import end_if_cancelled
from lightctl.store.sqlite import SqliteStore

LOOK_S = 10.0


def patience_of(target: NotificationTarget) -> Patience:
    """Give how long a target's messages are tried."""
    return Patience(target.retry_cap_s, dt.timedelta(hours=target.give_up_h))


class Office:
    """Every courier of a daemon."""

    def __init__(
        self,
        settings: Settings,
        store: SqliteStore,
        on_store_thread: OnStoreThread,
        clock: Clock,
        live: Live,
        machine_s: Callable[[float], float] = float,
    ) -> None:
        """Make a courier for each target; none runs yet."""
        self.fleet = Fleet.of((), settings.site.time_zone)
        self._store = store
        self._on_store_thread = on_store_thread
        self._clock = clock
        self._live = live
        self._names = tuple(settings.notifications)
        self._couriers = [
            Courier(
                name,
                carrier_of(target, settings),
                Sorting(name, target, settings, store, lambda: self.fleet),
                patience_of(target),
                target.timeout_s,
                store=store,
                on_store_thread=on_store_thread,
                clock=clock,
                live=live,
                machine_s=machine_s,
            )
            for name, target in settings.notifications.items()
        ]

    def wake(self) -> None:
        """Faults opened or cleared."""
        for courier in self._couriers:
            courier.wake()

    def parts(self) -> Iterator[tuple[str, Coroutine[Any, Any, None]]]:
        """Give what runs beside the loop, by name; each part is started again when it fails."""
        for courier in self._couriers:
            yield f"notification {courier.name}", self._keep(f"notification {courier.name}", courier.run)
        if self._couriers:
            yield "silences", self._keep("silences", self._watch_silences)

    def settle_in(self) -> None:
        """Forget targets that are named no more, and let new ones begin with what happens from now on."""
        self._store.forget_notice_targets(self._names)
        for courier in self._couriers:
            courier.settle_in()

    async def _keep(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        await keep_running(name, run, lambda why: self._live.note(name, f"{name}: {why}"))

    async def _watch_silences(self) -> None:
        while True:
            end_if_cancelled()
            if await self._on_store_thread(lambda: look_at_silences(self._store, self.fleet, self._clock.now())):
                self.wake()
            await asyncio.sleep(LOOK_S)


def look_at_silences(store: SqliteStore, fleet: Fleet, now: dt.datetime) -> int:
    """Make news of faults that were silent at the last look and are alarms now; gives how many."""
    before = store.silences_looked_at()
    if before is None:
        store.tell_unsilenced((), now)
        return 0
    silences = store.silences(after=before)
    places = Whereabouts(fleet)
    loud = []
    for record in store.fault_records(is_open=True, suppressed=False):
        about = tuple(each for each in silences if places.silenced(record.fault, each))
        whole = replace(record, silences=about)
        if whole.fault.opened_at <= before and whole.state(before) is FaultState.SILENCED and whole.state(now).alarm:
            loud.append(record.id)
    if loud or silences or _minute(before) != _minute(now):  # not a write each time: nothing depends on the second
        store.tell_unsilenced(loud, now)
    return len(loud)


def _minute(at: dt.datetime) -> int:
    return int(at.timestamp()) // 60
