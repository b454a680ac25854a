"""Brown-outs: a voltage that many nodes of one feeder measure is one fault of the feeder, with members.

Theory of operation. A node confirms its voltage by its own reports. When the first of a feeder has, the others have
spoken at least once since: are those that show the same enough of its segment, one fault opens in place of theirs; it is
the cabinet's where enough of the cabinet's other nodes show it too. What a node has had for long is its own. A node that shares it keeps its own verdict, untold, so that it
stays and goes by the same rules as any other; when the last one has gone, the shared fault closes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lightctl.control.diagnosis.evidence import Key
from lightctl.control.diagnosis.groups import FED, Group, groups_of
from lightctl.control.memory import NodeMemory
from lightctl.control.policy import Policy
from lightctl.domain.states import Fault, FaultEvent

VOLTAGES = frozenset({FaultEvent.SUPPLY_VOLTAGE_TOO_HIGH, FaultEvent.SUPPLY_VOLTAGE_TOO_LOW})


@dataclass(slots=True)
class BrownOut:
    """One feeder's voltage. nodes: those that confirmed it and have it still; members: the light points of all so far."""

    fault: Fault
    nodes: dict[str, None] = field(default_factory=dict)
    members: dict[str, None] = field(default_factory=dict)


class BrownOuts:
    """The voltages that feeders share. Mutable, and owned by the controller."""

    def __init__(self, policy: Policy) -> None:
        """Know of none."""
        self._thresholds = policy.diagnosis
        self._together = dt.timedelta(seconds=2 * policy.heartbeat_s + policy.diagnosis.confirm_s)
        self._groups: Mapping[Group, Sequence[str]] = {}
        self._memories: Mapping[str, NodeMemory] = {}
        self._open: dict[tuple[FaultEvent, Group], BrownOut] = {}
        self._remembered: list[Fault] = []

    def recount(
        self, memories: Mapping[str, NodeMemory], groups: Mapping[Group, Sequence[str]], now: dt.datetime
    ) -> list[Fault]:
        """Take the fleet anew; gives the faults that are over because nobody is left who had them."""
        self._memories, self._groups = memories, groups
        for fault in self._remembered:
            self._adopt(fault)
        self._remembered = []
        over: list[Fault] = []
        for key, each in list(self._open.items()):
            each.nodes = {node: None for node in each.nodes if node in memories}
            if not each.nodes:
                del self._open[key]
                over.append(replace(each.fault, cleared_at=now))
        return over

    def restore(self, faults: Iterable[Fault]) -> None:
        """Take over what the store remembers; it is looked at with the next fleet."""
        self._remembered += faults

    def join(
        self, memory: NodeMemory, opened: Fault, now: dt.datetime, keeps: Callable[[Iterable[NodeMemory]], str]
    ) -> list[Fault] | None:
        """Look whether a node's new fault is one of its feeder; gives what is to be told, None where it is its own.

        keeps: gives the maintenance that keeps what some nodes share from being an alarm, or "".
        """
        if opened.event not in VOLTAGES or opened.subject_kind != "node":
            return None
        feeders = [group for group in groups_of(memory) if group[0] in FED]
        known = next((each for group in feeders if (each := self._open.get((opened.event, group)))), None)
        if known is not None:
            return [self._add(known, [memory])]
        found = self._widest(memory, opened, feeders, now)
        if found is None:
            return None
        (kind, name), showing = found
        count = f"{len(showing)} of {len(self._groups[kind, name])} nodes of {kind} {name} measure it"
        detail, kept_by = f"{count}; {opened.detail}", keeps(showing)
        shared = BrownOut(Fault(opened.event, kind, name, now, detail, opened.severity, suppressed_by=kept_by))
        self._open[opened.event, (kind, name)] = shared
        confirmed = [other for other in showing if other is memory or _own(opened.event, other) in other.faults]
        told = [
            replace(other.faults[_own(opened.event, other)], cleared_at=now)
            for other in confirmed
            if other is not memory
        ]
        return [*told, self._add(shared, confirmed)]

    def leave(self, memory: NodeMemory, over: Fault, now: dt.datetime) -> list[Fault] | None:
        """Take note that a node's fault is over; gives what is to be told, None where it was its own."""
        for key, each in self._open.items():
            if key[0] is over.event and memory.node.id in each.nodes:
                del each.nodes[memory.node.id]
                if each.nodes:
                    return []
                del self._open[key]
                return [replace(each.fault, cleared_at=now)]
        return None

    def kept_back(self) -> Iterator[tuple[BrownOut, Iterable[NodeMemory]]]:
        """Give those that a maintenance keeps from being alarms, with their nodes."""
        for each in self._open.values():
            if each.fault.suppressed_by:
                yield each, [self._memories[node] for node in each.nodes]

    def _widest(
        self, memory: NodeMemory, opened: Fault, feeders: Iterable[Group], now: dt.datetime
    ) -> tuple[Group, list[NodeMemory]] | None:
        """Give the feeder that has it and its nodes that show it: a wider one only if what it has more of does too."""
        found: tuple[Group, list[NodeMemory]] | None = None
        for group in feeders:
            nodes = self._groups.get(group, ())
            others = (self._memories[node] for node in nodes if node != memory.node.id)
            showing = [memory, *(each for each in others if self._shows(each, opened.event, now))]
            known, shown = (0, 0) if found is None else (len(self._groups[found[0]]), len(found[1]))
            enough = max(self._thresholds.least_nodes, self._thresholds.feeder_share * (len(nodes) - known))
            if len(showing) - shown >= enough:
                found = group, showing
        return found

    def _shows(self, memory: NodeMemory, event: FaultEvent, now: dt.datetime) -> bool:
        key = _own(event, memory)
        standing = memory.faults.get(key)
        if memory.unreachable:
            return False
        return key in memory.history.evidence if standing is None else now - standing.opened_at <= self._together

    def _add(self, shared: BrownOut, memories: Iterable[NodeMemory]) -> Fault:
        for memory in memories:
            shared.nodes[memory.node.id] = None
            shared.members.update((point.id, None) for point in memory.points.values())
        shared.fault = replace(shared.fault, members=tuple(shared.members)[: self._thresholds.most_members])
        return shared.fault

    def _adopt(self, fault: Fault) -> None:
        """Go on with a shared fault from before a restart: what its members measure next keeps or ends it."""
        members = frozenset(fault.members)
        shared = self._open[fault.event, (fault.subject_kind, fault.subject)] = BrownOut(fault)
        for node in self._groups.get((fault.subject_kind, fault.subject), ()):
            memory = self._memories[node]
            if any(point.id in members for point in memory.points.values()):
                memory.faults[_own(fault.event, memory)] = Fault(
                    fault.event, "node", node, fault.opened_at, fault.detail, fault.severity
                )
                self._add(shared, [memory])


def _own(event: FaultEvent, memory: NodeMemory) -> Key:
    return (event, "node", memory.node.id)
