"""Outbound: orders on their way through a broker: queued newest per node, encoded, published in a window, followed.

Some brokers (Mosquitto 2.0 among them) drop an MQTT 5 connection over one denied publish, often before its reason code
is read, and all that was in flight with it. So whatever was in flight when a connection dropped travels alone the next
time: either its refusal is heard, or a second drop shows that it is to blame, and the others go through.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from lightctl.devices.codec import MqttCodec, Outgoing
from lightctl.domain.assets import Node
from lightctl.domain.errors import InvalidInput, LinkDown, NodeRefused
from lightctl.domain.events import BrokerAcked, CommandSent
from lightctl.domain.orders import Order
from lightctl.domain.states import DesiredState
from lightctl.links.base import Clock, Emit
from lightctl.links.outbox import Outbox
from lightctl.links.pacing import Bucket
from lightctl.links.stopping import set_or_later
from lightctl.links.strict_mqtt import StrictClient
from lightctl.links.telling import failed

DROPS_TO_BLAME = 2


@dataclass(slots=True)
class _Delivery:
    """One order (None: a clearing) on its way: publishes not yet acknowledged; `told` once its fate was emitted."""

    order: Order | None
    left: int
    alone: bool = False
    told: bool = False


class Outbound:
    """The writing half of an MQTT link."""

    def __init__(
        self,
        link: str,
        codecs: Mapping[str, MqttCodec],
        rate_per_s: float,
        emit: Emit,
        clock: Clock,
        switch_ons_per_s: float = 0.0,
    ) -> None:
        self._link = link
        self._codecs = codecs
        self._emit = emit
        self._clock = clock
        self._pace = Bucket(rate_per_s, max(1.0, rate_per_s)) if rate_per_s > 0 else None
        self._outbox = Outbox(switch_ons_per_s=switch_ons_per_s)
        self._clears: dict[str, tuple[Outgoing, ...]] = {}
        self._drops: dict[str, int] = {}
        self._flying: dict[str, _Delivery] = {}
        self._work = asyncio.Event()
        self._in_flight = 0
        self._landed = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many orders wait."""
        return len(self._outbox)

    def submit(self, order: Order) -> None:
        """Queue an order; the newest desired state of a node replaces the one that waits."""
        for event in self._outbox.put(order, self._clock.now()):
            self._emit(event)
        self._work.set()

    def retire(self, node: Node) -> None:
        """Drop a node's orders and clear what is retained for it on the broker."""
        self._drops.pop(node.id, None)
        for event in self._outbox.drop_node(node.id, self._clock.now(), "the node is no longer on this link"):
            self._emit(event)
        if node.profile in self._codecs:
            self._clears[node.id] = self._codecs[node.profile].clear(node)
        self._work.set()

    def keep(self, node: str) -> None:
        """Do not clear a node's traces after all: it is on this link again."""
        self._clears.pop(node, None)

    async def run(self, client: StrictClient) -> None:
        """Send through one connection until it ends; raises LinkDown."""
        self._in_flight = 0
        self._flying.clear()
        now = self._clock.now()  # read again after each wait: what leaves in one turn of the loop leaves at one instant
        while True:
            # An order is taken only when it can leave, so that it may be replaced by a newer one until then.
            if self._in_flight >= client.window:
                now = await self._in_flight_below(client.window)
            order, expired = self._outbox.pop(now, self._may_leave)
            for event in expired:
                self._emit(event)
            if order is not None:
                now = await self._deliver(client, order, now)
                self._outbox.left(order, now)
            elif self._clears:
                now = await self._clear_one(client, now)
            else:
                self._work.clear()
                await set_or_later(self._work, self._clock, self._outbox.next_turn)
                now = self._clock.now()

    def _may_leave(self, order: Order) -> bool:
        """Keep a document back while the broker has not taken the one before: on a wire that stalls they pile up."""
        return not isinstance(order.content, DesiredState) or order.node.id not in self._flying

    async def _deliver(self, client: StrictClient, order: Order, now: dt.datetime) -> dt.datetime:
        """Put an order on the wire; gives the instant."""
        delivery = _Delivery(order, 1, alone=order.node.id in self._drops)
        handed = False
        if isinstance(order.content, DesiredState):
            self._flying[order.node.id] = delivery
        try:
            messages = self._codec(order.node).encode(order.node, order.content, now)
            delivery.left = len(messages)
            if delivery.alone:
                now = await self._in_flight_below(1)
            for message in messages:
                now = await self._publish(client, message, delivery, now)
            handed = True
        except (NodeRefused, InvalidInput) as refused:
            handed = True
            self._land(delivery)
            self._fail(delivery, str(refused), permanent=True)
            return now
        finally:
            if not handed:  # the connection ended half-way: it waits for the next one, unless something newer does
                delivery.told = True
                self.submit(order)
        if isinstance(order.content, DesiredState):
            self._emit(CommandSent(order.node.id, order.content.revision, now))
        return await self._in_flight_below(1) if delivery.alone else now

    async def _clear_one(self, client: StrictClient, now: dt.datetime) -> dt.datetime:
        node = next(iter(self._clears))
        for message in self._clears[node]:
            now = await self._publish(client, message, _Delivery(None, 1, told=True), now)
        self._clears.pop(node, None)
        return now

    async def _publish(
        self, client: StrictClient, message: Outgoing, delivery: _Delivery, now: dt.datetime
    ) -> dt.datetime:
        """Put a message on the wire when it may go; gives the instant."""
        if self._pace is not None:
            await asyncio.sleep(self._pace.take(time.monotonic()))
            now = self._clock.now()
        if self._in_flight >= client.window:
            now = await self._in_flight_below(client.window)
        expiry_s = _expiry_s(delivery.order, now)
        client.send(
            message.topic, message.payload, qos=message.qos, retain=message.retain, expiry_s=expiry_s,
            ended=partial(self._ended, delivery),
        )  # fmt: skip
        self._in_flight += 1
        return now

    async def _in_flight_below(self, limit: int) -> dt.datetime:
        """Wait until fewer publishes than that are in flight; gives the instant."""
        while self._in_flight >= limit:
            self._landed.clear()
            await self._landed.wait()
        return self._clock.now()

    def _ended(self, delivery: _Delivery, error: LinkDown | NodeRefused | None) -> None:
        self._in_flight -= 1
        self._landed.set()
        order = delivery.order
        if order is None or delivery.told:
            return
        node = order.node.id
        if error is not None or delivery.left == 1:
            self._land(delivery)
        if isinstance(error, NodeRefused):
            self._drops.pop(node, None)
            self._fail(delivery, str(error), permanent=True)
        elif error is not None:
            self._note_drop(delivery, node, str(error))
        else:
            delivery.left -= 1
            if delivery.left == 0:
                self._drops.pop(node, None)
                if isinstance(order.content, DesiredState):
                    self._emit(BrokerAcked(node, order.content.revision, self._clock.now()))

    def _land(self, delivery: _Delivery) -> None:
        """Let the next document of a node leave."""
        node = delivery.order.node.id if delivery.order is not None else ""
        if self._flying.get(node) is delivery:
            del self._flying[node]
            self._work.set()

    def _note_drop(self, delivery: _Delivery, node: str, why: str) -> None:
        drops = self._drops.get(node, 0) + (1 if delivery.alone or node not in self._drops else 0)
        self._drops[node] = drops
        if delivery.alone and drops > DROPS_TO_BLAME:
            del self._drops[node]
            self._fail(
                delivery, "each time it is published the broker ends the connection: is it denied?", permanent=True
            )
        else:
            self._fail(delivery, why, permanent=False)

    def _fail(self, delivery: _Delivery, why: str, *, permanent: bool) -> None:
        if delivery.order is not None and not delivery.told:
            delivery.told = True
            self._emit(failed(delivery.order, why, self._clock.now(), permanent=permanent))

    def _codec(self, node: Node) -> MqttCodec:
        codec = self._codecs.get(node.profile)
        if codec is None:
            raise NodeRefused(f"Link {self._link} knows no MQTT profile {node.profile!r}. Correct the inventory.")
        return codec


def _expiry_s(order: Order | None, now: dt.datetime) -> int | None:
    if order is None:
        return None
    ends = order.content.valid_until if isinstance(order.content, DesiredState) else order.content.not_after
    return max(1, int((ends - now).total_seconds()))
