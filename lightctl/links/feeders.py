"""Feeders: no feeder turns on more than so many lamps a second. Pure; holds at most one order per node.

What turns lamps on now (a live lamp's evening, an "on" by hand) waits here for its feeder's turn: most urgent first,
equals in order of arrival, which is street by street. Turns are a fixed time apart, drawn out by up to a quarter by a
fixed pseudo-random number of the node just turned on, so that feeders do not beat in time. What a lamp stored to do
at an instant is not here: nobody sends it. A clock that is set back makes no feeder wait longer than one turn.
"""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
from collections import defaultdict
from collections.abc import Iterator

from lightctl.control.policy import fraction
from lightctl.domain.orders import Order

JITTER = 0.25


class Feeders:
    """Orders that wait for their feeder, by node."""

    def __init__(self, switch_ons_per_s: float) -> None:
        """Let so many through a second and feeder, on the run's clock."""
        self._apart_s = 1.0 / switch_ons_per_s
        self._longest = dt.timedelta(seconds=self._apart_s * (1 + JITTER))
        self._latest: dt.datetime | None = None
        self._held: dict[str, tuple[int, Order]] = {}
        self._queues: defaultdict[str, list[tuple[int, int, str]]] = defaultdict(list)
        self._opens: dict[str, dt.datetime] = {}
        self._turns: list[tuple[dt.datetime, str]] = []
        self._numbers = itertools.count()

    def __len__(self) -> int:
        return len(self._held)

    @property
    def next_at(self) -> dt.datetime | None:
        """When the next order may leave, None where none is held."""
        return self._turns[0][0] if self._held else None

    def hold(self, order: Order, now: dt.datetime) -> None:
        """Keep an order until its feeder's turn; it replaces the one held for its node, and keeps its place."""
        self._notice(now)
        feeder, known = order.node.feeder, self._held.get(order.node.id)
        if known is not None and known[1].priority == order.priority and known[1].node.feeder == feeder:
            self._held[order.node.id] = (known[0], order)
            return
        number = next(self._numbers)
        self._held[order.node.id] = (number, order)
        if not self._queues[feeder]:
            heapq.heappush(self._turns, (max(now, self._opens.get(feeder, now)), feeder))
        queue = self._queues[feeder]
        heapq.heappush(queue, (-order.priority, number, order.node.id))
        if len(queue) > 2 * len(self._held) + 64:  # drop the places of replaced orders, so memory stays bounded
            queue[:] = [place for place in queue if place[2] in self._held and self._held[place[2]][0] == place[1]]
            heapq.heapify(queue)

    def held(self, node: str) -> Order | None:
        """Give the order that is held for a node."""
        known = self._held.get(node)
        return None if known is None else known[1]

    def drop(self, node: str) -> Order | None:
        """Forget and give the order that is held for a node."""
        known = self._held.pop(node, None)
        return None if known is None else known[1]

    def release(self, now: dt.datetime) -> Iterator[Order]:
        """Give the orders whose feeder's turn has come, one of each feeder."""
        self._notice(now)
        while self._turns and self._turns[0][0] <= now:
            _, feeder = heapq.heappop(self._turns)
            order = self._most_urgent(feeder)
            if order is None:
                continue
            apart_s = self._apart_s * (1 + JITTER * fraction(order.node.id))
            self._opens[feeder] = now + dt.timedelta(seconds=apart_s)
            if self._queues[feeder]:
                heapq.heappush(self._turns, (self._opens[feeder], feeder))
            yield order

    def _notice(self, now: dt.datetime) -> None:
        """Take note of the instant: turns that a clock set back has moved into the future come as soon as any can."""
        if self._latest is not None and now < self._latest:
            soon = now + self._longest
            self._opens = {feeder: min(at, soon) for feeder, at in self._opens.items()}
            self._turns = [(min(at, soon), feeder) for at, feeder in self._turns]
            heapq.heapify(self._turns)
        self._latest = now

    def _most_urgent(self, feeder: str) -> Order | None:
        queue = self._queues[feeder]
        while queue:
            _, number, node = heapq.heappop(queue)
            known = self._held.get(node)
            if known is not None and known[0] == number:
                del self._held[node]
                return known[1]
        return None
