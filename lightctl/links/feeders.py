"""Feeders: no feeder turns on more than so many lamps a second. Pure; holds at most one order per node.

What turns lamps on now (a live lamp's evening, an "on" by hand) waits here for its feeder's turn: most urgent first,
equals in order of arrival, which is street by street, and nobody behind one that cannot be told anything now. Turns
are a fixed time apart, drawn out by up to a quarter by a fixed pseudo-random number of the node just turned on, so that
feeders do not beat in time; they are counted from when an order left, not from when it might have. What a lamp stored
to do at an instant is not here: nobody sends it. A clock that is set back makes no feeder wait longer than one turn.
"""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator

from lightctl.control.policy import fraction
from lightctl.domain.orders import Order

JITTER = 0.25
Ready = Callable[[Order], bool]


class Feeders:
    """Orders that wait for their feeder, by node.

    A feeder for which orders wait is in one of three places: among the turns to come, stuck (none of its orders can be
    carried out now), or out (one of its orders has its turn, and has not left yet).
    """

    def __init__(self, switch_ons_per_s: float) -> None:
        """Let so many through a second and feeder, on the run's clock."""
        self._apart_s = 1.0 / switch_ons_per_s
        self._longest = dt.timedelta(seconds=self._apart_s * (1 + JITTER))
        self._latest: dt.datetime | None = None
        self._held: dict[str, tuple[int, Order]] = {}
        self._queues: defaultdict[str, list[tuple[int, int, str]]] = defaultdict(list)
        self._opens: dict[str, dt.datetime] = {}
        self._turns: list[tuple[dt.datetime, str]] = []
        self._in_turn: set[str] = set()
        self._stuck: set[str] = set()
        self._out: set[str] = set()
        self._numbers = itertools.count()

    def __len__(self) -> int:
        return len(self._held)

    @property
    def next_at(self) -> dt.datetime | None:
        """When the next order may leave, None where none is held that can be carried out."""
        return self._turns[0][0] if self._held and self._turns else None

    def hold(self, order: Order, now: dt.datetime) -> None:
        """Keep an order until its feeder's turn; it replaces the one held for its node, and keeps its place."""
        self._notice(now)
        feeder, known = order.node.feeder, self._held.get(order.node.id)
        if known is not None and known[1].priority == order.priority and known[1].node.feeder == feeder:
            self._held[order.node.id] = (known[0], order)
            return
        number = next(self._numbers)
        self._held[order.node.id] = (number, order)
        self._line_up(feeder, now)
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

    def take_turns(self, now: dt.datetime, ready: Ready | None = None) -> Iterator[Order]:
        """Give the orders whose feeder's turn has come, one of each feeder: the first for which `ready` holds.

        No other order of that feeder has a turn before this one is said to have `left`, or its turn ends without that.
        """
        self._notice(now)
        stuck, self._stuck = self._stuck, set()
        for feeder in stuck:
            self._line_up(feeder, now)
        while self._turns and self._turns[0][0] <= now:
            _, feeder = heapq.heappop(self._turns)
            self._in_turn.discard(feeder)
            if self._opens.get(feeder, now) > now:  # an order took longer to leave than it seemed
                self._line_up(feeder, now)
                continue
            order = self._most_urgent(feeder, ready)
            if order is not None:
                self._out.add(feeder)
                yield order
            elif self._queues[feeder]:
                self._stuck.add(feeder)

    def left(self, order: Order, now: dt.datetime) -> None:
        """Take note that an order which had its turn leaves."""
        self.is_leaving(order, now)
        self.end_turn(order, now)

    def is_leaving(self, order: Order, now: dt.datetime) -> None:
        """Take note that an order turns its lamp on at this instant: the next turn of its feeder comes later."""
        apart_s = self._apart_s * (1 + JITTER * fraction(order.node.id))
        self._opens[order.node.feeder] = now + dt.timedelta(seconds=apart_s)

    def end_turn(self, order: Order, now: dt.datetime) -> None:
        """Let others of its feeder have theirs, whether the order left or not."""
        feeder = order.node.feeder
        self._out.discard(feeder)
        if self._queues[feeder]:
            self._line_up(feeder, now)

    def _line_up(self, feeder: str, now: dt.datetime) -> None:
        if feeder not in self._in_turn and feeder not in self._out:
            self._stuck.discard(feeder)
            self._in_turn.add(feeder)
            heapq.heappush(self._turns, (max(now, self._opens.get(feeder, now)), feeder))

    def _notice(self, now: dt.datetime) -> None:
        """Take note of the instant: turns that a clock set back has moved into the future come as soon as any can."""
        if self._latest is not None and now < self._latest:
            soon = now + self._longest
            self._opens = {feeder: min(at, soon) for feeder, at in self._opens.items()}
            self._turns = [(min(at, soon), feeder) for at, feeder in self._turns]
            heapq.heapify(self._turns)
        self._latest = now

    def _most_urgent(self, feeder: str, ready: Ready | None) -> Order | None:
        queue, passed = self._queues[feeder], []
        found: Order | None = None
        while queue and found is None:
            place = heapq.heappop(queue)
            known = self._held.get(place[2])
            if known is None or known[0] != place[1]:
                continue
            if ready is not None and not ready(known[1]):
                passed.append(place)
            else:
                found = known[1]
                del self._held[place[2]]
        for place in passed:
            heapq.heappush(queue, place)
        return found
