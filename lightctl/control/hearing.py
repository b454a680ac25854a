"""Hearing: how what a node or its link says changes what is known of that node. Each says whether it concerns it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from lightctl.control.collected import Collected
from lightctl.control.memory import NodeMemory
from lightctl.control.policy import Policy
from lightctl.domain import events as ev
from lightctl.domain.moves import brief, moved
from lightctl.domain.states import ActionKind, CommandState, NodeAction, Reading, ReportedState


def hear(memory: NodeMemory, at: dt.datetime) -> bool:
    """Take note that the node was heard of."""
    if memory.unreachable:
        memory.unreachable = ""
        memory.time = memory.time.connected()
        memory.stop_resting()
    memory.heard_at = at if memory.heard_at is None else max(memory.heard_at, at)
    return True


def hear_return(memory: NodeMemory) -> bool:
    """Take note that it (re)connected: what it was sent meanwhile is lost, and is not to wait for its turn.

    A hint and no more: that it is heard, only its reports say. What waits on the link yet will find it there.
    """
    memory.time = memory.time.connected()
    rested, owed = memory.pause.until is not None, memory.owed
    memory.stop_resting()
    memory.answer_hello = memory.answer_hello or owed
    return owed or rested


def hear_hello(memory: NodeMemory, event: ev.NodeAnnounced) -> bool:
    """Take in what it says of itself, unless it is a late word of the boot before."""
    if not memory.hear_boot(event.boot_id, event.clock):
        return False
    if memory.profile.announces and memory.capabilities != event.capabilities:
        memory.capabilities = event.capabilities
        memory.stale = memory.refit = True
    memory.announced = memory.profile.announces
    memory.time = memory.time.heard(event.clock, event.received_at).connected()
    memory.answer_hello = True
    memory.stop_resting()
    memory.see_revision(event.applied_revision)
    return hear(memory, event.received_at)


def hear_report(memory: NodeMemory, report: ReportedState, policy: Policy, out: Collected) -> bool:
    """Take in its state; what was overtaken on the way goes to telemetry alone."""
    out.reports.append(report)
    known = memory.reported
    if known is not None and report.boot_id and report.boot_id == known.boot_id and report.seq <= known.seq:
        return False  # a duplicate, or overtaken on the way: telemetry keeps it, the state does not go back
    if not memory.hear_boot(report.boot_id, report.at):
        return False
    memory.reported = report
    memory.time = memory.time.heard(report.at, report.received_at)
    out.reported[report.node] = report
    if memory.profile.announces and not memory.announced:
        _ask_who(memory, report, policy, out)
    if report.applied_revision is not None:
        if memory.contradicts(report.applied_revision):
            memory.rest(report.received_at, policy)  # or the two of us would go on and on
        memory.see_revision(report.applied_revision)
    return hear(memory, report.received_at)


def hear_meter(memory: NodeMemory, reading: Reading) -> bool:
    """Take in what its meter measured."""
    memory.history.meter(reading)
    return hear(memory, reading.at)


def lose(memory: NodeMemory, detail: str) -> bool:
    """Take note that its link got no answer from it; of one that is lost already that is no news."""
    if memory.unreachable:
        return False
    memory.unreachable = detail
    memory.held_until = None
    return True


def follow_command(
    memory: NodeMemory, event: ev.CommandSent | ev.BrokerAcked | ev.SendFailed, policy: Policy, out: Collected
) -> bool:
    """Take note of how far its open command got; nothing is decided by when the broker took it."""
    acked = isinstance(event, ev.BrokerAcked)
    memory.on_its_way = memory.on_its_way and acked
    command = memory.open_command
    if command is None or command.revision != event.revision:
        return False
    match event:
        case ev.CommandSent(_, _, at):
            command = moved(command, CommandState.SENT, at)
        case ev.BrokerAcked(_, _, at):
            command = replace(command, broker_acked_at=at)
        case ev.SendFailed(_, _, _, detail, False):
            command = replace(command, detail=detail)
        case ev.SendFailed(_, _, at, detail, _):
            command = moved(command, CommandState.FAILED, at, detail)
            memory.rest(at, policy)
    out.commands[command.id] = command
    memory.command = brief(command)
    return not acked


def _ask_who(memory: NodeMemory, report: ReportedState, policy: Policy, out: Collected) -> None:
    """Ask a node that speaks but whose hello nobody heard: no broker keeps it for a daemon that was not there."""
    now, again = report.received_at, dt.timedelta(seconds=policy.rest_cap_s)
    if memory.asked_at is not None and now - memory.asked_at < again:
        return
    memory.asked_at = now
    # One whose clock is ahead would find that it comes too late.
    until = max(now, report.at or now) + dt.timedelta(seconds=policy.deadline_s)
    asked = NodeAction(f"hello-{int(now.timestamp())}", memory.node.id, ActionKind.REPORT, until)
    out.submit(memory.node, asked, 0)
