from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightctl.domain.assets import LifeCycle, LightPoint
from lightctl.files.inventory import read_inventory, write_inventory

NAMES = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
# What an import can give: stripped, without control characters.
TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=20).map(str.strip)
POINTS = st.builds(
    LightPoint,
    id=NAMES,
    latitude=st.floats(-90, 90),
    longitude=st.floats(-180, 180),
    kind=TEXTS,
    road_class=TEXTS,
    lamps=st.integers(1, 10_000),
    rated_power_w=st.none() | st.floats(0, 1000).map(lambda value: round(value, 3)),
    standby_power_w=st.floats(0, 10).map(lambda value: round(value, 3)),
    min_level=st.integers(0, 100),
    cabinet=st.just("") | NAMES,
    profile=NAMES,
    link=NAMES,
    address=st.sampled_from(["", "centre", "10.0.0.7:502/3"]),
    state=st.sampled_from(LifeCycle),
    tags=st.dictionaries(st.sampled_from(["ward", "group", "note"]), TEXTS.filter(bool)),
)


@pytest.mark.parametrize("format", ["csv", "geojson"])
@given(points=st.lists(POINTS, max_size=5, unique_by=lambda point: point.id))
def test_what_is_exported_reads_back_as_the_same_light_points(format, points):  # noqa: A002
    read = read_inventory(write_inventory(points, format), format=format)
    assert read.errors == ()
    assert list(read.points) == points


@pytest.mark.parametrize("text", ["=1+1", "+49 203", "-x", "@SUM(A1)", "'=quoted", "'-x"])
def test_no_text_of_a_csv_export_starts_a_formula_and_it_reads_back_whole(text):
    point = LightPoint("-A", 1.0, -2.0, kind=text, tags={"note": text})
    written = write_inventory([point], "csv")
    (row,) = csv.DictReader(io.StringIO(written))
    assert (row["kind"], row["note"], row["id"]) == (f"'{text}", f"'{text}", "'-A")
    assert row["lon"] == "-2.0"
    assert read_inventory(written, format="csv").points == (point,)


def test_a_foreign_apostrophe_is_left_alone():
    (point,) = read_inventory("id,lat,lon,note\nA,1,1,'s Gravenweg\n", format="csv").points
    assert point.tags["note"] == "'s Gravenweg"
    assert "'s Gravenweg" in write_inventory([point], "csv")


def test_a_geojson_export_holds_wgs84_points_with_numbers_as_numbers():
    document = json.loads(write_inventory([LightPoint("A", 51.4, 6.7, rated_power_w=70.0)], "geojson"))
    (feature,) = document["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [6.7, 51.4]}
    assert feature["properties"]["rated_power_w"] == 70.0
    assert feature["properties"]["state"] == "in_use"
