"""What store tests start from: an instant, an audit draft, and the smallest values of each kind."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from lightctl.domain.assets import LightPoint
from lightctl.domain.selectors import parse_selector
from lightctl.domain.states import (
    ChannelDesired,
    ChannelReport,
    Command,
    CommandState,
    DesiredState,
    Fault,
    FaultEvent,
    Override,
    Reason,
    ReportedState,
    Scope,
    Switch,
)
from lightctl.store.base import AuditDraft

NOW = dt.datetime(2026, 11, 23, 16, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def draft(verb: str = "light.on", target: str = "id=LP1", **changes: str) -> AuditDraft:
    return replace(AuditDraft(NOW, "ada", "cli", verb, target, "because", ""), **changes)


def point(point_id: str = "LP1", **changes: object) -> LightPoint:
    return replace(LightPoint(point_id, 51.5, 7.4, kind="street", node=f"N-{point_id}"), **changes)


def override(override_id: str = "O1", **changes: object) -> Override:
    made = Override(override_id, Scope.LIGHT_POINT, parse_selector("id=LP1"), 70, NOW, NOW + HOUR, "market", "ada")
    return replace(made, **changes)


def desired(node: str = "N1", revision: int = 1, steps: int = 5) -> DesiredState:
    switches = tuple(Switch(NOW + i * HOUR, 10 * i, 30, "program residential") for i in range(steps))
    return DesiredState(node, revision, NOW, NOW + 12 * HOUR, {0: ChannelDesired(switches)})


def command(node: str = "N1", revision: int = 1, state: CommandState = CommandState.QUEUED) -> Command:
    sent = None if state is CommandState.QUEUED else NOW
    finished = NOW if state.terminal else None
    return Command(node, revision, state, "schedule", NOW, NOW + HOUR, sent_at=sent, finished_at=finished)


def report(node: str = "N1", seq: int = 1, **changes: object) -> ReportedState:
    channel = ChannelReport(70, 70, Reason.PROGRAM, 35.2, 1200.5, 230.1, 0.15, 0.95, 31.0, 800.25, ("lampFailure",))
    return replace(ReportedState(node, NOW, {0: channel}, "boot-1", seq, NOW, 1), **changes)


def fault(subject: str = "LP1", **changes: object) -> Fault:
    return replace(Fault(FaultEvent.LAMP_FAILURE, "light point", subject, NOW, "0 W at 70 %"), **changes)
