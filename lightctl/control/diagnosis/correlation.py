"""Correlation: many nodes that fall silent together have one cause, and that is one fault with members.

Theory of operation. When the first node of a feeder is given up, the others of a dead one have missed a heartbeat as
well: nodes that were last heard within a heartbeat of it and are overdue fell silent with it. Are they enough of its
segment, cabinet, gateway or link (the one that explains most of them, the narrowest of equals), one fault opens: the
supply of a segment or cabinet, unless a meter still measures their power; the communication of a gateway or link. Its
members open none of their own, and what was open of them alone closes. A link that says it is down needs no guessing.

Members that are heard leave; those not back a lease after the first are looked at again: still enough of them keep the
fault open, fewer become faults of their own. The cost grows with the nodes given up and the size of their feeder;
of a large link a sample is looked at first, and not all of it again within a minute.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lightctl.control.diagnosis.expected import Expectations
from lightctl.control.diagnosis.groups import CABINET, FED, LINK, Group, groups_of
from lightctl.control.diagnosis.outage import Outage
from lightctl.control.diagnosis.supply import ask_supply
from lightctl.control.memory import NodeMemory
from lightctl.control.policy import Policy
from lightctl.domain.states import Fault, FaultEvent

MISSED = 1.25
SAMPLE, SAMPLED_ABOVE = 128, 256


@dataclass(frozen=True, slots=True)
class _Candidate:
    group: Group
    gone: Sequence[NodeMemory]
    share: float
    rank: int

    @property
    def weight(self) -> tuple[int, float, int]:
        return (len(self.gone), self.share, -self.rank)


class Correlation:
    """The outages that are, and the links that are down. Mutable, and owned by the controller."""

    def __init__(self, policy: Policy, expectations: Expectations) -> None:
        """Know of none."""
        self._policy = policy
        self._window = dt.timedelta(seconds=policy.diagnosis.window_s)
        self._expectations = expectations
        self._groups: Mapping[Group, Sequence[str]] = {}
        self._memories: Mapping[str, NodeMemory] = {}
        self._outages: dict[Group, Outage] = {}
        self._down: dict[str, tuple[dt.datetime, str]] = {}
        self._rested: dict[Group, dt.datetime] = {}

    # -- what it is told ------------------------------------------------------------------------------------------

    def recount(
        self,
        memories: Mapping[str, NodeMemory],
        groups: Mapping[Group, Sequence[str]],
        remembered: Iterable[Fault],
        now: dt.datetime,
    ) -> list[Fault]:
        """Take the fleet anew, and what the store remembers; gives what is over because it is about nothing now."""
        self._memories, self._groups, self._rested = memories, groups, {}
        for outage in self._outages.values():
            outage.silent = {node: None for node in outage.silent if node in memories}
        return [replace(fault, cleared_at=now) for fault in remembered if not self._adopt(fault)]

    def link_changed(self, link: str, now: dt.datetime, detail: str, *, up: bool) -> None:
        """Take note that a link is down, or up again: then its nodes have a lease to be heard."""
        if not up:
            self._down.setdefault(link, (now, detail))
            return
        self._down.pop(link, None)
        outage = self._outages.get((LINK, link))
        if outage is not None:
            leases = (self._memories[node].lease(self._policy) for node in outage.silent)
            outage.wait(now + max(leases, default=dt.timedelta()))

    def set_back(self, now: dt.datetime) -> None:
        """Take the clock being set back: nothing remembered may lie in the future."""
        self._down = {link: (min(at, now), detail) for link, (at, detail) in self._down.items()}
        self._rested = {}
        for outage in self._outages.values():
            outage.since, outage.until = min(outage.since, now), None

    # -- a node falls silent, or is heard again -------------------------------------------------------------------

    def look(self, memory: NodeMemory, now: dt.datetime) -> list[NodeMemory]:
        """Look for the cause of a node's silence; gives the others for which there is news."""
        if not memory.unreachable:
            self._back(memory, now)
            return []
        if memory.explained_by is not None or _own(memory) in memory.faults:
            return []
        groups = groups_of(memory)
        outage = next((each for each in map(self._outages.get, groups) if each and self._fits(memory, each)), None)
        if outage is None and memory.node.link in self._down:
            return self._open_link(memory.node.link, now)
        if outage is not None:
            self._join(outage, memory)
            return []
        found = [each for rank, group in enumerate(groups) if (each := self._candidate(memory, group, rank, now))]
        if found:
            best = max(found, key=lambda each: each.weight)
            standing = self._outages.get(best.group)  # of another time: one feeder has one fault
            return self._open(memory, best, now) if standing is None else self._begin(standing, best.gone)
        lease_over = memory.silent_since + memory.lease(self._policy)
        if memory.held_until is None and now < lease_over and self._has_peers(groups):
            memory.held_until = min(now + self._window, lease_over)
        return []

    def _back(self, memory: NodeMemory, now: dt.datetime) -> None:
        if memory.heard_at == memory.given_up_at:
            return  # overdue, and not heard since: it is still a member
        memory.explained_by = None
        outage = next((each for each in self._outages.values() if memory.node.id in each.silent), None)
        if outage is not None:
            del outage.silent[memory.node.id]
            outage.wait(now + memory.lease(self._policy))

    def _candidate(self, memory: NodeMemory, group: Group, rank: int, now: dt.datetime) -> _Candidate | None:
        nodes, thresholds = self._groups.get(group, ()), self._policy.diagnosis
        if len(nodes) < thresholds.least_nodes or (group[0] in FED and memory.heard_at is None):
            return None
        share = thresholds.feeder_share if group[0] in FED else thresholds.link_share
        large = len(nodes) > SAMPLED_ABOVE
        if large:
            if now < self._rested.get(group, now):
                return None
            sample = [self._memories[node] for node in nodes[:: len(nodes) // SAMPLE]]
            if len(self._gone(memory, sample, now)) < share * len(sample) / 2:
                return None
        gone = self._gone(memory, (self._memories[node] for node in nodes), now)
        if len(gone) < max(thresholds.least_nodes, share * len(nodes)):
            if large:  # asking all of them again for each one that is given up would cost their square
                self._rested[group] = now + self._window
            return None
        return _Candidate(group, gone, len(gone) / len(nodes), rank)

    def _gone(self, memory: NodeMemory, others: Iterable[NodeMemory], now: dt.datetime) -> list[NodeMemory]:
        """Give the nodes that fell silent with one that did: last heard within a heartbeat of it, and overdue."""
        since, reach = memory.silent_since, self._reach(memory)
        missed = min(MISSED, self._policy.lease_factor) / self._policy.lease_factor
        return [
            other
            for other in others
            if other.explained_by is None
            and (other.heard_at is None) is (memory.heard_at is None)
            and abs(other.silent_since - since) <= reach
            and (other.unreachable or now - other.silent_since >= missed * other.lease(self._policy))
        ]

    def _reach(self, memory: NodeMemory) -> dt.timedelta:
        return dt.timedelta(seconds=memory.heartbeat_s(self._policy) + self._policy.diagnosis.window_s)

    def _fits(self, memory: NodeMemory, outage: Outage) -> bool:
        kind, name = outage.group
        if kind == LINK and name in self._down:
            return True
        return abs(memory.silent_since - outage.since) <= self._reach(memory)

    def _has_peers(self, groups: Iterable[Group]) -> bool:
        return any(len(self._groups.get(group, ())) >= self._policy.diagnosis.least_nodes for group in groups)

    # -- outages --------------------------------------------------------------------------------------------------

    def _open(self, first: NodeMemory, found: _Candidate, now: dt.datetime) -> list[NodeMemory]:
        (kind, name), gone, nodes = found.group, found.gone, self._groups[found.group]
        event, words = FaultEvent.COMMUNICATION_FAILURE, ""
        outage = Outage(Fault(event, kind, name, now), found.group, first.silent_since, {})
        if kind in FED:
            silent = {memory.node.id for memory in gone}
            feeder = self._groups.get((CABINET, first.node.cabinet), nodes)
            others = (self._memories[node] for node in feeder if node not in silent)
            latest = max(memory.silent_since for memory in gone)
            testimony = ask_supply(gone, others, latest, now, self._expectations, self._policy.diagnosis)
            words = testimony.words
            event = FaultEvent.COMMUNICATION_FAILURE if testimony.lost is False else FaultEvent.SUPPLY_LOSS
            if testimony.fault is not None:
                outage.borrowed, outage.fault = True, testimony.fault
                outage.members = dict.fromkeys(testimony.fault.members)
        how = "fell silent together" if first.heard_at is not None else "were never heard"
        if not outage.borrowed:
            of = f" of {len(nodes)} nodes of {kind} {name} {how}, with "
            outage.wording = ("", of, f" light points; {words}" if words else " light points")
            outage.fault = Fault(event, kind, name, now, "", "critical")
        outage.changed = True
        return self._begin(outage, gone)

    def _open_link(self, link: str, now: dt.datetime) -> list[NodeMemory]:
        at, why = self._down[link]
        early = at - dt.timedelta(seconds=self._policy.diagnosis.window_s)
        gone = [
            memory
            for memory in (self._memories[node] for node in self._groups.get((LINK, link), ()))
            if memory.explained_by is None
            and _own(memory) not in memory.faults
            and (not memory.unreachable or memory.silent_since >= early - self._reach(memory))
        ]
        fault = Fault(FaultEvent.COMMUNICATION_FAILURE, LINK, link, now, "", "critical")
        wording = (f"link {link} is down{f' ({why})' if why else ''}: ", " nodes with ", " light points")
        return self._begin(Outage(fault, (LINK, link), at, {}, wording=wording, changed=True), gone)

    def _begin(self, outage: Outage, gone: Sequence[NodeMemory]) -> list[NodeMemory]:
        self._outages[outage.group] = outage
        for memory in gone:
            self._join(outage, memory)
        return [memory for memory in gone if _own(memory) in memory.faults]

    def _join(self, outage: Outage, memory: NodeMemory) -> None:
        outage.silent[memory.node.id] = outage.nodes[memory.node.id] = None
        before = len(outage.members)
        outage.members.update((point.id, None) for point in memory.points.values())
        outage.changed = outage.changed or len(outage.members) > before
        memory.explained_by, memory.held_until, memory.given_up_at = outage.key, None, memory.heard_at

    def _adopt(self, fault: Fault) -> bool:
        """Go on with an outage from before a restart; False where what it is about is in no inventory any more."""
        group = (fault.subject_kind, fault.subject)
        nodes = self._groups.get(group, ())
        members, whole = frozenset(fault.members), len(fault.members) >= self._policy.diagnosis.most_members
        silent = [
            memory
            for memory in (self._memories[node] for node in nodes)
            if (whole or any(point.id in members for point in memory.points.values()))
            and (memory.heard_at is None or memory.heard_at <= fault.opened_at)
        ]
        if not silent:
            return False
        outage = Outage(fault, group, min(memory.heard_at or fault.opened_at for memory in silent), {})
        outage.members = dict.fromkeys(fault.members)
        self._begin(outage, silent)
        outage.changed = False
        for memory in silent:
            memory.unreachable = memory.unreachable or fault.detail
        return True

    # -- what is to be told ---------------------------------------------------------------------------------------

    @property
    def quiet(self) -> bool:
        """Whether no link is down and no outage stands, as nearly always."""
        return not self._down and not self._outages

    def settle(self, now: dt.datetime) -> Iterator[tuple[Outage, Sequence[NodeMemory]]]:
        """Give each outage that opened, grew or ended, and the nodes for which that is news."""
        for link, (at, _) in list(self._down.items()):
            if now - at >= self._window and (LINK, link) not in self._outages and (LINK, link) in self._groups:
                folded = self._open_link(link, now)
                yield self._outages[LINK, link], folded
        for group, outage in list(self._outages.items()):
            down = group[0] == LINK and group[1] in self._down
            if outage.until is not None and now >= outage.until and self._still_together(outage):
                outage.until = None
            if down or (outage.silent and (outage.until is None or now < outage.until)):
                if outage.changed:
                    yield outage, ()
                continue
            del self._outages[group]
            left = [self._memories[node] for node in outage.silent]
            for memory in left:
                memory.explained_by = None
            outage.fault = replace(outage.fault, cleared_at=now)
            yield outage, left

    def _still_together(self, outage: Outage) -> bool:
        nodes, thresholds = self._groups.get(outage.group, ()), self._policy.diagnosis
        share = thresholds.feeder_share if outage.group[0] in FED else thresholds.link_share
        return len(outage.silent) >= max(thresholds.least_nodes, share * len(nodes))

    def kept_back(self) -> list[Outage]:
        """Give the outages that a maintenance keeps from being alarms."""
        return [outage for outage in self._outages.values() if outage.fault.suppressed_by and not outage.borrowed]

    def look_again_at(self, now: dt.datetime) -> dt.datetime | None:
        """Give when something is due by itself."""
        if self.quiet:
            return None
        looks = [at + self._window for link, (at, _) in self._down.items() if (LINK, link) not in self._outages]
        looks += [outage.until for outage in self._outages.values() if outage.until is not None]
        return min((at for at in looks if at > now), default=None)


def _own(memory: NodeMemory) -> tuple[str, str, str]:
    return (FaultEvent.COMMUNICATION_FAILURE, "node", memory.node.id)
