"""The inbox: the one ring on which every event arrives, whoever it comes from."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterable

from lightctl.domain.events import Event

BATCH = 1000  # larger ones would keep the wires waiting while they are decided and recorded


class Inbox:
    """Events in arrival order; belongs to one event loop."""

    def __init__(self) -> None:
        """Begin empty."""
        self._events: deque[Event] = deque()
        self._waiting = asyncio.Event()

    def put(self, event: Event) -> None:
        """Add an event and wake the loop."""
        self._events.append(event)
        self._waiting.set()

    def put_all(self, events: Iterable[Event]) -> None:
        """Add events in order and wake the loop."""
        self._events.extend(events)
        self._waiting.set()

    def __len__(self) -> int:
        return len(self._events)

    async def drain(self, at_most_s: float) -> list[Event]:
        """Wait until something is there, or so many machine seconds; give it, at most a batch at once."""
        if not self._events:
            self._waiting.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(at_most_s):
                    await self._waiting.wait()
        return self.take()

    def take(self) -> list[Event]:
        """Take what is there now, at most a batch."""
        return [self._events.popleft() for _ in range(min(BATCH, len(self._events)))]
