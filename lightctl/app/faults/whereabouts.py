"""Where a fault is: the light points it concerns, whatever its subject is."""

from __future__ import annotations

from collections.abc import Mapping

from lightctl.domain.assets import Cabinet, Fleet, LightPoint
from lightctl.domain.faults import Silence
from lightctl.domain.selectors import Selector
from lightctl.domain.states import Fault


class Whereabouts:
    """Finds light points of faults in one fleet; reads the cabinets once."""

    def __init__(self, fleet: Fleet) -> None:
        """Look in a fleet."""
        self._fleet = fleet
        self._cabinets: Mapping[str, Cabinet] | None = None

    def lamps(self, fault: Fault) -> tuple[LightPoint, ...]:
        """Give the light points a fault concerns: its subject's and its members'; none for one of the site."""
        found: dict[str, LightPoint] = {}
        for point in self._of(fault.subject_kind, fault.subject):
            found[point.id] = point
        for member in fault.members:
            kind = "light point" if member in self._fleet.points else "node"
            for point in self._of(kind, member):
                found[point.id] = point
        return tuple(found.values())

    def concerns(self, fault: Fault, select: Selector) -> bool:
        """Say whether a selector names one of the light points of a fault."""
        return any(point.selected_by(select) for point in self.lamps(fault))

    def silenced(self, fault: Fault, silence: Silence) -> bool:
        """Say whether a Silence is about this fault: its event, and every one of its light points."""
        if fault.event is not silence.event:
            return False
        lamps = self.lamps(fault)
        return bool(lamps) and all(point.selected_by(silence.select) for point in lamps)

    def _of(self, kind: str, name: str) -> list[LightPoint]:
        points = self._fleet.points
        if kind == "light point":
            return [points[name]] if name in points else []
        nodes = [name] if kind == "node" else []
        if kind == "cabinet":
            if self._cabinets is None:
                self._cabinets = self._fleet.cabinets
            nodes = [name, *(self._cabinets[name].nodes if name in self._cabinets else ())]
        known = [self._fleet.nodes[node] for node in nodes if node in self._fleet.nodes]
        return [points[point] for node in known for point in node.channels.values()]
