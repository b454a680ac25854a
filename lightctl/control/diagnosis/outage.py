"""Outage: one cause that took many nodes, from when it was seen until they are back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from lightctl.control.diagnosis.evidence import Key
from lightctl.control.diagnosis.groups import Group
from lightctl.domain.states import Fault


@dataclass(slots=True)
class Outage:
    """What nodes of one group have in common.

    silent: those not heard since, in order. since: when they fell silent, give or take a heartbeat. until: once some
    are back, when the others are no longer waited for. borrowed: the fault is a node's own, which opens and closes it.
    changed: its members grew since it was last told.
    """

    fault: Fault
    group: Group
    since: dt.datetime
    silent: dict[str, None]
    members: dict[str, None] = field(default_factory=dict)
    until: dt.datetime | None = None
    borrowed: bool = False
    changed: bool = False

    @property
    def key(self) -> Key:
        """The key of its fault."""
        return self.fault.key

    def wait(self, until: dt.datetime) -> None:
        """Begin to wait for those that are not back yet."""
        if self.until is None:
            self.until = until
