"""The daemon of a world: the real controller, codecs, outbox and store, stepped by the heap instead of by a loop.

Events that come within `gather_s` of each other are one step, as the daemon's inbox gives them; what steps decide is
written in one transaction every `write_s`, merged as the daemon's recorder merges what it could not write yet.
Without `measures` only the last report of each node is kept, and no measurements.
`before_act` may look at the effects of each step: judges do.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from itertools import chain
from typing import Any, Protocol

from lightctl.app.running.boot import boot_events, revision_floor
from lightctl.app.running.recorder import commit, merged
from lightctl.control.controller import Controller
from lightctl.control.effects import Effects
from lightctl.control.policy import Policy
from lightctl.devices.codec import MqttCodec, Outgoing, UnknownNode
from lightctl.devices.profile import Profile
from lightctl.domain import events as ev
from lightctl.domain.errors import InvalidInput
from lightctl.domain.luminaires import LuminaireType
from lightctl.domain.orders import Order
from lightctl.domain.states import DesiredState, Reading, ReportedState
from lightctl.links.outbox import Outbox
from lightctl.links.telling import failed
from lightctl.store.base import Recorded
from lightctl.store.sqlite import SqliteStore
from simulators.node import NEVER
from tests.worlds.heap import Heap

NOTHING = Recorded()
RECORDED = tuple({field.name for field in fields(Recorded)} & {field.name for field in fields(Effects)})
MQTT = "mqtt"
Publish = Callable[[str, Outgoing, tuple[ev.Event, ...], ev.Event], None]


class Line(Protocol):
    """A link that is no broker: it carries orders to its units."""

    def submit(self, order: Order) -> None:
        """Carry an order out."""
        ...


class Daemon:
    """One run of lightctl over a store. It knows nothing of the street but what messages say."""

    def __init__(
        self,
        heap: Heap,
        store: SqliteStore,
        policy: Policy,
        profiles: Mapping[str, Profile],
        time_zone: str,
        publish: Publish,
        codecs: Mapping[str, MqttCodec],
        luminaires: Mapping[str, LuminaireType],
        *,
        make: Callable[..., Controller] = Controller,
        gather_s: float = 2.0,
        write_s: float = 60.0,
        measures: bool = True,
    ) -> None:
        self.controller = make(policy, profiles, time_zone, revision_floor(heap.now), luminaires)
        self.lines: dict[str, Line] = {}
        self.link_up = False
        self.steps = 0
        self.heard = 0
        self.refused: list[str] = []
        self.before_act: Callable[[Effects], None] = lambda _effects: None
        self._heap = heap
        self._store = store
        self._time_zone = time_zone
        self._codecs = codecs
        self._publish = publish
        self._outbox = Outbox()
        self._gather_s = gather_s
        self._write_s = write_s
        self._measures = measures
        self._inbox: list[ev.Event] = []
        self._unwritten: list[Effects] = []
        self._reports: list[ReportedState] = []
        self._readings: list[Reading] = []
        self._writing = False
        self._review_at = NEVER
        self._nodes: Mapping[str, Any] = {}

    def boot(self) -> None:
        """Start from the store."""
        self._step(list(boot_events(self._store.replay(self._heap.now), self._time_zone)))

    def connect(self) -> None:
        """Let the broker be there."""
        if not self.link_up:
            self.link_up = True
            self.tell(ev.LinkChanged(MQTT, up=True, at=self._heap.now))

    def tell(self, event: ev.Event) -> None:
        """Put an event on the inbox."""
        if not self._inbox:
            self._heap.after(self._gather_s, self._drain)
        self._inbox.append(event)

    def hear(self, message: Outgoing) -> None:
        """Take a message off the broker."""
        if not self.link_up:
            return
        for codec in self._codecs.values():
            if codec.speaks(message.topic):
                self.heard += 1
                try:
                    event = codec.decode(message.topic, message.payload, self._heap.now, self._nodes)
                except UnknownNode:
                    event = None
                except InvalidInput as refused:
                    self.refused.append(str(refused))
                    event = None
                if event is not None:
                    self.tell(event)
                return

    def write(self) -> None:
        """Write everything that waits into the store."""
        self._writing = False
        steps, self._unwritten = self._unwritten, []
        waiting = Recorded(**{name: tuple(chain(*(getattr(each, name) for each in steps))) for name in RECORDED})
        if waiting != NOTHING:
            commit(self._store, merged(waiting, NOTHING))
        if self._reports:
            self._store.add_reports(self._reports)
            self._reports = []
        if self._readings:
            self._store.add_readings(self._readings)
            self._readings = []

    def _drain(self) -> None:
        events, self._inbox = self._inbox, []
        self._step(events)

    def _step(self, events: Iterable[ev.Event]) -> None:
        now = self._heap.now
        self.steps += 1
        effects = self.controller.step(events, now)
        self.before_act(effects)
        self._keep(effects)
        for event in events:
            if isinstance(event, ev.FleetChanged):
                self._nodes = event.fleet.nodes
        for order in effects.submissions:
            line = self.lines.get(order.node.link)
            if line is not None:
                line.submit(order)
            elif order.node.link == MQTT:
                self._outbox.put(order, now)
        if self.link_up:
            self._send()
        self._look_again(effects.review_at)

    def _look_again(self, at: dt.datetime | None) -> None:
        if at is None or at >= self._review_at:
            return
        self._review_at = at

        def look() -> None:
            if self._review_at == at:
                self._review_at = NEVER
                self.tell(ev.ReviewDue())

        self._heap.at(max(at, self._heap.now), look)

    def _keep(self, effects: Effects) -> None:
        self._unwritten.append(effects)
        if self._measures:
            self._reports += effects.reports
            self._readings += effects.readings
        if not self._writing:
            self._writing = True
            self._heap.after(self._write_s, self.write)

    def _send(self) -> None:
        while True:
            order, _ = self._outbox.pop(self._heap.now)
            if order is None:
                return
            node, content = order.node.id, order.content
            try:
                messages = self._codecs[order.node.profile].encode(order.node, content, self._heap.now)
            except InvalidInput as error:
                self.tell(failed(order, str(error), self._heap.now, permanent=True))
                continue
            acked: tuple[ev.Event, ...] = ()
            if isinstance(content, DesiredState):
                self.tell(ev.CommandSent(node, content.revision, self._heap.now))
                acked = (ev.BrokerAcked(node, content.revision, self._heap.now),)
            for message in messages:
                self._publish(node, message, acked, failed(order, "lost", self._heap.now, permanent=False))
