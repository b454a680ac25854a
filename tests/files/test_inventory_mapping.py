from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightctl.domain.assets import Fleet, LifeCycle
from lightctl.domain.errors import InvalidInput
from lightctl.files.inventory import InventoryMapping, read_inventory, read_mapping, write_inventory

ROOT = Path(__file__).parents[2]
DC_MAPPING = ROOT / "schedules" / "dc" / "mapping.toml"
DC_REGISTER = ROOT.parent / "shared" / "data" / "dc_streetlights.csv"
MAPPING = """\
tags = { street = "Street Name" }
[columns]
id = "NR"
lat = "Y"
lon = "X"
kind = "ART"
rated_power_w = "KILOWATT"
[constants]
link = "field"
channel = 3
[templates]
node = "n-{id}"
cabinet = "{KVS}-{id}"
[values.kind]
"Zebra" = "crossing"
"*" = "street"
[units]
rated_power_w = "kW"
[null]
values = ["N/A", "?"]
[csv]
delimiter = ";"
decimal = ","
"""
HEAD = "NR;Y;X;ART;KILOWATT;KVS;Street Name;Spare\n"


def read(rows: str, mapping: str = MAPPING):
    return read_inventory(HEAD + rows, format="csv", mapping=read_mapping(mapping, "map.toml"), name="lights.csv")


def test_a_mapping_renames_sets_converts_and_composes():
    (point,) = read("7;51,43;6,76;Zebra;0,07;K1;Hohe Straße;x\n").points
    assert (point.id, point.latitude, point.longitude) == ("7", 51.43, 6.76)
    assert (point.kind, point.rated_power_w) == ("crossing", 70.0)
    assert (point.link, point.channel, point.node, point.cabinet) == ("field", 3, "n-7", "K1-7")
    assert point.tags == {"street": "Hohe Straße"}


def test_null_values_mean_that_nothing_is_known():
    (point,) = read("7;51;6;?;N/A;K1;N/A;x\n").points
    assert (point.kind, point.rated_power_w, point.tags) == ("", None, {})


def test_a_value_that_is_not_mapped_takes_the_stars_value_or_is_an_error():
    assert read("7;51;6;Mast;;K1;;\n").points[0].kind == "street"
    (error,) = read("7;51;6;Mast;;K1;;\n", MAPPING.replace('"*" = "street"\n', "")).errors
    assert (error.row, error.column, error.value) == (2, "ART", "Mast")
    assert "[values.kind]" in error.why


def test_a_template_with_nothing_to_put_in_is_an_error_that_names_the_column():
    (error,) = read("7;51;6;;;?;;\n").errors
    assert (error.row, error.column) == (2, "KVS")
    assert "template of cabinet" in error.why


def test_errors_name_their_column_and_their_value():
    read_ = read("7;91;6;;viel;K1;;\n")
    assert [(error.column, error.value) for error in read_.errors] == [("Y", "91"), ("KILOWATT", "viel")]


def test_tags_star_keeps_every_further_column():
    mapping = 'tags = "*"\n[columns]\nid = "NR"\nlat = "Y"\nlon = "X"\n'
    text = "NR,Y,X,ART,KVS\n7,51,6,Mast,K1\n"
    (point,) = read_inventory(text, format="csv", mapping=read_mapping(mapping, "m")).points
    assert point.tags == {"ART": "Mast", "KVS": "K1"}


def test_native_column_names_need_no_mapping():
    mapping = read_mapping('[constants]\naddress = "dc"\n', "m")
    (point,) = read_inventory("id,lat,lon,lamps\nA,1,1,4\n", format="csv", mapping=mapping).points
    assert (point.lamps, point.address) == (4, "dc")


@pytest.mark.parametrize(
    ("mapping", "why"),
    [
        ("[column]\n", "no table"),
        ('[columns]\nidd = "X"\n', "no key"),
        ("[columns]\nid = 1\n", "must be a text"),
        ('columns = "x"\n', "must be a table"),
        ("[constants]\nlamps = true\n", "a text or a number"),
        ('[units]\nrated_power_w = "MW"\n', "not a unit"),
        ('[units]\nlamps = "W"\n', "no key"),
        ('[null]\nvalues = "N/A"\n', "must be a list"),
        ('tags = "all"\n', "must be a list"),
        ('tags = ["Street Name"]\n', "cannot be a tag"),
        ('tags = ["lat"]\n', "would hide"),
        ('[csv]\ndelimiter = "x"\n', "delimiter"),
        ('[csv]\ndecimal = "x"\n', "decimal"),
        ('[columns]\nkind = "A"\n[constants]\nkind = "b"\n', "[columns] and in [constants]"),
        ('[templates]\nid = "{id}"\n', "another template"),
        ('[templates]\nnode = "n-{cabinet}"\ncabinet = "c"\n', "another template"),
        ("[values.kind]\na = 1\n", "must be a text"),
        ("x", "not TOML"),
        ("a = " + "[" * 5000, "not TOML"),
    ],
)
def test_a_wrong_mapping_is_refused_with_its_name(mapping, why):
    with pytest.raises(InvalidInput) as caught:
        read_mapping(mapping, "map.toml")
    assert caught.value.where == "map.toml"
    assert why in caught.value.why


def test_a_column_the_file_lacks_is_refused_with_a_suggestion():
    with pytest.raises(InvalidInput) as caught:
        read("", MAPPING.replace('"ART"', '"ARTT"'))
    assert "ARTT" in caught.value.why
    assert "Did you mean ART?" in caught.value.hint


@given(st.text(max_size=200))
def test_no_text_breaks_the_mapping_reader(text):
    try:
        assert isinstance(read_mapping(text, "m"), InventoryMapping)
    except InvalidInput as error:
        assert error.why  # noqa: PT017 - any other exception fails the test


@pytest.fixture(scope="module")
def washington():
    if not DC_REGISTER.exists():
        pytest.skip(f"the register of Washington, DC is not here ({DC_REGISTER.name} is not part of the project)")
    mapping = read_mapping(DC_MAPPING.read_text(encoding="utf-8"), DC_MAPPING.name)
    text = DC_REGISTER.read_text(encoding="utf-8")
    return read_inventory(text, format="csv", mapping=mapping, name=DC_REGISTER.name)


def test_all_of_washington_is_imported_and_its_oddities_are_noted(washington):
    assert (washington.rows, len(washington.points), washington.errors) == (3963, 3963, ())
    assert [note.row for note in washington.notes] == [3109, 3519]
    assert sum(point.lamps for point in washington.points) == 4800
    assert all(point.state is LifeCycle.IN_USE for point in washington.points)
    assert all(point.rated_power_w for point in washington.points)


def test_every_washington_light_is_one_native_node(washington):
    fleet = Fleet.of(washington.points, "America/New_York")
    assert len(fleet.nodes) == 3963
    assert {(node.profile, node.link, node.address) for node in fleet.nodes.values()} == {("native", "mqtt", "dc")}


def test_washington_is_told_apart_by_road(washington):
    count: dict[str, int] = {}
    for point in washington.points:
        count[point.road_class] = count.get(point.road_class, 0) + 1
    assert count == {"arterial": 2499, "collector": 866, "local": 591, "freeway": 7}


def test_washington_exports_and_reads_back(washington):
    assert read_inventory(write_inventory(washington.points, "csv"), format="csv").points == washington.points


def test_washingtons_mapping_reads_without_its_register():
    mapping = read_mapping(DC_MAPPING.read_text(encoding="utf-8"), DC_MAPPING.name)
    header = ",".join(sorted(mapping.source_columns()))
    cells = {"STREETLIGHTID": "7", "YCOORD": "38.9", "XCOORD": "-77", "ASSETSTATUS_DESC": "Active", "WATTAGE1": "N/A",
             "ROADCLASSIFICATION_DESC": "Local", "NUMBERLIGHTS": "2"}  # fmt: skip
    row = ",".join(cells.get(column, "N/A") for column in sorted(mapping.source_columns()))
    (point,) = read_inventory(f"{header}\n{row}\n", format="csv", mapping=mapping).points
    assert (point.node, point.address, point.lamps, point.rated_power_w) == ("dc-7", "dc", 2, None)
    assert point.road_class == "local"
    unknown = read_inventory(f"{header}\n{row.replace('Local', 'Alley')}\n", format="csv", mapping=mapping)
    assert [(error.column, error.value) for error in unknown.errors] == [("ROADCLASSIFICATION_DESC", "Alley")]
