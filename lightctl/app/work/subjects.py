"""Subjects: which light points a work order's subject stands for, and where a crew finds them."""

from __future__ import annotations

from collections.abc import Mapping

from lightctl.app.desk import Desk
from lightctl.domain.assets import LightPoint
from lightctl.domain.citizens import plain


class Subjects:
    """The light points of subjects, read once for many orders."""

    def __init__(self, desk: Desk) -> None:
        """Look at the fleet as it is."""
        self._fleet = desk.fleet
        self._plate_tag = desk.settings.citizens.plate_tag
        self._of_cabinets: Mapping[str, tuple[LightPoint, ...]] | None = None

    def points(self, kind: str, subject: str) -> tuple[LightPoint, ...]:
        """Give the light points a subject stands for; none for what is no longer in the inventory."""
        match kind:
            case "light point":
                found = self._fleet.points.get(subject)
                return () if found is None else (found,)
            case "node":
                node = self._fleet.nodes.get(subject)
                return () if node is None else tuple(self._fleet.points[name] for name in node.channels.values())
            case "cabinet":
                return self._cabinets().get(subject, ())
            case _:
                return ()

    def _cabinets(self) -> Mapping[str, tuple[LightPoint, ...]]:
        if self._of_cabinets is None:
            members: dict[str, list[LightPoint]] = {}
            for point in self._fleet.points.values():
                if point.cabinet:
                    members.setdefault(point.cabinet, []).append(point)
            self._of_cabinets = {name: tuple(points) for name, points in members.items()}
        return self._of_cabinets

    def plate(self, point: LightPoint) -> str:
        """Give the number on a mast's plate, its id where no tag says another."""
        return point.tags.get(self._plate_tag) or point.id

    @staticmethod
    def address(point: LightPoint) -> str:
        """Give the street a light point stands in, as far as its tags say."""
        tags = point.tags
        street = " ".join(filter(None, (tags.get("street", ""), tags.get("house_number", ""))))
        return plain(tags.get("address") or street)
