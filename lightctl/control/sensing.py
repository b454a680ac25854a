"""Sensing: what sensors said, and the level they hold on each lamp, calmly.

Comes in: readings, and what a plan makes of them now. Goes out: one hold per channel, which a live node is switched to
and a node that carries nights is given as an override that ends by itself. Must hold: a lamp is made darker only while
its hour has room for that change and for the way up again; else the higher level stays until there is room. Making it
brighter never waits. A hold is renewed only when its level changes or less than half of it is left.

Readings live in memory alone: after a restart a sensor is silent until it speaks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

from lightctl.devices.topics import area_of
from lightctl.domain.assets import Node
from lightctl.domain.errors import InvalidInput
from lightctl.domain.programs import ControlProgram
from lightctl.domain.sensors import SILENT, Readings, SensorReading
from lightctl.planning.dynamics import Sensed

KEPT_FOR = dt.timedelta(hours=12)
KEPT_VALUES = 16
HOUR = dt.timedelta(hours=1)
HELD_PREFIX = "sensor-"


class Sensors:
    """What each sensor said lately: per value its newest word. Only sensors that programs name and nodes have."""

    def __init__(self) -> None:
        """Start in silence."""
        self._names: frozenset[str] = frozenset()
        self._areas: frozenset[str] = frozenset()
        self._nodes: frozenset[str] = frozenset()
        self._said: dict[tuple[str, str, str], tuple[SensorReading, ...]] = {}

    def attach(self, programs: Iterable[ControlProgram], nodes: Iterable[Node]) -> None:
        """Take which sensors count; what the others said is forgotten."""
        self._names = frozenset(rule.sensor for program in programs for rule in program.dynamics)
        nodes = tuple(nodes) if self._names else ()  # where no sensor has a name, none counts
        self._nodes = frozenset(node.id for node in nodes)
        self._areas = frozenset(area for node in nodes if (area := _area(node)) is not None)
        self._said = {key: said for key, said in self._said.items() if self._counts(said[-1])}

    def take(self, reading: SensorReading) -> bool:
        """Take note of a reading; False where no program or node could follow it."""
        if not self._counts(reading):
            return False
        key = (reading.area, reading.node, reading.name)
        since = reading.received_at - KEPT_FOR
        others = (each for each in self._said.get(key, ()) if each.value != reading.value and each.received_at > since)
        self._said[key] = (*tuple(others)[1 - KEPT_VALUES :], reading)
        return True

    def of(self, node: Node) -> Readings:
        """Give what a node's lamps follow by name: the node's own sensor if it ever spoke, else the one of its area."""
        area = _area(node) if self._said else None
        if area is None:
            return SILENT
        found: dict[str, tuple[SensorReading, ...]] = {}
        for name in self._names:
            said = self._said.get((area, node.id, name)) or self._said.get((area, "", name))
            if said:
                found[name] = said
        return found

    def forget(self) -> None:
        """Hear nothing that was said before: the clock was set back."""
        self._said = {}

    def _counts(self, reading: SensorReading) -> bool:
        heard = reading.node in self._nodes if reading.node else reading.area in self._areas
        return heard and reading.name in self._names


@dataclass(frozen=True, slots=True)
class Hold:
    """What sensors hold on one channel: level percent, None while the program rules, until `until`.

    renew_at: when it is to be renewed though nobody speaks, since the last word lasts longer. limit: where the rule's
    span ends. changes: when sensors changed the level in the last hour.
    """

    sensor: str = ""
    level: int | None = None
    until: dt.datetime | None = None
    renew_at: dt.datetime | None = None
    limit: dt.datetime | None = None
    changes: tuple[dt.datetime, ...] = ()

    @property
    def held_id(self) -> str:
        """The id under which a node that carries nights holds it."""
        return f"{HELD_PREFIX}{self.sensor}"

    def looks(self) -> Iterable[dt.datetime]:
        """Give the instants at which to look again."""
        return (at for at in (self.until, self.renew_at) if at is not None)


FREE = Hold()


def held(old: Hold, base: int, found: Sensed | None, now: dt.datetime, changes_per_h: int) -> Hold:
    """Give what is to be held on a channel now; `base` is the program's level, `found` what the sensors ask for."""
    changes = tuple(at for at in old.changes if now - at < HOUR)
    over = old.until is None or now >= old.until
    present = base if old.level is None else old.level
    wanted = base if found is None else found.level
    if wanted < present and not over and len(changes) + 2 > changes_per_h:
        room = _room_at(changes, changes_per_h)
        until = room if old.limit is None else min(room, old.limit)
        return replace(old, until=until, renew_at=None, changes=changes)
    if wanted < base and wanted < present and len(changes) + 2 > changes_per_h:
        return Hold(until=_room_at(changes, changes_per_h), changes=changes)
    if wanted != present:
        changes = (*changes, now)
    if found is None or wanted == base:
        return Hold(changes=changes)
    if wanted == old.level and old.until is not None and not over and found.until >= old.until:
        renew_at = old.until - dt.timedelta(seconds=found.rule.hold_s / 2)
        if now < renew_at:
            longer = found.until > old.until
            return replace(old, renew_at=renew_at if longer else None, limit=found.ends, changes=changes)
    until = found.until
    if wanted > base and len(changes) + 2 > changes_per_h:  # its end makes the lamp darker: not before there is room
        until = min(max(until, _room_at(changes, changes_per_h)), found.ends)
    return Hold(found.rule.sensor, wanted, until, None, found.ends, changes)


def _room_at(changes: tuple[dt.datetime, ...], changes_per_h: int) -> dt.datetime:
    """Give when there is room for one change darker and one up again."""
    return changes[max(0, len(changes) + 1 - changes_per_h)] + HOUR


def _area(node: Node) -> str | None:
    try:
        return area_of(node)
    except InvalidInput:  # the address of a make of another kind: it has no area
        return None
