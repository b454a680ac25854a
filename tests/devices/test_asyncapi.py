"""The AsyncAPI document says of every topic and every field what the codec does, judged by a JSON Schema validator."""

from __future__ import annotations

import copy
import datetime as dt
import functools
import json
from collections.abc import Callable, Iterator
from importlib import resources

import jsonschema_rs
import msgspec
import pytest
from ruamel.yaml import YAML

from lightctl.devices import topics
from lightctl.devices.codec import NativeCodec, decode_command, decode_desired
from lightctl.devices.sensor_codec import SensorDoc, sensor_topic
from lightctl.domain.assets import Node
from lightctl.domain.errors import InvalidInput

NOW = dt.datetime(2026, 11, 23, 17, 0, tzinfo=dt.UTC)
NODE = Node("n1", "native", "mqtt", "", {0: "lp1", 1: "lp2"})
TEXT = (resources.files("lightctl.devices") / "asyncapi.yaml").read_text("utf-8")
DOCUMENT = YAML(typ="safe", pure=True).load(TEXT)
STRUCTS = {
    "hello": topics.HelloDoc, "capabilities": topics.CapabilitiesDoc, "desired": topics.DesiredDoc,
    "channelDesired": topics.ChannelDesiredDoc, "override": topics.OverrideDoc, "reported": topics.ReportedDoc,
    "channelReport": topics.ChannelReportDoc, "command": topics.CommandDoc, "result": topics.ResultDoc,
    "presence": topics.PresenceDoc, "sensor": SensorDoc,
}  # fmt: skip
FULL = {
    "hello": {
        "boot_id": "b1", "model": "M", "firmware": "1.2", "applied_revision": 4, "clock": 1763917200.5,
        "capabilities": {"nights": 7, "slots": 96, "resolution_s": 1, "ramp": True, "min_level": 5, "channels": 2,
                         "persists": True, "levels": [0, 100], "dates": "daily", "sun": True},
    },
    "desired": {
        "revision": 5, "issued_at": 1763917200, "valid_until": 1764522000,
        "channels": {"0": {"nights": [[1763917200, 70, 30]],
                           "override": {"id": "o1", "level": 100, "until": 1763919000, "ramp_s": 5},
                           "sun": [[0, "sunset", -0.833, -600]]}},
    },
    "reported": {
        "boot_id": "b1", "seq": 9, "at": 1763917200.25, "applied_revision": 5,
        "channels": {"1": {"level": 70, "commanded": 70, "reason": "program", "power_w": 41.5, "energy_wh": 120000,
                           "voltage_v": 231.2, "current_a": 0.18, "power_factor": 0.96, "temperature_c": -4.5,
                           "operating_h": 812.25, "faults": ["lampFailure"]}},
    },
    "command": {"id": "c1", "action": "identify", "args": {"for_s": "60"}, "not_after": 1763917300},
    "result": {"id": "c1", "status": "rejected", "detail": "the driver has no effect"},
    "presence": {"online": False, "boot_id": "b1"},
    "sensor": {"at": 1763917200.5, "kind": "presence", "value": 1},
}  # fmt: skip
PROBES = (
    None, True, False, -1, 0, 1, 2, 31, 32, 33, 100, 101, 102, 400, 401, 3600, 3601, 86400, 86401, 100000, 100001,
    4294967295, 4294967296, 2**53 - 1, 2**53, 2**64, 0.5, -0.5, 4294967295.5, 10**12, 10**13, -(10**12), -(10**13),
    "", "x", "0", "a b", "a\n", "ä", "x" * 64, "x" * 65, "x" * 128, "x" * 129, "x" * 512, "x" * 513, "done", "reboot",
    "local", "weekly", "dusk", [], [1], ["x"], [[1, 2, 3]], [[1, 2]], [1, 2, 3, 4], ["x"] * 32, ["x"] * 33, [1] * 101,
    [1] * 102, {}, {"0": {}}, {"x": "y"}, {"32": {}}, {"01": {}}, {"0\n": {}},
)  # fmt: skip
messages = pytest.mark.parametrize("message", list(FULL))


@functools.cache
def validator(message: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        {"$ref": f"#/components/schemas/{message}", "components": DOCUMENT["components"]}
    )


def accepted(message: str, content: object) -> bool:
    payload = msgspec.json.encode(content)
    try:
        match message:
            case "desired":
                decode_desired("n1", payload)
            case "command":
                decode_command("n1", payload)
            case "sensor":
                NativeCodec().decode(sensor_topic("main", "n1", "yard"), payload, NOW, {"n1": NODE})
            case _:
                NativeCodec().decode(topics.topic("main", "n1", message), payload, NOW, {"n1": NODE})
    except InvalidInput:
        return False
    return True


def places(content: object, path: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    yield path
    if isinstance(content, dict | list):
        for key in content if isinstance(content, dict) else range(len(content)):
            yield from places(content[key], (*path, key))


def changed(content: object, path: tuple[object, ...], change: Callable[[object, object], None]) -> object:
    copied = copy.deepcopy(content)
    parent = functools.reduce(lambda inside, key: inside[key], path[:-1], copied)
    change(parent, path[-1])
    return copied


def variants(message: str) -> Iterator[object]:
    yield FULL[message]
    for path in places(FULL[message]):
        if not path:
            continue
        yield changed(FULL[message], path, lambda parent, key: parent.__delitem__(key))
        for probe in PROBES:
            yield changed(FULL[message], path, lambda parent, key, probe=probe: parent.__setitem__(key, probe))
    for path in places(FULL[message]):
        yield changed({"top": FULL[message]}, ("top", *path, "unheard_of"), put_unknown)["top"]
    for size in (32, 33):
        many = copy.deepcopy(FULL[message])
        for key in ("channels", "args"):
            if key in many:
                (one,) = many[key].values()
                many[key] = {str(number): one if key == "args" else {"nights": []} for number in range(size)}
        yield many


def put_unknown(parent: object, key: object) -> None:
    if isinstance(parent, dict):
        parent[key] = [{"deeper": None}]


@messages
def test_the_document_and_the_codec_accept_and_refuse_the_same(message):
    seen = {True: 0, False: 0}
    for content in variants(message):
        valid = validator(message).is_valid(content)
        seen[valid] += 1
        assert accepted(message, content) == valid, f"schema says {valid}: {json.dumps(content)[:400]}"
    assert min(seen.values()) > 10


def test_the_full_examples_name_every_field_of_every_document():
    def names(content: object) -> set[str]:
        if isinstance(content, dict):
            return set(content) | {name for value in content.values() for name in names(value)}
        return set()

    shown = {name for content in FULL.values() for name in names(content)}
    assert {field for kind in STRUCTS.values() for field in kind.__struct_fields__} <= shown


@pytest.mark.parametrize("schema", list(STRUCTS))
def test_the_document_lists_exactly_the_fields_of_the_codec(schema):
    described = DOCUMENT["components"]["schemas"][schema]
    fields = msgspec.structs.fields(STRUCTS[schema])
    assert set(described["properties"]) == {field.encode_name for field in fields}
    assert set(described.get("required", ())) == {field.encode_name for field in fields if field.required}


def test_the_document_has_exactly_the_topics_of_the_codec():
    addresses = {name: channel["address"] for name, channel in DOCUMENT["channels"].items()}
    leaves = topics.NODE_LEAVES + topics.DAEMON_LEAVES
    expected = {leaf: topics.topic("{area}", "{node}", leaf) for leaf in leaves}
    sensors = {
        "sensor": sensor_topic("{area}", "{node}", "{sensor}"),
        "areaSensor": sensor_topic("{area}", "", "{sensor}"),
    }
    assert addresses == expected | sensors


def test_the_document_says_who_speaks_where_and_what_stays_on_the_broker():
    for operation in DOCUMENT["operations"].values():
        leaf = operation["channel"]["$ref"].removeprefix("#/channels/")
        assert operation["action"] == ("send" if leaf in topics.DAEMON_LEAVES else "receive")
        assert operation["bindings"]["mqtt"] == {"qos": topics.QOS, "retain": leaf in topics.RETAINED_LEAVES}
    assert len(DOCUMENT["operations"]) == len(DOCUMENT["channels"])


def test_every_reference_of_the_document_leads_somewhere():
    def references(part: object) -> Iterator[str]:
        if isinstance(part, dict):
            for key, value in part.items():
                if key == "$ref":
                    yield value
                else:
                    yield from references(value)
        elif isinstance(part, list):
            for value in part:
                yield from references(value)

    found = set(references(DOCUMENT))
    assert found
    for reference in found:
        assert functools.reduce(lambda part, key: part[key], reference.removeprefix("#/").split("/"), DOCUMENT)


def test_the_cap_in_the_document_is_the_codecs():
    assert f"at most {topics.PAYLOAD_CAP} bytes" in DOCUMENT["info"]["description"]
