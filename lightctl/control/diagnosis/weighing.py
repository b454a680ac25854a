"""Weighing: which of a node's faults stand now, by what the rules found and by those that stood.

What is measured opens once enough reports in a row show it, what is said at once. What stands is closed by good reports
alone: what nobody can tell stays as it is, and a silent node says nothing. What a cause explains neither opens nor
stays.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Iterator
from dataclasses import dataclass, field

from lightctl.control.diagnosis.evidence import NO_EVIDENCE, Evidence, Key, seen_again
from lightctl.control.diagnosis.findings import Findings
from lightctl.control.diagnosis.nodes import FEEDER_CAUSES, feeder_cause
from lightctl.control.diagnosis.shared import VOLTAGES
from lightctl.control.memory import NodeMemory
from lightctl.control.policy import Policy
from lightctl.domain.single import lean
from lightctl.domain.states import Fault, FaultEvent

ONLY_BY_MEASURE = frozenset({
    FaultEvent.SUPPLY_VOLTAGE_TOO_HIGH, FaultEvent.SUPPLY_VOLTAGE_TOO_LOW, FaultEvent.POWER_FACTOR_TOO_LOW,
})  # fmt: skip
METERED = ONLY_BY_MEASURE | {FaultEvent.SUPPLY_LOSS, FaultEvent.LEAKAGE_DETECTED}
OF_LAMPS = frozenset({
    FaultEvent.LAMP_FAILURE, FaultEvent.LAMP_UNEXPECTED_ON, FaultEvent.DIMMING_FAILURE, FaultEvent.CYCLING_FAILURE,
    FaultEvent.LAMP_POWER_TOO_HIGH, FaultEvent.LAMP_POWER_TOO_LOW, FaultEvent.POWER_FACTOR_TOO_LOW,
    FaultEvent.RELAY_FAILURE,
})  # fmt: skip
BY_US = frozenset({FaultEvent.NODE_FAULT, FaultEvent.CLOCK_OFFSET, FaultEvent.CLOCK_UNTRUSTED})


def weighed(memory: NodeMemory, found: Findings, now: dt.datetime, policy: Policy) -> dict[Key, Fault]:
    """Give the faults of a node that can be heard, and keep the evidence there is of others."""
    weighing = _Weighing(memory, found, now, policy)
    verdict = {fault.key: fault for fault in weighing.shown()}
    verdict |= {fault.key: fault for fault in weighing.standing(verdict)}
    memory.history.evidence = lean(weighing.evidence) or NO_EVIDENCE
    return verdict


def of_silent(memory: NodeMemory, found: Findings) -> dict[Key, Fault]:
    """Give what was open and what its last word does not deny; nothing new is said of a silent node."""
    kept: dict[Key, Fault] = {}
    for key, fault in memory.faults.items():
        if not _concerns(memory, fault):
            continue
        lasting = fault.subject_kind != "node" or fault.event in METERED
        if lasting or key in found.bad:
            kept[key] = fault
    if memory.refusal:
        kept = {key: fault for key, fault in found.bad.items() if fault.event is FaultEvent.NODE_FAULT} | kept
    return kept


@dataclass(slots=True)
class _Weighing:
    """A node, what was found at an instant, and the evidence that is no fault yet, or is against one that stands."""

    memory: NodeMemory
    found: Findings
    now: dt.datetime
    policy: Policy
    evidence: dict[Key, Evidence] = field(default_factory=dict)

    def shown(self) -> Iterator[Fault]:
        """Give what shows and stands, or showed long enough to; the rest is evidence."""
        memory, found = self.memory, self.found
        for key, fault in found.bad.items():
            metered = key in found.metered
            if key in memory.faults:
                yield memory.faults[key]
            elif key not in found.measured:
                yield fault
            else:
                gathered = self._gathered(key, metered=metered)
                # Of what a feeder's nodes share, each is given the time to show it as well.
                shared = fault.event in VOLTAGES and memory.node.cabinet
                patience_s = memory.heartbeat_s(self.policy) if shared else 0.0
                if gathered.confirms(self._spoke_at(metered=metered), self.policy.diagnosis, patience_s):
                    yield fault
                else:
                    self.evidence[key] = gathered

    def standing(self, shown: Container[Key]) -> Iterator[Fault]:
        """Give what stands though it does not show: nobody can tell, or it has not been good for long enough."""
        memory, found, history = self.memory, self.found, self.memory.history
        clear_reports = self.policy.diagnosis.clear_reports
        began_together_s = self.policy.diagnosis.confirm_s + 2 * self.policy.heartbeat_s
        for key, fault in memory.faults.items():
            if key in found.bad or found.hidden.get(key) in shown or not _concerns(memory, fault):
                continue  # what a mere suspicion would explain stays
            if _explained(fault, found, memory, began_together_s):
                continue
            if not _is_good(memory, fault, found):
                yield fault
                self.evidence.update({key: history.evidence[key]} if key in history.evidence else {})
            elif clear_reports > 1 and fault.event not in BY_US:
                metered = fault.subject_kind == "node" and fault.event in METERED and history.reading is not None
                gathered = self._gathered(key, metered=metered)
                if gathered.count < clear_reports:
                    self.evidence[key] = gathered
                    yield fault

    def _gathered(self, key: Key, *, metered: bool) -> Evidence:
        """Give the evidence about a fault, one more where the node has said something since it was last judged."""
        memory, history = self.memory, self.memory.history
        before = history.evidence.get(key)
        heard_again = history.metered_anew if metered else memory.reported is not history.judged
        if before is None or heard_again:
            return seen_again(before, self._spoke_at(metered=metered))
        return before

    def _spoke_at(self, *, metered: bool) -> dt.datetime:
        reading, report = self.memory.history.reading, self.memory.reported
        if metered:
            return reading.at if reading is not None else self.now
        return report.received_at if report is not None else self.now


def _concerns(memory: NodeMemory, fault: Fault) -> bool:
    """Say whether a fault is about something the node still has."""
    if fault.subject_kind == "node":
        return fault.subject == memory.node.id and fault.event is not FaultEvent.COMMUNICATION_FAILURE
    return any(point.id == fault.subject for point in memory.points.values())


def _explained(fault: Fault, found: Findings, memory: NodeMemory, within_s: float) -> bool:
    """Say whether a lamp's fault that stands began with what now shows as its cause: a dead feeder."""
    if fault.subject_kind != "light point":
        return False
    causes = [key for key in found.bad if key[0] in FEEDER_CAUSES and key[1] == "node"]
    causes += [key for key in found.bad if key[0] in FEEDER_CAUSES and key[2] == fault.subject]
    if not causes or fault.key in causes:
        return False
    began = min(memory.faults.get(key, found.bad[key]).opened_at for key in causes)
    return (began - fault.opened_at).total_seconds() <= within_s


def _is_good(memory: NodeMemory, fault: Fault, found: Findings) -> bool:
    """Say whether the last word shows that a fault is over."""
    if fault.key in found.good:
        return True
    if fault.event in BY_US:
        return True
    if memory.reported is None and memory.history.reading is None:
        return False
    if fault.subject_kind == "light point":
        return fault.event not in OF_LAMPS and not feeder_cause(found) and memory.reported is not None
    if fault.event in ONLY_BY_MEASURE:
        return False
    return fault.event not in METERED or memory.history.reading is None
