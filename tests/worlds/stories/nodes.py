"""The nodes of a story: the simulators' firmware and faces, and what happens to a node itself.

What a node says goes to `post`; what arrives is given to its firmware. A node may be told to fail the moment a message
has been stored: it then keeps the document and never says so.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Mapping

from lightctl.devices.codec import Outgoing
from lightctl.devices.maps import RegisterMap
from simulators.faces import DimmerFace, Face, NativeFace
from simulators.firmware import Firmware
from simulators.flash import Flash
from simulators.fleet import Built, build_unit
from simulators.lamp import LampType
from simulators.modbus_pdu import READS, WRITE_COIL, WRITE_COILS, WRITE_REGISTER, WRITE_REGISTERS, answer
from simulators.modbus_unit import RegisterUnit
from simulators.node import LampChanged, NodeSetup, Persist, Say
from simulators.node_clock import NodeClock
from simulators.specs import UnitSpec
from simulators.street import Street
from simulators.truth import CHANGE, TruthLog
from tests.worlds.heap import Heap
from tests.worlds.stories.setting import DIMMER, PLACES, PROFILES, Kind, kind_of, node_names, units_of
from tests.worlds.stories.story import Story

__all__ = ["PROFILES", "Nodes"]

WRITES = frozenset({WRITE_COIL, WRITE_COILS, WRITE_REGISTER, WRITE_REGISTERS})


class _Truth(TruthLog):
    def __init__(self, nodes: Nodes) -> None:
        super().__init__(None)
        self._nodes = nodes

    def lamp(self, setup: NodeSetup, change: LampChanged, what: str = CHANGE) -> None:  # noqa: ARG002
        self._nodes.changed(setup.id, change.at)


class Nodes:
    """All nodes of a story, by name; those on MQTT have a face, those on a line are units with a number.

    local: those that a switch at the site holds. `changed` is told of every change of a lamp, `applied` of every
    delivery, `was_read` of every read of a unit, `was_given` of all levels or nights that one took, with those before.
    """

    def __init__(self, story: Story, heap: Heap, rng: random.Random, firmware: type[Firmware]) -> None:
        self.kinds: dict[str, Kind] = {}
        self.faces: dict[str, Face] = {}
        self.units: dict[str, RegisterUnit] = {}
        self.numbers: dict[str, int] = {}
        self.lines: dict[str, str] = {}
        self.local: set[str] = set()
        self.changed: Callable[[str, dt.datetime], None] = lambda _node, _at: None
        self.applied: Callable[[str, int, int], None] = lambda _node, _before, _after: None
        self.was_read: Callable[[str], None] = lambda _node: None
        self.was_given: Callable[[str, Mapping[int, int]], None] = lambda _node, _before: None
        self.said: Callable[[str, Say, Outgoing], None] = lambda _node, _what, _message: None
        self._heap = heap
        self._dies_storing: dict[str, Callable[[], None]] = {}
        self._dies_written: dict[str, tuple[int, Callable[[], None]]] = {}
        self._units = units_of(story.nodes, 1 if story.line is None else story.line.count)
        self.street = Street(_Truth(self), Flash(None), counters_every=None)
        named = zip(node_names(story.nodes), story.nodes, story.clocks, strict=True)
        for name, kind, clock in named:
            self._mount(name, kind_of(kind), clock, story, rng, firmware)

    def _mount(
        self, name: str, kind: Kind, clock: tuple[float, float], story: Story, rng: random.Random,
        make: type[Firmware],
    ) -> None:  # fmt: skip
        line, number = self._units.get(name, ("", 0))
        place, points = PLACES[story.place].place, tuple(f"{name}-{channel}" for channel in range(kind.channels))
        setup = build_unit(
            UnitSpec(number, kind.profile, name, kind.channels, rated_power_w=50.0, points=points, place=place),
            PROFILES[kind.profile],
        ) if line else NodeSetup(
            name, kind.capabilities, dict.fromkeys(range(kind.channels), LampType(50.0)),
            dict(enumerate(points)), place,
            heartbeat_s=story.heartbeat_s, area="" if kind.profile == DIMMER else "main",
        )  # fmt: skip
        built = Built(setup, NodeClock(self._heap.now, *clock))
        self.street.switch_on(built, kind.profile, self._heap.now, rng.uniform(1, story.heartbeat_s))
        firmware = self.firmware(name)
        if make is not Firmware:
            firmware.__class__ = make
        self.kinds[name] = kind
        if line:
            self.numbers[name], self.lines[name] = number, line
            self.units[name] = RegisterUnit(
                number, self.registers(name), self.street.stations[name], self.street, dict[str, float]
            )  # fmt: skip
            return
        self.faces[name] = (
            DimmerFace(firmware, PROFILES[DIMMER]) if kind.profile == DIMMER else NativeFace(firmware)
        )  # fmt: skip

    def __iter__(self):
        return iter(self.kinds)

    def pick(self, number: float) -> str:
        """Give the node that a number stands for."""
        return tuple(self.kinds)[int(number) % len(self.kinds)]

    def firmware(self, node: str) -> Firmware:
        """Give the firmware of a node."""
        return self.street.stations[node].firmware

    def by_revision(self, node: str) -> bool:
        """Say whether a node knows revisions."""
        return self.kinds[node].by_revision

    def levels(self, node: str, now: dt.datetime) -> dict[int, int]:
        """Give the level of each lamp of a node; what it blinks is not asked after."""
        firmware = self.firmware(node)
        return {channel: round(firmware.lamp(channel).driven(now)[0]) for channel in range(self.kinds[node].channels)}

    def registers(self, node: str) -> RegisterMap:
        """Give the map of a unit."""
        registers = PROFILES[self.kinds[node].profile].modbus
        assert registers is not None
        return registers

    def listen(self) -> None:
        """Pass on what nodes want to say."""
        for node, what in self.street.take_said():
            if node in self.units:
                continue  # it speaks when it is asked
            if isinstance(what, Say):
                self._say(node, what)
            elif self.street.reachable(node):
                for message in self.faces[node].say(what, self._heap.now):
                    self.said(node, Say.REPORT, message)

    def _say(self, node: str, what: Say) -> None:
        if self.street.reachable(node):
            for message in self.faces[node].say(what, self._heap.now):
                self.said(node, what, message)

    def deliver(self, node: str, topic: str, payload: bytes) -> None:
        """Hand a message to a node, if it is there."""
        if not payload or not self.street.reachable(node):
            return
        firmware = self.firmware(node)
        before = firmware.applied_revision
        outputs = self.faces[node].hear(topic, payload, self._heap.now)
        if node in self._dies_storing and firmware.applied_revision != before:
            outputs = [each for each in outputs if isinstance(each, Persist | LampChanged)]
            self.street.carry_out(node, outputs)
            self._dies_storing.pop(node)()
            return
        self.street.carry_out(node, outputs)
        self.applied(node, before, firmware.applied_revision)

    def ask(self, node: str, request: bytes) -> bytes | None:
        """Have a unit answer a request; None for silence."""
        if not self.street.reachable(node):
            return None
        firmware, unit = self.firmware(node), self.units[node].at(self._heap.now)
        before = firmware.applied_revision
        levels = self.levels(node, self._heap.now) if request[0] in WRITES else {}
        reply = answer(request, unit)
        after = firmware.applied_revision
        if after != before:
            self.was_given(node, levels)
        if self._dies_upon(node, request, stored=after != before):
            return None
        if self.by_revision(node) and after != before:
            self.applied(node, before, after)
        if request[0] in READS:
            self.was_read(node)
        return reply

    def _dies_upon(self, node: str, request: bytes, *, stored: bool) -> bool:
        """Let a unit die that is to, now that it carried out a request."""
        if stored and node in self._dies_storing:
            self._dies_storing.pop(node)()
            return True
        if request[0] in WRITES and node in self._dies_written:
            writes, die = self._dies_written.pop(node)
            if writes <= 1:
                die()
                return True
            self._dies_written[node] = writes - 1, die
        return False

    def switch_locally(self, node: str, level: int | None) -> None:
        """Have somebody turn the switch at a node to a level, or back to automatic."""
        (self.local.discard if level is None else self.local.add)(node)
        self.street.carry_out(node, self.firmware(node).local_switch(level, self._heap.now))

    def lose_supply(self, node: str) -> None:
        """Cut the mains of a node and its lamps."""
        if self.firmware(node).powered:
            self.street.carry_out(node, self.firmware(node).lose_supply(self._heap.now))

    def lose_supply_storing(self, node: str, then: Callable[[], None]) -> None:
        """Cut the mains the moment the next document is stored, and do something then."""
        self._dies_storing[node] = lambda: self._die(node, then)

    def lose_supply_written(self, node: str, writes: int, then: Callable[[], None]) -> None:
        """Cut the mains of a unit once it carried out so many writes more, and do something then."""
        self._dies_written[node] = writes, lambda: self._die(node, then)

    def _die(self, node: str, then: Callable[[], None]) -> None:
        self.lose_supply(node)
        then()

    def spare(self) -> None:
        """Let no node die any more."""
        self._dies_storing.clear()
        self._dies_written.clear()

    def boot(self, node: str, *, flash_lost: bool = False) -> None:
        """Bring a node back."""
        if not self.firmware(node).powered:
            self.street.boot(node, self._heap.now, flash_lost=flash_lost)

    def reconnect(self, node: str) -> None:
        """Let a node notice that its connection is broken, and make a new one."""
        self.street.cut(node, "broken", on=True)
        self.street.cut(node, "broken", on=False)

    def set_clock_error(self, node: str, by_s: float) -> None:
        """Let a node's clock be wrong by so much, 0: as it was built; a unit without a clock has none to be wrong."""
        if node in self.units and self.registers(node).clock is None:
            return
        self.street.carry_out(node, self.firmware(node).set_clock_error(by_s, self._heap.now))
