"""Shared: what many nodes of one feeder measure alike is one fault of the feeder: a voltage that is off, a lost supply.

The first node whose fault is sure asks the others of its segment or cabinet: those that show the same, or begin to,
count. Enough of them make it the feeder's; their own fault stands on, but is folded: told by nobody. It ends when none
shows it any more; where few do for longer than a heartbeat, which lets all speak, it ends too, and theirs are told.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from lightctl.control.diagnosis.evidence import Key
from lightctl.control.diagnosis.groups import FED, Group, groups_of
from lightctl.control.memory import NodeMemory
from lightctl.control.policy import Policy
from lightctl.domain.states import Fault, FaultEvent

VOLTAGES = frozenset({FaultEvent.SUPPLY_VOLTAGE_TOO_HIGH, FaultEvent.SUPPLY_VOLTAGE_TOO_LOW})
SHAREABLE = VOLTAGES | {FaultEvent.SUPPLY_LOSS}
Place = tuple[FaultEvent, Group]


class Shared:
    """The faults that feeders have instead of their nodes. Mutable, and owned by the controller."""

    def __init__(self, policy: Policy) -> None:
        """Know of none."""
        self._thresholds = policy.diagnosis
        self._memories: Mapping[str, NodeMemory] = {}
        self._groups: Mapping[Group, Sequence[str]] = {}
        self._faults: dict[Place, Fault] = {}
        self._folded: dict[Place, dict[str, None]] = {}
        self._few_until: dict[Place, dt.datetime] = {}
        self._patience = dt.timedelta(seconds=policy.heartbeat_s + policy.diagnosis.window_s)

    def recount(
        self,
        memories: Mapping[str, NodeMemory],
        groups: Mapping[Group, Sequence[str]],
        remembered: Iterable[Fault],
        now: dt.datetime,
    ) -> Iterator[Fault]:
        """Take the fleet anew, and what the store remembers; gives what is over because its feeder is gone."""
        self._memories, self._groups = memories, groups
        for fault in remembered:
            place = (fault.event, (fault.subject_kind, fault.subject))
            members = frozenset(fault.members)
            self._faults[place], self._folded[place] = fault, {}
            for memory in (memories[node] for node in groups.get(place[1], ())):
                if any(point.id in members for point in memory.points.values()):
                    self._fold(place, memory, replace(fault, subject_kind="node", subject=memory.node.id, members=()))
        for place in list(self._faults):
            self._folded[place] = {node: None for node in self._folded[place] if node in memories}
            if not self._folded[place]:
                yield from self._end(place, now)

    def take(self, memory: NodeMemory, fault: Fault, now: dt.datetime) -> list[Fault]:
        """Take a fault that a node just came to show, and give what is to be told of it."""
        groups = [group for group in groups_of(memory) if group[0] in FED]
        for group in groups:
            place = (fault.event, group)
            if place in self._faults:
                self._fold(place, memory, fault)
                return self._grown(place, memory)
        for group in groups:
            showing = [other for other in self._others(group) if other is memory or _shows(other, fault.event)]
            if len(showing) < self._enough(group):
                continue
            place = (fault.event, group)
            told = [replace(other.faults[key], cleared_at=now) for other in showing if (key := _told(other, fault))]
            kind, name = group
            detail = f"{len(showing)} of {len(self._groups[group])} nodes of {kind} {name}: {fault.detail}"
            self._faults[place] = replace(fault, subject_kind=kind, subject=name, detail=detail, members=())
            self._folded[place] = {}
            for other in showing:
                standing = other.faults.get((fault.event, "node", other.node.id))
                if other is memory or standing is not None:
                    self._fold(place, other, standing or fault)
            points = (point.id for other in showing for point in other.points.values())
            members = tuple(dict.fromkeys(points))[: self._thresholds.most_members]
            self._faults[place] = replace(self._faults[place], members=members)
            return [*told, self._faults[place]]
        return [fault]

    def drop(self, memory: NodeMemory, fault: Fault, now: dt.datetime) -> list[Fault]:
        """Take it that a node no longer shows a fault that was folded, and give what is to be told of it."""
        memory.folded = memory.folded - {fault.key}
        for place, nodes in self._folded.items():
            if place[0] is fault.event and nodes.pop(memory.node.id, memory) is None:
                if not nodes:
                    return list(self._end(place, now))
                if 2 * len(nodes) < self._enough(place[1]):
                    self._few_until.setdefault(place, now + self._patience)
                return []
        return []

    def settle(self, now: dt.datetime) -> Iterator[Fault]:
        """End what only a few have shown for long enough, and give what is to be told of it."""
        for place, until in list(self._few_until.items()):
            if 2 * len(self._folded[place]) >= self._enough(place[1]):
                del self._few_until[place]
            elif now >= until:
                yield from self._end(place, now)

    def look_again_at(self, now: dt.datetime) -> dt.datetime | None:
        """Give when something is due by itself."""
        return min((until for until in self._few_until.values() if until > now), default=None)

    def _enough(self, group: Group) -> float:
        return max(self._thresholds.least_nodes, self._thresholds.feeder_share * len(self._groups.get(group, ())))

    def _others(self, group: Group) -> Iterator[NodeMemory]:
        return (self._memories[node] for node in self._groups.get(group, ()))

    def _fold(self, place: Place, memory: NodeMemory, fault: Fault) -> None:
        key = (fault.event, "node", memory.node.id)
        memory.keep(replace(fault, subject_kind="node", subject=memory.node.id))
        memory.folded = memory.folded | {key}
        self._folded[place][memory.node.id] = None

    def _grown(self, place: Place, memory: NodeMemory) -> list[Fault]:
        before = self._faults[place]
        members = dict.fromkeys((*before.members, *(point.id for point in memory.points.values())))
        after = replace(before, members=tuple(members)[: self._thresholds.most_members])
        self._faults[place] = after
        return [after] if after != before else []

    def _end(self, place: Place, now: dt.datetime) -> Iterator[Fault]:
        self._few_until.pop(place, None)
        yield replace(self._faults.pop(place), cleared_at=now)
        for node in self._folded.pop(place):
            memory = self._memories[node]
            key: Key = (place[0], "node", node)
            memory.folded = memory.folded - {key}
            if key in memory.faults:
                memory.keep(replace(memory.faults[key], opened_at=now))
                yield memory.faults[key]


def _shows(memory: NodeMemory, event: FaultEvent) -> bool:
    """Say whether a node shows a fault, or begins to."""
    key = (event, "node", memory.node.id)
    return key in memory.faults or key in memory.history.evidence


def _told(memory: NodeMemory, fault: Fault) -> Key | None:
    """Give the key under which a node's own fault stands and was told."""
    key = (fault.event, "node", memory.node.id)
    return key if key in memory.faults and memory.faults[key] is not fault and key not in memory.folded else None
