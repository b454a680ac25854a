"""When crews worked on which light points: that time is kept apart in reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lightctl.app.desk import Desk
from lightctl.domain.assets import LightPoint
from lightctl.reports.light_time import Span


def maintenances_of(desk: Desk, points: Sequence[LightPoint], bounds: Span) -> Mapping[str, list[Span]]:
    """Give for each light point the spans of the maintenances it had between two instants."""
    found: dict[str, list[Span]] = {}
    for record in desk.store.maintenances():
        maintenance = record.maintenance
        until = min(maintenance.until, record.ended_at or maintenance.until, bounds[1])
        if maintenance.start < until and until > bounds[0]:
            for point in points:
                if point.selected_by(maintenance.select):
                    found.setdefault(point.id, []).append((maintenance.start, until))
    return found
