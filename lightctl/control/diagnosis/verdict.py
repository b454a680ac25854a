"""Verdict: the faults of a node now. Its last word is looked at rule by rule, and what was found is weighed.

Nearly all nodes are well at nearly all times, and a glance shows it. What lamps draw that are well is learned.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lightctl.control.diagnosis import electrical, nodes
from lightctl.control.diagnosis.evidence import Key
from lightctl.control.diagnosis.expected import Expectations, Expected
from lightctl.control.diagnosis.findings import Findings
from lightctl.control.diagnosis.lamps import Lamp, is_healthy, lamp_rules
from lightctl.control.diagnosis.learned import UNLEARNED, WORTH_LEARNING, band, learn
from lightctl.control.diagnosis.weighing import of_silent, weighed
from lightctl.control.memory import NO_FAULTS, NodeMemory
from lightctl.control.policy import Policy
from lightctl.domain.assets import FULL_LEVEL
from lightctl.domain.single import lean
from lightctl.domain.states import ChannelDesired, ChannelReport, Fault, FaultEvent, Override, ReportedState

Heard = tuple[int, ChannelReport, Expected]


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
            return {**of_silent(memory, found), **_silence(memory, now)}
        if history.metering is not None:
            electrical.meter_rules(memory, history.metering, self.policy.diagnosis, found)
        if report is not None:
            if history.reading is None:
                electrical.supply_rules(memory, report, self.policy.diagnosis, found)
            if not nodes.feeder_cause(found):
                self._look_at_lamps(memory, report, found)
        verdict = weighed(memory, found, now, self.policy)
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
