"""Renewal: when a node's document is worked out anew, and whether the node is to be told of it.

It is worked out when what it follows has changed (plan, overrides, sensors, its own capabilities) and when it is time:
at the next change of a node that is switched live, and before the nights of one that carries them run out. The node is
told where it would otherwise do something else, where its nights now last longer, and where somebody asked: that is
always sent, and answered for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from lightctl.control.collected import Collected
from lightctl.control.delivery import Delivery, end
from lightctl.control.desire import Wanted
from lightctl.control.knowledge import Knowledge, override_cause
from lightctl.control.memory import NO_OVERRIDES, NodeMemory
from lightctl.domain.errors import NodeRefused
from lightctl.domain.moves import brief
from lightctl.domain.states import Command, CommandState, DesiredState, Override

NIGHTLY_CAUSE, PROGRAM_CAUSE = "nightly run", "program"
RENEWAL_MARGIN = dt.timedelta(hours=36)
WORTHWHILE = dt.timedelta(hours=1)


class Renewal:
    """Keeps what nodes shall hold up to the instant."""

    def __init__(self, knowledge: Knowledge, delivery: Delivery) -> None:
        """Work documents out from what is known, and have them delivered."""
        self._knowledge = knowledge
        self._delivery = delivery

    def is_due(self, memory: NodeMemory, now: dt.datetime) -> bool:
        """Say whether a node's document is to be worked out anew."""
        if not memory.points:
            return False
        if memory.stale or memory.desired is None or (memory.topup_at is not None and now >= memory.topup_at):
            return True
        ageing = memory.desired.valid_until - now < RENEWAL_MARGIN and not memory.falls_back
        if ageing and not self._knowledge.compiler.is_of_tonight(memory.renewed_at, now):
            return True  # once a night: until the next one there is none to be added
        changing = memory.next_change is None or now >= memory.next_change
        watched = bool(memory.overrides) or bool(memory.readings)
        return changing and (watched or not memory.capabilities.carries_nights)

    def renew(self, memory: NodeMemory, now: dt.datetime, out: Collected) -> None:
        """Work a node's document out anew, and have the node hold it where that is not what it holds already."""
        compiler = self._knowledge.compiler
        topping_up = memory.topup_at is not None and now >= memory.topup_at
        memory.topup_at = None if topping_up else memory.topup_at
        if not memory.stale:  # nobody changed anything: it is time that does
            memory.cause = NIGHTLY_CAUSE if topping_up else PROGRAM_CAUSE
        memory.stale = False
        memory.overrides = _not_over(memory, now)
        begun, memory.renewed_at = memory.begun(now), now
        if begun is not None:  # somebody asked for it, if not just now: that is always sent, and answered for
            memory.assert_now = True
            memory.cause = override_cause(begun.id)
            memory.stop_resting()
        compiler.hold_sensors(memory, now)
        alone = memory.capabilities.carries_nights and not memory.overrides and not memory.readings
        memory.next_change = None if alone else compiler.next_change(memory, now)
        try:
            wanted = compiler.wanted(memory, now)
        except NodeRefused as refusal:
            self._refuse(memory, refusal.why, now, out)
            return
        memory.refusal = ""
        refit, memory.refit = memory.refit, False
        if memory.assert_now or not self._is_held(memory, wanted, now, topping_up=topping_up, refit=refit):
            revision = memory.next_revision()
            desired = DesiredState(memory.node.id, revision, now, wanted.valid_until, wanted.channels)
            self._delivery.desire(memory, desired, now, out)

    def _is_held(self, memory: NodeMemory, wanted: Wanted, now: dt.datetime, *, topping_up: bool, refit: bool) -> bool:
        """Say whether the document a node has already does what is wanted, and for long enough."""
        old, carries = memory.desired, memory.capabilities.carries_nights
        if old is None:
            return False
        ageing = topping_up or old.valid_until - now < RENEWAL_MARGIN
        longer = wanted.valid_until - old.valid_until >= WORTHWHILE
        # What a node cannot hold may have the same effect for as long as what it can.
        unfit = refit and carries and (old.valid_until, old.channels) != (wanted.valid_until, wanted.channels)
        on_its_way = memory.open_command is not None
        late = on_its_way and old.without_ended(now) is not old  # a node that is late would still begin it
        enough = not (ageing and longer) and not unfit and not late
        return enough and self._knowledge.compiler.same_effect(old, wanted, now, carries_nights=carries)

    @staticmethod
    def _refuse(memory: NodeMemory, why: str, now: dt.datetime, out: Collected) -> None:
        """Tell whoever asked that the node cannot hold what is wanted; what it holds stays as it is."""
        memory.refusal = why
        if memory.assert_now:
            memory.assert_now = False
            end(memory, CommandState.SUPERSEDED, now, "by what was refused", out)
            refused = Command(
                memory.node.id, memory.next_revision(), CommandState.FAILED, memory.cause, now, now, finished_at=now,
                detail=why,
            )  # fmt: skip
            out.commands[refused.id] = refused
            memory.command = brief(refused)


def _not_over(memory: NodeMemory, now: dt.datetime) -> Mapping[int, Sequence[Override]]:
    if not memory.overrides:
        return NO_OVERRIDES
    kept = {channel: [o for o in overrides if o.until > now] for channel, overrides in memory.overrides.items()}
    return {channel: overrides for channel, overrides in kept.items() if overrides}
