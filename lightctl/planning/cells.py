"""Place cells: light points close together share one sun, and with it their compiled nights.

A cell is small enough that no lamp switches more than 5 s off its own sun. How fast a passage moves across the ground
grows without bound where the sun only just passes the altitude, so cells shrink with the margin between the altitude
and the sun's lowest midnight (or highest noon) at that latitude in the year. For sunset to civil twilight (6 degrees):
0.01 degrees up to 55 degrees of latitude, finer strips up to 60, and from there every light point its own sun.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from lightctl.domain.assets import LightPoint, Place
from lightctl.domain.programs import DUSK_ALTITUDE_DEG

USUAL_DEPTH_DEG = abs(DUSK_ALTITUDE_DEG)
MARGIN_DEG = 90.0 - 23.45  # at the equator: the sun's lowest noon, and its least depth at midnight
# (least margin, cell height, cell width), all in degrees; tests/planning measures what they promise.
TIERS = ((5.5, 0.01, 0.01), (0.5, 0.002, 0.01))


Cell = tuple[float, float, float, float]


def cell_of(point: LightPoint, depth_deg: float) -> Cell:
    """Give the cell a light point lies in: row, column, height and width.

    depth_deg: the farthest altitude from 0 that is asked for, USUAL_DEPTH_DEG at least. A light point that shares its
    sun with nobody is a cell of its own: its position, without height and width.
    """
    margin = MARGIN_DEG - abs(point.latitude) - depth_deg
    for least, height, width in TIERS:
        if margin >= least:
            return round(point.latitude / height), round(point.longitude / width), height, width
    return point.latitude, point.longitude, 0.0, 0.0


def middle_of(cell: Cell, time_zone: str) -> Place:
    """Give the place whose sun all light points of a cell follow."""
    row, column, height, width = cell
    if not height:
        return Place(row, column, time_zone)
    return Place(round(row * height, 6), round(column * width, 6), time_zone)


def place_cell(point: LightPoint, time_zone: str, depth_deg: float = USUAL_DEPTH_DEG) -> Place:
    """Give the place whose sun a light point follows."""
    return middle_of(cell_of(point, max(depth_deg, USUAL_DEPTH_DEG)), time_zone)


def outermost(points: Sequence[LightPoint], time_zone: str) -> list[Place]:
    """Give the places of the southernmost, northernmost, westernmost and easternmost light point; none of none."""
    ends = [
        most(points, key=attrgetter(degrees)) for degrees in ("latitude", "longitude") for most in (min, max) if points
    ]
    return [Place(each.latitude, each.longitude, time_zone) for each in {each.id: each for each in ends}.values()]
