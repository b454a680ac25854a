"""The daemon's end of the native contract: orders out, what nodes say in. The documents are in `topics`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

import msgspec
from msgspec import UNSET

from lightctl.devices import topics
from lightctl.devices.messages import Outgoing, claimed, read_json
from lightctl.devices.sensor_codec import SUBSCRIPTIONS, decode_sensor, is_sensor_topic
from lightctl.domain.assets import Capabilities, Node
from lightctl.domain.errors import InvalidInput, NodeRefused
from lightctl.domain.events import ActionFinished, Event, NodeAnnounced, NodePresence, NodeReported
from lightctl.domain.single import lean
from lightctl.domain.states import (
    ChannelDesired,
    ChannelReport,
    DesiredState,
    HeldOverride,
    NodeAction,
    ReportedState,
    Switch,
)

MOST_WRITTEN = 256
_Shared = tuple[int, dt.datetime, dt.datetime]
_CHANNELS = dict[int, ChannelReport]


class _Rest(msgspec.Struct):
    """A `DesiredDoc` but for its revision, its channels written already."""

    issued_at: int
    valid_until: int
    channels: dict[str, msgspec.Raw]


class NativeCodec:
    """The native MQTT node contract, v1."""

    def __init__(self) -> None:
        self._written: dict[int, tuple[tuple[Switch, ...], topics.ChannelDesiredDoc, msgspec.Raw]] = {}
        self._rests: dict[_Shared, tuple[Mapping[int, ChannelDesired], bytes]] = {}

    def subscriptions(self) -> tuple[str, ...]:
        """Give the topic filters on which nodes speak."""
        return (*(topics.topic("+", "+", leaf) for leaf in topics.NODE_LEAVES), *SUBSCRIPTIONS)

    def speaks(self, topic: str) -> bool:
        """Say whether a topic is under the contract's root."""
        return topic.startswith(topics.UNDER_ROOT)

    def encode(self, node: Node, content: DesiredState | NodeAction, now: dt.datetime) -> tuple[Outgoing, ...]:  # noqa: ARG002 - a node that has its night needs no instant; live makes do
        """Give the messages that carry an order; raises NodeRefused when it does not fit into one message."""
        area = topics.area_of(node)
        match content:
            case DesiredState():
                payload = b'{"revision":%d,%b' % (content.revision, self._rest(content))
                if len(payload) > topics.PAYLOAD_CAP:
                    raise NodeRefused(
                        f"the desired state of node {node.id} has {len(payload)} bytes and the contract allows "
                        f"{topics.PAYLOAD_CAP}: give it fewer nights or a program with fewer steps"
                    )
                return (Outgoing(topics.topic(area, node.id, "desired"), payload, retain=True),)
            case NodeAction():
                action = topics.COMMAND_ACTIONS.get(content.kind)
                if action is None:
                    raise NodeRefused(f"the native contract v1 has no action {content.kind.value}: leave it out")
                command = topics.CommandDoc(
                    id=content.id, action=action, not_after=_epoch(content.not_after), args=dict(content.args)
                )
                return (Outgoing(topics.topic(area, node.id, "command"), msgspec.json.encode(command)),)

    def _rest(self, desired: DesiredState) -> bytes:
        """Write what follows a document's revision; lamps that were given the very same channels share it."""
        key = (id(desired.channels), desired.issued_at, desired.valid_until)
        known = self._rests.get(key)
        if known is None or known[0] is not desired.channels:
            if len(self._rests) >= MOST_WRITTEN:
                self._rests.clear()
            channels = {str(number): self._channel(channel) for number, channel in desired.channels.items()}
            rest = _Rest(_epoch(desired.issued_at), _epoch(desired.valid_until), channels)
            known = self._rests[key] = (desired.channels, msgspec.json.encode(rest)[1:])
        return known[1]

    def _channel(self, channel: ChannelDesired) -> msgspec.Raw:
        """Write a channel; nights, which thousands of lamps share, are written once."""
        switches, held = channel.switches, channel.override
        known = self._written.get(id(switches))
        if known is None or known[0] is not switches:
            if len(self._written) >= MOST_WRITTEN:
                self._written.clear()
            nights = _nights(switches)
            known = self._written[id(switches)] = (switches, nights, _written(nights))
        return known[2] if held is None else _written(msgspec.structs.replace(known[1], override=_override(held)))

    def clear(self, node: Node) -> tuple[Outgoing, ...]:
        """Give the empty retained messages that take a retired node's traces off the broker."""
        area = topics.area_of(node)
        return tuple(Outgoing(topics.topic(area, node.id, leaf), b"", retain=True) for leaf in topics.RETAINED_LEAVES)

    def decode(
        self,
        topic: str,
        payload: bytes,
        received_at: dt.datetime,
        nodes: Mapping[str, Node],
        *,
        retained: bool = False,
    ) -> Event | None:
        """Read what a node says; None for an emptied retained topic. Raises InvalidInput (UnknownNode) only."""
        if is_sensor_topic(topic):
            if retained:
                raise InvalidInput(topic, "a retained reading is refused: nobody can tell how old it is")
            return decode_sensor(topic, payload, received_at, nodes)
        area, node, leaf = topics.split_topic(topic)
        if retained and leaf not in topics.RETAINED_LEAVES:
            raise InvalidInput(topic, f"a retained {leaf} is refused: nobody can tell how old it is")
        match leaf:
            case "hello":
                hello = read_json(payload, topics.HelloDoc, topic)
                claimed(node, area, nodes, hello.model)
                return _announced(node, hello, received_at)
            case "reported":
                report = read_json(payload, topics.ReportedDoc, topic)
                return NodeReported(_reported(claimed(node, area, nodes), report, received_at))
            case "result":
                result = read_json(payload, topics.ResultDoc, topic)
                claimed(node, area, nodes)
                return ActionFinished(node, result.id, result.status, received_at, result.detail)
            case "presence":
                if not payload:
                    return None
                presence = read_json(payload, topics.PresenceDoc, topic)
                claimed(node, area, nodes)
                return NodePresence(node, presence.online, received_at)
            case _:
                raise InvalidInput(topic, f"no node writes {leaf}")


def _written(channel: topics.ChannelDesiredDoc) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(channel))


def _nights(switches: tuple[Switch, ...]) -> topics.ChannelDesiredDoc:
    return topics.ChannelDesiredDoc(
        nights=tuple((_epoch(switch.at), switch.level, switch.ramp_s) for switch in switches),
        sun=tuple(
            (place, switch.sun.event, switch.sun.altitude_deg, switch.sun.offset_s)
            for place, switch in enumerate(switches)
            if switch.sun is not None
        )
        or UNSET,
    )


def _override(held: HeldOverride) -> topics.OverrideDoc:
    return topics.OverrideDoc(id=held.id, level=held.level, until=_epoch(held.until), ramp_s=held.ramp_s)


def _announced(node: str, hello: topics.HelloDoc, received_at: dt.datetime) -> NodeAnnounced:
    return NodeAnnounced(
        node=node,
        boot_id=hello.boot_id,
        capabilities=replace(
            Capabilities(**msgspec.structs.asdict(hello.capabilities)),
            levels=tuple(sorted(set(hello.capabilities.levels))),
        ),
        applied_revision=hello.applied_revision,
        received_at=received_at,
        clock=instant(hello.clock),
        model=hello.model,
        firmware=hello.firmware,
    )


def _reported(node: Node, report: topics.ReportedDoc, received_at: dt.datetime) -> ReportedState:
    """Read a report; channels no light point hangs on are left out."""
    told: dict[int, ChannelReport] = msgspec.convert(report.channels, _CHANNELS, from_attributes=True, str_keys=True)
    channels = {number: said for number, said in told.items() if number in node.channels}
    return ReportedState(
        node.id, received_at, lean(channels), report.boot_id, report.seq, instant(report.at), report.applied_revision
    )


def instant(epoch_s: float) -> dt.datetime:
    """Give the instant of so many seconds since 1970."""
    return dt.datetime.fromtimestamp(epoch_s, dt.UTC)


def _epoch(moment: dt.datetime) -> int:
    return int(moment.timestamp())
