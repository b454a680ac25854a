"""The nodes' end of the broker: shares a few connections, says what nodes want to say, gives them what they are told.

Reports are not queued: what waits for room in a connection's window is *that* a node wants to report; the content is
read when it is sent, so it is the newest and the memory is bounded by the number of nodes. A connection that comes up
lets its nodes say hello, spread over a moment. A message to a node whose wire is cut is lost, but for the last one on
a topic that a broker retains, which waits as it would on the broker.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from lightctl.devices.codec import Outgoing
from lightctl.domain.errors import InvalidInput
from simulators.broker import WINDOW, BrokerConnection, Listening
from simulators.faces import Face
from simulators.node import ActionAnswer, Say
from simulators.sensors import Sensors
from simulators.specs import Broker
from simulators.street import Street

HELLOS_PER_S = 1000.0
LONGEST_SPREAD_S = 2.0
SPREAD_STEPS = 20
FAREWELL_S = 3.0


@dataclass(slots=True)
class Wants:
    """What a node still has to say."""

    hello: bool = False
    report: bool = False
    answers: list[ActionAnswer] = field(default_factory=list)


@dataclass(slots=True)
class Shared:
    """A connection, its nodes, what they want to say in order, and which time it is up.

    deaf: nodes of other connections that had no ears while it was down, and say hello when it is up again.
    """

    connection: BrokerConnection
    nodes: tuple[str, ...]
    deaf: tuple[str, ...]
    wants: dict[str, Wants] = field(default_factory=dict)
    times_up: int = 0


class MqttSide:
    """All MQTT nodes of a street on one broker."""

    def __init__(
        self,
        street: Street,
        faces: dict[str, Face],
        broker: Broker,
        seed: int,
        clock: Callable[[], dt.datetime],
        sensors: Sensors,
    ) -> None:
        self.ready = asyncio.Event()
        self.foreign = 0
        self.rejected = 0
        self.sent = 0
        self._street = street
        self._faces = faces
        self._clock = clock
        self._sensors = sensors
        self._rng = random.Random(f"{seed}/hello")
        self._by_topic = {topic: node for node, face in faces.items() for topic in face.topics}
        self._kept: dict[str, bytes] = {}
        self._flush_due = False
        filters = sorted({it for face in faces.values() for it in face.filters})
        shares = [tuple(faces)[number :: broker.connections] for number in range(min(broker.connections, len(faces)))]
        self._shared: list[Shared] = []
        for number, nodes in enumerate(shares):
            self._shared.append(self._share(number, nodes, tuple(filters[number :: len(shares)]), broker, seed))
        self._of_node = {node: shared for shared in self._shared for node in shared.nodes}

    async def run(self) -> None:
        """Keep all connections until cancelled."""
        async with asyncio.TaskGroup() as group:
            for shared in self._shared:
                group.create_task(shared.connection.run())

    def flush(self) -> None:
        """Send what nodes want to say, as far as the windows have room."""
        self._flush_due = False
        self._collect(self._street.take_said())
        now = self._clock()
        for shared in self._shared:
            connection = shared.connection
            if not connection.is_up:
                shared.wants.clear()
            while shared.wants and connection.outstanding < WINDOW:
                node = next(iter(shared.wants))
                wants = shared.wants.pop(node)
                if self._street.reachable(node):
                    self._publish(connection, self._messages(self._faces[node], wants, now))
        speaking = next((it.connection for it in self._shared if it.connection.is_up), None)
        if speaking is not None:
            said = self._sensors.take(now)
            self._publish(speaking, (message for node, message in said if not node or self._street.reachable(node)))

    async def farewell(self) -> None:
        """Say that all nodes go, and give the broker a moment to take it."""
        for shared in self._shared:
            for node in shared.nodes:
                gone = self._faces[node].presence(online=False)
                if gone is not None and self._street.reachable(node):
                    self._publish(shared.connection, (gone,))
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                await asyncio.gather(*(shared.connection.idle.wait() for shared in self._shared))

    def _share(
        self, number: int, nodes: tuple[str, ...], filters: tuple[str, ...], broker: Broker, seed: int
    ) -> Shared:
        # A will can name one node only; the others of a lost connection show by their silence.
        will = self._faces[nodes[0]].presence(online=False)
        listening = Listening(
            f"simulators-{number}",
            filters,
            will,
            hear=self._hear,
            up=lambda: self._up(number),
            down=lambda: self._down(number),
            room=lambda: self._room(number),
        )
        # What a broker keeps for a node reaches it when its ears are back; others have to ask for it.
        deaf = [node for node, face in self._faces.items() if not face.kept and set(face.filters) & set(filters)]
        return Shared(BrokerConnection(broker, listening, seed), nodes, tuple(sorted(set(deaf) - set(nodes))))

    def _up(self, number: int) -> None:
        shared = self._shared[number]
        shared.times_up += 1
        this_time = shared.times_up
        nodes = [*shared.nodes, *(shared.deaf if this_time > 1 else ())]
        self._rng.shuffle(nodes)
        spread_s = min(LONGEST_SPREAD_S, len(self._faces) / HELLOS_PER_S)
        loop = asyncio.get_running_loop()

        def greet(some: Sequence[str]) -> None:
            if shared.connection.is_up and shared.times_up == this_time:
                self._collect((node, what) for node in some for what in (Say.HELLO, Say.REPORT))
                self.flush()

        for step in range(SPREAD_STEPS):
            loop.call_later(spread_s * step / SPREAD_STEPS, greet, nodes[step::SPREAD_STEPS])
        if all(it.connection.is_up for it in self._shared):
            self.ready.set()

    def _down(self, number: int) -> None:
        print(f"simulators-{number}: connection lost", file=sys.stderr)  # noqa: T201
        self._shared[number].wants.clear()

    def _hear(self, topic: str, payload: bytes, retained: bool) -> None:  # noqa: ARG002, FBT001 - as the broker says it
        node = self._by_topic.get(topic)
        if node is None:
            self.foreign += 1
            return
        delay_s = self._street.stations[node].delay_s
        if delay_s:
            asyncio.get_running_loop().call_later(delay_s, self._deliver, node, topic, payload)
        else:
            self._deliver(node, topic, payload)

    def _deliver(self, node: str, topic: str, payload: bytes) -> None:
        if not payload:
            self._kept.pop(node, None)
            return
        if not self._street.reachable(node):
            if topic == self._faces[node].retained_topic:
                self._kept[node] = payload
            return
        try:
            outputs = self._faces[node].hear(topic, payload, self._clock())
        except InvalidInput as error:
            self.rejected += 1
            self._street.stations[node].firmware.rejected += 1
            print(f"{node}: rejected: {error}", file=sys.stderr)  # noqa: T201
            return
        self._street.carry_out(node, outputs)
        self._flush_soon()

    def _room(self, number: int) -> None:
        if self._shared[number].wants:
            self._flush_soon()

    def _flush_soon(self) -> None:
        if not self._flush_due:
            self._flush_due = True
            asyncio.get_running_loop().call_soon(self.flush)

    def _collect(self, said: Iterable[tuple[str, Say | ActionAnswer]]) -> None:
        for node, what in said:
            shared = self._of_node.get(node)
            if shared is None:
                continue
            wants = shared.wants.setdefault(node, Wants())
            match what:
                case Say.HELLO:
                    wants.hello = True
                    self._deliver_kept(node)
                case Say.REPORT:
                    wants.report = True
                case ActionAnswer():
                    wants.answers.append(what)

    def _deliver_kept(self, node: str) -> None:
        if self._street.reachable(node) and (payload := self._kept.pop(node, b"")):
            self._deliver(node, self._faces[node].retained_topic, payload)

    @staticmethod
    def _messages(face: Face, wants: Wants, now: dt.datetime) -> list[Outgoing]:
        said: list[Say | ActionAnswer] = [Say.HELLO] if wants.hello else []
        said += [Say.REPORT] if wants.report else []
        return [message for what in [*said, *wants.answers] for message in face.say(what, now)]

    def _publish(self, connection: BrokerConnection, messages: Iterable[Outgoing]) -> None:
        for message in messages:
            self.sent += connection.publish(message)
