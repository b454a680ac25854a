"""Collected: the effects of a step while it runs; the newest value of each changed thing wins."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from lightctl.control.effects import Effects
from lightctl.control.waves import NOWHERE, Street
from lightctl.domain.assets import Node
from lightctl.domain.events import ActionFinished, MessageQuarantined, NodeAnnounced, NodeDiscovered
from lightctl.domain.orders import Order
from lightctl.domain.rollouts import Rollout, Standing
from lightctl.domain.states import Command, DesiredState, Fault, NodeAction, Reading, ReportedState


@dataclass(slots=True)
class Collected:
    """What a step has decided so far."""

    submissions: dict[tuple[str, str], Order] = field(default_factory=dict)
    streets: dict[tuple[str, str], Street] = field(default_factory=dict)
    desired: dict[str, DesiredState] = field(default_factory=dict)
    commands: dict[str, Command] = field(default_factory=dict)
    reported: dict[str, ReportedState] = field(default_factory=dict)
    reports: list[ReportedState] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    announced: list[NodeAnnounced] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    quarantined: list[MessageQuarantined] = field(default_factory=list)
    discovered: list[NodeDiscovered] = field(default_factory=list)
    actions: list[NodeAction] = field(default_factory=list)
    action_results: list[ActionFinished] = field(default_factory=list)
    rollouts: dict[str, Rollout] = field(default_factory=dict)
    standings: dict[str, Standing] = field(default_factory=dict)

    def submit(
        self,
        node: Node,
        content: DesiredState | NodeAction,
        priority: int,
        street: Street | None = None,
        lights_at: dt.datetime | None = None,
    ) -> None:
        """Have something put on the wire; a newer desired state of the node replaces an older one.

        street: where it stands if this turns a lamp on now. Such go street by street; what turns none on keeps its
        order, before them.
        """
        key = (node.id, content.id if isinstance(content, NodeAction) else "")
        self.submissions[key] = Order(node, content, priority, lights_at)
        self.streets[key] = street or NOWHERE

    def effects(self, review_at: dt.datetime | None) -> Effects:
        """Close the collection."""
        return Effects(
            submissions=tuple(self.submissions[key] for key in sorted(self.submissions, key=self.streets.__getitem__)),
            desired=tuple(self.desired.values()),
            commands=tuple(self.commands.values()),
            reported=tuple(self.reported.values()),
            reports=tuple(self.reports),
            readings=tuple(self.readings),
            announced=tuple(self.announced),
            faults=tuple(self.faults),
            quarantined=tuple(self.quarantined),
            discovered=tuple(self.discovered),
            actions=tuple(self.actions),
            action_results=tuple(self.action_results),
            rollouts=tuple(self.rollouts.values()),
            standings=tuple(self.standings.values()),
            review_at=review_at,
        )
