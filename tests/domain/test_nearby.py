from __future__ import annotations

import random

import pytest

from lightctl.domain.assets import LightPoint
from lightctl.domain.distances import distance_m
from lightctl.domain.nearby import Nearby

PLACES = [
    (51.4344, 6.7623),
    (0.0, 0.0),
    (-33.9, 151.2),
    (64.1, -21.9),
    (10.0, 179.9999),
    (10.0, -179.9999),
    (89.95, 12.0),
    (-90.0, 0.0),
    (90.0, 180.0),
]


def brute(points: list[LightPoint], place: tuple[float, float], within_m: float) -> str | None:
    away, name = min((distance_m(place, (p.latitude, p.longitude)), p.id) for p in points)
    return name if away <= within_m else None


@pytest.mark.parametrize("place", PLACES)
def test_the_grid_finds_what_asking_all_of_them_finds_anywhere_on_earth(place):
    draw = random.Random(str(place))
    spread = [
        (
            max(-90.0, min(90.0, place[0] + draw.uniform(-0.02, 0.02))),
            (place[1] + draw.uniform(-0.02, 0.02) * draw.choice((1, 1, 1000)) + 180) % 360 - 180,
        )
        for _ in range(400)
    ]
    points = [LightPoint(f"LP{number}", *where) for number, where in enumerate(spread)]
    nearby = Nearby(points)
    hits = 0
    for _ in range(200):
        asked = (max(-90.0, min(90.0, place[0] + draw.uniform(-0.02, 0.02))), place[1] + draw.uniform(-0.02, 0.02))
        asked = (asked[0], (asked[1] + 180) % 360 - 180)
        within = draw.choice((5.0, 30.0, 200.0, 1000.0))
        found = nearby.nearest(asked, within)
        assert (None if found is None else found[0].id) == brute(points, asked, within)
        hits += found is not None
    assert hits


def test_of_light_points_equally_near_the_lesser_id_is_given():
    points = [LightPoint("B", 51.0, 7.0), LightPoint("A", 51.0, 7.0)]
    found = Nearby(points).nearest((51.0, 7.0), 1)
    assert found is not None
    assert (found[0].id, found[1]) == ("A", 0.0)


def test_of_no_light_points_none_is_near():
    assert Nearby(()).nearest((51.0, 7.0), 1000) is None
