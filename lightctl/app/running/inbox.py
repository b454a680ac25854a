"""The inbox: the one ring on which every event arrives, whoever it comes from."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable

from lightctl.domain.events import Event, MeterRead, NodeAnnounced, NodePresence, NodeReported, SensorRead

BATCH = 3000  # decided in less than a tenth of a second, which the wires wait for; smaller ones are more commits
CROWDED = 200_000
_MEASUREMENTS = frozenset({"report", "reading", "sensor"})


class Inbox:
    """Events in arrival order; belongs to one event loop.

    What was put in together is taken out together: half a boot or half a change must not be acted on. When nobody takes
    anything out (a store that hangs), only the newest word of each kind from each node and sensor stays, so that memory
    stays bounded: the state of no node is lost, nor anything that people or the controller's own orders caused.
    """

    def __init__(self, crowded: int = CROWDED, dropped: Callable[[int], None] = lambda _measurements: None) -> None:
        """Begin empty; with more than `crowded` events, words that newer ones outdate are dropped.

        `dropped` is told how many measurements (reports, meter and sensor readings) that were.
        """
        self._dropped = dropped
        self._parcels: deque[tuple[Event, ...]] = deque()
        self._count = 0
        self._crowded = self._limit = crowded
        self._waiting = asyncio.Event()
        self._last_asked: tuple[Event, ...] | None = None

    @property
    def asked(self) -> bool:
        """Whether something waits that was put in together: what people did, not what a node or a link said."""
        return self._last_asked is not None

    def put(self, event: Event) -> None:
        """Add an event and wake the loop."""
        self._add((event,))

    def put_all(self, events: Iterable[Event]) -> None:
        """Add events in order, to be taken together, and wake the loop."""
        self._last_asked = tuple(events)
        self._add(self._last_asked)

    def _add(self, parcel: tuple[Event, ...]) -> None:
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
            parcel = self._parcels.popleft()
            taken += parcel
            if parcel is self._last_asked:
                self._last_asked = None
        self._count -= len(taken)
        return taken

    def _thin_out(self) -> None:
        newest: dict[tuple[str, ...], int] = {}
        kept: list[tuple[Event, ...]] = []
        dropped = 0
        for parcel in reversed(self._parcels):
            word = _word(parcel[0]) if len(parcel) == 1 else None
            if word is None:
                kept.append(parcel)
            elif word not in newest:
                newest[word] = len(kept)
                kept.append(parcel)
            else:
                dropped += word[0] in _MEASUREMENTS
                if _overtook(parcel[0], kept[newest[word]][0]):
                    kept[newest[word]] = parcel
        self._parcels = deque(reversed(kept))
        self._count = sum(map(len, kept))
        self._limit = max(self._crowded, 2 * self._count)
        if dropped:
            self._dropped(dropped)


def _word(event: Event) -> tuple[str, ...] | None:
    """Name what a later event of the same name outdates; None for what must be taken in whatever comes later."""
    match event:
        case NodeReported(report):
            return ("report", report.node)
        case MeterRead(reading):
            return ("reading", reading.node)
        case SensorRead(reading):
            return ("sensor", reading.area, reading.node, reading.name)
        case NodeAnnounced(node):
            return ("hello", node)
        case NodePresence(node):
            return ("presence", node)
        case _:
            return None


def _overtook(earlier: Event, later: Event) -> bool:
    """Whether a report that came earlier is the newer one, by its number."""
    match earlier, later:
        case NodeReported(first), NodeReported(second):
            return bool(first.boot_id) and first.boot_id == second.boot_id and first.seq > second.seq
        case _:
            return False
