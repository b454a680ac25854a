"""MqttLink: a broker as a way to the street.

This is the supervision of its connection; what goes out is Outbound's, what comes in Inbound's. A broker is a pipe, not
a store: each connection is new, subscribes again and says LinkChanged(up), upon which the controller submits again.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from aiomqtt import ProtocolVersion

from lightctl.devices.codec import mqtt_codec
from lightctl.devices.profile import Profile
from lightctl.domain.assets import Node
from lightctl.domain.errors import LinkDown
from lightctl.domain.orders import Order
from lightctl.links.base import Clock, Emit
from lightctl.links.inbound import Inbound
from lightctl.links.outbound import Outbound
from lightctl.links.pacing import Backoff
from lightctl.links.stopping import end_if_cancelled, until_one_ends
from lightctl.links.strict_mqtt import OnMessage, StrictClient, UnsupportedProtocol
from lightctl.links.telling import LinkNews
from lightctl.links.tls import tls_context

STEADY_S = 10.0


@dataclass(frozen=True, slots=True)
class MqttEndpoint:
    """Where the broker is and how we behave there. window: publishes in flight; rate_per_s 0: unpaced; times real s.

    switch_ons_per_s: lamps that a feeder turns on, at most, 0 for no limit; on the run's clock.

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
    switch_ons_per_s: float = 0.0
    reconnect_cap_s: float = 30.0
    protocol: Literal["auto", "5", "3.1.1"] = "auto"

    @property
    def first_protocol(self) -> ProtocolVersion:
        """What a broker is asked for first."""
        return ProtocolVersion.V311 if self.protocol == "3.1.1" else ProtocolVersion.V5


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
        codecs = {key: mqtt_codec(profile) for key, profile in profiles.items() if profile.kind != "modbus"}
        self._inbound = Inbound(name, codecs, _always_heard(profiles), emit, clock)
        self._outbound = Outbound(name, codecs, endpoint.rate_per_s, emit, clock, endpoint.switch_ons_per_s)
        rng = random.Random(seed)  # noqa: S311 - jitter, not a secret
        self._backoff = Backoff(endpoint.reconnect_cap_s, rng)
        self._client_id = endpoint.client_id or f"lightctl-{name}-{rng.getrandbits(32):08x}"
        self._protocol = endpoint.first_protocol
        self._heard_changed = asyncio.Event()
        self._news = LinkNews(name, emit, clock)

    def attach(self, nodes: Mapping[str, Node]) -> None:
        """Take the nodes of this link; what retired ones left on the broker is cleared, their orders are dropped."""
        before = self._inbound.nodes
        self._inbound.attach(nodes)
        for node_id, node in before.items():
            if node_id not in nodes:
                self._outbound.retire(node)
        for node_id in nodes:
            self._outbound.keep(node_id)
        self._heard_changed.set()

    def submit(self, order: Order) -> None:
        """Queue an order; the newest desired state of a node replaces the one that waits."""
        self._outbound.submit(order)

    @property
    def waiting(self) -> int:
        """How many orders wait to be published."""
        return self._outbound.waiting

    async def run(self) -> None:
        """Keep connected until cancelled."""
        while True:
            end_if_cancelled()
            try:
                await self._connection()
            except UnsupportedProtocol as refused:
                if self._endpoint.protocol == "auto" and self._protocol is ProtocolVersion.V5:
                    self._protocol = ProtocolVersion.V311  # remembered: asked for once per run
                    continue
                self._news.down(refused.why)
            except LinkDown as down:
                self._news.down(down.why)
            await asyncio.sleep(self._backoff.next_s())

    async def _connection(self) -> None:
        """Live one connection; always ends with LinkDown."""
        endpoint = self._endpoint
        client = client_of(endpoint, self._inbound.receive, self._protocol, self._client_id, endpoint.window)
        since = math.inf
        try:
            await client.open()
            await client.subscribe_all(tuple(sorted(self._inbound.subscriptions())))
            end_if_cancelled()
            self._news.up("MQTT 5" if client.mqtt5 else "MQTT 3.1.1")
            since = time.monotonic()
            await until_one_ends(
                connection=client.wait_closed(),
                subscriptions=self._follow_subscriptions(client),
                sender=self._outbound.run(client),
            )
        finally:
            if time.monotonic() - since > STEADY_S:  # a broker that accepts and drops us at once is not "back"
                self._backoff.reset()
            await client.close()

    async def _follow_subscriptions(self, client: StrictClient) -> None:
        heard = self._inbound.subscriptions()
        while True:
            end_if_cancelled()
            await self._heard_changed.wait()
            self._heard_changed.clear()
            wanted = self._inbound.subscriptions()
            await client.subscribe_all(tuple(sorted(wanted - heard)))
            heard = wanted


def client_of(
    endpoint: MqttEndpoint, on_message: OnMessage, protocol: ProtocolVersion, client_id: str, window: int
) -> StrictClient:
    """Give a client for one connection to a broker; raises LinkDown where its TLS files cannot be used."""
    return StrictClient(
        endpoint.host,
        endpoint.port,
        on_message,
        protocol,
        client_id,
        window,
        endpoint.keepalive_s,
        endpoint.username,
        endpoint.password,
        tls_context(endpoint.ca_file, endpoint.cert_file, endpoint.key_file) if endpoint.tls else None,
    )


def _always_heard(profiles: Mapping[str, Profile]) -> frozenset[str]:
    """Name the profiles whose topics are heard even when no node uses them, so that unclaimed nodes are noticed."""
    return frozenset(name for name, profile in profiles.items() if profile.kind == "native")
