"""Judging: what is said of faults: those of a node that open and close, and those that many nodes share.

A fault is told when it opens and when it closes. One that is shared is told again when its members grow: the same
fault, with the same instant of opening.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from lightctl.control.collected import Collected
from lightctl.control.diagnosis.outage import Outage
from lightctl.control.diagnosis.shared import SHAREABLE
from lightctl.control.diagnosis.verdict import Diagnosis
from lightctl.control.knowledge import Knowledge
from lightctl.control.memory import NodeMemory
from lightctl.control.policy import Policy


class Judge:
    """Compares what nodes show with the faults that stand."""

    def __init__(self, knowledge: Knowledge, policy: Policy) -> None:
        """Judge by what is known and by the policy's figures."""
        self._knowledge = knowledge
        self._diagnosis = Diagnosis(policy, knowledge.expectations)
        self._most_members = policy.diagnosis.most_members

    def judge(self, memory: NodeMemory, now: dt.datetime, out: Collected) -> None:
        """Open and close the faults of a node."""
        if memory.unreachable or memory.explained_by is not None:
            for other in self._knowledge.correlation.look(memory, now):
                self._compare(other, now, out)
        self._compare(memory, now, out)

    def settle(self, now: dt.datetime, out: Collected) -> None:
        """Open, renew and close the faults that many nodes share."""
        out.faults += self._knowledge.shared.settle(now)
        if self._knowledge.correlation.quiet:
            return
        for _ in range(2):  # what is left of an outage that ends may be one of its own
            for outage, concerned in self._knowledge.correlation.settle(now):
                self._tell(outage, now, out)
                for memory in concerned:
                    self.judge(memory, now, out)
        for outage in self._knowledge.correlation.kept_back():
            if not self._keeps(outage, now):  # the crew is gone: what is still wrong opens anew, as an alarm
                out.faults.append(replace(outage.fault, cleared_at=now))
                outage.fault = replace(outage.fault, opened_at=now, suppressed_by="")
                out.faults.append(outage.fault)

    def look_again_at(self, now: dt.datetime) -> dt.datetime | None:
        """Give when something that many nodes share is due by itself."""
        looks = (self._knowledge.correlation.look_again_at(now), self._knowledge.shared.look_again_at(now))
        return min((at for at in looks if at is not None), default=None)

    def _compare(self, memory: NodeMemory, now: dt.datetime, out: Collected) -> None:
        verdict = self._diagnosis.of(memory, now)
        if not verdict and not memory.faults:
            return
        crews, shared = self._knowledge.crews, self._knowledge.shared
        for key, fault in list(memory.faults.items()):
            # What a crew's maintenance kept back opens anew, as an alarm, when that is over.
            if key not in verdict or (fault.suppressed_by and not crews.keeps(fault, memory, now)):
                memory.drop(key)
                if key in memory.folded:
                    out.faults += shared.drop(memory, fault, now)
                else:
                    out.faults.append(replace(fault, cleared_at=now))
        for key, fault in verdict.items():
            if key not in memory.faults:
                opened = replace(fault, opened_at=now, suppressed_by=crews.keeps(fault, memory, now))
                memory.keep(opened)
                alone = fault.event not in SHAREABLE or fault.subject_kind != "node" or opened.suppressed_by
                out.faults += [opened] if alone else shared.take(memory, opened, now)

    def _tell(self, outage: Outage, now: dt.datetime, out: Collected) -> None:
        if outage.borrowed:
            self._tell_borrowed(outage, out)
            return
        opens = outage.changed and outage.fault.opened_at == now and not outage.fault.detail
        if outage.changed:
            outage.renewed(self._most_members)
        if opens:
            outage.fault = replace(outage.fault, suppressed_by=self._keeps(outage, now))
        out.faults.append(outage.fault)

    def _tell_borrowed(self, outage: Outage, out: Collected) -> None:
        """Let the fault of a cabinet's unit have more members; it opens and closes by itself."""
        owner = self._knowledge.memories.get(outage.fault.subject)
        standing = owner.faults.get(outage.key) if owner is not None else None
        if owner is not None and standing is not None and outage.changed:
            grown = replace(standing, members=tuple(outage.members)[: self._most_members])
            owner.keep(grown)
            out.faults.append(grown)
        outage.changed = False

    def _keeps(self, outage: Outage, now: dt.datetime) -> str:
        memories = [self._knowledge.memories[node] for node in outage.silent if node in self._knowledge.memories]
        return self._knowledge.crews.keeps_all((point for each in memories for point in each.points.values()), now)
