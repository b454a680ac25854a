"""MQTT codecs: what goes out to a node and what comes in from it. Two real ones: our own contract, and profiles."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from lightctl.devices.profile import Profile
from lightctl.domain.assets import Node
from lightctl.domain.errors import InvalidInput
from lightctl.domain.events import ActionFinished, Event, NodeAnnounced
from lightctl.domain.states import ChannelReport, DesiredState, NodeAction, ReportedState


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to publish."""

    topic: str
    payload: bytes
    retain: bool = False
    qos: int = 1


class UnknownNode(InvalidInput):
    """A node nobody has in the inventory speaks; `model` is what it says it is, if it says so."""

    def __init__(self, node: str, model: str = "") -> None:
        self.node = node
        self.model = model
        super().__init__(f"node {node}", "no light point of the inventory names this node")


class MqttCodec(Protocol):
    """What an MQTT wire means for the nodes of one profile."""

    def subscriptions(self) -> tuple[str, ...]:
        """Give the topic filters on which its nodes speak."""
        ...

    def speaks(self, topic: str) -> bool:
        """Say whether a topic is one of those its nodes speak on."""
        ...

    def encode(self, node: Node, content: DesiredState | NodeAction, now: dt.datetime) -> tuple[Outgoing, ...]:
        """Give the messages that carry an order; raises NodeRefused when the make cannot do it."""
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
        """Read what a node says; None when it says nothing for us. Raises InvalidInput (UnknownNode) only."""
        ...


def mqtt_codec(profile: Profile) -> MqttCodec:
    """Give the codec of a profile; raises InvalidInput for one that does not speak MQTT."""
    raise NotImplementedError


# The node's end of the native contract, for simulators and node makers. area: see topics.area_of.


def node_subscriptions(area: str, node: str) -> tuple[str, ...]:
    """Give the topics a node listens on: `desired` and `command`."""
    raise NotImplementedError


def encode_hello(area: str, hello: NodeAnnounced) -> Outgoing:
    """Give a node's hello (received_at is not sent)."""
    raise NotImplementedError


def encode_reported(area: str, report: ReportedState) -> Outgoing:
    """Give a node's report; `at` and `applied_revision` must be there (received_at, verified, flags are not sent)."""
    raise NotImplementedError


def encode_result(area: str, result: ActionFinished) -> Outgoing:
    """Give a node's answer to a command."""
    raise NotImplementedError


def encode_presence(area: str, node: str, *, online: bool, boot_id: str) -> Outgoing:
    """Give a node's presence, also for its last will."""
    raise NotImplementedError


def decode_desired(node: str, payload: bytes) -> DesiredState:
    """Read the desired state a node is given; raises InvalidInput."""
    raise NotImplementedError


def decode_command(node: str, payload: bytes) -> NodeAction:
    """Read the command a node is given; raises InvalidInput."""
    raise NotImplementedError


@dataclass(frozen=True, slots=True)
class SetLevel:
    """What a foreign dimmer is told: a level (percent) and how long to fade."""

    level: int
    ramp_s: int = 0


class ProfileCodec:
    """The codec of a profile of kind mqtt, both ends."""

    def __init__(self, profile: Profile) -> None:
        raise NotImplementedError

    def set_topic(self, node: Node) -> str:
        """Give the topic a node listens on."""
        raise NotImplementedError

    def decode_set(self, payload: bytes) -> SetLevel:
        """Read what a node is told, as the node; raises InvalidInput."""
        raise NotImplementedError

    def encode_state(self, node: Node, report: ChannelReport) -> Outgoing:
        """Give what a node says of itself, as the node."""
        raise NotImplementedError

    def encode_availability(self, node: Node, *, online: bool) -> Outgoing | None:
        """Give a node's availability, as the node; None where the make has none."""
        raise NotImplementedError
