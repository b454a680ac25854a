"""The recorder: effects go into the store before anything is acted on. If that fails, the street comes first.

A store that cannot be written (a full disk) must not darken a road: the failure is logged, shown in `status` and
`/healthz`, raised as a fault as soon as the store takes it, and the loop goes on. What could not be written is kept and
written first when the store recovers: the newest of each, so that it cannot grow beyond one of each thing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import fields, replace
from typing import Any

import structlog

from lightctl.app.live import Live
from lightctl.control.effects import Effects
from lightctl.domain.errors import StoreError
from lightctl.domain.states import Fault, FaultEvent
from lightctl.store.base import Recorded
from lightctl.store.sqlite import SqliteStore

log = structlog.get_logger("lightctl.recorder")
KEPT_BATCHES = 1000
RECORDED_FIELDS = tuple(field.name for field in fields(Recorded) if field.name != "seen")


class Recorder:
    """Writes effects on the store's thread, in order."""

    def __init__(
        self, store: SqliteStore, on_store_thread: Callable[[Callable[[], None]], Awaitable[None]], live: Live
    ) -> None:
        """Write to `store`; tell `live` when that fails."""
        self._store = store
        self._on_store_thread = on_store_thread
        self._live = live
        self._unwritten: list[Recorded] = []
        self._failed: Fault | None = None

    async def record(self, effects: Effects) -> None:
        """Write one step's effects; never raises for a store that cannot take them."""
        recorded = _recorded(effects)
        if (
            not any(getattr(recorded, name) for name in RECORDED_FIELDS)
            and not self._unwritten
            and not effects.readings
        ):
            return

        def write() -> None:
            for batch in [*self._unwritten, recorded]:
                self._store.commit(batch)
            self._store.add_reports(effects.reports)
            self._store.add_readings(effects.readings)

        try:
            await self._on_store_thread(write)
        except StoreError as error:
            self._fail(recorded, error)
        else:
            await self._recover()

    def _fail(self, recorded: Recorded, error: StoreError) -> None:
        self._unwritten.append(recorded)
        del self._unwritten[:-KEPT_BATCHES]
        self._live.note("store", f"the store takes nothing: {error}")
        if self._failed is None:
            log.error("store failure", why=str(error))
            self._failed = Fault(
                FaultEvent.STORE_FAILURE, "site", "store", self._live.clock_now(), str(error), "critical"
            )

    async def _recover(self) -> None:
        self._unwritten.clear()
        if self._failed is None:
            return
        opened, self._failed = self._failed, None
        closed = replace(opened, cleared_at=self._live.clock_now())
        self._live.note("store", "")
        log.info("store recovered")
        await self._on_store_thread(lambda: self._store.commit(Recorded(faults=(opened, closed))))


def _recorded(effects: Effects) -> Recorded:
    shared: dict[str, Any] = {name: getattr(effects, name) for name in RECORDED_FIELDS}
    return Recorded(**shared, seen=tuple((report.node, report.received_at) for report in effects.reported))
