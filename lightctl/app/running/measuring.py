"""Measurements on their way into the telemetry store: in batches, in bounded memory, and never in anybody's way.

What the controller hands on waits here until the store's thread writes it, after everything that matters more. When the
telemetry file takes nothing (a full disk), the newest `ROOM` measurements wait and the oldest are dropped and counted;
that is said in `status` and is a fault of its own, and it keeps no decision out of the main store. Since a report is
also the state of its node, which the main store keeps, dropping it here loses a measurement and never a state.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import TypeVar

import structlog

from lightctl.app.live import Live
from lightctl.domain.errors import StoreError
from lightctl.domain.states import Fault, FaultEvent, Reading, ReportedState
from lightctl.store.failures import ContentRefused
from lightctl.store.observed import CLOCK_LIMIT_S
from lightctl.store.sqlite import SqliteStore

T = TypeVar("T", ReportedState, Reading)
log = structlog.get_logger("lightctl.measuring")
ROOM = 100_000
BATCH = 5000  # a store that recovers takes what waited in bites, so that nobody else waits long for its thread
TOPIC = "telemetry"


class Measurements:
    """Reports and readings that are not written yet; `take_in` on the loop, `write` on the store's thread, in turn."""

    def __init__(self, store: SqliteStore, live: Live, clock_limit_s: float = CLOCK_LIMIT_S, room: int = ROOM) -> None:
        """Write to `store`; count in `live` what waits and what was dropped."""
        self._clock_limit_s = clock_limit_s
        self._store = store
        self._live = live
        self._room = room
        self._reports: deque[ReportedState] = deque()
        self._readings: deque[Reading] = deque()
        self._failed: Fault | None = None
        self._news: list[Fault] = []

    def __len__(self) -> int:
        return len(self._reports) + len(self._readings)

    def take_up(self, open_faults: Iterable[Fault]) -> None:
        """Know the fault that an earlier run left open."""
        for fault in open_faults:
            if fault.event is FaultEvent.STORE_FAILURE and fault.subject == TOPIC:
                self._failed = fault

    def take_in(self, reports: Sequence[ReportedState], readings: Sequence[Reading]) -> None:
        """Let measurements wait; what there is no room for, the oldest, is dropped and counted."""
        self._reports.extend(reports)
        self._readings.extend(readings)
        dropped = self._shorten(self._reports) + self._shorten(self._readings)
        if dropped:
            self._live.drop(dropped)
        self._live.telemetry_waiting = len(self)

    def write(self) -> None:
        """Write a batch of each; never raises for a telemetry file that cannot take them."""
        try:
            if len(self):
                reports, readings = list(islice(self._reports, BATCH)), list(islice(self._readings, BATCH))
                self._put(reports, readings)
                _forget(self._reports, len(reports))
                _forget(self._readings, len(readings))
        except StoreError as error:
            self._fail(error)
        else:
            self._recover()
        self._live.telemetry_waiting = len(self)

    def verdicts(self) -> tuple[Fault, ...]:
        """Give the faults that opened or ended since the last time."""
        news, self._news = tuple(self._news), []
        return news

    def _put(self, reports: Sequence[ReportedState], readings: Sequence[Reading]) -> None:
        try:
            self._store.add_measurements(reports, readings, self._clock_limit_s)
        except ContentRefused as error:
            if len(reports) + len(readings) == 1:
                log.error("the store refuses a measurement; it is left out", why=str(error))  # noqa: TRY400 - it says all
                self._live.drop(1)
                return
            for some in _halves(reports):
                self._put(some, ())
            for others in _halves(readings):
                self._put((), others)

    def _shorten(self, waiting: deque[T]) -> int:
        surplus = max(0, len(waiting) - self._room)
        _forget(waiting, surplus)
        return surplus

    def _fail(self, error: StoreError) -> None:
        self._live.note(TOPIC, f"the telemetry store takes nothing: {error}")
        if self._failed is None:
            log.error("telemetry store failure", why=str(error))
            self._failed = Fault(FaultEvent.STORE_FAILURE, "site", TOPIC, self._live.clock_now(), str(error), "major")
            self._news.append(self._failed)

    def _recover(self) -> None:
        if self._failed is not None:
            self._live.note(TOPIC, "")
            log.info("telemetry store recovered")
            self._news.append(replace(self._failed, cleared_at=self._live.clock_now()))
            self._failed = None


def _forget(waiting: deque[T], count: int) -> None:
    for _ in range(count):
        waiting.popleft()


def _halves(items: Sequence[T]) -> list[Sequence[T]]:
    middle = len(items) // 2
    return [half for half in (items[:middle], items[middle:]) if half]
