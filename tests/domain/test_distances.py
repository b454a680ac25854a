"""Distances between places, against figures from outside."""

import pytest

from lightctl.domain.distances import distance_m

DUISBURG = (51.4344, 6.7623)


@pytest.mark.parametrize(
    ("here", "there", "metres"),
    [
        (DUISBURG, DUISBURG, 0.0),
        ((0.0, 0.0), (0.0, 1.0), 111_195.08),  # a degree of a great circle of the mean earth, 6371.0088 km
        ((52.5200, 13.4050), (48.8566, 2.3522), 877_460.0),  # Berlin and Paris by the haversine formula
        ((0.0, 179.9999), (0.0, -179.9999), 22.24),
        ((90.0, 0.0), (-90.0, 50.0), 20_015_114.0),
    ],
)
def test_a_distance_is_that_of_the_great_circle(here, there, metres):
    assert distance_m(here, there) == pytest.approx(metres, rel=1e-4, abs=1e-6)
    assert distance_m(there, here) == distance_m(here, there)
