"""How nodes look on MQTT: the native contract, and a foreign JSON dimmer. Each turns says into messages and back."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from lightctl.devices.codec import Outgoing, ProfileCodec
from lightctl.devices.native_node import (
    UnknownAction,
    decode_command,
    decode_desired,
    encode_hello,
    encode_presence,
    encode_reported,
    encode_result,
    node_subscriptions,
)
from lightctl.devices.profile import Profile
from lightctl.domain.assets import Node
from lightctl.domain.events import ActionFinished
from simulators.actions import REJECTED
from simulators.firmware import Firmware
from simulators.node import ActionAnswer, Output, Say


class Face(Protocol):
    """One node's end of an MQTT wire."""

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics it listens on."""
        ...

    @property
    def filters(self) -> tuple[str, ...]:
        """Wildcards that cover these topics for all nodes of its kind and area."""
        ...

    @property
    def retained_topic(self) -> str:
        """The topic on which a broker would keep the last message for it while it is away."""
        ...

    @property
    def kept(self) -> bool:
        """Whether its makers have the broker keep what it is to do."""
        ...

    def say(self, what: Say | ActionAnswer, now: dt.datetime) -> tuple[Outgoing, ...]:
        """Give the messages of something it wants to say."""
        ...

    def hear(self, topic: str, payload: bytes, now: dt.datetime) -> list[Output]:
        """Take a message; raises InvalidInput."""
        ...

    def presence(self, *, online: bool) -> Outgoing | None:
        """Give its presence, also for a will; None when its make has none."""
        ...


class NativeFace:
    """The native contract, v1."""

    kept = True

    def __init__(self, firmware: Firmware) -> None:
        self._firmware = firmware
        self._area, self._node = firmware.setup.area, firmware.setup.id
        self.topics = node_subscriptions(self._area, self._node)
        self.filters = tuple(topic.replace(f"/{self._node}/", "/+/") for topic in self.topics)
        self.retained_topic = next(topic for topic in self.topics if topic.endswith("/desired"))

    def say(self, what: Say | ActionAnswer, now: dt.datetime) -> tuple[Outgoing, ...]:
        """Give hello (with presence before it), reported or result."""
        match what:
            case Say.HELLO:
                return (self.presence(online=True), encode_hello(self._area, self._firmware.hello(now)))
            case Say.REPORT:
                return (encode_reported(self._area, self._firmware.report(now)),)
            case ActionAnswer():
                finished = ActionFinished(self._node, what.id, what.status, now, what.detail)
                return (encode_result(self._area, finished),)

    def hear(self, topic: str, payload: bytes, now: dt.datetime) -> list[Output]:
        """Take a desired state or a command; raises InvalidInput."""
        if topic == self.retained_topic:
            return self._firmware.receive(decode_desired(self._node, payload), now)
        try:
            return self._firmware.act(decode_command(self._node, payload), now)
        except UnknownAction as unknown:
            return [ActionAnswer(unknown.id, REJECTED, unknown.why)]

    def presence(self, *, online: bool) -> Outgoing:
        """Give the presence of the contract."""
        return encode_presence(self._area, self._node, online=online, boot_id=self._firmware.boot_id)


class DimmerFace:
    """A dimmer of another make: one level, set and told as JSON."""

    kept = False

    def __init__(self, firmware: Firmware, profile: Profile) -> None:
        assert profile.mqtt is not None
        setup = firmware.setup
        codec = self._codec = ProfileCodec(profile)
        self._firmware = firmware
        self._channel = next(iter(setup.outputs))
        self._node = Node(setup.id, setup.model, "", setup.area, dict(setup.points))
        self.retained_topic = codec.set_topic(self._node)
        self._clock_topic = codec.clock_topic(self._node)
        self.topics = (self.retained_topic, *([self._clock_topic] if self._clock_topic else ()))
        listened = (profile.mqtt.set.topic, *([profile.mqtt.clock.topic] if profile.mqtt.clock else ()))
        self.filters = tuple(topic.replace("{node}", "+").replace("{address}", "+") for topic in listened)

    def say(self, what: Say | ActionAnswer, now: dt.datetime) -> tuple[Outgoing, ...]:
        """Give availability or state; it answers no actions."""
        match what:
            case Say.HELLO:
                presence = self.presence(online=True)
                return () if presence is None else (presence,)
            case Say.REPORT:
                report = self._firmware.report(now)
                return (self._codec.encode_state(self._node, report.channels[self._channel], report.at),)
            case ActionAnswer():
                return ()

    def hear(self, topic: str, payload: bytes, now: dt.datetime) -> list[Output]:
        """Take a level or the time; raises InvalidInput."""
        if topic == self._clock_topic:
            return self._firmware.set_time(self._codec.decode_clock(payload), now)
        order = self._codec.decode_set(payload)
        return self._firmware.order({self._channel: order.level}, now, ramp_s=order.ramp_s)

    def presence(self, *, online: bool) -> Outgoing | None:
        """Give the make's availability."""
        return self._codec.encode_availability(self._node, online=online)
