"""MqttLink: a broker as a way to the street.

Orders come in by `submit`, wait in an Outbox (newest per node), are encoded by the codec of the node's profile and put
on the wire with a window of publishes in flight. Messages are decoded inside the read, so nothing queues up. A broker
is a pipe: each connection is new, subscribes again and says LinkChanged(up), upon which the controller submits again;
a PUBACK becomes BrokerAcked, which says nothing about a lamp.
"""

from __future__ import annotations

import asyncio
import random
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from aiomqtt import ProtocolVersion

from lightctl.devices.codec import MqttCodec, Outgoing, mqtt_codec
from lightctl.devices.profile import Profile
from lightctl.domain.assets import Node
from lightctl.domain.errors import InvalidInput, LinkDown, NodeRefused
from lightctl.domain.events import ActionFinished, BrokerAcked, CommandSent, Event, LinkChanged, SendFailed
from lightctl.domain.states import DesiredState
from lightctl.links.base import Clock, Emit, Order
from lightctl.links.inbound import Inbound
from lightctl.links.outbox import Outbox
from lightctl.links.pacing import Backoff, Bucket
from lightctl.links.strict_mqtt import StrictClient, UnsupportedProtocol

STEADY_S = 10.0


@dataclass(frozen=True, slots=True)
class MqttEndpoint:
    """Where the broker is and how we behave there. window: publishes in flight; rate_per_s 0: unpaced; times real s.

    protocol auto: MQTT 5 where the broker takes it, else 3.1.1 (which cannot say that a publish was denied).
    """

    host: str = "127.0.0.1"
    port: int = 1883
    username: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    client_id: str = ""
    keepalive_s: int = 20
    window: int = 100
    rate_per_s: float = 0.0
    reconnect_cap_s: float = 30.0
    protocol: Literal["auto", "5", "3.1.1"] = "auto"


class MqttLink:
    """One broker. Call its methods on the event loop's thread; `emit` is called there too and must not block."""

    def __init__(
        self,
        name: str,
        endpoint: MqttEndpoint,
        profiles: Mapping[str, Profile],
        emit: Emit,
        clock: Clock,
        seed: int | None = None,
    ) -> None:
        self.name = name
        self._endpoint = endpoint
        self._emit = emit
        self._clock = clock
        self._codecs = {key: mqtt_codec(profile) for key, profile in profiles.items() if profile.kind != "modbus"}
        self._inbound = Inbound(name, self._codecs, _always_heard(profiles), emit, clock)
        rng = random.Random(seed)  # noqa: S311 - jitter, not a secret
        self._backoff = Backoff(endpoint.reconnect_cap_s, rng)
        self._client_id = endpoint.client_id or f"lightctl-{name}-{rng.getrandbits(32):08x}"
        self._protocol = ProtocolVersion.V311 if endpoint.protocol == "3.1.1" else ProtocolVersion.V5
        self._pace = Bucket(endpoint.rate_per_s, max(1.0, endpoint.rate_per_s)) if endpoint.rate_per_s > 0 else None
        self._outbox = Outbox()
        self._clears: dict[str, tuple[Outgoing, ...]] = {}
        self._work = asyncio.Event()
        self._heard_changed = asyncio.Event()
        self._said: tuple[bool, str] | None = None

    def attach(self, nodes: Mapping[str, Node]) -> None:
        """Take the nodes of this link; what retired ones left on the broker is cleared, their orders are dropped."""
        before = self._inbound.nodes
        self._inbound.attach(nodes)
        for name in nodes:
            self._clears.pop(name, None)
        for node in before.values():
            if node.id in nodes:
                continue
            for event in self._outbox.drop_node(node.id, self._clock.now(), "the node is no longer on this link"):
                self._emit(event)
            if node.profile in self._codecs:
                self._clears[node.id] = self._codecs[node.profile].clear(node)
                self._inbound.expect_cleared(self._clears[node.id])
        self._heard_changed.set()
        self._work.set()

    def submit(self, order: Order) -> None:
        """Queue an order; the newest desired state of a node replaces the one that waits."""
        for event in self._outbox.put(order, self._clock.now()):
            self._emit(event)
        self._work.set()

    async def run(self) -> None:
        """Keep connected until cancelled."""
        while True:
            try:
                await self._connection()
            except UnsupportedProtocol as refused:
                if self._endpoint.protocol == "auto" and self._protocol is ProtocolVersion.V5:
                    self._protocol = ProtocolVersion.V311  # remembered: asked for once per run
                    continue
                self._say(up=False, detail=refused.why)
            except LinkDown as down:
                self._say(up=False, detail=down.why)
            await asyncio.sleep(self._backoff.next_s())

    async def _connection(self) -> None:
        """Live one connection; always ends with LinkDown."""
        endpoint = self._endpoint
        client = StrictClient(
            endpoint.host,
            endpoint.port,
            self._inbound.receive,
            self._protocol,
            self._client_id,
            endpoint.window,
            endpoint.keepalive_s,
            endpoint.username,
            endpoint.password,
            _tls_context(endpoint),
        )
        down: BaseException | None = None
        try:
            await client.open()
            await client.subscribe_all(tuple(sorted(self._inbound.subscriptions())))
            self._say(up=True, detail="MQTT 5" if client.mqtt5 else "MQTT 3.1.1")
            since = time.monotonic()
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(client.wait_closed(), name=f"{self.name}: connection")
                    tasks.create_task(self._follow_subscriptions(client), name=f"{self.name}: subscriptions")
                    tasks.create_task(self._send_all(client), name=f"{self.name}: sender")
            except* LinkDown as group:
                down = group.exceptions[0]
            if time.monotonic() - since > STEADY_S:  # a broker that accepts and drops us at once is not "back"
                self._backoff.reset()
        finally:
            await client.close()
        if down is not None:
            raise down

    async def _follow_subscriptions(self, client: StrictClient) -> None:
        heard = self._inbound.subscriptions()
        while True:
            await self._heard_changed.wait()
            self._heard_changed.clear()
            wanted = self._inbound.subscriptions()
            await client.subscribe_all(tuple(sorted(wanted - heard)))
            heard = wanted

    async def _send_all(self, client: StrictClient) -> None:
        slots = asyncio.Semaphore(client.window)
        while True:
            async with slots:  # take an order only when it can leave, so that it may still be replaced until then
                pass
            order, expired = self._outbox.pop(self._clock.now())
            for event in expired:
                self._emit(event)
            if order is not None:
                await self._deliver(client, order, slots)
            elif self._clears:
                await self._clear_one(client, slots)
            else:
                self._work.clear()
                await self._work.wait()

    async def _deliver(self, client: StrictClient, order: Order, slots: asyncio.Semaphore) -> None:
        try:
            messages = self._codec(order.node).encode(order.node, order.content, self._clock.now())
        except (NodeRefused, InvalidInput) as refused:
            self._emit(self._failed(order, str(refused), permanent=True))
            return
        delivery = _Delivery(order, len(messages))
        handed = False
        try:
            for message in messages:
                await self._publish(client, message, slots, delivery)
            handed = True
        except NodeRefused as refused:
            handed, delivery.order = True, None
            self._emit(self._failed(order, str(refused), permanent=True))
            return
        finally:
            if not handed:  # the connection ended half-way: it waits for the next one, unless something newer does
                self.submit(order)
                delivery.order = None
        if isinstance(order.content, DesiredState):
            self._emit(CommandSent(order.node.id, order.content.revision, self._clock.now()))

    async def _clear_one(self, client: StrictClient, slots: asyncio.Semaphore) -> None:
        node = next(iter(self._clears))
        for message in self._clears[node]:
            await self._publish(client, message, slots, _Delivery(None, 1))
        self._clears.pop(node, None)

    async def _publish(
        self, client: StrictClient, message: Outgoing, slots: asyncio.Semaphore, delivery: _Delivery
    ) -> None:
        if self._pace is not None:
            await asyncio.sleep(self._pace.take(time.monotonic()))
        await slots.acquire()
        try:
            expiry_s = self._expiry_s(delivery.order)
            acked = client.send(
                message.topic, message.payload, qos=message.qos, retain=message.retain, expiry_s=expiry_s
            )
        except (LinkDown, NodeRefused):
            slots.release()
            raise
        acked.add_done_callback(partial(self._acked, delivery, slots))

    def _acked(self, delivery: _Delivery, slots: asyncio.Semaphore, acked: asyncio.Future[None]) -> None:
        slots.release()
        error = acked.exception()
        order = delivery.order
        if order is None:  # already spoken for: a part of it failed, it waits again, or it is a clearing
            return
        if error is not None:
            delivery.order = None
            self._emit(self._failed(order, str(error), permanent=isinstance(error, NodeRefused)))
            return
        delivery.left -= 1
        if delivery.left == 0 and isinstance(order.content, DesiredState):
            self._emit(BrokerAcked(order.node.id, order.content.revision, self._clock.now()))

    def _failed(self, order: Order, why: str, *, permanent: bool) -> Event:
        now = self._clock.now()
        if isinstance(order.content, DesiredState):
            return SendFailed(order.node.id, order.content.revision, now, why, permanent=permanent)
        return ActionFinished(order.node.id, order.content.id, "rejected" if permanent else "failed", now, why)

    def _codec(self, node: Node) -> MqttCodec:
        codec = self._codecs.get(node.profile)
        if codec is None:
            raise NodeRefused(f"Link {self.name} knows no MQTT profile {node.profile!r}. Correct the inventory.")
        return codec

    def _expiry_s(self, order: Order | None) -> int | None:
        if order is None:
            return None
        ends = order.content.valid_until if isinstance(order.content, DesiredState) else order.content.not_after
        return max(1, int((ends - self._clock.now()).total_seconds()))

    def _say(self, *, up: bool, detail: str) -> None:
        if self._said == (up, detail) and not up:
            return  # the same refusal again is no news
        self._said = (up, detail)
        self._emit(LinkChanged(self.name, up, self._clock.now(), detail))


@dataclass(slots=True)
class _Delivery:
    """One order on its way: its publishes not yet acknowledged; `order` None once it is spoken for."""

    order: Order | None
    left: int


def _always_heard(profiles: Mapping[str, Profile]) -> frozenset[str]:
    """Name the profiles whose topics are heard even when no node uses them, so that unclaimed nodes are noticed."""
    return frozenset(name for name, profile in profiles.items() if profile.kind == "native")


def _tls_context(endpoint: MqttEndpoint) -> ssl.SSLContext | None:
    if not endpoint.tls:
        return None
    try:
        context = ssl.create_default_context(cafile=endpoint.ca_file or None)
        if endpoint.cert_file:
            context.load_cert_chain(endpoint.cert_file, endpoint.key_file or None)
    except OSError as error:
        raise LinkDown(f"cannot use the TLS files of this link: {error}") from error
    return context
