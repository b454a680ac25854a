"""The inbox: the one ring on which every event arrives, whoever it comes from."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterable

from lightctl.domain.events import Event, MeterRead, NodeReported

BATCH = 1000  # larger ones would keep the wires waiting while they are decided and recorded
CROWDED = 200_000


class Inbox:
    """Events in arrival order; belongs to one event loop.

    What was put in together is taken out together: half a boot or half a change must not be acted on. When nobody takes
    anything out (a store that hangs), only the newest report of each node stays, so that memory stays bounded.
    """

    def __init__(self, crowded: int = CROWDED) -> None:
        """Begin empty; with more than `crowded` events, reports that newer ones outdate are dropped."""
        self._parcels: deque[tuple[Event, ...]] = deque()
        self._count = 0
        self._crowded = self._limit = crowded
        self._waiting = asyncio.Event()

    def put(self, event: Event) -> None:
        """Add an event and wake the loop."""
        self.put_all((event,))

    def put_all(self, events: Iterable[Event]) -> None:
        """Add events in order, to be taken together, and wake the loop."""
        parcel = tuple(events)
        self._parcels.append(parcel)
        self._count += len(parcel)
        if self._count > self._limit:
            self._thin_out()
        self._waiting.set()

    def __len__(self) -> int:
        return self._count

    async def drain(self, at_most_s: float) -> list[Event]:
        """Wait until something is there, or so many machine seconds; give it, about a batch at once."""
        if not self._parcels:
            self._waiting.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(at_most_s):
                    await self._waiting.wait()
        return self.take()

    def take(self) -> list[Event]:
        """Take what is there now: parcels until they make a batch."""
        taken: list[Event] = []
        while self._parcels and len(taken) < BATCH:
            taken += self._parcels.popleft()
        self._count -= len(taken)
        return taken

    def _thin_out(self) -> None:
        heard: set[tuple[str, str]] = set()
        kept: deque[tuple[Event, ...]] = deque()
        for parcel in reversed(self._parcels):
            match parcel:
                case (NodeReported(report),):
                    key = ("report", report.node)
                case (MeterRead(reading),):
                    key = ("reading", reading.node)
                case _:
                    kept.appendleft(parcel)
                    continue
            if key not in heard:
                heard.add(key)
                kept.appendleft(parcel)
        self._parcels = kept
        self._count = sum(map(len, kept))
        self._limit = max(self._crowded, 2 * self._count)
