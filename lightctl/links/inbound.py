"""Inbound: what a broker hands over becomes events, or is quarantined with a reason; nothing is queued or created.

Every message is judged alone and in bounded time and memory: too long is not parsed, unknown nodes are announced at
most once a minute each (and once more with what they call themselves), and a flood of rubbish is counted rather than
passed on.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import MappingProxyType

from lightctl.devices.codec import MqttCodec, UnknownNode
from lightctl.domain.assets import ID_PATTERN, Node
from lightctl.domain.errors import InvalidInput
from lightctl.domain.events import MessageQuarantined, NodeDiscovered, NodePresence
from lightctl.links.base import Clock, Emit
from lightctl.links.pacing import Bucket, Throttle

MAX_PAYLOAD_BYTES = 8192
KEPT_BYTES = 256
KEPT_TEXT = 200
QUARANTINE_PER_S = 20.0
DISCOVERY_S = 60.0
NO_NODES: Mapping[str, Node] = MappingProxyType({})


class Inbound:
    """The reading half of an MQTT link."""

    def __init__(
        self, link: str, codecs: Mapping[str, MqttCodec], always: frozenset[str], emit: Emit, clock: Clock
    ) -> None:
        self._link = link
        self._codecs = codecs
        self._always = always
        self._emit = emit
        self._clock = clock
        self._by_profile: dict[str, Mapping[str, Node]] = {}
        self._quarantine = Bucket(QUARANTINE_PER_S, QUARANTINE_PER_S)
        self._discovered = Throttle(DISCOVERY_S)
        self._named = Throttle(DISCOVERY_S)

    @property
    def nodes(self) -> dict[str, Node]:
        """The nodes whose words count, put together when asked for: they are seldom looked at all at once."""
        return {name: node for nodes in self._by_profile.values() for name, node in nodes.items()}

    def attach(self, nodes: Mapping[str, Node]) -> None:
        """Take the nodes whose words count; a node is only heard through its own profile."""
        profiles = {node.profile for node in nodes.values()}
        by_profile = {profile: nodes if len(profiles) == 1 else _of(profile, nodes) for profile in profiles}
        self._by_profile = by_profile
        most_first = sorted(self._codecs, key=lambda name: -len(by_profile.get(name, NO_NODES)))
        self._codecs = {name: self._codecs[name] for name in most_first}  # each message is judged in this order

    def subscriptions(self) -> frozenset[str]:
        """Give the topic filters of the profiles in use, and of those heard always."""
        wanted = (self._always | self._by_profile.keys()) & self._codecs.keys()
        return frozenset(topic for name in wanted for topic in self._codecs[name].subscriptions())

    def receive(self, topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001 - as the wire gives it
        """Judge one message and emit what it says; never raises."""
        if len(payload) > MAX_PAYLOAD_BYTES:
            self._refuse(topic, payload, f"{len(payload)} bytes, more than the {MAX_PAYLOAD_BYTES} a message may have")
            return
        now = self._clock.now()
        unknown: UnknownNode | None = None
        for name, codec in self._codecs.items():
            if not codec.speaks(topic):
                continue
            try:
                event = codec.decode(topic, payload, now, self._by_profile.get(name, NO_NODES), retained=retained)
            except UnknownNode as error:
                unknown = error
                continue
            except InvalidInput as error:
                self._refuse(topic, payload, str(error))
                return
            # A retained message is as old as the broker likes: it may hint, it proves nothing.
            if event is not None and (not retained or isinstance(event, NodePresence)):
                self._emit(event)
            return
        if unknown is None:
            self._refuse(topic, payload, "no profile of this link speaks on this topic")
        elif not retained:  # what a broker kept of a node that left is no sign of life
            self._discover(topic, payload, unknown)

    def _discover(self, topic: str, payload: bytes, unknown: UnknownNode) -> None:
        if not ID_PATTERN.fullmatch(unknown.node):
            return
        at = time.monotonic()
        first = self._discovered.allow(unknown.node, at)
        named = bool(unknown.model) and self._named.allow(unknown.node, at)  # its presence came before its hello
        if first or named:
            now = self._clock.now()
            self._emit(NodeDiscovered(unknown.node, self._link, topic[:KEPT_TEXT], now, unknown.model[:KEPT_TEXT]))
        if first:
            self._refuse(topic, payload, str(unknown))

    def _refuse(self, topic: str, payload: bytes, why: str) -> None:
        if not self._quarantine.allow(time.monotonic()):
            return
        held_back, self._quarantine.held_back = self._quarantine.held_back, 0
        more = f" ({held_back} more messages were refused before it)" if held_back else ""
        why = why[:KEPT_TEXT] + more
        self._emit(MessageQuarantined(self._link, topic[:KEPT_TEXT], why, self._clock.now(), payload[:KEPT_BYTES]))


def _of(profile: str, nodes: Mapping[str, Node]) -> dict[str, Node]:
    return {name: node for name, node in nodes.items() if node.profile == profile}
