from __future__ import annotations

import datetime as dt
from itertools import product

import pytest

from lightctl.domain.assets import LightPoint, Place
from lightctl.planning.cells import place_cell
from lightctl.planning.sun import SunNight

NIGHTS = [dt.date(2026, 1, 1) + dt.timedelta(days=day) for day in range(0, 365, 9)] + [
    dt.date(2026, 6, 20),
    dt.date(2026, 12, 21),
]


@pytest.mark.parametrize(
    ("latitude", "height"),
    [
        *((latitude, 0.01) for latitude in (0.0, -33.0, 38.9, 51.43, -54.0, 55.04)),
        *((latitude, 0.002) for latitude in (55.11, 57.7, 59.92, 60.04)),
        *((latitude, 0.0) for latitude in (60.18, 64.15, 69.65, 78.2)),
    ],
)
def test_no_lamp_is_off_its_own_sun_by_more_than_five_seconds_from_sunset_to_civil_dawn(latitude, height):
    cell = place_cell(LightPoint("x", latitude, 6.76), "UTC")
    for north, east in product((-0.49, 0.49), repeat=2):
        point = LightPoint("x", cell.latitude + north * height, cell.longitude + east * 0.01)
        shared = place_cell(point, "UTC")
        assert (shared == cell) is (height > 0)
        for date in NIGHTS:
            for altitude in (-0.833, -6.0):
                own = SunNight.of(Place(point.latitude, point.longitude, "UTC"), date).passages(altitude)
                theirs = SunNight.of(shared, date).passages(altitude)
                assert len(own) == len(theirs)
                for one, two in zip(own, theirs, strict=True):
                    assert abs(one.at - two.at) <= dt.timedelta(seconds=5)


def test_neighbours_share_a_cell_up_to_sixty_degrees_and_have_their_own_sun_beyond():
    def shared(latitude: float) -> bool:
        cells = {place_cell(LightPoint("x", latitude + n * 0.0003, 10.0), "UTC") for n in range(3)}
        return len(cells) == 1

    assert shared(51.43)
    assert shared(-36.85)
    assert shared(59.91)
    assert not shared(64.1)


def test_deeper_angles_make_cells_smaller_where_the_sun_would_graze_them():
    point = LightPoint("x", 53.5512, 9.9931)
    usual, nautical = place_cell(point, "UTC"), place_cell(point, "UTC", 12.0)
    assert usual == Place(53.55, 9.99, "UTC")
    assert abs(nautical.latitude - point.latitude) < abs(usual.latitude - point.latitude)
    assert place_cell(point, "UTC", 18.0) == Place(point.latitude, point.longitude, "UTC")


def test_a_city_of_twenty_kilometres_has_a_few_hundred_cells():
    cells = {
        place_cell(LightPoint("x", 51.35 + north * 0.002, 6.65 + east * 0.003), "Europe/Berlin")
        for north in range(90)
        for east in range(100)
    }
    assert 300 < len(cells) < 700


def test_cells_are_written_with_the_figures_people_would_write():
    for point in (LightPoint("x", 51.4344, 6.7623), LightPoint("x", -0.1807, -78.4678)):
        cell = place_cell(point, "UTC")
        assert all(len(repr(value)) <= 7 for value in (cell.latitude, cell.longitude))
