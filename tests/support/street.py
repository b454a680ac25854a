"""Nodes and orders for tests of the wires, and a plain MQTT client for the street's end."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import socket
from collections.abc import AsyncIterator

import aiomqtt

from lightctl.domain.assets import Node
from lightctl.domain.orders import Order
from lightctl.domain.states import ActionKind, ChannelDesired, DesiredState, NodeAction, Switch


def node(name: str, profile: str = "native", link: str = "mqtt", address: str = "", channels: int = 1) -> Node:
    return Node(name, profile, link, address, {number: f"LP-{name}-{number}" for number in range(channels)})


def desired(
    name: str, revision: int, level: int = 50, now: dt.datetime | None = None, channels: int = 1
) -> DesiredState:
    now = now or dt.datetime.now(dt.UTC)
    due = ChannelDesired((Switch(now - dt.timedelta(minutes=1), level),))
    return DesiredState(name, revision, now, now + dt.timedelta(days=7), dict.fromkeys(range(channels), due))


def order(each: Node, revision: int, level: int = 50, priority: int = 0) -> Order:
    return Order(each, desired(each.id, revision, level, channels=len(each.channels)), priority)


def action(each: Node, kind: ActionKind = ActionKind.IDENTIFY, name: str = "a1", seconds: float = 60.0) -> Order:
    until = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
    return Order(each, NodeAction(name, each.id, kind, until))


class Street:
    """The street's end of a broker: sees every message and can say anything."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self.client = client
        self.seen: list[tuple[str, bytes, bool]] = []
        self._arrived = asyncio.Event()

    async def listen(self) -> None:
        async for message in self.client.messages:
            self.seen.append((str(message.topic), bytes(message.payload), bool(message.retain)))
            self._arrived.set()

    async def say(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        await self.client.publish(topic, payload, qos=1, retain=retain)

    async def until(self, topic: str, count: int = 1, seconds: float = 10.0) -> list[bytes]:
        """Give the payloads seen on a topic once there are `count`."""
        async with asyncio.timeout(seconds):
            while True:
                payloads = [payload for seen, payload, _ in self.seen if seen == topic]
                if len(payloads) >= count:
                    return payloads
                self._arrived.clear()
                await self._arrived.wait()


@contextlib.asynccontextmanager
async def street(
    host: str, port: int, *topics: str, username: str | None = None, password: str | None = None
) -> AsyncIterator[Street]:
    """Connect to the street's end of a broker; what was retained before comes first."""
    at_once = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]  # without it NATS and Nagle cost 40 ms a message
    async with aiomqtt.Client(
        host, port, username=username, password=password, max_inflight_messages=100, socket_options=at_once
    ) as client:
        client.pending_calls_threshold = 10_000
        seen = Street(client)
        listening = asyncio.create_task(seen.listen())
        try:
            for topic in topics or ("lightctl/#",):
                await client.subscribe(topic, qos=1)
            yield seen
        finally:
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening
