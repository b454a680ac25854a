from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightctl.domain.assets import Fleet, LifeCycle
from lightctl.domain.errors import InvalidInput
from lightctl.files.inventory import InventoryRead, diff_inventory, merge_inventory, read_inventory

HEAD = "id,lat,lon,kind,road_class,lamps,rated_power_w,standby_power_w,min_level,node,channel,cabinet,profile,link,address,state,district\n"  # noqa: E501
FULL = "LP1,51.43,6.76,street,local,2,70.5,0.4,10,n-1,1,KVS-7,native,mqtt,centre,maintenance,Altstadt\n"


def csv(text: str, **options) -> InventoryRead:
    return read_inventory(text, format="csv", name="lights.csv", **options)


def feature(properties, coordinates=(6.76, 51.43), **more) -> dict[str, object]:
    geometry = {"type": "Point", "coordinates": list(coordinates)}
    return {"type": "Feature", "properties": properties, "geometry": geometry, **more}


def geojson(*features, **more) -> InventoryRead:
    document = json.dumps({"type": "FeatureCollection", "features": features, **more})
    return read_inventory(document, format="geojson", name="lights.geojson")


def test_every_native_column_is_read():
    read = csv(HEAD + FULL)
    assert read.errors == ()
    (point,) = read.points
    assert (point.id, point.latitude, point.longitude) == ("LP1", 51.43, 6.76)
    assert (point.kind, point.road_class, point.lamps) == ("street", "local", 2)
    assert (point.rated_power_w, point.standby_power_w, point.min_level) == (70.5, 0.4, 10)
    assert (point.node, point.channel, point.cabinet) == ("n-1", 1, "KVS-7")
    assert (point.profile, point.link, point.address) == ("native", "mqtt", "centre")
    assert point.state is LifeCycle.MAINTENANCE
    assert point.tags == {"district": "Altstadt"}


def test_what_is_left_empty_has_the_defaults():
    (point,) = csv("id,lat,lon,rated_power_w,lamps,state,district\nLP1,51.43,6.76,,,,\n").points
    assert (point.rated_power_w, point.lamps, point.state, point.tags) == (None, 1, LifeCycle.IN_USE, {})


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("lat", "91", "outside -90..90"),
        ("lat", "", "needs a position"),
        ("lat", "nan", "not a number"),
        ("lat", "inf", "not a number"),
        ("lat", "1e99", "outside"),
        ("lat", "51,43", "decimal comma"),
        ("lon", "-180.01", "outside -180..180"),
        ("lon", "6_7", "not a number"),
        ("lon", "\u0666", "not a number"),
        ("id", "", "needs an id"),
        ("id", "LP 1", "not a name"),
        ("id", "x" * 65, "not a name"),
        ("lamps", "0", "outside 1.."),
        ("lamps", "1.5", "not an integer"),
        ("rated_power_w", "N/A", "not a number"),
        ("rated_power_w", "-1", "outside 0.."),
        ("standby_power_w", "much", "not a number"),
        ("min_level", "101", "outside 0..100"),
        ("channel", "-1", "outside 0.."),
        ("node", "n/1", "not a name"),
        ("link", "m q", "not a name"),
        ("address", "a/#", "none of + and #"),
        ("state", "In Use", "in_use"),
        ("district", "a\x07b", "control characters"),
        ("kind", "k" * 501, "too long"),
    ],
)
def test_a_wrong_cell_is_an_error_with_row_column_value_and_why(column, value, why):
    columns, cells = HEAD.strip().split(","), FULL.strip().split(",")
    cells[columns.index(column)] = f'"{value}"'
    read = csv(HEAD + FULL.replace("LP1", "LP0").replace("n-1", "n-0") + ",".join(cells) + "\n")
    assert [point.id for point in read.points] == ["LP0"]
    assert [(error.row, error.column, error.value) for error in read.errors] == [(3, column, value)]
    assert why in read.errors[0].why


def test_all_errors_of_a_row_come_at_once():
    read = csv("id,lat,lon,lamps\nLP 1,91,x,0\n")
    assert [error.column for error in read.errors] == ["id", "lat", "lon", "lamps"]
    assert read.rows == 1


def test_a_double_id_names_the_first_row():
    read = csv("id,lat,lon\nA,1,1\nB,1,2\nA,1,3\n")
    assert [(error.row, error.column, error.value) for error in read.errors] == [(4, "id", "A")]
    assert "row 2" in read.errors[0].why
    assert [point.id for point in read.points] == ["A", "B"]


def test_two_light_points_on_one_channel_are_never_let_in():
    read = csv("id,lat,lon,node,channel\nA,1,1,n,0\nB,1,2,n,1\nC,1,3,n,1\n")
    assert [(error.row, error.column) for error in read.errors] == [(4, "channel")]
    assert "already switches B in row 3" in read.errors[0].why


def test_a_node_described_two_ways_is_an_error():
    read = csv("id,lat,lon,node,channel,address\nA,1,1,n,0,x\nB,1,2,n,1,y\n")
    assert [(error.row, error.column, error.value) for error in read.errors] == [(3, "address", "y")]


def test_a_retired_light_point_leaves_its_channel_free():
    assert csv("id,lat,lon,node,state\nA,1,1,n,retired\nB,1,1,n,in_use\n").errors == ()


def test_two_lights_at_one_position_are_noted_and_let_in():
    read = csv("id,lat,lon\nA,1,1\nB,1,1\n")
    assert (len(read.points), read.errors) == (2, ())
    assert [(note.row, note.value) for note in read.notes] == [(3, "1.000000,1.000000")]
    assert "A of row 2" in read.notes[0].why


def test_unknown_profiles_and_links_are_errors_where_the_known_ones_are_given():
    read = csv("id,lat,lon,profile,link\nA,1,1,nativ,mqtt\nB,1,2,native,bus\n", profiles=["native"], links=["mqtt"])
    assert [(error.row, error.column) for error in read.errors] == [(2, "profile"), (3, "link")]
    assert "Did you mean native?" in read.errors[0].why


def test_rows_count_as_in_a_spreadsheet():
    read = csv('id,lat,lon,note\nA,1,1,"two\nlines"\n\nB,x,1,\n')
    assert [(error.row, error.column) for error in read.errors] == [(4, "lat")]
    assert read.rows == 2


def test_a_row_of_another_length_is_an_error():
    read = csv("id,lat,lon\nA,1,1,2\nB,1\n")
    assert [(error.row, error.why) for error in read.errors] == [
        (2, "the row has 4 cells, the header 3"),
        (3, "the row has 2 cells, the header 3"),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter):
    text = "\ufeffid,lat,lon\r\nA,1.5,1\r\n".replace(",", delimiter)
    assert [point.latitude for point in csv(text).points] == [1.5]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("lat,lon\n1,1\n", "no column id"),
        ("id,lat\nA,1\n", "no column lon"),
        ("id,lat,lon,lat\nA,1,1,1\n", "twice"),
        ("id,lat,lon,\nA,1,1,1\n", "no name"),
        ("id,lat,lon,Street Name\nA,1,1,1\n", "cannot be a tag"),
        ('id,lat,lon\n"A"x,1,1\n', "not CSV"),
        ('id,lat,lon\n"A,1,1\n', "not CSV"),
        ("id,lat,lon\n" + "x" * 200_000 + ",1,1\n", "not CSV"),
    ],
)
def test_a_file_that_cannot_be_read_as_a_whole_is_refused_with_its_name(text, why):
    with pytest.raises(InvalidInput) as caught:
        csv(text)
    assert why in caught.value.why
    assert caught.value.where.startswith("lights.csv")


def test_geojson_points_are_light_points():
    read = geojson(feature({"id": "LP1", "lamps": 2, "rated_power_w": 70.5, "ward": 6, "new": True, "old": None}))
    assert read.errors == ()
    (point,) = read.points
    assert (point.latitude, point.longitude, point.lamps, point.rated_power_w) == (51.43, 6.76, 2, 70.5)
    assert point.tags == {"ward": "6", "new": "true"}


def test_a_geojson_feature_id_serves_as_id():
    assert [point.id for point in geojson(feature({}, id="LP9")).points] == ["LP9"]


def test_odd_features_are_errors_of_their_number():
    line = {"type": "Feature", "properties": {"id": "B"}, "geometry": {"type": "LineString", "coordinates": []}}
    read = geojson(
        feature({"id": "A"}), line, feature({"id": "C"}, (200, 1)), {"type": "Point"}, feature({"id": "D", "x": {}}),
        feature({"id": "E"}, ("6.7", "51.4")), feature(None), feature([1]), 7,
    )  # fmt: skip
    assert [point.id for point in read.points] == ["A"]
    assert [error.row for error in read.errors] == [2, 3, 4, 5, 6, 7, 8, 9]
    assert read.rows == 9


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not GeoJSON"),
        ("[]", "FeatureCollection"),
        ('{"type": "FeatureCollection"}', "features"),
        ('{"type": "FeatureCollection", "features": [NaN]}', "NaN"),
        ('{"type": "FeatureCollection", "type": "x"}', "twice"),
        ("[" * 100_000, "not GeoJSON"),
    ],
)
def test_what_is_no_feature_collection_is_refused(text, why):
    with pytest.raises(InvalidInput) as caught:
        read_inventory(text, format="geojson", name="x.geojson")
    assert why in caught.value.why


def test_coordinates_of_another_system_are_refused():
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::25832"}}
    with pytest.raises(InvalidInput, match="WGS 84"):
        geojson(feature({"id": "A"}), crs=crs)
    wgs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    assert len(geojson(feature({"id": "A"}), crs=wgs).points) == 1


CELLS = st.one_of(
    st.sampled_from(["", "A", "B", "1", "-1", "91", "nan", "n", "0", "retired", "native", "=1+1", "1e5", " "]),
    st.text(max_size=8),
)  # fmt: skip


@given(st.lists(st.tuples(*[CELLS] * 8), max_size=8))
def test_whatever_the_cells_the_points_given_make_a_fleet(rows):
    import csv as writer  # noqa: PLC0415
    import io  # noqa: PLC0415

    out = io.StringIO(newline="")
    table = writer.writer(out)
    table.writerow(["id", "lat", "lon", "node", "channel", "address", "state", "note"])
    table.writerows(rows)
    try:
        read = csv(out.getvalue())
    except InvalidInput as error:
        assert error.why  # noqa: PT017 - any other exception fails the test
        return
    Fleet.of(read.points, "Europe/Berlin")
    assert len({error.row for error in read.errors}) + len(read.points) == read.rows


@pytest.mark.parametrize("format", ["csv", "geojson"])
@given(text=st.text(max_size=300))
def test_no_text_raises_anything_but_invalid_input(format, text):  # noqa: A002
    try:
        read_inventory(text, format=format)
    except InvalidInput as error:
        assert error.why  # noqa: PT017 - any other exception fails the test


def test_a_diff_names_every_field_with_old_and_new():
    before = {point.id: point for point in csv("id,lat,lon,lamps,ward\nA,1,1,1,6\nB,1,2,1,6\nC,1,3,1,6\n").points}
    after = csv("id,lat,lon,lamps,ward\nA,1,1,1,6\nB,1,2.5,2,7\nD,1,4,1,6\n").points
    diff = diff_inventory(before, after)
    assert (diff.added, diff.unchanged, diff.absent) == (("D",), ("A",), ("C",))
    (change,) = diff.changed
    assert change.id == "B"
    assert [(one.field, one.old, one.new) for one in change.fields] == [
        ("lon", "2.0", "2.5"),
        ("lamps", "1", "2"),
        ("tags.ward", "6", "7"),
    ]


def test_an_upsert_changes_only_what_the_file_speaks_of():
    before = {point.id: point for point in csv(HEAD + FULL).points}
    read = csv("id,lat,lon,state,ward\nLP1,51.5,6.76,in_use,3\nLP2,51,6,planned,4\n")
    first, second = merge_inventory(before, read.points, read.columns)
    assert (first.latitude, first.state, first.kind, first.lamps) == (51.5, LifeCycle.IN_USE, "street", 2)
    assert first.tags == {"district": "Altstadt", "ward": "3"}
    assert (second.id, second.kind) == ("LP2", "")


def test_an_upsert_takes_away_a_tag_the_file_leaves_empty():
    before = {point.id: point for point in csv("id,lat,lon,ward\nA,1,1,6\n").points}
    read = csv("id,lat,lon,ward\nA,1,1,\n")
    assert merge_inventory(before, read.points, read.columns)[0].tags == {}
