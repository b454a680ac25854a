"""MQTT codecs: what goes out to a node and what comes in from it. Two real ones: our own contract, and profiles.

Both ends meet here: the daemon asks `mqtt_codec` and talks through MqttCodec; simulators use the functions of the
node's end, and for foreign makes ProfileCodec's own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Protocol

from lightctl.devices.due import SetLevel
from lightctl.devices.json_codec import ProfileCodec
from lightctl.devices.messages import Outgoing, UnknownNode
from lightctl.devices.native import NativeCodec
from lightctl.devices.native_node import (
    decode_command,
    decode_desired,
    encode_hello,
    encode_presence,
    encode_reported,
    encode_result,
    node_subscriptions,
)
from lightctl.devices.profile import Profile
from lightctl.devices.sensor_codec import encode_sensor
from lightctl.domain.assets import Node
from lightctl.domain.errors import InvalidInput
from lightctl.domain.events import Event
from lightctl.domain.states import DesiredState, NodeAction

__all__ = [
    "MqttCodec", "NativeCodec", "Outgoing", "ProfileCodec", "SetLevel", "UnknownNode", "decode_command",
    "decode_desired", "encode_hello", "encode_presence", "encode_reported", "encode_result", "encode_sensor",
    "mqtt_codec", "node_subscriptions",
]  # fmt: skip


class MqttCodec(Protocol):
    """What an MQTT wire means for the nodes of one profile."""

    def subscriptions(self) -> tuple[str, ...]:
        """Give the topic filters on which its nodes speak."""
        ...

    def speaks(self, topic: str) -> bool:
        """Say whether a topic is one of those its nodes speak on."""
        ...

    def encode(self, node: Node, content: DesiredState | NodeAction, now: dt.datetime) -> tuple[Outgoing, ...]:
        """Give the messages that carry an order; raises NodeRefused when the make cannot do it.

        Raises InvalidInput for a node whose address or channels do not suit the make.
        """
        ...

    def clear(self, node: Node) -> tuple[Outgoing, ...]:
        """Give the empty retained messages that take a retired node's traces off the broker."""
        ...

    def decode(
        self,
        topic: str,
        payload: bytes,
        received_at: dt.datetime,
        nodes: Mapping[str, Node],
        *,
        retained: bool = False,
    ) -> Event | None:
        """Read what a node says; None when it says nothing for us. Raises InvalidInput (UnknownNode) only.

        retained: the broker's retain flag of the message, so that an old state is not taken for news.
        """
        ...


def mqtt_codec(profile: Profile) -> MqttCodec:
    """Give the codec of a profile; raises InvalidInput for one that does not speak MQTT."""
    match profile.kind:
        case "native":
            return NativeCodec()
        case "mqtt":
            return ProfileCodec(profile)
        case "modbus":
            raise InvalidInput(f"profile {profile.name}", "it speaks Modbus; put its nodes on a Modbus link")
