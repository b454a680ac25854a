"""The link of a story's daemon: real inbound, codecs and outbox over the post, for one life of the daemon."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Mapping, Sequence

from lightctl.devices.codec import Outgoing, mqtt_codec
from lightctl.domain import events as ev
from lightctl.domain.assets import Node
from lightctl.domain.errors import InvalidInput, NodeRefused
from lightctl.domain.orders import Order
from lightctl.domain.states import DesiredState
from lightctl.links.telling import failed
from tests.worlds.heap import Heap
from tests.worlds.stories.nodes import PROFILES
from tests.worlds.stories.parts import Parts
from tests.worlds.stories.post import Post
from tests.worlds.stories.setting import MQTT
from tests.worlds.stories.watching import Watching

CODECS = {name: mqtt_codec(PROFILES[name]) for name in ("native", "json-dimmer")}
SOONEST_S = 0.001


class HostClock:
    """What the clock of the daemon's host shows: the time of the heap, and so much more."""

    def __init__(self, heap: Heap) -> None:
        self.error_s = 0.0
        self._heap = heap

    def now(self) -> dt.datetime:
        """Give what it shows."""
        return self._heap.now + dt.timedelta(seconds=self.error_s)

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds of the heap; however the clock is set meanwhile, it goes on as it did."""
        await asyncio.sleep(seconds)


class Link:
    """Puts orders on the wire as outbox and feeders let them, and reads what comes."""

    def __init__(
        self, heap: Heap, clock: HostClock, post: Post, parts: Parts, watch: Watching,
        tell: Callable[[ev.Event], None], switch_ons_per_s: float,
    ) -> None:  # fmt: skip
        self.closed = False
        self._heap = heap
        self._clock = clock
        self._post = post
        self._encoded = parts.encoded
        self._watch = watch
        self._tell = tell
        self._outbox = parts.outbox(switch_ons_per_s=switch_ons_per_s)
        self._inbound = parts.inbound(MQTT, CODECS, frozenset({"native"}), self._heard, clock)
        self._clears: dict[str, tuple[Outgoing, ...]] = {}
        self._turn: dt.datetime | None = None

    def attach(self, nodes: Mapping[str, Node]) -> None:
        """Take the nodes of the inventory; what those that left had on the broker is cleared."""
        before = self._inbound.nodes
        self._inbound.attach(nodes)
        for name in before.keys() - nodes.keys():
            for event in self._outbox.drop_node(name, self._clock.now(), "the node is no longer on this link"):
                self._tell(event)
            self._clears[name] = CODECS[before[name].profile].clear(before[name])
        for name in nodes:
            self._clears.pop(name, None)

    def hear(self, message: Outgoing) -> None:
        """Read a message."""
        self._inbound.receive(message.topic, message.payload, False)

    def _heard(self, event: ev.Event) -> None:
        self._watch.heard(event)
        self._tell(event)

    def submit(self, order: Order) -> None:
        """Queue an order."""
        for refused in self._outbox.put(order, self._clock.now()):
            self._tell(refused)

    def publish(self) -> None:
        """Put on the wire what may go now."""
        while self._post.link_up and not self.closed:
            order, expired = self._outbox.pop(self._clock.now())
            for event in expired:
                self._tell(event)
            if order is None:
                self._clear()
                self._wait_for_turn()
                return
            self._send(order)

    def take_turns_anew(self) -> None:
        """Look at whose turn it is by a clock that was set."""
        self._turn = None
        self.publish()

    def _clear(self) -> None:
        clears, self._clears = self._clears, {}
        for node, messages in clears.items():
            for message in messages:
                self._post.publish(node, message, ())

    def _wait_for_turn(self) -> None:
        self._watch.waiting(len(self._outbox))
        turn = self._outbox.next_turn
        if turn is None or turn == self._turn:
            return
        self._turn = turn

        def take() -> None:
            if turn == self._turn:
                self._turn = None
                self.publish()

        self._heap.after(max(SOONEST_S, (turn - self._clock.now()).total_seconds()), take)

    def _send(self, order: Order) -> None:
        node, content, now = order.node.id, order.content, self._clock.now()
        try:
            messages = CODECS[order.node.profile].encode(order.node, content, now)
        except (InvalidInput, NodeRefused) as error:
            self._tell(failed(order, str(error), self._clock.now(), permanent=True))
            return
        acked: Sequence[ev.Event] = ()
        if isinstance(content, DesiredState):
            self._tell(ev.CommandSent(node, content.revision, now))
            acked = (ev.BrokerAcked(node, content.revision, now),)
        lost = failed(order, "lost", self._clock.now(), permanent=False)
        for message in map(self._encoded, messages):
            self._watch.published(order, message)
            self._post.publish(node, message, acked, lost)
