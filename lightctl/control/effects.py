"""Effects: what a step of the controller wants done, as values. They are recorded first, then acted on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from lightctl.control.waves import Street
from lightctl.domain.assets import Node
from lightctl.domain.events import ActionFinished, MessageQuarantined, NodeAnnounced, NodeDiscovered
from lightctl.domain.rollouts import Rollout, Standing
from lightctl.domain.states import Command, DesiredState, Fault, NodeAction, Reading, ReportedState


@dataclass(frozen=True, slots=True)
class Submission:
    """Put this on the node's link; higher priority first.

    street: where it stands if this turns a lamp on now. lights_at: from when on it turns one on that is off.
    """

    node: Node
    content: DesiredState | NodeAction
    priority: int = 0
    street: Street | None = None
    lights_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Effects:
    """Everything one step decided.

    commands, faults, reported, rollouts and standings hold the newest value of each changed one. A fault that is told
    again, open, with the same `opened_at` is the same fault, whose members or words changed. review_at is when to look
    again, or None.
    """

    submissions: tuple[Submission, ...] = ()
    desired: tuple[DesiredState, ...] = ()
    commands: tuple[Command, ...] = ()
    reported: tuple[ReportedState, ...] = ()
    reports: tuple[ReportedState, ...] = ()
    readings: tuple[Reading, ...] = ()
    announced: tuple[NodeAnnounced, ...] = ()
    faults: tuple[Fault, ...] = ()
    quarantined: tuple[MessageQuarantined, ...] = ()
    discovered: tuple[NodeDiscovered, ...] = ()
    actions: tuple[NodeAction, ...] = ()
    action_results: tuple[ActionFinished, ...] = ()
    rollouts: tuple[Rollout, ...] = ()
    standings: tuple[Standing, ...] = ()
    review_at: dt.datetime | None = None
