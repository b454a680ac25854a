"""Open exports: what others read is what is known, in the words of their models, whole or not at all."""

from __future__ import annotations

import datetime as dt
import json

import jsonschema_rs
import pytest

from lightctl.app import steps
from lightctl.app.asking import Guard
from lightctl.app.exports.exporting import OpenFormat
from lightctl.app.exports.ngsi_ld import CONTEXT, MODEL_CONTEXT, urn
from lightctl.domain.states import ChannelReport, Fault, FaultEvent, ReportedState
from lightctl.store.base import Recorded
from tests.support.desk import NOW, OPERATOR, VIEWER, Office
from tests.support.ngsi_ld import OWN, entity

MORE = """id,lat,lon,kind,node,channel,lamps,cabinet,rated_power_w,luminaire,street,state
SEG,51.5,6.8,street,n-9,0,42,C-1,50,,"Straße ""7"" \\ <b>",in_use
BARE,-33.9,-70.6,,,0,1,,,,,planned
LED,51.6,6.9,street,n-8,0,1,C2,36,led-36,é,in_use
"""
SAID = ChannelReport(
    70, 70, power_w=35.5, energy_wh=1_234_567.0, voltage_v=230.1, current_a=0.16, power_factor=0.96, faults=()
)


@pytest.fixture
def street(office: Office) -> Office:
    """Six light points: one reports all there is, one is off, one a segment, one silent, one planned."""
    brought = office.operations.inventory_import(
        OPERATOR, MORE, format="csv", name="more.csv", mapping=None, skip_bad_rows=False, guard=Guard()
    )
    assert brought.errors == ()
    long_ago = NOW - dt.timedelta(days=1)
    reports = (
        ReportedState("n-1", NOW, {0: SAID}, "b1", 1, NOW, 1),
        ReportedState("n-2", NOW, {0: ChannelReport(0, 0, power_w=0.5)}, "b1", 1, NOW, 1),
        ReportedState("n-8", long_ago, {0: ChannelReport(100, 100)}, "b1", 1, long_ago, 1),
        ReportedState("n-9", NOW, {0: ChannelReport(100, 100, power_w=2100.0)}, "b1", 1, NOW, 1),
    )
    office.store.commit(
        Recorded(
            reported=reports,
            seen=tuple((report.node, report.received_at) for report in reports),
            faults=(Fault(FaultEvent.LAMP_FAILURE, "light point", "LP2", NOW),),
        )
    )
    return office


def written(office: Office, format: OpenFormat, select: str = "*"):  # noqa: A002
    text = b"".join(office.operations.export(VIEWER, format, select)).decode()
    found = json.loads(text)
    lights = len(found if isinstance(found, list) else found["features"])
    assert len(text.splitlines()) == lights + 2 or not lights
    return found


def by_id(entities) -> dict[str, dict]:
    return {each["id"].rpartition(":")[2]: each for each in entities}


def test_every_entity_is_one_of_the_smart_data_models(street):
    found = written(street, OpenFormat.NGSI_LD)
    assert len(found) == 6
    for each in found:
        errors = [error.message for error in jsonschema_rs.validator_for(entity(each["type"])).iter_errors(each)]
        assert errors == []


def test_the_schema_would_find_a_wrong_word(street):
    (each,) = written(street, OpenFormat.NGSI_LD, "id=LP1")
    valid = jsonschema_rs.validator_for(entity("Streetlight"))
    assert valid.is_valid(each)
    for name, value in (("powerState", "dimmed"), ("illuminanceLevel", 70), ("status", "fine")):
        assert not valid.is_valid(each | {name: each[name] | {"value": value}})
    assert not valid.is_valid(each | {"watts": {"type": "Property", "value": 1}})
    assert not valid.is_valid({key: value for key, value in each.items() if key != "status"})


def test_what_a_lamp_measured_is_there_with_unit_and_instant(street):
    (lamp,) = written(street, OpenFormat.NGSI_LD, "id=LP1")
    at = "2026-12-04T18:00:00.000Z"
    assert lamp["id"] == "urn:ngsi-ld:Streetlight:LP1"
    assert lamp["location"]["value"]["coordinates"] == [6.7623, 51.4344]
    assert lamp["powerState"] == {"type": "Property", "value": "low", "observedAt": at}
    assert lamp["illuminanceLevel"]["value"] == 0.7
    assert lamp["powerConsumption"] == {"type": "Property", "value": 35.5, "unitCode": "WTT", "observedAt": at}
    assert lamp["lifetimePowerConsumption"] == {
        "type": "Property", "value": 1234.567, "unitCode": "KWH", "observedAt": at,
    }  # fmt: skip
    assert (lamp["voltage"]["value"], lamp["current"]["value"], lamp["powerFactor"]["value"]) == (230.1, 0.16, 0.96)
    assert (lamp["powerRating"]["value"], lamp["status"]["value"], lamp["reason"]["value"]) == (50, "ok", "program")


def test_a_broken_lamp_is_defective_and_one_that_is_off_is_off(street):
    lamp = by_id(written(street, OpenFormat.NGSI_LD))["LP2"]
    assert (lamp["status"]["value"], lamp["powerState"]["value"]) == ("defectiveLamp", "off")
    assert lamp["faults"]["value"] == ["lampFailure"]


def test_what_is_not_known_is_left_out_and_a_silent_lamp_says_since_when(street):
    found = by_id(written(street, OpenFormat.NGSI_LD))
    assert {"powerState", "illuminanceLevel", "powerConsumption"} & found["ZEBRA"].keys() == set()
    assert "observedAt" not in found["ZEBRA"]["status"]
    silent = found["LED"]
    assert (silent["reachable"]["value"], silent["settled"]["value"]) == (False, False)
    assert silent["powerState"]["observedAt"] == "2026-12-03T18:00:00.000Z"
    assert silent["refStreetlightModel"]["object"] == "urn:ngsi-ld:StreetlightModel:led-36"
    assert "powerRating" not in found["BARE"]


def test_the_lamps_of_a_segment_are_a_group_with_its_cabinet(street):
    segment = by_id(written(street, OpenFormat.NGSI_LD))["SEG"]
    assert (segment["type"], segment["powerState"]["value"]) == ("StreetlightGroup", "on")
    assert segment["refStreetlightControlCabinet"]["object"] == "urn:ngsi-ld:StreetlightControlCabinet:C-1"
    assert "status" not in segment


def test_the_context_is_that_of_the_model_and_explains_each_of_our_own_terms():
    assert CONTEXT[0] == MODEL_CONTEXT
    assert set(CONTEXT[1]) == set(OWN)
    assert urn("Streetlight", "a b:ü") == "urn:ngsi-ld:Streetlight:a%20b%3A%C3%BC"


def test_geojson_shows_plan_report_and_tags_flat(street):
    found = written(street, OpenFormat.GEOJSON)
    assert found["type"] == "FeatureCollection"
    features = {each["id"]: each for each in found["features"]}
    lamp = features["LP1"]["properties"]
    assert (lamp["level_due"], lamp["level"], lamp["power_w"], lamp["settled"]) == (100, 70, 35.5, False)
    assert (lamp["reason"], lamp["reported_at"], lamp["tag_group"]) == ("program", "2026-12-04T18:00:00.000Z", "street")
    assert features["LP2"]["properties"]["faults"] == "lampFailure"
    assert features["SEG"]["properties"]["tag_street"] == 'Straße "7" \\ <b>'
    assert features["BARE"]["geometry"]["coordinates"] == [-70.6, -33.9]
    assert features["BARE"]["properties"]["level_due"] is None
    flat = [v for each in features.values() for v in each["properties"].values() if isinstance(v, list | dict)]
    assert flat == []
    assert {tuple(each["properties"])[:10] for each in features.values()} == {tuple(features["LP1"]["properties"])[:10]}


@pytest.mark.parametrize("format", list(OpenFormat))
def test_a_selector_that_names_nobody_gives_an_empty_document(street, format):  # noqa: A002
    found = written(street, format, "id=NOBODY")
    assert found == ([] if format is OpenFormat.NGSI_LD else {"type": "FeatureCollection", "features": []})


@pytest.mark.parametrize("format", list(OpenFormat))
@pytest.mark.parametrize("size", [1, 2, 5, 6, 7])
def test_parts_of_any_size_make_the_same_document(street, monkeypatch, format, size):  # noqa: A002
    whole = written(street, format)
    monkeypatch.setattr(steps, "PART", size)
    assert written(street, format) == whole


def test_what_changes_while_an_export_goes_on_does_not_mix_into_it(street, monkeypatch):
    monkeypatch.setattr(steps, "PART", 3)
    parts = street.operations.export(VIEWER, OpenFormat.GEOJSON)
    first = next(parts)
    street.operations.inventory_import(
        OPERATOR, "id,lat,lon\nNEW,51,6\n", format="csv", name="n.csv", mapping=None, skip_bad_rows=False, guard=Guard()
    )
    text = first + b"".join(parts)
    assert text.count(b'"type":"Feature"') == 6
