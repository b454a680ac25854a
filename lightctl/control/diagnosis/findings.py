"""Findings: what the rules found in a node's last word: what shows, what is clearly well, what a cause hides.

What is in none of the three nobody can tell.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from lightctl.control.diagnosis.evidence import Key
from lightctl.domain.assets import LightPoint
from lightctl.domain.states import Fault, FaultEvent

NAMED = {event.value: event for event in FaultEvent}


@dataclass(slots=True)
class Findings:
    """What was found at an instant.

    hidden: what is explained, by the key of its cause. measured: what counts only when it shows again; metered: what a
    meter showed, whose readings are counted then, not reports.
    """

    now: dt.datetime
    bad: dict[Key, Fault] = field(default_factory=dict)
    good: set[Key] = field(default_factory=set)
    hidden: dict[Key, Key] = field(default_factory=dict)
    measured: set[Key] = field(default_factory=set)
    metered: set[Key] = field(default_factory=set)

    def on_lamp(
        self,
        event: FaultEvent,
        point: LightPoint,
        detail: str,
        severity: str = "major",
        *,
        measured: bool = True,
        watts: float | None = None,
    ) -> None:
        """Find a fault on a light point."""
        fault = Fault(event, "light point", point.id, self.now, detail, severity, watts=watts)
        self._add(fault, measured=measured)

    def on_node(
        self,
        event: FaultEvent,
        node: str,
        detail: str,
        severity: str = "major",
        *,
        measured: bool = False,
        metered: bool = False,
        members: tuple[str, ...] = (),
    ) -> None:
        """Find a fault on a node; several of one kind are one, with all that was found."""
        known = self.bad.get((event, "node", node))
        if known is not None:
            # critical, major, minor: the alphabet happens to put the worst first.
            detail, severity = f"{known.detail}; {detail}", min(known.severity, severity)
        fault = Fault(event, "node", node, self.now, detail, severity, members=members)
        self._add(fault, measured=measured)
        if metered:
            self.metered.add(fault.key)

    def well(self, point: LightPoint, *events: FaultEvent) -> None:
        """Find that a light point clearly has none of these."""
        self.good.update((event, "light point", point.id) for event in events)

    def hide(self, point: LightPoint, cause: FaultEvent, *events: FaultEvent) -> None:
        """Find that a cause on a light point explains what looks like one of these."""
        by = (cause, "light point", point.id)
        self.hidden.update(((event, "light point", point.id), by) for event in events if event is not cause)

    def _add(self, fault: Fault, *, measured: bool) -> None:
        self.bad[fault.key] = fault
        if measured:
            self.measured.add(fault.key)
