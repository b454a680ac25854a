"""Notices on a topic: one short connection to a link's broker for each message, taken when the broker has acknowledged.

It stands apart from the link's own connection: what nodes need must never wait behind what people are told.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets

from aiomqtt import ProtocolVersion

from lightctl.domain.errors import LinkDown, NodeRefused
from lightctl.links.mqtt import MqttEndpoint, client_of
from lightctl.links.notice import Notice, NotTaken
from lightctl.links.stopping import end_if_cancelled
from lightctl.links.strict_mqtt import UnsupportedProtocol

QOS = 1


class MqttCarrier:
    """One topic of one broker."""

    def __init__(self, endpoint: MqttEndpoint, topic: str, *, timeout_s: float) -> None:
        """Publish to `topic`, at QoS 1, not retained."""
        self._endpoint = endpoint
        self._topic = topic
        self._timeout_s = timeout_s
        self._protocol = endpoint.first_protocol

    async def carry(self, notice: Notice, now: dt.datetime) -> str:
        """Publish a message and wait for the broker's acknowledgement."""
        del now
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._carried(notice)
        except TimeoutError:
            raise NotTaken(f"no acknowledgement within {self._timeout_s:g} s") from None
        except NodeRefused as error:
            raise NotTaken(error.why, refused=True) from None
        except LinkDown as error:
            raise NotTaken(error.why) from None

    async def _carried(self, notice: Notice) -> str:
        try:
            return await self._published(notice)
        except UnsupportedProtocol:
            if self._endpoint.protocol != "auto" or self._protocol is ProtocolVersion.V311:
                raise
            self._protocol = ProtocolVersion.V311  # remembered: asked for once
            return await self._published(notice)

    async def _published(self, notice: Notice) -> str:
        name = f"lightctl-notices-{secrets.token_hex(4)}"
        client = client_of(self._endpoint, _pass_over, self._protocol, name, window=1)
        try:
            await client.open()
            await client.publish_one(self._topic, notice.body, qos=QOS, retain=False)
            end_if_cancelled()
        finally:
            await client.close()
        return f"acknowledged by the broker ({'MQTT 5' if client.mqtt5 else 'MQTT 3.1.1'})"


def _pass_over(_topic: str, _payload: bytes, _retained: bool) -> None:  # noqa: FBT001 - as the wire gives it
    """Take no message: nothing is subscribed to."""
