"""Outage: one cause that took many nodes, from when it was seen until they are back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace

from lightctl.control.diagnosis.evidence import Key
from lightctl.control.diagnosis.groups import Group
from lightctl.domain.states import Fault


@dataclass(slots=True)
class Outage:
    """What nodes of one group have in common.

    silent: those not heard since, in order. since: when they fell silent, give or take a heartbeat. until: once some
    are back, when the others are no longer waited for. nodes, members: all that were ever among them, and their light
    points. wording: the detail around their two numbers, None for one that stays as it is. borrowed: the fault is a
    node's own, which opens and closes it. changed: its members grew since it was last told.
    """

    fault: Fault
    group: Group
    since: dt.datetime
    silent: dict[str, None]
    nodes: dict[str, None] = field(default_factory=dict)
    members: dict[str, None] = field(default_factory=dict)
    wording: tuple[str, str, str] | None = None
    until: dt.datetime | None = None
    borrowed: bool = False
    changed: bool = False

    @property
    def key(self) -> Key:
        """The key of its fault."""
        return self.fault.key

    def renewed(self, most_members: int) -> Fault:
        """Give its fault with the members and the numbers it has now; so many of them are named at most."""
        self.changed = False
        detail = self.fault.detail
        if self.wording is not None:
            before, between, after = self.wording
            detail = f"{before}{len(self.nodes)}{between}{len(self.members)}{after}"
        self.fault = replace(self.fault, detail=detail, members=tuple(self.members)[:most_members])
        return self.fault

    def wait(self, until: dt.datetime) -> None:
        """Begin to wait for those that are not back yet."""
        if self.until is None:
            self.until = until
