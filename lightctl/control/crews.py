"""Crews: the maintenances that run, and which faults they keep from being alarms.

A fault that shows while a crew works on its lamp is recorded under the maintenance's name and is no alarm. When the
maintenance is over, what is still wrong opens anew, as an alarm: nothing is lost. A node's own fault is kept back only
when crews work on each of its lamps; the alarms of the others are nobody's to silence.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from lightctl.control.memory import NodeMemory
from lightctl.domain.assets import LightPoint
from lightctl.domain.crews import Maintenance
from lightctl.domain.states import Fault


class Crews:
    """The maintenances that run."""

    def __init__(self) -> None:
        """Start with none."""
        self._running: dict[str, Maintenance] = {}

    def begin(self, maintenance: Maintenance) -> None:
        """Take note of a maintenance."""
        self._running[maintenance.id] = maintenance

    def end(self, maintenance_id: str) -> Maintenance | None:
        """Forget a maintenance that somebody ended; None for one that is over anyway."""
        return self._running.pop(maintenance_id, None)

    def over(self, now: dt.datetime) -> list[Maintenance]:
        """Forget the maintenances whose time has passed, and give them."""
        if not self._running:
            return []
        ended = [each for each in self._running.values() if each.until <= now]
        for each in ended:
            del self._running[each.id]
        return ended

    @property
    def next_end(self) -> dt.datetime | None:
        """When the next one ends by itself."""
        return min((each.until for each in self._running.values()), default=None)

    def keeps(self, fault: Fault, memory: NodeMemory, now: dt.datetime) -> str:
        """Give the maintenance that keeps a fault of a node or its lamps from being an alarm, or ""."""
        if not self._running:
            return ""
        lamps = list(memory.points.values())
        if fault.subject_kind == "light point":
            lamps = [point for point in lamps if point.id == fault.subject]
        return self.keeps_all(lamps, now)

    def keeps_all(self, points: Iterable[LightPoint], now: dt.datetime) -> str:
        """Give the maintenance under which crews work on each of these light points, or ""."""
        if not self._running:
            return ""
        works = [self._work_on(point, now) for point in points]
        return works[0] if works and all(works) else ""

    def _work_on(self, point: LightPoint, now: dt.datetime) -> str:
        found = (each.id for each in self._running.values() if each.start <= now and point.selected_by(each.select))
        return next(found, "")
