from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from lightctl.domain.assets import Place
from lightctl.domain.errors import InvalidInput
from simulators.fleet import build_fleet
from simulators.inventory import read_mounted
from simulators.specs import FleetSpec

NOW = dt.datetime(2026, 12, 21, 14, 0, tzinfo=dt.UTC)
ROWS = """id,node,address,lat,lon,rated_power_w,channel,profile,state,controller
LP1,n1,west,51.45,7.01,80,0,,in_use,carrying
LP2,n1,west,51.46,7.01,40,1,native,in_use,carrying
LP3,n2,,51.47,7.02,,0,native,in_use,live
LP4,,,51.47,7.02,60,0,native,in_use,live
LP5,n5,,51.47,7.02,60,0,native,retired,live
LP6,cab1,3,51.47,7.02,60,0,cabinet,in_use,live
"""


def fleet(tmp_path: Path, **more: object) -> list[str]:
    path = tmp_path / "city.csv"
    path.write_text(ROWS)
    place = Place(0.0, 0.0, "Europe/Berlin")
    spec = FleetSpec("native", inventory=path, place=place, rated_power_w=55.0, **more)  # type: ignore[arg-type]
    return [
        f"{built.setup.id}@{built.setup.area}: "
        + " ".join(f"{ch}={built.setup.points[ch]},{kind.rated_power_w:g}W" for ch, kind in built.setup.outputs.items())
        for built in build_fleet(spec, NOW, seed=1)
    ]


def test_light_points_of_one_node_become_its_channels_with_their_own_power(tmp_path):
    assert fleet(tmp_path) == ["n1@west: 0=LP1,80W 1=LP2,40W", "n2@main: 0=LP3,55W"]


def test_a_fleet_can_take_the_rows_with_a_certain_column_only(tmp_path):
    assert fleet(tmp_path, where={"controller": "live"}) == ["n2@main: 0=LP3,55W"]


def test_a_row_that_is_no_number_is_named(tmp_path):
    with pytest.raises(InvalidInput) as caught:
        read_mounted(ROWS.replace("51.46", "north"), "city.csv", profile="native", where={})
    assert str(caught.value).startswith("city.csv:3: lat is 'north'")


def test_missing_columns_are_named():
    with pytest.raises(InvalidInput, match="columns are missing: lat, lon"):
        read_mounted("id,node\n", "city.csv", profile="native", where={})


def test_a_nodes_clock_depends_on_seed_and_id_alone():
    def clocks(ids: tuple[str, ...], seed: int) -> dict[str, float]:
        spec = FleetSpec("native", ids=ids, clock_drift_ppm=(-50, 50))
        return {built.setup.id: built.clock.drift_ppm for built in build_fleet(spec, NOW, seed)}

    assert clocks(("a", "b", "c"), 1)["b"] == clocks(("b",), 1)["b"]
    assert clocks(("b",), 1) != clocks(("b",), 2)
