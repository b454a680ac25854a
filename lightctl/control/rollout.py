"""Rollout: what a roll-out does next. Pure: one value and what is seen of the street give the next value.

In order: too many of those that moved failed -> paused or undone, as it was asked. A wave whose batches are all out is
watched: until its soak time is over and every member followed or failed by name; then the next one begins, or the
roll-out is done. Otherwise the next batch is released, inside the window and a second after the one before.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

from lightctl.control.memory import NodeMemory
from lightctl.control.policy import Policy
from lightctl.control.reconcile import agrees, held_locally
from lightctl.domain.rollouts import Figures, MemberState, OnFailure, Rollout, RolloutState, Window
from lightctl.domain.states import CommandState
from lightctl.planning.wall import next_wall_time

BETWEEN_BATCHES = dt.timedelta(seconds=1)
Verdict = tuple[MemberState, str]


def advance(rollout: Rollout, figures: Figures, now: dt.datetime, time_zone: str) -> Rollout:
    """Give the roll-out after its next move; the same one when there is none to be made now."""
    if rollout.state is not RolloutState.RUNNING:
        return rollout
    if figures.fail(rollout.max_failures_percent):
        return _stopped(rollout, figures, now)
    if rollout.soaks_from is not None:
        return _after_soak(rollout, figures, now)
    if opens_at(rollout.window, now, time_zone) > now:
        return rollout
    if now < _next_batch(rollout, now):
        return rollout
    batches = rollout.batches + 1
    whole = batches == len(rollout.waves[rollout.wave])
    return replace(rollout, batches=batches, moved_at=now, soaks_from=now if whole else None, detail="")


def look_again_at(rollout: Rollout, figures: Figures, now: dt.datetime, time_zone: str) -> dt.datetime | None:
    """Give when time alone brings the next move, None where something has to happen first."""
    if rollout.state is not RolloutState.RUNNING:
        return None
    if rollout.soaks_from is not None:
        over = rollout.soaks_from + dt.timedelta(seconds=rollout.soak_s)
        return over if over > now or not figures.pending else None
    return max(opens_at(rollout.window, now, time_zone), _next_batch(rollout, now))


def opens_at(window: Window | None, now: dt.datetime, time_zone: str) -> dt.datetime:
    """Give when nodes may move: now, or when the window opens next."""
    if window is None:
        return now
    local = now.astimezone(ZoneInfo(time_zone))
    if window.holds(local.hour * 3600 + local.minute * 60 + local.second):
        return now
    return next_wall_time(now, window.opens_s, time_zone)


def not_ahead(rollout: Rollout, now: dt.datetime) -> Rollout:
    """Give it with nothing of it in the future, for which it would wait: a clock that was ahead put it there."""
    moved_at = None if rollout.moved_at is None else min(rollout.moved_at, now)
    soaks_from = None if rollout.soaks_from is None else min(rollout.soaks_from, now)
    return replace(rollout, moved_at=moved_at, soaks_from=soaks_from)


def set_back(rollout: Rollout, now: dt.datetime) -> Rollout:
    """Take the clock being set back to `now`: what is watched is watched from then on."""
    soaks_from = None if rollout.soaks_from is None else now
    return replace(not_ahead(rollout, now), soaks_from=soaks_from)


def verdict_of(memory: NodeMemory | None, now: dt.datetime, policy: Policy) -> Verdict | None:
    """Say how a node that moved stands, just after it was attended to; None: as before.

    A new attempt does not make a failure undone, nor another change a node that followed doubtful: that takes a word.
    """
    if memory is None:
        return MemberState.GONE, "it left the inventory"
    if memory.refusal:
        return MemberState.FAILED, memory.refusal
    if not memory.points:
        return MemberState.GONE, "it switches no light point in use"
    if memory.stale:
        return MemberState.FAILED, "lightctl failed on this node; its fault says more"
    if memory.open_command is not None:
        return None
    if memory.unreachable:
        return MemberState.FAILED, memory.unreachable
    if _holds(memory, now, policy):
        return MemberState.FOLLOWED, ""
    command = memory.command
    if command is not None and command.state in (CommandState.FAILED, CommandState.EXPIRED):
        return MemberState.FAILED, command.detail
    if memory.desired is not None and held_locally(memory.desired, memory.reported):
        return MemberState.FAILED, "it is held at the site and gets its nights when it is let go"
    return None


def _holds(memory: NodeMemory, now: dt.datetime, policy: Policy) -> bool:
    desired, report, command = memory.desired, memory.reported, memory.command
    if desired is None:
        return False
    if memory.profile.confirmation == "revision":
        return report is not None and report.applied_revision == desired.revision
    if command is not None and command.state is CommandState.CONFIRMED and command.revision == desired.revision:
        return True
    return agrees(desired, report, memory.profile.confirmation, now, policy)


def _next_batch(rollout: Rollout, now: dt.datetime) -> dt.datetime:
    return now if rollout.moved_at is None else rollout.moved_at + BETWEEN_BATCHES


def _after_soak(rollout: Rollout, figures: Figures, now: dt.datetime) -> Rollout:
    assert rollout.soaks_from is not None
    if figures.pending or now < rollout.soaks_from + dt.timedelta(seconds=rollout.soak_s):
        return rollout
    if rollout.wave + 1 == len(rollout.waves):
        return replace(rollout, state=RolloutState.DONE, changed_at=now, detail=counted(figures))
    return replace(rollout, wave=rollout.wave + 1, batches=0, soaks_from=None)


def _stopped(rollout: Rollout, figures: Figures, now: dt.datetime) -> Rollout:
    state = RolloutState.UNDONE if rollout.on_failure is OnFailure.UNDO else RolloutState.PAUSED
    share = 100 * figures.failed / figures.moved
    detail = f"{counted(figures)}: {share:.3g} %, and {rollout.max_failures_percent:g} % are allowed"
    return replace(rollout, state=state, changed_at=now, detail=detail)


def counted(figures: Figures) -> str:
    """Say the figures."""
    gone = f", {figures.gone:,} switch nothing any more" if figures.gone else ""
    return f"{figures.followed:,} of {figures.moved:,} nodes followed, {figures.failed:,} failed{gone}"
