"""The kernel: a street, its networks and a daemon on one seeded heap. No sockets, no sleeping; a seed is a whole story.

What stands on the street comes from a `Town`; what goes wrong is put in by the simulators' own faults (`troubles`), and
what is true is read from the lamps (`truth`), never from the daemon. The kernel knows no rule and no scenario.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from lightctl.control.controller import Controller
from lightctl.control.policy import Policy
from lightctl.devices.codec import Outgoing, mqtt_codec
from lightctl.devices.profile import shipped_profiles
from lightctl.domain import events as ev
from lightctl.domain.assets import Fleet, LightPoint
from lightctl.domain.errors import InvalidInput
from lightctl.domain.luminaires import LuminaireType
from lightctl.domain.states import Override
from lightctl.store.base import AuditDraft
from lightctl.store.sqlite import SqliteStore
from simulators.faces import DimmerFace, Face, NativeFace
from simulators.faults import Troubles
from simulators.flash import Flash
from simulators.fleet import Built
from simulators.modbus_side import measure
from simulators.modbus_unit import RegisterUnit
from simulators.node import NodeSetup, Say
from simulators.node_clock import NodeClock
from simulators.street import Street
from tests.worlds.daemon import MQTT, Daemon
from tests.worlds.heap import Heap
from tests.worlds.lamps import Lamps
from tests.worlds.line import Line
from tests.worlds.network import Network

PROFILES = shipped_profiles()
NIGHTLY_AT = dt.time(13, 0)


@dataclass(frozen=True, slots=True)
class Stood:
    """A node as it stands in a town: how it is built, its make, its link, its address and its clock."""

    setup: NodeSetup
    profile: str
    link: str = MQTT
    address: str = ""
    clock: tuple[float, float] = (0.0, 0.0)
    meters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Town:
    """What a city is made of: its inventory, its nodes, its schedules by file name, and its types of luminaires."""

    time_zone: str
    points: tuple[LightPoint, ...]
    nodes: tuple[Stood, ...]
    schedules: Mapping[str, str]
    luminaires: Mapping[str, LuminaireType]


class World:
    """One town lived through from an instant on."""

    def __init__(
        self,
        town: Town,
        seed: int,
        start: dt.datetime,
        policy: Policy,
        *,
        folder: Path | None = None,
        make: Callable[..., Controller] = Controller,
        write_s: float = 60.0,
        measures: bool = True,
    ) -> None:
        """Let a town stand from an instant on; see Daemon for `write_s` and `measures`."""
        self.town = town
        self.heap = Heap(start)
        self.rng = random.Random(f"{seed}/world")
        self.fleet = Fleet.of(town.points, town.time_zone)
        self.lamps = Lamps()
        self.street = Street(self.lamps, Flash(None), counters_every=None)
        self.troubles = Troubles(self.street, seed)
        self.network = Network(self.heap, seed)
        self.store = SqliteStore(folder)
        self.events = 0
        self.reports = 0
        self.delivered = 0
        self.spoke_of: dict[tuple[str, str], int] = {}  # by node and boot: the revision held at its last report
        self.overrides: list[Override] = []
        self.faces: dict[str, Face] = {}
        self.lines: dict[str, Line] = {}
        self.heartbeat_s = policy.heartbeat_s
        self._policy = policy
        self._retained: dict[str, bytes] = {}
        self.store.put_schedules(dict(town.schedules), self.audit("apply"))
        self.store.put_points(town.points, self.audit("import"))
        makes = {name: PROFILES[name] for name in dict.fromkeys(stood.profile for stood in town.nodes)}
        codecs = {name: mqtt_codec(profile) for name, profile in makes.items() if profile.kind != "modbus"}
        self.daemon = Daemon(
            self.heap, self.store, policy, PROFILES, town.time_zone, self._publish, codecs, town.luminaires, make=make,
            write_s=write_s, measures=measures,
        )  # fmt: skip
        for each in town.nodes:
            self._mount(each)
        self.daemon.lines.update(self.lines)
        self.daemon.boot()
        self.heap.after(0.5, self.daemon.connect)
        for line in self.lines.values():
            self.daemon.tell(ev.LinkChanged(line.name, up=True, at=start))
        self._nightly()

    def close(self) -> None:
        """Write what waits and give the store back."""
        self.daemon.write()
        self.street.close()
        self.store.close()

    @property
    def now(self) -> dt.datetime:
        """The present instant."""
        return self.heap.now

    def audit(self, verb: str) -> AuditDraft:
        """Give who did something, for the audit."""
        return AuditDraft(self.heap.now, "world", "world", verb, "")

    def run(self, until: dt.datetime) -> None:
        """Let everything happen that is due until an instant."""
        heap, street = self.heap, self.street
        while True:
            works, lives = heap.next_due, street.next_due()
            if works <= lives:
                if works > until:
                    break
                heap.step()
            elif lives > until:
                break
            else:
                heap.now = max(heap.now, lives)
                self.events += street.advance(lives, most=1)
            if street.said:
                self._listen()
        heap.now = until

    # -- the street -----------------------------------------------------------------------------------------------

    def _mount(self, stood: Stood) -> None:
        setup = stood.setup
        built = Built(setup, NodeClock(self.now, *stood.clock))
        self.street.switch_on(built, stood.profile, self.now, self.rng.uniform(1, setup.heartbeat_s))
        firmware = self.street.stations[setup.id].firmware
        profile = PROFILES[stood.profile]
        if profile.modbus is None:
            self.faces[setup.id] = (
                NativeFace(firmware) if profile.kind == "native" else DimmerFace(firmware, profile)
            )  # fmt: skip
            return
        line = self.lines.get(stood.link)
        if line is None:
            line = Line(stood.link, self.heap, self.street, self.daemon.tell, self._policy.heartbeat_s)
            self.lines[stood.link] = line
        station = self.street.stations[setup.id]
        bank = RegisterUnit(
            int(stood.address), profile.modbus, station, self.street,
            lambda: measure(self.street, stood.meters, lambda: self.now),
        )  # fmt: skip
        line.add(self.fleet.nodes[setup.id], profile.modbus, bank, self.rng.uniform(1, self._policy.heartbeat_s))

    def _listen(self) -> None:
        now, hear = self.heap.now, self.daemon.hear
        for node, what in self.street.take_said():
            face = self.faces.get(node)
            if face is None or not self.street.reachable(node):
                continue
            if what is Say.REPORT:
                self.reports += 1
                firmware = self.street.stations[node].firmware
                self.spoke_of[node, firmware.boot_id] = firmware.applied_revision
            for message in face.say(what, now):
                self.network.carry(partial(hear, message))
            if what is Say.HELLO:
                kept = self._retained.get(face.retained_topic)
                if kept is not None:
                    self.heap.after(0.05, partial(self._deliver, node, face.retained_topic, kept))

    def _publish(self, node: str, message: Outgoing, acked: tuple[ev.Event, ...], lost: ev.Event) -> None:
        def arrive() -> None:
            if message.retain:
                self._retained[message.topic] = message.payload
            for event in acked:
                self.daemon.tell(event)
            self.network.carry(partial(self._deliver, node, message.topic, message.payload))

        self.network.carry(arrive, lambda: self.daemon.tell(lost))

    def _deliver(self, node: str, topic: str, payload: bytes) -> None:
        if not payload or not self.street.reachable(node):
            return
        self.delivered += 1
        try:
            outputs = self.faces[node].hear(topic, payload, self.now)
        except InvalidInput:
            self.street.stations[node].firmware.rejected += 1
            return
        self.street.carry_out(node, outputs)

    def _nightly(self) -> None:
        zone = ZoneInfo(self.town.time_zone)
        local = self.now.astimezone(zone)
        at = dt.datetime.combine(local.date(), NIGHTLY_AT, zone)
        if at.astimezone(dt.UTC) <= self.now:
            at = dt.datetime.combine(local.date() + dt.timedelta(days=1), NIGHTLY_AT, zone)

        def ring() -> None:
            self.daemon.tell(ev.NightlyRun())
            self.heap.after(1.0, self._nightly)

        self.heap.at(at.astimezone(dt.UTC), ring)
