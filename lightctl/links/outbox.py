"""Outbox: what waits to be put on a wire. Pure; holds at most one desired state per node and a capped list of actions.

The newest desired state of a node replaces the one that waits, and keeps its place unless its priority differs. Higher
priority leaves first, equal priority in order of arrival. Actions are worthless after their `not_after`. Where feeders
have a limit, what turns lamps on waits for its feeder's turn first, also if it does so only by the time it can leave.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Callable

from lightctl.domain.events import ActionFinished, Event
from lightctl.domain.orders import Order
from lightctl.domain.states import DesiredState, NodeAction
from lightctl.links.feeders import Feeders
from lightctl.links.telling import failed

MAX_ACTIONS = 10_000
Key = str | tuple[str, str]
"""What of which at most one waits: a node (its desired state), or an action of a node."""


class Outbox:
    """Orders that wait, newest per node, most urgent first.

    A queue holds who waits, not the orders: after a plan for a whole city all of them wait at once, and whatever is
    made for each is room that is left behind between what stays. So a place outlives the order that is taken out of
    turn (dropped, or held for its feeder). What comes back with the same priority before the place is reached leaves
    from there: it had waited for it. Each order brings one place and uses one, so no order lets more of its priority
    pass than came before it.
    """

    def __init__(self, max_actions: int = MAX_ACTIONS, switch_ons_per_s: float = 0.0) -> None:
        self._max_actions = max_actions
        self._feeders = Feeders(switch_ons_per_s) if switch_ons_per_s > 0 else None
        self._orders: dict[Key, Order] = {}
        self._queues: dict[int, deque[Key]] = {}
        self._turned: set[Key] = set()
        self._actions = 0

    def __len__(self) -> int:
        return len(self._orders) + (0 if self._feeders is None else len(self._feeders))

    @property
    def next_turn(self) -> dt.datetime | None:
        """When the next feeder's turn comes, None where nothing waits for one."""
        return None if self._feeders is None else self._feeders.next_at

    def put(self, order: Order, now: dt.datetime) -> tuple[Event, ...]:
        """Queue an order; gives the events of what is not queued (an older revision, an action over the cap)."""
        key = _key(order)
        waiting = self._orders.get(key)
        if waiting is not None and _revision(waiting) > _revision(order):
            return ()
        if self._feeders is not None and isinstance(order.content, DesiredState):
            held = self._feeders.held(order.node.id)
            if held is not None and _revision(held) > _revision(order):
                return ()
            if order.lights(now):
                if waiting is not None:
                    self._remove(key, now)
                self._feeders.hold(order, now)
                return ()
            self._feeders.drop(order.node.id)
        if waiting is None and isinstance(order.content, NodeAction):
            if self._actions >= self._max_actions:
                return (_finished(order.content, "rejected", now, f"{self._max_actions} actions wait on this link"),)
            self._actions += 1
        if waiting is not None:
            self._end_turn(key, waiting, now)
        self._orders[key] = order
        if waiting is None or waiting.priority != order.priority:
            self._queue_up(key, order.priority)
        return ()

    def pop(self, now: dt.datetime, ready: Callable[[Order], bool] | None = None) -> tuple[Order | None, list[Event]]:
        """Take the most urgent order for which `ready` holds, with the events of the actions that expired meanwhile."""
        self._take_turns(now, ready)
        events: list[Event] = []
        kept: list[tuple[deque[Key], Key]] = []
        found: Order | None = None
        while found is None and (urgent := self._most_urgent()):
            priority, queue = urgent
            key = queue.popleft()
            order = self._orders.get(key)
            if order is None or order.priority != priority:
                continue  # gone, or replaced by an order of another priority
            if isinstance(order.content, NodeAction) and order.content.not_after <= now:
                self._remove(key, now)
                events.append(_finished(order.content, "failed", now, "it expired before it could be sent"))
                continue
            waits = ready is not None and not ready(order)
            if self._feeders is not None and order.lights(now) and (waits or key not in self._turned):
                self._feeders.hold(self._remove(key, now), now)
                self._take_turns(now, ready)
            elif waits:
                self._end_turn(key, order, now)
                kept.append((queue, key))
            else:
                if self._feeders is not None and key in self._turned:
                    self._turned.discard(key)
                    self._feeders.left(order, now)
                found = self._remove(key, now)
        for queue, key in reversed(kept):
            queue.appendleft(key)
        return found, events

    def left(self, order: Order, now: dt.datetime) -> None:
        """Take note that what was popped is written only now: its feeder's next turn is counted from here."""
        if self._feeders is not None and order.lights(now):
            self._feeders.is_leaving(order, now)

    def _most_urgent(self) -> tuple[int, deque[Key]] | None:
        """Give the highest priority that has anything in its queue; in each is who came first before the rest."""
        return next(
            ((each, self._queues[each]) for each in sorted(self._queues, reverse=True) if self._queues[each]), None
        )

    def drop_node(self, node: str, now: dt.datetime, why: str) -> list[Event]:
        """Forget everything that waits for a node; gives the events that say so."""
        keys = [key for key, order in self._orders.items() if order.node.id == node]
        orders = [self._remove(key, now) for key in keys]
        held = None if self._feeders is None else self._feeders.drop(node)
        return [failed(order, why, now, permanent=True) for order in (orders if held is None else [*orders, held])]

    def _take_turns(self, now: dt.datetime, ready: Callable[[Order], bool] | None) -> None:
        """Let what has its turn leave before its equals, so that it does so at that instant and not some at once."""
        turned = () if self._feeders is None else tuple(self._feeders.take_turns(now, ready))
        for order in reversed(turned):
            key = _key(order)
            self._orders[key] = order
            self._turned.add(key)
            self._queues.setdefault(order.priority, deque()).appendleft(key)

    def _queue_up(self, key: Key, priority: int) -> None:
        self._queues.setdefault(priority, deque()).append(key)
        if sum(map(len, self._queues.values())) > 2 * len(self._orders) + 64:
            self._forget_replaced()

    def _forget_replaced(self) -> None:
        """Drop the places of orders that were replaced by one of another priority, so that memory stays bounded."""
        for priority, queue in self._queues.items():
            standing = [key for key in dict.fromkeys(queue) if self._waits(key, priority)]
            queue.clear()
            queue.extend(standing)

    def _waits(self, key: Key, priority: int) -> bool:
        order = self._orders.get(key)
        return order is not None and order.priority == priority

    def _end_turn(self, key: Key, order: Order, now: dt.datetime) -> None:
        if self._feeders is not None and key in self._turned:
            self._turned.discard(key)
            self._feeders.end_turn(order, now)

    def _remove(self, key: Key, now: dt.datetime) -> Order:
        order = self._orders.pop(key)
        self._end_turn(key, order, now)
        self._orders = self._orders or {}  # emptied, it would keep the room it had
        if isinstance(order.content, NodeAction):
            self._actions -= 1
        return order


def _key(order: Order) -> Key:
    return (order.node.id, order.content.id) if isinstance(order.content, NodeAction) else order.node.id


def _revision(order: Order) -> int:
    return order.content.revision if isinstance(order.content, DesiredState) else 0


def _finished(action: NodeAction, status: str, now: dt.datetime, detail: str) -> ActionFinished:
    return ActionFinished(action.node, action.id, status, now, detail)
