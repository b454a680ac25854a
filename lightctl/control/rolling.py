"""Rolling: the roll-out under way and how each of its nodes stands. Mutable, and owned by the controller.

People and the controller both move a roll-out. What people said last counts (its edition grows with each word of
theirs), but it never takes back how far the nodes have got: those were told already.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from lightctl.control import rollout as moves
from lightctl.control.collected import Collected
from lightctl.control.memory import NodeMemory
from lightctl.control.policy import Policy
from lightctl.domain.rollouts import Figures, MemberState, Rollout, RolloutState, Standing


class Rolling:
    """At most one roll-out; without one everything here does nothing."""

    def __init__(self, policy: Policy, time_zone: str) -> None:
        """Know of none yet."""
        self.rollout: Rollout | None = None
        self._policy = policy
        self._time_zone = time_zone
        self._moved: frozenset[str] = frozenset()
        self._verdicts: dict[str, moves.Verdict] = {}
        self._counts: Counter[MemberState] = Counter()
        self._recount = False

    @property
    def cause(self) -> str:
        """What commands of the nodes just moved are caused by."""
        rollout = self.rollout
        if rollout is None:
            return ""
        if rollout.state is RolloutState.UNDONE:
            return f"rollout {rollout.id} undone"
        return f"rollout {rollout.id}, {rollout.wave_name(rollout.wave)}"

    @property
    def figures(self) -> Figures:
        """How the nodes that have moved stand."""
        counts = self._counts
        return Figures(
            len(self._moved), counts[MemberState.FOLLOWED], counts[MemberState.FAILED], counts[MemberState.GONE]
        )

    def take(self, told: Rollout, now: dt.datetime, out: Collected) -> Rollout:
        """Take what people say of a roll-out, or what the store says at boot, and give it as it is now."""
        known = self.rollout
        taken = told
        if known is not None and known.id == told.id:
            taken = _joined(known, told)
        else:
            self._verdicts.clear()
            self._counts.clear()
            if told.soaks_from is not None:  # nobody watched while no daemon ran
                taken = replace(told, soaks_from=now)
        taken = moves.not_ahead(taken, now)  # a run, or we ourselves, may have moved it by a clock that was
        if taken != told:
            out.rollouts[taken.id] = taken
        self._set(taken)
        self.recount()
        return taken

    def note(self, nodes: Iterable[str], memories: Mapping[str, NodeMemory], now: dt.datetime, out: Collected) -> None:
        """Note how nodes stand that were just attended to."""
        rollout = self.rollout
        if rollout is None or rollout.state.ended:
            return
        if self._recount:
            nodes, self._recount = tuple(rollout.released()), False
        for node in nodes:
            if node not in self._moved:
                continue
            verdict = self._verdict(memories.get(node), now)
            before = self._verdicts.get(node)
            if verdict is None or verdict == before:
                continue
            if before is not None:
                self._counts[before[0]] -= 1
            self._counts[verdict[0]] += 1
            self._verdicts[node] = verdict
            out.standings[node] = Standing(rollout.id, node, *verdict)

    def _verdict(self, memory: NodeMemory | None, now: dt.datetime) -> moves.Verdict | None:
        try:
            return moves.verdict_of(memory, now, self._policy)
        except Exception as error:  # noqa: BLE001 - one node must never stop the loop for all the others
            return MemberState.FAILED, f"lightctl failed on this node: {error!r}"

    def recount(self) -> None:
        """Have every node looked at that moved: some may have left."""
        self._recount = True

    def advance(self, now: dt.datetime) -> Rollout | None:
        """Make the next move; gives the roll-out where there was one to be made."""
        if self.rollout is None:
            return None
        after = moves.advance(self.rollout, self.figures, now, self._time_zone)
        if after is self.rollout:
            return None
        self._set(after)
        return after

    def look_again_at(self, now: dt.datetime) -> dt.datetime | None:
        """Give when time alone brings the next move."""
        if self.rollout is None:
            return None
        return moves.look_again_at(self.rollout, self.figures, now, self._time_zone)

    def set_back(self, now: dt.datetime) -> None:
        """Take the clock being set back."""
        if self.rollout is not None:
            self.rollout = moves.set_back(self.rollout, now)

    def make_way(self) -> None:
        """Forget a roll-out that is over: other schedules are in force, if it is done its own."""
        if self.rollout is not None and self.rollout.state.ended:
            self.rollout = None
            self._moved = frozenset()

    def _set(self, rollout: Rollout) -> None:
        known = self.rollout
        if known is None or (known.id, known.place, known.state) != (rollout.id, rollout.place, rollout.state):
            self._moved = rollout.moved
        self.rollout = rollout


def _joined(known: Rollout, told: Rollout) -> Rollout:
    """Give what people said of a roll-out with what became of it meanwhile."""
    if told.state.ended:
        return told
    if known.place > told.place:
        told = replace(
            told,
            wave=known.wave,
            batches=known.batches,
            moved_at=known.moved_at,
            soaks_from=known.soaks_from,
        )
    if known.state is RolloutState.UNDONE:  # by itself, just now: lamps go back and do not come again
        return replace(told, state=known.state, changed_at=known.changed_at, detail=known.detail)
    return told
