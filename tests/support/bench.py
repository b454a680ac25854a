"""A street on a bench: real operations, store, controller, codecs and firmware, a clock set by hand, a perfect wire.

Nothing sleeps. What an operator asks is stored, decided, encoded, heard by the simulated nodes and reported back before
the call returns; `run` lets time pass, each thing due at its own instant.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import fields, replace

from lightctl.app.asking import Guard
from lightctl.app.clock import ManualClock
from lightctl.app.live import Live
from lightctl.app.operations import Operations
from lightctl.app.running.boot import boot_events
from lightctl.control.controller import Controller
from lightctl.control.effects import Effects
from lightctl.control.policy import Policy
from lightctl.devices.codec import mqtt_codec
from lightctl.devices.profile import shipped_profiles
from lightctl.domain.assets import Capabilities, Place
from lightctl.domain.events import BrokerAcked, CommandSent, Event, FleetChanged, LinkChanged, ReviewDue
from lightctl.domain.orders import Order
from lightctl.domain.states import DesiredState
from lightctl.files.settings import Settings
from lightctl.links.inbound import Inbound
from lightctl.store.base import AuditDraft, Recorded
from lightctl.store.sqlite import SqliteStore
from simulators.faces import DimmerFace, Face, NativeFace
from simulators.flash import Flash
from simulators.fleet import Built
from simulators.lamp import LampType
from simulators.node import NEVER, NodeSetup
from simulators.node_clock import NodeClock
from simulators.street import Street
from simulators.truth import TruthLog
from tests.support.desk import NOW, OPERATOR, SCHEDULES

ZONE = "Europe/Berlin"
CARRYING = Capabilities(nights=7, slots=96, ramp=True, persists=True)
PROFILES = shipped_profiles()
RECORDED = {field.name for field in fields(Recorded)} & {field.name for field in fields(Effects)}
SETTINGS = Settings.model_validate(
    {
        "links": {"mqtt": {"type": "mqtt"}},
        "delivery": {"settle_s": 10.0},
        "safety": {"allow_below_protection": True},
    }
)


class Bench:
    """A city on the bench: `operations` is its door, `store` what it remembers, `told` every event the daemon got."""

    def __init__(self, inventory: str, schedules: dict[str, str] = SCHEDULES, now: dt.datetime = NOW) -> None:
        self.now = now
        self.store = SqliteStore(None)
        self.store.put_schedules(schedules, AuditDraft(now, "olga", "test", "schedule apply", "city"))
        self.retained: dict[str, bytes] = {}
        self.street = Street(TruthLog(None), Flash(None))
        self._faces: dict[str, Face] = {}
        self._codecs = {name: mqtt_codec(each) for name, each in PROFILES.items() if each.kind != "modbus"}
        self._inbox: list[Event] = []
        self._busy = False
        clock = ManualClock(now)
        self._clock = clock
        self._inbound = Inbound("mqtt", self._codecs, frozenset({"native"}), self._inbox.append, clock)
        live = Live(now, lambda: self.now)
        self.operations = Operations(self.store, SETTINGS, lambda: self.now, self._notify, live)
        self.start_daemon()
        self.operations.inventory_import(
            OPERATOR, inventory, format="csv", name="i.csv", mapping=None, skip_bad_rows=False, guard=Guard()
        )

    def start_daemon(self) -> None:
        """Begin with a controller that knows what the store knows, as a restarted daemon does."""
        self._controller: Controller | None = Controller(Policy(settle_s=10.0), PROFILES, ZONE)
        self._review_at: dt.datetime | None = None
        self._inbox.clear()
        self._inbox.extend(boot_events(self.store.replay(self.now), ZONE))
        self._inbox.append(LinkChanged("mqtt", up=True, at=self.now))
        self._settle()

    def kill_daemon(self) -> None:
        """End the daemon: nobody decides anything any more, the nodes go on alone."""
        self._controller = self._review_at = None

    def mount(
        self,
        node: str,
        *,
        capabilities: Capabilities = CARRYING,
        channels: int = 1,
        profile: str = "native",
        rated_w: float = 50.0,
        revision: int = 0,
    ) -> None:
        """Put a simulated node on the street and switch it on; `revision`: what it holds from an earlier life."""
        capabilities = replace(capabilities, channels=channels)
        outputs = dict.fromkeys(range(channels), LampType(rated_w))
        setup = NodeSetup(node, capabilities, outputs, {}, Place(51.4344, 6.7623, ZONE), area="main")
        if profile != "native":
            setup = replace(setup, area="", points={0: node}, model=profile)
        self.street.switch_on(Built(setup, NodeClock(self.now, 0.0)), profile, self.now, 300.0)
        firmware = self.street.stations[node].firmware
        if revision:
            old = DesiredState(node, revision, self.now, self.now + dt.timedelta(days=1), {})
            self.street.carry_out(node, firmware.receive(old, self.now))
        self._faces[node] = NativeFace(firmware) if profile == "native" else DimmerFace(firmware, PROFILES[profile])
        self._settle()

    def level(self, node: str, channel: int = 0) -> float:
        """What a lamp truly does now."""
        return self.street.stations[node].firmware.lamp(channel).level(self.now)

    def trouble(self, node: str, **what: object) -> None:
        """Do something to a lamp of a node, as `Firmware.trouble` takes it."""
        firmware = self.street.stations[node].firmware
        self.street.carry_out(node, firmware.trouble(0, self.now, **what))
        self._settle()

    def run(self, seconds: float) -> None:
        """Let so many seconds pass."""
        until = self.now + dt.timedelta(seconds=seconds)
        while True:
            due = min(self.street.next_due(), self._review_at or NEVER)
            if due > until:
                break
            self._pass_to(max(due, self.now))
            if self._review_at is not None and self._review_at <= self.now:
                self._inbox.append(ReviewDue())
            self._settle()
        self._pass_to(until)
        self._settle()

    def _pass_to(self, instant: dt.datetime) -> None:
        self.now = instant
        self._clock.set(instant)
        self.street.advance(instant)

    def _notify(self, events: Sequence[Event]) -> None:
        self._inbox += events
        self._settle()

    def _settle(self) -> None:
        """Let everybody speak and hear until nobody has anything more to say at this instant."""
        if self._busy:
            return
        self._busy = True
        while True:
            for node, what in self.street.take_said():
                if node in self._faces and self.street.reachable(node):
                    for message in self._faces[node].say(what, self.now):
                        self._inbound.receive(message.topic, message.payload, False)
            if not self._inbox:
                break
            events, self._inbox[:] = list(self._inbox), []
            for event in events:
                if isinstance(event, FleetChanged):
                    self._inbound.attach({node.id: node for node in event.fleet.nodes.values() if node.link == "mqtt"})
            if self._controller is None:
                continue
            effects = self._controller.step(events, self.now)
            self._review_at = effects.review_at
            seen = tuple((report.node, report.received_at) for report in effects.reported)
            self.store.commit(Recorded(**{name: getattr(effects, name) for name in RECORDED}, seen=seen))
            self.store.add_reports(effects.reports)
            for submission in effects.submissions:
                self._carry(submission)
        self._busy = False

    def _carry(self, submission: Order) -> None:
        node, content = submission.node, submission.content
        if node.profile not in self._codecs:
            return
        if isinstance(content, DesiredState):
            self._inbox.append(CommandSent(node.id, content.revision, self.now))
            self._inbox.append(BrokerAcked(node.id, content.revision, self.now))
        for message in self._codecs[node.profile].encode(node, content, self.now):
            if message.retain:
                self.retained[message.topic] = message.payload
            face = self._faces.get(node.id)
            if face is not None and message.topic in face.topics and self.street.reachable(node.id):
                self.street.carry_out(node.id, face.hear(message.topic, message.payload, self.now))
