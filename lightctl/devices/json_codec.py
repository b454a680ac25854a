"""JSON dimmers: foreign MQTT makes as their profile describes them, both ends. One channel, switched at the instant."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from functools import cache

import msgspec

from lightctl.devices.due import SetLevel, level_due
from lightctl.devices.json_clock import decode_time, encode_time, read_time, time_value
from lightctl.devices.json_fields import Json, flag, number, put, raw_level, read_level
from lightctl.devices.maps import JsonReadings, MqttMap
from lightctl.devices.messages import Outgoing, UnknownNode, read_json
from lightctl.devices.profile import Profile
from lightctl.domain.assets import Node
from lightctl.domain.errors import InvalidInput, NodeRefused
from lightctl.domain.events import Event, NodePresence, NodeReported
from lightctl.domain.states import ActionKind, ChannelReport, DesiredState, NodeAction, Reason, ReportedState

ADDRESS = re.compile(r"[^/+#\s\x00-\x1f]{1,64}")
READINGS = JsonReadings.__struct_fields__


class ProfileCodec:
    """The codec of a profile of kind mqtt, both ends; raises InvalidInput for a profile of another kind."""

    def __init__(self, profile: Profile) -> None:
        if profile.mqtt is None:
            raise InvalidInput(f"profile {profile.name}", f"it is of kind {profile.kind} and has no MQTT topics")
        self.profile = profile
        self._map: MqttMap = profile.mqtt
        self._by_address: dict[str, Node] = {}
        self._indexed: Mapping[str, Node] | None = None
        self._count = 0

    def subscriptions(self) -> tuple[str, ...]:
        """Give the topic filters on which its nodes speak."""
        return tuple(_filter(template) for template in self._incoming())

    def speaks(self, topic: str) -> bool:
        """Say whether a topic is one of those its nodes speak on."""
        return any(_place_in(template, topic) is not None for template in self._incoming())

    def encode(self, node: Node, content: DesiredState | NodeAction, now: dt.datetime) -> tuple[Outgoing, ...]:
        """Give the messages that carry an order; raises NodeRefused for an action the make does not know."""
        match content:
            case DesiredState():
                order = self._order(level_due(content, _channel(node), now))
                return (Outgoing(self.set_topic(node), order, self._map.set.retain, self._map.set.qos),)
            case NodeAction(kind=ActionKind.SET_CLOCK) if self._map.clock is not None:
                topic = _topic(self._map.clock.topic, node)
                return (Outgoing(topic, encode_time(self._map.clock, now), qos=self._map.set.qos),)
            case NodeAction():
                action = self._map.actions.get(content.kind)
                if action is None:
                    raise NodeRefused(
                        f"profile {self.profile.name} has no action {content.kind.value}: describe it under "
                        f"mqtt.actions of the profile, or show the lamp by dimming it for a minute"
                    )
                topic = _topic(action.topic if isinstance(action.topic, str) else self._map.set.topic, node)
                return (Outgoing(topic, msgspec.json.encode(action.payload), qos=self._map.set.qos),)

    def clear(self, node: Node) -> tuple[Outgoing, ...]:
        """Give the empty retained message that takes a retired node's last order off the broker."""
        return (Outgoing(self.set_topic(node), b"", retain=True),) if self._map.set.retain else ()

    def decode(
        self,
        topic: str,
        payload: bytes,
        received_at: dt.datetime,
        nodes: Mapping[str, Node],
        *,
        retained: bool = False,
    ) -> Event | None:
        """Read what a node says; None for what is no fresh level. Raises InvalidInput (UnknownNode) only.

        A retained state is none: nobody can tell how old it is. `nodes` by address are indexed anew when the mapping
        is another one or has another length.
        """
        place = _place_in(self._map.state.topic, topic)
        if place is not None:
            if retained:
                return None
            content = read_json(payload, dict[str, object], topic)
            return self._report(self._node(self._map.state.topic, place, nodes), content, topic, received_at)
        availability = self._map.availability
        place = _place_in(availability.topic, topic) if availability else None
        if availability is None or place is None:
            raise InvalidInput(f"topic {topic[:200]!r}", f"it is no topic of profile {self.profile.name}")
        node = self._node(availability.topic, place, nodes)
        if payload not in (availability.online.encode(), availability.offline.encode(), b""):
            raise InvalidInput(topic, f"{payload[:40]!r} is neither {availability.online} nor {availability.offline}")
        return NodePresence(node.id, payload == availability.online.encode(), received_at) if payload else None

    def set_topic(self, node: Node) -> str:
        """Give the topic a node listens on."""
        return _topic(self._map.set.topic, node)

    def clock_topic(self, node: Node) -> str | None:
        """Give the topic on which a node takes the time, None where it takes none."""
        return None if self._map.clock is None else _topic(self._map.clock.topic, node)

    def decode_clock(self, payload: bytes) -> dt.datetime:
        """Read the time a node is told, as the node; raises InvalidInput."""
        where = f"clock of profile {self.profile.name}"
        if self._map.clock is None:
            raise InvalidInput(where, "this make takes no time")
        return decode_time(self._map.clock, payload, where)

    def decode_set(self, payload: bytes) -> SetLevel:
        """Read what a node is told, as the node; raises InvalidInput."""
        where = f"set of profile {self.profile.name}"
        content = read_json(payload, dict[str, object], where)
        level = read_level(content, self._map, where)
        ramp = number(content, self._map.transition, where) if self._map.transition else None
        if level is None:
            raise InvalidInput(where, "it names no level")
        return SetLevel(level, max(0, int(ramp or 0)))

    def encode_state(self, node: Node, report: ChannelReport, shown: dt.datetime | None = None) -> Outgoing:
        """Give what a node says of itself, as the node; `shown` is what its clock shows."""
        content: Json = {} if report.level is None else self._levels(report.level, always=True)
        for name in READINGS:
            field, value = getattr(self._map.readings, name), getattr(report, name)
            if field is not None and value is not None:
                put(content, field.field, value / field.scale)
        for fault, field in self._map.faults.items():
            put(content, field.field, field.when if fault in report.faults else field.otherwise)
        if self._map.local:
            put(
                content,
                self._map.local.field,
                self._map.local.when if report.reason is Reason.LOCAL else self._map.local.otherwise,
            )
        if self._map.clock and self._map.clock.reported and shown is not None:
            put(content, self._map.clock.reported, time_value(self._map.clock, shown))
        return Outgoing(_topic(self._map.state.topic, node), msgspec.json.encode(content))

    def encode_availability(self, node: Node, *, online: bool) -> Outgoing | None:
        """Give a node's availability, as the node; None where the make has none."""
        availability = self._map.availability
        if availability is None:
            return None
        payload = availability.online if online else availability.offline
        return Outgoing(_topic(availability.topic, node), payload.encode(), retain=True)

    def _incoming(self) -> tuple[str, ...]:
        availability = self._map.availability
        return (self._map.state.topic, *([availability.topic] if availability else ()))

    def _order(self, order: SetLevel) -> bytes:
        content = self._levels(order.level, always=False)
        if self._map.transition and order.ramp_s:
            put(content, self._map.transition, order.ramp_s)
        return msgspec.json.encode(content)

    def _levels(self, level: int, *, always: bool) -> Json:
        """Say a level in the make's own fields; one that can be told "off" gets no level with it unless `always`."""
        content: Json = {}
        if self._map.on:
            put(content, self._map.on.field, self._map.on.on if level else self._map.on.off)
        if level or always or not self._map.on:
            put(content, self._map.level.field, raw_level(level, self._map.level))
        return content

    def _node(self, template: str, place: str, nodes: Mapping[str, Node]) -> Node:
        if not ADDRESS.fullmatch(place):
            raise InvalidInput(f"topic {template}", f"{place[:64]!r} cannot be the name of a node")
        if "{node}" in template:
            known = nodes.get(place)
        else:
            if self._indexed is not nodes or self._count != len(nodes):
                self._by_address = {node.address: node for node in nodes.values() if node.profile == self.profile.name}
                self._indexed, self._count = nodes, len(nodes)
            known = self._by_address.get(place)
        if known is None:
            raise UnknownNode(place)
        if known.profile != self.profile.name:
            raise InvalidInput(
                f"node {known.id}", f"it speaks as {self.profile.name}, the inventory says {known.profile}"
            )
        return known

    def _report(self, node: Node, content: Json, where: str, received_at: dt.datetime) -> NodeReported | None:
        level = read_level(content, self._map, where)
        if level is None:
            return None
        fields = [(name, getattr(self._map.readings, name)) for name in READINGS]
        raw = {name: number(content, field.field, where) for name, field in fields if field}
        report = ChannelReport(
            level=level,
            reason=Reason.LOCAL if self._map.local and flag(content, self._map.local) else None,
            faults=tuple(name.value for name, field in self._map.faults.items() if flag(content, field)),
            **{name: raw[name] * field.scale for name, field in fields if field and raw[name] is not None},
        )
        clock = self._map.clock
        at = read_time(clock, content, clock.reported, where) if clock and clock.reported else None
        return NodeReported(ReportedState(node.id, received_at, {_channel(node): report}, at=at))


def _channel(node: Node) -> int:
    if len(node.channels) != 1:
        raise InvalidInput(
            f"node {node.id}",
            f"it has {len(node.channels)} channels and its make has one",
            hint="Give each light point a node of its own.",
        )
    return next(iter(node.channels))


def _topic(template: str, node: Node) -> str:
    place = node.id if "{node}" in template else node.address
    if not ADDRESS.fullmatch(place):
        raise InvalidInput(
            f"node {node.id}",
            f"its address {place!r} cannot stand in the topic {template}",
            hint="Set the address of its light points: one topic level, no space, no / + #.",
        )
    return template.replace("{node}", place).replace("{address}", place)


def _filter(template: str) -> str:
    return template.replace("{node}", "+").replace("{address}", "+")


def _place_in(template: str, topic: str) -> str | None:
    """Give what stands in the topic where the template has its place, None when the topic is another one."""
    before, after = _around_place(template)
    place = topic[len(before) : len(topic) - len(after)]
    fits = topic.startswith(before) and topic.endswith(after) and len(topic) > len(before) + len(after)
    return place if fits and "/" not in place else None


@cache
def _around_place(template: str) -> tuple[str, str]:
    """Give what stands before and after the place of a template."""
    before, _, after = _filter(template).partition("+")
    return before, after
