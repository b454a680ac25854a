"""Matching: which light point a citizen means, by the number on its mast or else by the place.

Built once for a fleet: a grid of the light points in use, and the plates of all that stand in the street.
"""

from __future__ import annotations

from lightctl.domain.assets import Fleet, LifeCycle, LightPoint
from lightctl.domain.distances import distance_m
from lightctl.domain.nearby import Nearby, Place
from lightctl.store.citizens import Belonging

# A number read off a mast counts even where the phone's place is bad, but not on the other side of the town.
BELIEVED_M = 500.0
_STANDING = frozenset({LifeCycle.INSTALLED, LifeCycle.IN_USE, LifeCycle.MAINTENANCE})


class Matching:
    """The light points of a fleet, ready to be found."""

    def __init__(self, fleet: Fleet, plate_tag: str) -> None:
        """Sort the fleet; `plate_tag` names the tag that holds what is written on the mast."""
        self._nearby = Nearby(point for point in fleet.points.values() if point.state is LifeCycle.IN_USE)
        self._plates: dict[str, LightPoint | None] = {}
        standing = [point for point in fleet.points.values() if point.state in _STANDING]
        for point in standing:
            plate = _bare(point.tags.get(plate_tag, ""))
            if plate:
                self._plates[plate] = None if plate in self._plates else point
        for point in standing:  # an id is what it says, whatever plate looks like it
            self._plates[_bare(point.id)] = point

    def belongs(self, plates: tuple[str, ...], place: Place | None, within_m: float) -> Belonging:
        """Give the light point meant: the first plate that is one, else the nearest in use; none where none fits."""
        for plate in plates:
            point = self._plates.get(_bare(plate))
            if point is None:
                continue
            away = None if place is None else distance_m(place, (point.latitude, point.longitude))
            if away is None or away <= BELIEVED_M:
                return belonging(point, away)
        found = None if place is None else self._nearby.nearest(place, within_m)
        return Belonging() if found is None else belonging(*found)


def belonging(point: LightPoint, away_m: float | None = None) -> Belonging:
    """Say where a report belongs that means a light point."""
    return Belonging(point.id, point.node, point.cabinet, None if away_m is None else round(away_m, 1))


def _bare(text: str) -> str:
    """Give a plate as people read it: capitals, spaces and dashes do not count."""
    return "".join(each for each in text.casefold() if each.isalnum())
