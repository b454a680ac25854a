"""Verdict: the faults a node shows now, made of what the rules found and of the faults that stand.

What is measured opens once enough reports in a row show it, what is said at once. What stands is closed by good reports
alone: what nobody can tell stays as it is, and a silent node says nothing. What a cause explains neither opens nor
stays.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass

from lightctl.control.diagnosis import electrical, nodes
from lightctl.control.diagnosis.evidence import NO_EVIDENCE, Evidence, Key, seen_again
from lightctl.control.diagnosis.expected import Expectations, Expected
from lightctl.control.diagnosis.findings import Findings
from lightctl.control.diagnosis.lamps import Lamp, is_healthy, lamp_rules
from lightctl.control.diagnosis.learned import UNLEARNED, WORTH_LEARNING, band, learn
from lightctl.control.diagnosis.shared import VOLTAGES
from lightctl.control.memory import NodeMemory
from lightctl.control.policy import Policy
from lightctl.domain.assets import FULL_LEVEL
from lightctl.domain.single import lean
from lightctl.domain.states import ChannelDesired, ChannelReport, Fault, FaultEvent, Override, ReportedState

Heard = tuple[int, ChannelReport, Expected]
NO_FAULTS: Mapping[Key, Fault] = {}
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


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What the rules go by: the policy's figures and what lamps should draw."""

    policy: Policy
    expectations: Expectations

    def of(self, memory: NodeMemory, now: dt.datetime) -> Mapping[Key, Fault]:
        """Give the faults of a node, those that are new opened `now`; takes note of what its last word says."""
        well = self._at_a_glance(memory)
        if well is not None:
            if memory.reported is not memory.history.judged:
                for channel, said, expected in well:
                    self._learn(memory, channel, said, said.level or 0, expected)
            memory.history.judged = memory.reported
            return NO_FAULTS
        report, history = memory.reported, memory.history
        if report is not None and not memory.refusal and _is_read_back(memory, report):
            return _unchanged(memory)
        found = Findings(now)
        nodes.refusal(memory, found)
        if report is not None:
            nodes.flag_rules(memory, report, found)
        nodes.clock_rules(memory, self.policy, found)
        if memory.unreachable:
            return {**self._of_silent(memory, found), **_silence(memory, now)}
        if history.metering is not None:
            electrical.meter_rules(memory, history.metering, self.policy.diagnosis, found)
        if report is not None:
            if history.reading is None:
                electrical.supply_rules(memory, report, self.policy.diagnosis, found)
            if not _feeder_cause(found):
                self._look_at_lamps(memory, report, found)
        verdict = self._weighed(memory, found, now)
        history.was_judged(report)
        return verdict

    # -- the usual case --------------------------------------------------------------------------------------------

    def _at_a_glance(self, memory: NodeMemory) -> list[Heard] | None:
        """Give what lit lamps say that may be learned from; None where something is or was wrong, or may be.

        Nothing is for nearly all nodes at all times. Of a lamp that fades or has just been switched nothing can be told
        yet, and nothing is learned.
        """
        report, history = memory.reported, memory.history
        if report is None or memory.unreachable or memory.refusal or memory.faults or report.flags:
            return None
        if history.evidence or history.cycling or history.stuck or history.metered_anew:
            return None
        if abs(memory.time.off_s) > self.policy.clock_warn_s:
            return None
        thresholds, lit = self.policy.diagnosis, list[Heard]()
        for channel, point in memory.points.items():
            said = report.channels.get(channel)
            if said is None:
                continue
            if said.voltage_v is not None and not electrical.is_in_band(said.voltage_v, thresholds):
                return None
            expected = self.expectations.of(point)
            if self._is_lamp_well(memory, report, channel, said, expected):
                if said.level:
                    lit.append((channel, said, expected))
            elif said.faults or not self._may_fade(memory, channel, report):
                return None
        return lit

    def _is_lamp_well(
        self, memory: NodeMemory, report: ReportedState, channel: int, said: ChannelReport, expected: Expected
    ) -> bool:
        learned, level = memory.history.learned, said.level
        if level is None or not 0 <= level <= FULL_LEVEL:
            return False
        known = learned.get(band(channel, level), UNLEARNED) if learned else UNLEARNED
        trusted = expected.known or known.count >= self.policy.diagnosis.learn_reports
        if said.power_w is not None:
            if trusted and expected.lamps > 1:
                return False  # lamps are to be counted
            if not trusted and (self._may_fade(memory, channel, report) if level else learned):
                return False  # what it draws is not to be learned, or may show that it burns
        return is_healthy(expected, said, known if trusted else None)

    def _may_fade(self, memory: NodeMemory, channel: int, report: ReportedState) -> bool:
        wanted = memory.desired.channels.get(channel) if memory.desired is not None else None
        return _settling(wanted, memory.overrides.get(channel, ()), said_at(report, self.policy), self.policy)

    # -- a node that can be heard ------------------------------------------------------------------------------------

    def _look_at_lamps(self, memory: NodeMemory, report: ReportedState, found: Findings) -> None:
        at = said_at(report, self.policy)
        for channel, point in memory.points.items():
            said = report.channels.get(channel)
            if said is None:
                continue
            expected = self.expectations.of(point)
            lamp = Lamp(memory, channel, point, said, at, expected, self.policy, found)
            good = lamp_rules(lamp, settled=not self._may_fade(memory, channel, report))
            level = said.level if said.level is not None else said.commanded
            if good and level and report is not memory.history.judged and not _in_doubt(memory, point.id):
                self._learn(memory, channel, said, min(level, FULL_LEVEL), expected)

    def _learn(self, memory: NodeMemory, channel: int, said: ChannelReport, level: int, expected: Expected) -> None:
        if said.power_w is None or expected.watts[level] <= 0:
            return
        key, history = band(channel, level), memory.history
        before = history.learned.get(key)
        enough = self.policy.diagnosis.learn_reports
        ratio = said.power_w / expected.watts[level]
        if before is None and expected.known and expected.lamps == 1 and abs(ratio - 1) < WORTH_LEARNING:
            return  # the curve is right: nothing is to be kept of a lamp that is as it should be
        after = learn(before, ratio, enough, expected.tolerance, known=expected.known)
        if after is not before:
            history.learned = lean({**history.learned, key: after})

    # -- what opens, stays and closes ----------------------------------------------------------------------------------

    def _weighed(self, memory: NodeMemory, found: Findings, now: dt.datetime) -> dict[Key, Fault]:
        evidence: dict[Key, Evidence] = {}
        verdict = {fault.key: fault for fault in self._shown(memory, found, now, evidence)}
        verdict |= {fault.key: fault for fault in self._standing(memory, found, now, verdict, evidence)}
        memory.history.evidence = lean(evidence) or NO_EVIDENCE
        return verdict

    def _shown(
        self, memory: NodeMemory, found: Findings, now: dt.datetime, evidence: dict[Key, Evidence]
    ) -> Iterator[Fault]:
        """Give what shows and stands, or showed long enough to; the rest is evidence."""
        for key, fault in found.bad.items():
            metered = key in found.metered
            if key in memory.faults:
                yield memory.faults[key]
            elif key not in found.measured:
                yield fault
            else:
                gathered = self._gathered(memory, key, now, metered=metered)
                # Of what a feeder's nodes share, each is given the time to show it as well.
                shared = fault.event in VOLTAGES and memory.node.cabinet
                patience_s = memory.heartbeat_s(self.policy) if shared else 0.0
                if gathered.confirms(_spoke_at(memory, now, metered=metered), self.policy.diagnosis, patience_s):
                    yield fault
                else:
                    evidence[key] = gathered

    def _standing(
        self,
        memory: NodeMemory,
        found: Findings,
        now: dt.datetime,
        shown: Container[Key],
        evidence: dict[Key, Evidence],
    ) -> Iterator[Fault]:
        """Give what stands though it does not show: nobody can tell, or it has not been good for long enough."""
        history, clear_reports = memory.history, self.policy.diagnosis.clear_reports
        began_together_s = self.policy.diagnosis.confirm_s + 2 * self.policy.heartbeat_s
        for key, fault in memory.faults.items():
            if key in found.bad or found.hidden.get(key) in shown or not self._concerns(memory, fault):
                continue  # what a mere suspicion would explain stays
            if _explained(fault, found, memory, began_together_s):
                continue
            if not _is_good(memory, fault, found):
                yield fault
                evidence.update({key: history.evidence[key]} if key in history.evidence else {})
            elif clear_reports > 1 and fault.event not in BY_US:
                metered = fault.subject_kind == "node" and fault.event in METERED and history.reading is not None
                gathered = self._gathered(memory, key, now, metered=metered)
                if gathered.count < clear_reports:
                    evidence[key] = gathered
                    yield fault

    @staticmethod
    def _gathered(memory: NodeMemory, key: Key, now: dt.datetime, *, metered: bool) -> Evidence:
        """Give the evidence about a fault, one more where the node has said something since it was last judged."""
        history = memory.history
        before = history.evidence.get(key)
        heard_again = history.metered_anew if metered else memory.reported is not history.judged
        if before is None or heard_again:
            return seen_again(before, _spoke_at(memory, now, metered=metered))
        return before

    @staticmethod
    def _concerns(memory: NodeMemory, fault: Fault) -> bool:
        """Say whether a fault is about something the node still has."""
        if fault.subject_kind == "node":
            return fault.subject == memory.node.id and fault.event is not FaultEvent.COMMUNICATION_FAILURE
        return any(point.id == fault.subject for point in memory.points.values())

    def _of_silent(self, memory: NodeMemory, found: Findings) -> dict[Key, Fault]:
        """Give what was open and what its last word does not deny; nothing new is said of a silent node."""
        kept: dict[Key, Fault] = {}
        for key, fault in memory.faults.items():
            if not self._concerns(memory, fault):
                continue
            lasting = fault.subject_kind != "node" or fault.event in METERED
            if lasting or key in found.bad:
                kept[key] = fault
        if memory.refusal:
            kept = {key: fault for key, fault in found.bad.items() if fault.event is FaultEvent.NODE_FAULT} | kept
        return kept


def _is_read_back(memory: NodeMemory, report: ReportedState) -> bool:
    """Say whether a word is no more than what was just written, read back: of flags and measures it says nothing."""
    return report.verified and memory.profile.confirmation == "read_back" and not memory.unreachable


def _unchanged(memory: NodeMemory) -> Mapping[Key, Fault]:
    """Give what stands; that the node was silent is over, as it was heard."""
    silent = (FaultEvent.COMMUNICATION_FAILURE, "node", memory.node.id)
    return {key: fault for key, fault in memory.faults.items() if key != silent}


def said_at(report: ReportedState, policy: Policy) -> dt.datetime:
    """Give the instant a report speaks of: the node's own, which its levels follow, unless its clock is far off."""
    if report.at is None or abs((report.at - report.received_at).total_seconds()) > policy.clock_untrusted_s:
        return report.received_at
    return report.at


def _spoke_at(memory: NodeMemory, now: dt.datetime, *, metered: bool) -> dt.datetime:
    if metered:
        return memory.history.reading.at if memory.history.reading is not None else now
    return memory.reported.received_at if memory.reported is not None else now


def _silence(memory: NodeMemory, now: dt.datetime) -> dict[Key, Fault]:
    """Give the fault of a silent node whose silence nothing else explains, and which is not waited for any more."""
    key = (FaultEvent.COMMUNICATION_FAILURE, "node", memory.node.id)
    if memory.explained_by is not None:
        return {}
    if key in memory.faults:
        return {key: memory.faults[key]}
    if memory.held_until is not None and now < memory.held_until:
        return {}
    return {key: Fault(FaultEvent.COMMUNICATION_FAILURE, "node", memory.node.id, now, memory.unreachable)}


def _feeder_cause(found: Findings) -> bool:
    return any(event in nodes.FEEDER_CAUSES and kind == "node" for event, kind, _ in found.bad)


def _explained(fault: Fault, found: Findings, memory: NodeMemory, within_s: float) -> bool:
    """Say whether a lamp's fault that stands began with what now shows as its cause: a dead feeder."""
    if fault.subject_kind != "light point":
        return False
    causes = [key for key in found.bad if key[0] in nodes.FEEDER_CAUSES and key[1] == "node"]
    causes += [key for key in found.bad if key[0] in nodes.FEEDER_CAUSES and key[2] == fault.subject]
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
        return fault.event not in OF_LAMPS and not _feeder_cause(found) and memory.reported is not None
    if fault.event in ONLY_BY_MEASURE:
        return False
    return fault.event not in METERED or memory.history.reading is None


def _in_doubt(memory: NodeMemory, point: str) -> bool:
    """Say whether something about a lamp is wrong, or may be: what it draws then is not learned."""
    return any(key[2] == point for key in (*memory.faults, *memory.history.evidence))


def _settling(wanted: ChannelDesired | None, overrides: Iterable[Override], at: dt.datetime, policy: Policy) -> bool:
    """Say whether the lamp may still have been fading or switching at the instant the report speaks of."""
    begun = [(each.start, each.ramp_s) for each in overrides]
    if wanted is not None:
        switch, held = wanted.switch_at(at), wanted.override
        begun += [(switch.at, switch.ramp_s)] if switch is not None else []
        begun += [(held.until, held.ramp_s)] if held is not None else []
    return any(began <= at < began + dt.timedelta(seconds=ramp_s + policy.settle_s) for began, ramp_s in begun)
