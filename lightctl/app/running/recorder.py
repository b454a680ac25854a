"""The recorder: effects go into the store before anything is acted on. If that fails, the street comes first.

A store that cannot be written (a full disk) must not darken a road: the failure is logged, shown in `status` and
`/healthz`, raised as a fault as soon as the store takes it, and the loop goes on. What could not be written is kept and
written first when the store recovers: the newest of each, so that it cannot grow beyond one of each thing. What the
store's own rules refuse is left out alone and named in the log: it must not keep everything after it out as well.
Measurements go their own way (`measuring.py`), after all else: their file may fail alone.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import fields, replace
from typing import Any

import structlog

from lightctl.app.live import Live
from lightctl.app.metrics.instruments import Instruments
from lightctl.app.rollouts.steering import now_in_force
from lightctl.app.running.measuring import Measurements
from lightctl.control.effects import Effects
from lightctl.domain.errors import StoreError
from lightctl.domain.events import Event
from lightctl.domain.states import Fault, FaultEvent
from lightctl.store.base import Recorded
from lightctl.store.failures import ContentRefused
from lightctl.store.observed import CLOCK_LIMIT_S
from lightctl.store.sqlite import SqliteStore

log = structlog.get_logger("lightctl.recorder")
KEPT_OF_EACH = 100_000
NOTHING = Recorded()
RECORDED_FIELDS = tuple(field.name for field in fields(Recorded) if field.name != "seen")
NAME_OF: dict[str, Callable[[Any], object]] = {
    "desired": lambda desired: desired.node,
    "commands": lambda command: command.id,
    "reported": lambda report: report.node,
    "announced": lambda hello: hello.node,
    "faults": lambda fault: (fault.key, fault.opened_at),
    "quarantined": id,
    "discovered": lambda found: found.node,
    "actions": lambda action: action.id,
    "action_results": lambda result: (result.node, result.action_id),
    "rollouts": lambda rollout: rollout.id,
    "standings": lambda standing: (standing.rollout, standing.node),
    "seen": lambda sighting: sighting[0],
}


class Recorder:
    """Writes effects on the store's thread, in order."""

    def __init__(
        self,
        store: SqliteStore,
        on_store_thread: Callable[[Callable[[], None]], Awaitable[None]],
        live: Live,
        tell: Callable[[Sequence[Event]], None] = lambda _events: None,
        clock_limit_s: float = CLOCK_LIMIT_S,
        instruments: Instruments | None = None,
    ) -> None:
        """Write to `store`; tell `live` when that fails, and `tell` what schedules a roll-out has put in force.

        clock_limit_s: how far a node's clock may be off before its word for the time is doubted. instruments: where
        times and failures are counted.
        """
        self._store = store
        self._on_store_thread = on_store_thread
        self._live = live
        self._tell = tell
        self._instruments = instruments
        self._unwritten = NOTHING
        self._failed: Fault | None = None
        self._measurements = Measurements(store, live, clock_limit_s)

    def take_up(self, open_faults: Sequence[Fault]) -> None:
        """Know the faults that an earlier run left open, so that they can end."""
        self._measurements.take_up(open_faults)

    async def record(self, effects: Effects) -> None:
        """Write one step's effects; never raises for a store that cannot take them."""
        recorded = merged(self._unwritten, _recorded(effects))
        self._measurements.take_in(effects.reports, effects.readings)
        if recorded == NOTHING and not len(self._measurements):
            return

        news: list[Event] = []

        def write() -> None:
            began_s = time.perf_counter()
            commit(self._store, recorded)
            news.extend(now_in_force(self._store, recorded.rollouts))
            self._unwritten = NOTHING
            self._measurements.write()
            if self._instruments is not None:
                self._instruments.commits.observe(time.perf_counter() - began_s)

        self._unwritten = recorded
        try:
            await self._on_store_thread(write)
        except StoreError as error:
            self._fail(error)
        else:
            if news:
                self._tell(news)
            await self._recover()

    def _fail(self, error: StoreError) -> None:
        if self._instruments is not None:
            self._instruments.store_failures.inc()
        self._live.note("store", f"the store takes nothing: {error}")
        if self._failed is None:
            log.error("store failure", why=str(error))
            self._failed = Fault(
                FaultEvent.STORE_FAILURE, "site", "store", self._live.clock_now(), str(error), "critical"
            )

    async def _recover(self) -> None:
        faults = self._measurements.verdicts()
        if self._failed is not None:
            opened, self._failed = self._failed, None
            faults = (*faults, replace(opened, cleared_at=self._live.clock_now()))
            self._live.note("store", "")
            log.info("store recovered")
        if faults:
            self._unwritten = merged(self._unwritten, Recorded(faults=faults))
            await self.record(Effects())


def commit(store: SqliteStore, recorded: Recorded) -> None:
    """Write what the store takes; of what its rules refuse, find the culprits by halves, and leave only them out."""
    try:
        store.commit(recorded)
    except ContentRefused:
        single = [(name, item) for name in NAME_OF for item in getattr(recorded, name)]
        if len(single) == 1:
            log.exception("the store refuses a record; it is left out", record=repr(single[0][1])[:500])
            return
        commit(store, _gathered(single[: len(single) // 2]))
        commit(store, _gathered(single[len(single) // 2 :]))


def merged(older: Recorded, newer: Recorded) -> Recorded:
    """Give both as one: the newest of each thing, in the order in which they came."""
    if older is NOTHING:
        return newer
    kept: dict[str, tuple[Any, ...]] = {}
    for name, name_of in NAME_OF.items():
        newest = {name_of(item): item for item in (*getattr(older, name), *getattr(newer, name))}
        kept[name] = tuple(newest.values())[-KEPT_OF_EACH:]
    return Recorded(**kept)


def _gathered(items: Sequence[tuple[str, Any]]) -> Recorded:
    return Recorded(**{name: tuple(item for of, item in items if of == name) for name in NAME_OF})


def _recorded(effects: Effects) -> Recorded:
    shared: dict[str, Any] = {name: getattr(effects, name) for name in RECORDED_FIELDS}
    heard = tuple((reading.node, reading.at) for reading in effects.readings)  # a meter has no other way to be heard
    return Recorded(**shared, seen=heard)
