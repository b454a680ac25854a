"""A deterministic world: the real controller, codecs and node firmware on one seeded heap, with a bad network between.

No sleeping and no sockets: a seed is a whole story, told again whenever it is asked for. The store is the real one in
memory. What each lamp truly does is compared with what people asked for, never with what the controller believes.
A lost message is a broken connection, as on TCP: its node says hello again when the bad time is over.
"""

from __future__ import annotations

import datetime as dt
import heapq
import random
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache

from lightctl.app.clock import ManualClock
from lightctl.app.running.boot import boot_events, revision_floor
from lightctl.control.controller import Controller
from lightctl.control.effects import Effects
from lightctl.control.policy import Policy
from lightctl.devices.codec import Outgoing, UnknownNode, mqtt_codec
from lightctl.devices.profile import shipped_profiles
from lightctl.domain import events as ev
from lightctl.domain.assets import Capabilities, Fleet, LifeCycle, LightPoint, Place
from lightctl.domain.errors import InvalidInput, StoreError
from lightctl.domain.programs import NO_INTENT, Intent
from lightctl.domain.selectors import parse_selector
from lightctl.domain.states import Command, CommandState, DesiredState, Override, Scope
from lightctl.files.schedules import read_schedules
from lightctl.links.base import Order
from lightctl.links.outbound import failed
from lightctl.links.outbox import Outbox
from lightctl.planning.overrides import in_force
from lightctl.planning.resolve import Plan
from lightctl.store.base import AuditDraft, Recorded
from lightctl.store.sqlite import SqliteStore
from simulators.faces import DimmerFace, Face, NativeFace
from simulators.firmware import Firmware
from simulators.flash import Flash
from simulators.fleet import Built
from simulators.lamp import LampType
from simulators.node import NEVER, LampChanged, NodeSetup, Say
from simulators.node_clock import NodeClock
from simulators.street import Street
from simulators.truth import CHANGE, TruthLog

ZONE = "Europe/Berlin"
DUISBURG = (51.4344, 6.7623)
START = dt.datetime(2026, 12, 4, 11, 30, tzinfo=dt.UTC)
PROFILES = shipped_profiles()
CARRYING = Capabilities(nights=7, slots=96, persists=True)
LIVE = Capabilities()
KINDS = {
    "c1": ("native", CARRYING, 1),
    "c2": ("native", CARRYING, 2),
    "short": ("native", replace(CARRYING, nights=2, resolution_s=60), 1),
    "live": ("native", LIVE, 1),
    "dimmer": ("json-dimmer", LIVE, 1),
}
RECORDED = {field.name for field in fields(Recorded)} & {field.name for field in fields(Effects)}
NOTHING = Recorded()
MINUTE = dt.timedelta(minutes=1)
EDGE = dt.timedelta(seconds=3)  # node clocks, and times cut to whole seconds on the wire
CONVERGED_WITHIN = dt.timedelta(seconds=60)
MOST_MESSAGES = 3
WORDS = ("link down", "broker wiped", "reboot", "flash lost", "cut off", "bad network", "crash", "backup restored")
USUAL = tuple(word for word in WORDS if word != "backup restored")
SUN = Plan(NO_INTENT, ZONE)
LOOK_EVERY = 40 * MINUTE
LONGEST_WAY = dt.timedelta(seconds=25)
LIVE_LEFT_DARK = dt.timedelta(minutes=65)
VERBS = ("dim", "dim", "dim", "resume", "resume", "schedule", "group", "retire", "return")


def schedule(late: int, floor: int) -> str:
    """The schedules in one of their versions: the level after 22:00, and a floor for the lamps of group `b`."""
    return f"""
version: 1
programs:
  street:
    active: sunset .. sunrise
    steps:
      - {{at: "20:00", level: 80}}
      - {{at: "22:00", level: {late}}}
      - {{at: "05:00", level: 100}}
calendars:
  street: {{default: street}}
assignments:
  - {{select: "*", calendar: street}}
protections:
  - {{select: group=b, min_level: {floor}, reason: a crossing}}
"""


@cache
def read_intent(late: int, floor: int) -> Intent:
    """Read the schedules; each of the few versions once, as reading is slow."""
    read = read_schedules({"s.yaml": schedule(late, floor)})
    assert not read.errors
    return read.intent


def inventory() -> tuple[LightPoint, ...]:
    """Every kind of node once; lamps are named after their node and channel."""
    return tuple(
        LightPoint(
            f"{node}-{channel}", *DUISBURG, node=node, channel=channel, profile=profile, tags={"group": "a"},
            rated_power_w=50.0,
        )
        for node, (profile, _, channels) in KINDS.items()
        for channel in range(channels)
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What stood in a document of one channel when it was issued: the plan of that moment and the override held."""

    plan: Plan
    point: LightPoint
    held: Override | None
    issued_at: dt.datetime
    valid_until: dt.datetime

    def level_at(self, at: dt.datetime) -> set[int]:
        """Give the levels that follow from it at an instant; a held level may be raised to the point's floor."""
        if self.held is not None and at < self.held.until:
            if self.held.below_protection:
                return {self.held.level}
            floor = max((each.min_level for each in self.plan.protections(self.point)), default=0)
            return {self.held.level, max(self.held.level, floor)}
        return {self.plan.level_at(self.point, (), at)[0]}


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy of the store's main database, and of what people had asked for when it was made."""

    copy: sqlite3.Connection
    points: dict[str, LightPoint]
    plan: Plan
    overrides: dict[str, Override]
    commands: dict[str, Command]


class _Truth(TruthLog):
    def __init__(self, heard: Callable[[str, dt.datetime], None]) -> None:
        super().__init__(None)
        self._heard = heard

    def lamp(self, setup: NodeSetup, change: LampChanged, what: str = CHANGE) -> None:  # noqa: ARG002
        self._heard(setup.id, change.at)


class World:
    """One story. `violations` names every invariant it broke, each with the instant."""

    def __init__(
        self,
        seed: int,
        controller: type[Controller] = Controller,
        firmware: type[Firmware] = Firmware,
        *,
        floor: Callable[[dt.datetime], int] = revision_floor,
        words: Sequence[str] = WORDS,
    ) -> None:
        self.rng = random.Random(f"world/{seed}")
        self.now = START
        self._policy = Policy(heartbeat_s=self.rng.choice((600.0, 3600.0, 3600.0)), topup_spread_s=120.0)
        self.violations: list[str] = []
        self.told: list[str] = []
        self.published: list[tuple[dt.datetime, str]] = []
        self._controller_type = controller
        self._floor = floor
        self._words = words
        self._heap: list[tuple[dt.datetime, int, Callable[[], None]]] = []
        self._count = 0
        self._store = SqliteStore(None)
        self._points = {point.id: point for point in inventory()}
        self._fleet = Fleet.of(self._points.values(), ZONE)
        self._plan = Plan(read_intent(50, 0), ZONE)
        self._overrides: dict[str, Override] = {}
        self._asked: dict[tuple[str, int], dict[int, Asked]] = {}
        self._newest: dict[str, int] = defaultdict(int)
        self._applied: dict[str, set[int]] = defaultdict(set)
        self._commands: dict[str, Command] = {}
        self._unsaved: list[Recorded] = []
        self._inbox: list[ev.Event] = []
        self._controller: Controller | None = None
        self._review_at: dt.datetime | None = None
        self._crash = ""
        self._ends: dict[int, Callable[[], None]] = {}
        self._codecs = {name: mqtt_codec(PROFILES[name]) for name in ("native", "json-dimmer")}
        self._outbox = Outbox()
        self._link_up = False
        self._bad = False
        self._broken: set[str] = set()
        self._retained: dict[str, bytes] = {}
        self._put("schedule", 50, 0)
        self._store.put_points(tuple(self._points.values()), self._audit("import"))
        self._street = Street(_Truth(self._changed), Flash(None))
        self._faces: dict[str, Face] = {}
        for node in KINDS:
            self._mount(node, firmware)
        self._by_topic = {topic: node for node, face in self._faces.items() for topic in face.topics}
        self._look_around()
        self._start()
        self._backup = self._back_up()

    # -- a story --------------------------------------------------------------------------------------------------

    def tell(self) -> list[str]:
        """Live two nights of mishaps and changes, one calm minute, two days without a controller; give violations."""
        self.run(START + dt.timedelta(hours=3))
        until = START + dt.timedelta(hours=self.rng.choice((7, 10, 16, 22)), minutes=self.rng.randrange(60))
        while self.now < until:
            self.run(min(until, self.now + MINUTE * self.rng.expovariate(1 / 70)))
            if self.rng.random() < 0.5:
                self._mishap(self.rng.choice(self._words))
            else:
                self._operate(self.rng.choice(VERBS))
        self._end_mishaps()
        ended = self.now
        self.run(ended + CONVERGED_WITHIN)
        self._judge_convergence(ended)
        self.run(self.now + 20 * MINUTE)
        self._judge_restart()
        self._operate("dim")
        self.run(self.now + 2 * MINUTE)
        self._die("")
        self.run(self.now + dt.timedelta(days=2))
        self._restart()
        self.run(self.now + 20 * MINUTE)
        self._judge_commands(final=True)
        return self.violations

    def run(self, until: dt.datetime) -> None:
        """Let everything happen that is due until an instant."""
        while True:
            review = self._review_at if self._controller is not None and self._review_at is not None else NEVER
            heap = self._heap[0][0] if self._heap else NEVER
            due = min(review, heap, self._street.next_due())
            if due > until:
                break
            self.now = max(self.now, due)
            if heap == due:
                heapq.heappop(self._heap)[2]()
            elif review == due:
                self._step([ev.ReviewDue()])
            else:
                self._street.advance(due, most=1)
            self._listen()
        self.now = until

    def _at(self, at: dt.datetime, work: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._heap, (at, self._count, work))

    def _after(self, seconds: float, work: Callable[[], None]) -> None:
        self._at(self.now + dt.timedelta(seconds=seconds), work)

    def _violate(self, rule: str, what: str) -> None:
        self.violations.append(f"{rule} at {self.now:%d. %H:%M:%S}: {what}")

    # -- the street -----------------------------------------------------------------------------------------------

    def _mount(self, node: str, firmware: type[Firmware]) -> None:
        profile, capabilities, channels = KINDS[node]
        setup = NodeSetup(
            node, capabilities, dict.fromkeys(range(channels), LampType(50.0)),
            {channel: f"{node}-{channel}" for channel in range(channels)}, Place(*DUISBURG, ZONE),
            heartbeat_s=self._policy.heartbeat_s, area="" if profile == "json-dimmer" else "main",
        )  # fmt: skip
        clock = NodeClock(START, self.rng.uniform(-1, 1))
        self._street.switch_on(Built(setup, clock), profile, self.now, self.rng.uniform(1, self._policy.heartbeat_s))
        station = self._street.stations[node]
        if firmware is not Firmware:
            station.firmware.__class__ = firmware
        face = DimmerFace(station.firmware, PROFILES[profile]) if profile == "json-dimmer" else None
        self._faces[node] = face or NativeFace(station.firmware)

    def _firmware(self, node: str) -> Firmware:
        return self._street.stations[node].firmware

    def _listen(self) -> None:
        for node, what in self._street.take_said():
            if not self._street.reachable(node):
                continue
            if what is Say.REPORT and not self._link_up:
                continue  # nobody would hear it
            for message in self._faces[node].say(what, self.now):
                self._carry(node, lambda message=message: self._hear(message))
            if what is Say.HELLO:
                topic = self._faces[node].retained_topic
                retained = self._retained.get(topic)
                if retained is not None:
                    self._after(0.05, lambda node=node, topic=topic, kept=retained: self._deliver(node, topic, kept))

    def _carry(self, node: str, arrive: Callable[[], None], lost: Callable[[], None] | None = None) -> None:
        if self._bad and self.rng.random() < 0.3:
            self._broken.add(node)
            if lost is not None:
                lost()
            return
        copies = 2 if self._bad and self.rng.random() < 0.2 else 1
        for _ in range(copies):
            self._after(
                self.rng.uniform(0.01, LONGEST_WAY.total_seconds()) if self._bad else self.rng.uniform(0.01, 0.3),
                arrive,
            )

    def _deliver(self, node: str, topic: str, payload: bytes) -> None:
        if not payload or not self._street.reachable(node):
            return
        face = self._faces[node]
        before = self._firmware(node).applied_revision
        self._street.carry_out(node, face.hear(topic, payload, self.now))
        after = self._firmware(node).applied_revision
        if after < before:
            self._violate("I5", f"{node} went from revision {before} back to {after}")
        self._applied[node].add(after)

    def _changed(self, node: str, at: dt.datetime) -> None:
        self._at(at + 2 * EDGE, lambda: self._judge_lamps(node))

    # -- the broker and our link to it ----------------------------------------------------------------------------

    def _hear(self, message: Outgoing) -> None:
        if not self._link_up:
            return
        for codec in self._codecs.values():
            if not codec.speaks(message.topic):
                continue
            nodes = self._fleet.nodes
            try:
                event = codec.decode(message.topic, message.payload, self.now, nodes)
            except UnknownNode:
                event = None
            if event is not None:
                self._tell(event)

    def _publish(self) -> None:
        while self._link_up:
            order, _ = self._outbox.pop(self.now)
            if order is None:
                return
            node, content = order.node.id, order.content
            try:
                messages = self._codecs[order.node.profile].encode(order.node, content, self.now)
            except InvalidInput as error:
                self._tell(failed(order, str(error), ManualClock(self.now), permanent=True))
                continue
            self.published.append((self.now, node))
            acked: list[ev.Event] = []
            if isinstance(content, DesiredState):
                self._tell(ev.CommandSent(node, content.revision, self.now))
                acked.append(ev.BrokerAcked(node, content.revision, self.now))
            lost = failed(order, "lost", ManualClock(self.now), permanent=False)
            for message in messages:
                self._carry(
                    node,
                    lambda message=message, node=node, acked=acked: self._broker(message, node, acked),
                    lambda lost=lost: self._tell(lost),
                )

    def _broker(self, message: Outgoing, node: str, acked: list[ev.Event]) -> None:
        if message.retain:
            self._retained[message.topic] = message.payload
        if self._link_up:
            for event in acked:
                self._tell(event)
        self._carry(node, lambda: self._deliver(node, message.topic, message.payload))

    def _connect(self) -> None:
        if self._controller is not None and not self._link_up:
            self._link_up = True
            self._tell(ev.LinkChanged("mqtt", up=True, at=self.now))
            self._publish()

    def _disconnect(self) -> None:
        if self._link_up:
            self._link_up = False
            self._tell(ev.LinkChanged("mqtt", up=False, at=self.now))

    # -- the daemon -----------------------------------------------------------------------------------------------

    def _start(self) -> None:
        self._controller = self._controller_type(self._policy, PROFILES, ZONE, self._floor(self.now))
        self._outbox = Outbox()
        self._step(boot_events(self._store.replay(self.now), ZONE))
        self._after(0.5, self._connect)

    def _tell(self, event: ev.Event) -> None:
        if self._controller is None:
            return
        if not self._inbox:
            self._after(0.0, self._drain)
        self._inbox.append(event)

    def _drain(self) -> None:
        events, self._inbox = self._inbox, []
        if self._controller is not None and events:
            self._step(events)

    def _step(self, events: Iterable[ev.Event]) -> None:
        assert self._controller is not None
        events = list(events)
        effects = self._controller.step(events, self.now)
        self._review_at = effects.review_at
        if self._review_at is not None and self._review_at <= self.now:
            self._violate("rest", "the controller asks to look again at an instant that has passed")
            self._review_at = self.now + MINUTE
        if self._crash == "before recording":
            self._die("")
            return
        self._record(effects)
        if self._crash:
            self._die("")
            return
        for event in events:
            if isinstance(event, ev.FleetChanged):
                self._attach(event.fleet)
        for submission in effects.submissions:
            self._outbox.put(Order(submission.node, submission.content, submission.priority), self.now)
        self._publish()

    def _attach(self, fleet: Fleet) -> None:
        for node, face in self._faces.items():
            if node not in fleet.nodes:
                self._retained.pop(face.retained_topic, None)
                for event in self._outbox.drop_node(node, self.now, "the node is no longer on this link"):
                    self._tell(event)

    def _record(self, effects: Effects) -> None:
        recorded = Recorded(**{name: getattr(effects, name) for name in RECORDED})
        if recorded != NOTHING:
            self._unsaved.append(recorded)
        for desired in effects.desired:
            if desired.revision <= self._newest[desired.node]:
                self._violate("I5", f"revision {desired.revision} of {desired.node} is used again")
            self._newest[desired.node] = desired.revision
            self._asked[desired.node, desired.revision] = {
                channel: self._ask(desired, channel) for channel in desired.channels
            }
        for command in effects.commands:
            known = self._commands.get(command.id)
            if known is not None and known.state.terminal and command.state is not known.state:
                self._violate("I2", f"{command.id} left {known.state} for {command.state}")
            if command.state is CommandState.CONFIRMED and not (known is not None and known.state.terminal):
                self._judge_confirmation(command)
            self._commands[command.id] = command
        self._judge_commands()

    def _ask(self, desired: DesiredState, channel: int) -> Asked:
        point = self._points[f"{desired.node}-{channel}"]
        strongest = in_force(point, self._overrides.values(), self.now)
        return Asked(self._plan_of(point), point, strongest[0] if strongest else None, self.now, desired.valid_until)

    def _plan_of(self, point: LightPoint) -> Plan:  # noqa: ARG002 - there may be worlds with more plans than one
        return self._plan

    def _save(self) -> None:
        # Only now, when somebody reads it: the transactions are the same and a story takes half the time.
        for recorded in self._unsaved:
            try:
                self._store.commit(recorded)
            except StoreError as error:
                self._violate("I4", str(error))
        self._unsaved = []

    def _die(self, how: str) -> None:
        """Kill the daemon at once, or at its next step: before it records, or after that and before it acts."""
        self._crash = how
        if how:
            return
        self._controller, self._review_at, self._inbox, self._link_up = None, None, [], False

    def _restart(self) -> None:
        if self._controller is not None:
            return
        self._save()
        self._crash = ""
        self._start()

    # -- what goes wrong ------------------------------------------------------------------------------------------

    def _mishap(self, word: str) -> None:
        self.told.append(f"{self.now:%d. %H:%M:%S} {word}")
        node = self.rng.choice(list(KINDS))
        lasting = self.rng.choice((2.0, 40.0, 600.0, 5000.0))
        match word:
            case "link down":
                self._disconnect()
                self._lasting(lasting, self._connect)
            case "broker wiped":
                self._retained.clear()
                self._disconnect()
                for each in KINDS:
                    self._cut(each, "broker", lasting + self.rng.uniform(0, 20))
                self._lasting(lasting, self._connect)
            case "reboot" | "flash lost":
                self._street.carry_out(node, self._firmware(node).lose_supply(self.now))
                self._lasting(lasting, lambda: self._boot(node, flash_lost=word == "flash lost"))
            case "cut off":
                self._cut(node, "cut", lasting)
            case "bad network":
                self._bad = True
                self._lasting(lasting, self._better)
            case "backup restored":
                self._restore_backup()
                self._lasting(lasting, self._restart)
            case _:
                self._backup = self._back_up()
                self._die(self.rng.choice(("", "before recording", "before acting")))
                self._lasting(lasting, self._restart)

    def _back_up(self) -> Backup:
        self._save()
        copy = sqlite3.connect(":memory:")
        self._store._main.db.conn.backup(copy)
        return Backup(copy, dict(self._points), self._plan, dict(self._overrides), dict(self._commands))

    def _restore_backup(self) -> None:
        """Lose the host: an old copy of the store comes back, and every node connects anew."""
        self._die("")
        self._unsaved = []
        self._backup.copy.backup(self._store._main.db.conn)
        self._points, self._plan = dict(self._backup.points), self._backup.plan
        self._fleet = Fleet.of(self._points.values(), ZONE)
        self._overrides, self._commands = dict(self._backup.overrides), dict(self._backup.commands)
        for node in KINDS:
            self._cut(node, "host", self.rng.uniform(1, 20))

    def _cut(self, node: str, why: str, seconds: float) -> None:
        self._street.cut(node, why, on=True)
        self._lasting(seconds, lambda: self._street.cut(node, why, on=False))

    def _boot(self, node: str, *, flash_lost: bool = False) -> None:
        if not self._firmware(node).powered:
            self._street.boot(node, self.now, flash_lost=flash_lost)

    def _better(self) -> None:
        self._bad = False
        for node in sorted(self._broken):
            self._street.cut(node, "broken", on=True)
            self._street.cut(node, "broken", on=False)
        self._broken.clear()

    def _lasting(self, seconds: float, end: Callable[[], None]) -> None:
        self._count += 1
        number = self._count
        self._ends[number] = end
        self._after(seconds, lambda: self._end(number))

    def _end(self, number: int) -> None:
        end = self._ends.pop(number, None)
        if end is not None:
            end()

    def _end_mishaps(self) -> None:
        """End everything bad at once; what is on its way still arrives, late and out of order."""
        self.told.append(f"{self.now:%d. %H:%M:%S} all is well")
        if self._crash:
            self._die("")
        for number in list(self._ends):
            self._end(number)
        self._restart()
        self.run(self.now + LONGEST_WAY)

    # -- what people do -------------------------------------------------------------------------------------------

    def _audit(self, verb: str) -> AuditDraft:
        return AuditDraft(self.now, "test", "test", verb, "")

    def _put(self, verb: str, late: int, floor: int) -> None:
        intent = read_intent(late, floor)
        self._store.put_schedules({"s.yaml": schedule(late, floor)}, self._audit(verb))
        self._plan = Plan(intent, ZONE)
        self._tell(ev.IntentChanged(intent, verb))

    def _operate(self, verb: str) -> None:
        self.told.append(f"{self.now:%d. %H:%M:%S} {verb}")
        point = self.rng.choice(list(self._points.values()))
        match verb:
            case "dim":
                self._dim(point)
            case "resume":
                held = [each.id for each in self._overrides.values() if each.until > self.now]
                if not held:
                    return
                ended = self.rng.choice(held)
                del self._overrides[ended]
                self._store.end_overrides([ended], self.now, verb, self._audit(verb))
                self._tell(ev.OverrideEnded(ended))
            case "schedule":
                self._put(verb, self.rng.choice((0, 30, 50)), self.rng.choice((0, 60)))
            case "group":
                self._edit(replace(point, tags={"group": self.rng.choice(("a", "b"))}))
            case "retire":
                self._edit(replace(point, state=LifeCycle.RETIRED))
            case _:
                for retired in [each for each in self._points.values() if each.state is LifeCycle.RETIRED]:
                    self._edit(replace(retired, state=LifeCycle.IN_USE))

    def _dim(self, point: LightPoint) -> None:
        select, scope = self.rng.choice(
            (
                (f"id={point.id}", Scope.LIGHT_POINT),
                ("group=a", Scope.GROUP),
                ("*", Scope.SITE),
                (f"id in ({point.id},c1-0)", Scope.MAINTENANCE),
            )
        )
        below = scope is Scope.MAINTENANCE and self.rng.random() < 0.5
        start = self.now + MINUTE * self.rng.choice((0, 0, 0, 7, 100))
        until = start + MINUTE * self.rng.choice((3, 60, 600))
        name = f"o{len(self.told)}"
        level = self.rng.choice((0, 20, 100))
        override = Override(name, scope, parse_selector(select), level, start, until, below_protection=below)
        self._overrides[name] = override
        self._store.add_overrides([override], name, self._audit("dim"))
        self._tell(ev.OverrideSet(override))

    def _edit(self, point: LightPoint) -> None:
        self._points[point.id] = point
        self._store.put_points([point], self._audit("edit"))
        self._fleet = Fleet.of(self._points.values(), ZONE)
        self._tell(ev.FleetChanged(self._fleet))

    # -- what must be true ----------------------------------------------------------------------------------------

    def _judge_lamps(self, node: str) -> None:
        """I1, I6, I15: a lamp does what its document says that people asked for, or is lit because it has none."""
        firmware = self._firmware(node)
        profile, capabilities, channels = KINDS[node]
        if not firmware.powered or profile != "native":
            return
        asked = self._asked.get((node, firmware.applied_revision), {})
        for channel in range(channels):
            shown = firmware.lamp(channel).level(self.now)
            wanted = asked.get(channel)
            instants = (self.now - EDGE, self.now, self.now + EDGE)
            allowed: set[int] = set()
            for at in instants:
                if wanted is None or at >= wanted.valid_until - EDGE:
                    allowed |= {0 if self._daylight(node, channel, at) else 100}
                if wanted is not None and at <= wanted.valid_until + EDGE:
                    allowed |= wanted.level_at(at if capabilities.carries_nights else wanted.issued_at)
            if round(shown) not in allowed and not self._at_an_edge(wanted, capabilities):
                self._violate("I1", f"{node}-{channel} shows {shown:.0f} %, {sorted(allowed)} asked for")

            if round(shown) == 0 and wanted is not None and self._left_dark(wanted):
                self._violate("I1", f"{node}-{channel} is left dark while its plan has had light for an hour")

    def _look_around(self) -> None:
        for node in KINDS:
            self._judge_lamps(node)
        self._at(self.now + LOOK_EVERY, self._look_around)

    def _left_dark(self, wanted: Asked) -> bool:
        return all(
            0 not in wanted.level_at(at) and SUN.level_at(wanted.point, (), at)[0]
            for at in (self.now - step * LIVE_LEFT_DARK / 10 for step in range(11))
        )

    def _at_an_edge(self, wanted: Asked | None, capabilities: Capabilities) -> bool:
        """Say whether a coarse grid of the node may bring light earlier or leave it longer just now."""
        if wanted is None or capabilities.resolution_s == 1:
            return False
        grid = dt.timedelta(seconds=capabilities.resolution_s) + EDGE
        return len(wanted.level_at(self.now - grid) | wanted.level_at(self.now) | wanted.level_at(self.now + grid)) > 1

    def _daylight(self, node: str, channel: int, at: dt.datetime) -> bool:
        point = self._points[f"{node}-{channel}"]
        return not SUN.level_at(point, (), at)[0]

    def _judge_confirmation(self, command: Command) -> None:
        """I3: confirmed only what the node itself has applied."""
        if KINDS[command.node][0] == "native" and command.revision not in self._applied[command.node]:
            self._violate("I3", f"{command.id} is confirmed, {command.node} never had it")

    def _judge_commands(self, *, final: bool = False) -> None:
        """I2: no command is open after its deadline and a minute."""
        if self._controller is None:
            return
        for command in [each for each in self._commands.values() if not each.state.terminal]:
            if self.now > command.deadline + MINUTE:
                self._violate("I2", f"{command.id} is still {command.state}, its deadline was {command.deadline:%H:%M}")
                self._commands[command.id] = replace(command, state=CommandState.FAILED)
        if final:
            for command in self._store.commands():
                known = self._commands.get(command.id)
                if known is not None and command.state.terminal and known.state is not command.state:
                    self._violate("I2", f"{command.id} is {known.state}, the store says {command.state}")

    def _judge_convergence(self, ended: dt.datetime) -> None:
        """I7: a minute after the last fault every lamp has what is due, by at most three messages to its node."""
        for point in self._points.values():
            if point.state is not LifeCycle.IN_USE:
                continue
            shown = self._firmware(point.node).lamp(point.channel).level(self.now)
            plan = self._plan_of(point)
            due = {
                plan.level_at(point, list(self._overrides.values()), at)[0]
                for at in (self.now - CONVERGED_WITHIN - EDGE, self.now, self.now + EDGE)
            }
            held = in_force(point, self._overrides.values(), self.now)
            if held:
                due.add(max(held[0].level, max((p.min_level for p in plan.protections(point)), default=0)))
            if round(shown) not in due:
                self._violate("I7", f"{point.id} shows {shown:.0f} % and {sorted(due)} is due")
            revision = self._firmware(point.node).applied_revision
            if KINDS[point.node][0] == "native" and revision != self._newest[point.node]:
                self._violate("I7", f"{point.node} holds revision {revision}, the newest is {self._newest[point.node]}")
        for node in KINDS:
            count = sum(1 for at, to in self.published if to == node and at >= ended)
            if count > MOST_MESSAGES:
                self._violate("I7", f"{count} messages to {node}")

    def _judge_restart(self) -> None:
        """I9: a controller that only knows the store wants nothing else from a street that agrees."""
        self._save()
        again = Controller(self._policy, PROFILES, ZONE).step(boot_events(self._store.replay(self.now), ZONE), self.now)
        for desired in again.desired:
            self._violate("I9", f"a restart gives {desired.node} another document than the daemon that ran on")
