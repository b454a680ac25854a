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
HIGHEST_DECLINATION_DEG = 23.45
# (least margin, cell height, cell width), all in degrees; tests/planning measures what they promise.
TIERS = ((5.5, 0.01, 0.01), (0.5, 0.002, 0.01))


def place_cell(point: LightPoint, time_zone: str, depth_deg: float = USUAL_DEPTH_DEG) -> Place:
    """Give the place whose sun a light point follows; `depth_deg` is the farthest altitude from 0 that is asked for."""
    margin = 90.0 - HIGHEST_DECLINATION_DEG - abs(point.latitude) - max(depth_deg, USUAL_DEPTH_DEG)
    for least, height, width in TIERS:
        if margin >= least:
            return Place(_centre(point.latitude, height), _centre(point.longitude, width), time_zone)
    return Place(point.latitude, point.longitude, time_zone)


def outermost(points: Sequence[LightPoint], time_zone: str) -> list[Place]:
    """Give the places of the southernmost, northernmost, westernmost and easternmost light point; none of none."""
    ends = [
        most(points, key=attrgetter(degrees)) for degrees in ("latitude", "longitude") for most in (min, max) if points
    ]
    return [Place(each.latitude, each.longitude, time_zone) for each in {each.id: each for each in ends}.values()]


def _centre(degrees: float, size: float) -> float:
    return round(round(degrees / size) * size, 6)
