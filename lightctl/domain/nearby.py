"""Nearby: which of a city's light points is nearest to a place, found in a grid instead of by asking all of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from lightctl.domain.assets import LightPoint
from lightctl.domain.distances import EARTH_RADIUS_M, distance_m

CELL_DEG = 0.002
_COLUMNS = round(360 / CELL_DEG)
_LAST_LATITUDE = 89.9

Place = tuple[float, float]


class Nearby:
    """Light points in cells of CELL_DEG, built once for a fleet; any place on earth may be asked for."""

    def __init__(self, points: Iterable[LightPoint]) -> None:
        """Sort the points into their cells."""
        self._cells: dict[tuple[int, int], list[LightPoint]] = {}
        for point in points:
            cell = _row(point.latitude), _column(point.longitude)
            self._cells.setdefault(cell, []).append(point)

    def nearest(self, place: Place, within_m: float) -> tuple[LightPoint, float] | None:
        """Give the nearest light point and how far it is (m), None where none is that near; of equals the lesser id."""
        found = min(
            (
                (distance_m(place, (point.latitude, point.longitude)), point.id, point)
                for cell in self._around(place, within_m)
                for point in self._cells.get(cell, ())
            ),
            default=None,
            key=lambda each: each[:2],
        )
        return None if found is None or found[0] > within_m else (found[2], found[0])

    def _around(self, place: Place, within_m: float) -> Iterator[tuple[int, int]]:
        north, east = place
        reach = math.degrees(within_m / EARTH_RADIUS_M)
        # A degree of longitude is shortest at the edge nearer to a pole; there a cell is a sliver, so all are asked.
        edge = min(abs(north) + reach, _LAST_LATITUDE)
        columns = math.ceil(reach / math.cos(math.radians(edge)) / CELL_DEG) if edge < _LAST_LATITUDE else _COLUMNS
        rows = range(_row(north - reach), _row(north + reach) + 1)
        if (2 * columns + 1) * len(rows) > len(self._cells):
            yield from self._cells
            return
        middle = _column(east)
        for row in rows:
            for column in range(middle - columns, middle + columns + 1):
                yield row, column % _COLUMNS


def _row(latitude: float) -> int:
    return math.floor(latitude / CELL_DEG)


def _column(longitude: float) -> int:
    return math.floor((longitude + 180) / CELL_DEG) % _COLUMNS
