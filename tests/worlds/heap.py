"""The clock of a world: one heap of things to be done at instants. What is due at once is done in the order it came."""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Callable

from simulators.node import NEVER

Work = Callable[[], None]


class Heap:
    """Work by instant. `now` only grows."""

    __slots__ = ("_count", "_heap", "done", "now")

    def __init__(self, now: dt.datetime) -> None:
        self.now = now
        self.done = 0
        self._heap: list[tuple[dt.datetime, int, Work]] = []
        self._count = 0

    def at(self, instant: dt.datetime, work: Work) -> None:
        """Have something done at an instant; one that has passed is now."""
        self._count += 1
        heapq.heappush(self._heap, (instant, self._count, work))

    def after(self, seconds: float, work: Work) -> None:
        """Have something done so many seconds from now."""
        self._count += 1
        heapq.heappush(self._heap, (self.now + dt.timedelta(0, seconds), self._count, work))

    def every(self, seconds: float, work: Work) -> None:
        """Have something done again and again, first after one span."""

        def again() -> None:
            work()
            self.after(seconds, again)

        self.after(seconds, again)

    @property
    def next_due(self) -> dt.datetime:
        """The instant of the next work; NEVER where there is none."""
        return self._heap[0][0] if self._heap else NEVER

    def step(self) -> None:
        """Do the next work, at its instant."""
        instant, _, work = heapq.heappop(self._heap)
        self.now = max(self.now, instant)
        self.done += 1
        work()
