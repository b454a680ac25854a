"""The post of a story: a broker, and the four ways to and from it, each of which may fail on its own.

What is lost breaks a connection, as on TCP, but the one who lost it notices only when the trouble is over: then it
connects anew. A message on its way arrives whatever happens meanwhile, so it may be late, doubled and overtaken.
"""

from __future__ import annotations

import random
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from itertools import count

from lightctl.devices.codec import Outgoing
from lightctl.domain.events import Event
from simulators.node import Say
from tests.worlds.heap import Heap
from tests.worlds.network import FAIR, Network, Weather
from tests.worlds.stories.nodes import Nodes

DAEMON = ""
KEPT = 12
RETAINED_AFTER_S = 0.05


class Post:
    """Carries messages. `hear` and `tell` are the daemon's ends; `deaf` has (side, node) of the ways that are cut."""

    def __init__(self, heap: Heap, rng: random.Random, nodes: Nodes, seed: int) -> None:
        self.link_up = False
        self.retained: dict[str, bytes] = {}
        self.deaf: set[tuple[str, str]] = set()
        self.slow: dict[str, float] = {}
        self.spoil: dict[str, Callable[[Outgoing], Outgoing]] = {}
        self.hear: Callable[[str, Outgoing], None] = lambda _node, _message: None
        self.tell: Callable[[Event], None] = lambda _event: None
        self.network = Network(heap, seed)
        self._heap = heap
        self._rng = rng
        self._nodes = nodes
        self._broken: set[str] = set()
        self._unsent: list[Event] = []
        self._held: dict[int, Callable[[], None]] = {}
        self._numbers = count()
        self._written: dict[tuple[str, str], deque[bytes]] = defaultdict(lambda: deque(maxlen=KEPT))
        nodes.said = self._from_node

    # -- from nodes to the daemon ---------------------------------------------------------------------------------

    def _from_node(self, node: str, what: Say, message: Outgoing) -> None:
        if what is Say.HELLO:
            self._give_retained(node)
        if what is Say.REPORT and not self.link_up:
            return  # nobody would hear it
        if ("from nodes", node) in self.deaf:
            self._broken.add(node)
            return
        spoil = self.spoil.get(node)
        message = message if spoil is None else spoil(message)

        def arrive() -> None:
            if self.link_up and ("to daemon", DAEMON) not in self.deaf:
                self.hear(node, message)
            elif self.link_up:
                self._broken |= {DAEMON, node}

        if node in self.slow:
            self._hold(self._rng.uniform(1.0, self.slow[node]), arrive)
        else:
            self.network.carry(arrive, lambda: self._broken.add(node))

    def _hold(self, seconds: float, arrive: Callable[[], None]) -> None:
        number = next(self._numbers)
        self._held[number] = arrive

        def release() -> None:
            if self._held.pop(number, None) is not None:
                arrive()

        self._heap.after(seconds, release)

    @property
    def holds(self) -> bool:
        """Whether a word of a node is held back."""
        return bool(self._held)

    def release(self, within_s: float) -> None:
        """Let everything held back arrive soon, in any order."""
        held, self._held = self._held, {}
        for arrive in held.values():
            self._heap.after(self._rng.uniform(0.0, within_s), arrive)

    # -- from the daemon to nodes ---------------------------------------------------------------------------------

    def publish(self, node: str, message: Outgoing, acked: Sequence[Event], lost: Event | None = None) -> None:
        """Take a message of the daemon's to the broker, and from there to the node."""
        if ("from daemon", DAEMON) in self.deaf:
            self._broken.add(DAEMON)
            self._unsent += () if lost is None else (lost,)
            return

        def fail() -> None:
            self._broken.add(node)
            if lost is not None:
                self.tell(lost)

        self.network.carry(lambda: self._at_broker(node, message, acked), fail)

    def _at_broker(self, node: str, message: Outgoing, acked: Sequence[Event]) -> None:
        if message.retain:
            self.retained[message.topic] = message.payload
            self._written[node, message.topic].append(message.payload)
        if self.link_up and ("to daemon", DAEMON) not in self.deaf:
            for event in acked:
                self.tell(event)
        self._to_node(node, message.topic, message.payload)

    def _to_node(self, node: str, topic: str, payload: bytes) -> None:
        if topic not in self._nodes.faces[node].topics:
            return
        if ("to nodes", node) in self.deaf:
            self._broken.add(node)
            return
        self.network.carry(
            lambda: self._nodes.deliver(node, topic, payload), lambda: self._broken.add(node)
        )  # fmt: skip

    def _give_retained(self, node: str) -> None:
        for topic in self._nodes.faces[node].topics:
            kept = self.retained.get(topic)
            if kept is not None and ("to nodes", node) not in self.deaf:
                self._heap.after(
                    RETAINED_AFTER_S,
                    lambda topic=topic, kept=kept: self._nodes.deliver(node, topic, kept),  # type: ignore[misc]
                )

    def set_back(self, number: int) -> None:
        """Let the broker have what it had some messages ago."""
        for (_, topic), payloads in self._written.items():
            self.retained[topic] = payloads[number % len(payloads)]

    def say_again(self, node: str, number: int) -> None:
        """Give a node an old message once more."""
        old = [(topic, payload) for (to, topic), kept in self._written.items() if to == node for payload in kept]
        if old:
            self._to_node(node, *old[number % len(old)])

    # -- the end of trouble ---------------------------------------------------------------------------------------

    def weather(self, weather: Weather = FAIR) -> None:
        """Change the weather on all ways."""
        self.network.weather = weather

    def heal(self) -> bool:
        """Let everybody who lost something connect anew, as far as it can be heard; says whether the daemon has to."""
        cut_off = {node for _, node in self.deaf}
        for node in sorted(self._broken - cut_off - {DAEMON}):
            self._nodes.reconnect(node)
        daemon = DAEMON in self._broken - cut_off
        self._broken &= cut_off
        if daemon:
            unsent, self._unsent = self._unsent, []
            for lost in unsent:
                self.tell(lost)
        return daemon
