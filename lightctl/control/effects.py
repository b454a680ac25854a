"""Effects: what a step of the controller wants done, as values. They are recorded first, then acted on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from lightctl.domain.events import ActionFinished, MessageQuarantined, NodeAnnounced, NodeDiscovered
from lightctl.domain.orders import Order
from lightctl.domain.rollouts import Rollout, Standing
from lightctl.domain.states import Command, DesiredState, Fault, NodeAction, Reading, ReportedState


@dataclass(frozen=True, slots=True)
class Effects:
    """Everything one step decided.

    commands, faults, reported, rollouts and standings hold the newest value of each changed one. A fault that is told
    again, open, with the same `opened_at` is the same fault, whose members or words changed. review_at is when to look
    again, or None.
    """

    submissions: tuple[Order, ...] = ()
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
