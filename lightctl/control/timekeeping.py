"""Timekeeping: what a node's clock that is off is called, and when a node is sent the time.

Both are read from what the node said and from what was last said of it. A clock that was called wrong counts as right
again below half the limit, so that one near the limit is not called right and wrong in turn.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from lightctl.control.memory import NodeMemory
from lightctl.control.policy import Policy
from lightctl.domain.states import ActionKind, Fault, FaultEvent, NodeAction

CLEARED_BELOW = 0.5
RESENT_EVERY = dt.timedelta(days=1)
SELDOMEST = dt.timedelta(hours=1)


def clock_faults(memory: NodeMemory, now: dt.datetime, policy: Policy) -> Iterator[Fault]:
    """Give what a clock that is off is called: a warning, or untrusted, and what that does to nights it runs alone."""
    if _beyond(memory, FaultEvent.CLOCK_UNTRUSTED, policy.clock_untrusted_s):
        yield Fault(FaultEvent.CLOCK_UNTRUSTED, "node", memory.node.id, now, _detail(memory), "major")
    elif _beyond(memory, FaultEvent.CLOCK_OFFSET, policy.clock_warn_s):
        yield Fault(FaultEvent.CLOCK_OFFSET, "node", memory.node.id, now, _detail(memory), "minor")


def time_signal(memory: NodeMemory, now: dt.datetime, policy: Policy) -> NodeAction | None:
    """Give the order that sets a node's clock, None when it is not the moment.

    It is when the node (re)connected, once a day, and when its clock is off; never twice within an hour, and never to a
    node that takes no time or is not heard. The order is worthless once it could set the clock wrong by the limit.
    """
    time = memory.time
    if not memory.profile.takes_time or memory.unreachable or memory.heard_at is None:
        return None
    rested = dt.timedelta.max if time.sent_at is None else now - time.sent_at
    if rested < SELDOMEST or not (time.owed or rested >= RESENT_EVERY or abs(time.off_s) > policy.clock_warn_s):
        return None
    until = now + dt.timedelta(seconds=policy.clock_warn_s)
    return NodeAction(f"time-{int(now.timestamp())}", memory.node.id, ActionKind.SET_CLOCK, until)


def _beyond(memory: NodeMemory, event: FaultEvent, limit_s: float) -> bool:
    called = (event, "node", memory.node.id) in memory.faults
    return abs(memory.time.off_s) > limit_s * (CLEARED_BELOW if called else 1.0)


def _detail(memory: NodeMemory) -> str:
    off_s = memory.time.off_s
    text = f"the node's clock is {abs(off_s):.0f} s {'ahead' if off_s > 0 else 'behind'}"
    if not memory.capabilities.carries_nights:
        return text
    return f"{text}: the nights it runs alone switch {abs(off_s):.0f} s {'early' if off_s > 0 else 'late'}"
