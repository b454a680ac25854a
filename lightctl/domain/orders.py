"""Orders: what the controller wants put on a wire and a link carries; one object from the decision to the wire."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from lightctl.domain.assets import Node
from lightctl.domain.states import DesiredState, NodeAction

OVERRIDE_PRIORITY = 10


@dataclass(frozen=True, slots=True)
class Order:
    """Something to put on the wire: a node's whole desired state (the newest replaces older ones) or an action.

    Higher priority goes first. lights_at: from when on it turns a lamp on that is off, so that its feeder's limit holds
    for it; None: it does not.
    """

    node: Node
    content: DesiredState | NodeAction
    priority: int = 0
    lights_at: dt.datetime | None = None

    def lights(self, now: dt.datetime) -> bool:
        """Say whether it turns a lamp on if it is carried out at an instant."""
        return self.lights_at is not None and self.lights_at <= now
