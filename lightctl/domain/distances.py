"""Distances on the ground, for people who stand in front of a pole: metres, good to a few parts in a thousand."""

from __future__ import annotations

import math

EARTH_RADIUS_M = 6_371_008.8


def distance_m(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Give the great-circle distance (m) between two places, each (degrees north, degrees east)."""
    north, other_north = math.radians(here[0]), math.radians(there[0])
    half_north = (other_north - north) / 2
    half_east = math.radians(there[1] - here[1]) / 2
    chord = math.sin(half_north) ** 2 + math.cos(north) * math.cos(other_north) * math.sin(half_east) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(chord)))
