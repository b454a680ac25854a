"""Every profile in the folder, never a sample: it loads, round-trips both ways and stands in the support table."""

from __future__ import annotations

import datetime as dt
from importlib import resources

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from lightctl.devices import maps
from lightctl.devices.codec import NativeCodec, ProfileCodec, decode_desired, encode_reported, mqtt_codec
from lightctl.devices.fit import fit_level
from lightctl.devices.meter import Meter
from lightctl.devices.profile import Profile, parse_profile, shipped_profiles
from lightctl.devices.profile_keys import CapabilitiesKeys, ProfileKeys
from lightctl.devices.register_image import RegisterImage
from lightctl.devices.registers import decode_state, encode_desired, plan_reads, read_back, verify
from lightctl.domain.assets import Dates, Node
from lightctl.domain.errors import InvalidInput
from lightctl.domain.events import NodePresence, NodeReported
from lightctl.domain.states import ChannelDesired, ChannelReport, DesiredState, Reason, ReportedState, Switch
from tests.support.support_table import COLUMNS, support_table

NOW = dt.datetime(2026, 11, 23, 17, 0, tzinfo=dt.UTC)
FOLDER = resources.files("lightctl.devices") / "profiles"
BLUEPRINT = (FOLDER / "_blueprint.yaml").read_text("utf-8")
FILES = sorted(file.name.removesuffix(".yaml") for file in FOLDER.iterdir() if not file.name.startswith("_"))
every_profile = pytest.mark.parametrize("name", FILES)
every_lamp = pytest.mark.parametrize("name", [name for name in FILES if shipped_profiles()[name].capabilities.channels])


def node_of(profile: Profile) -> Node:
    channels = {number: f"lp{number}" for number in range(profile.capabilities.channels)}
    address = "7" if profile.kind == "modbus" else "north"
    return Node("n1", profile.name, "link", address, channels)


def desired_of(node: Node, level: int) -> DesiredState:
    channels = {number: ChannelDesired((Switch(NOW, level),)) for number in node.channels}
    return DesiredState(node.id, 3, NOW, NOW + dt.timedelta(days=1), channels)


def reports_of(profile: Profile) -> st.SearchStrategy[ChannelReport]:
    """What a node of this make can say of a channel, in values its fields and registers can carry exactly."""
    part = profile.mqtt.readings if profile.mqtt else profile.modbus.channels if profile.modbus else None
    carried = {
        name: st.integers(1, 250).map(float)
        for name in maps.JsonReadings.__struct_fields__
        if part is None or getattr(part, name) is not None
    }
    if "current_a" in carried:
        carried["current_a"] = st.sampled_from([0.25, 1.5, 4.0])
    known = (
        profile.mqtt.faults if profile.mqtt else profile.modbus.channels.faults if profile.modbus else ["lampFailure"]
    )
    may_be_local = profile.kind == "native" or bool(
        profile.mqtt.local if profile.mqtt else profile.modbus.channels.local or profile.modbus.local
    )
    levels = st.sampled_from(profile.capabilities.levels or range(101))
    return (
        st.builds(
            ChannelReport,
            level=levels,
            commanded=levels if profile.kind != "mqtt" else st.none(),
            reason=st.sampled_from([Reason.LOCAL, None]) if may_be_local else st.none(),
            faults=st.sets(st.sampled_from(sorted(known))).map(lambda found: tuple(f for f in known if f in found)),
            **carried,
        )
        if part is not None or profile.kind == "native"
        else st.nothing()
    )


def node_reads(profile: Profile, desired: DesiredState, node: Node) -> dict[int, int]:
    """Send an order over the wire and give the levels the node reads from it."""
    if profile.modbus:
        image = RegisterImage(profile.modbus, 7)
        writes = encode_desired(profile.modbus, desired, NOW)
        for write in writes:
            image.apply(write)
        assert verify(writes, {block: image.read(block) for block in read_back(profile.modbus, writes)}) == ""
        if profile.modbus.schedule:
            document = image.document(node.id, NOW)
            assert document.revision == desired.revision
            return {number: channel.level_at(NOW) for number, channel in document.channels.items()}
        return {number: image.commanded(number) for number in node.channels}
    codec = mqtt_codec(profile)
    (outgoing,) = codec.encode(node, desired, NOW)
    if isinstance(codec, ProfileCodec):
        assert outgoing.topic == codec.set_topic(node)
        return {number: codec.decode_set(outgoing.payload).level for number in node.channels}
    return {n: channel.level_at(NOW) for n, channel in decode_desired(node.id, outgoing.payload).channels.items()}


def daemon_reads(profile: Profile, report: ChannelReport, node: Node) -> ReportedState:
    """Let a node say the same of all its channels and give what the daemon reads."""
    if profile.modbus:
        image = RegisterImage(profile.modbus, 7)
        for number in node.channels:
            image.show_channel(number, report)
        image.show_applied(3)
        if profile.modbus.local:
            image.show_flags((), local=report.reason is Reason.LOCAL)
        answers = {block: image.read(block) for block in plan_reads(profile.modbus)}
        return decode_state(profile.modbus, node, answers, NOW, verified=False)
    codec = mqtt_codec(profile)
    if isinstance(codec, ProfileCodec):
        outgoing = codec.encode_state(node, report)
    else:
        state = ReportedState(node.id, NOW, dict.fromkeys(node.channels, report), "b1", 1, NOW, 3)
        outgoing = encode_reported("north", state)
    event = codec.decode(outgoing.topic, outgoing.payload, NOW, {node.id: node})
    assert isinstance(event, NodeReported)
    return event.report


@every_profile
def test_a_profile_loads_and_is_shipped_under_its_file_name(name):
    profile = parse_profile((FOLDER / f"{name}.yaml").read_text("utf-8"), name)
    assert shipped_profiles()[name] == profile
    assert profile.name == name


def test_nothing_but_the_folder_decides_which_profiles_there_are():
    assert sorted(shipped_profiles()) == FILES
    assert {"native", "json-dimmer", "modbus-lamp", "cabinet", "sdm630"} <= set(FILES)


@every_lamp
def test_a_level_reaches_the_node_unchanged(name):
    profile = shipped_profiles()[name]
    node = node_of(profile)
    for level in range(101):
        fitted = fit_level(level, profile.capabilities, 0)
        assert node_reads(profile, desired_of(node, fitted), node) == dict.fromkeys(node.channels, fitted)


@every_lamp
@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_report_reaches_the_daemon_unchanged(name, data):
    profile = shipped_profiles()[name]
    report = data.draw(reports_of(profile))
    state = daemon_reads(profile, report, node_of(profile))
    assert state.channels == dict.fromkeys(range(profile.capabilities.channels), report)
    assert (state.node, state.received_at, state.verified) == ("n1", NOW, False)
    assert state.applied_revision == (3 if profile.confirmation in ("revision", "stored") else None)


@pytest.mark.parametrize("name", [name for name in FILES if shipped_profiles()[name].modbus])
def test_flags_and_readings_of_a_unit_reach_the_daemon(name):
    profile = shipped_profiles()[name]
    registers, node = profile.modbus, node_of(profile)
    blocks = plan_reads(registers)
    assert blocks
    for flag in [*registers.flags, None]:
        image = RegisterImage(registers, 7)
        image.show_flags([flag] if flag else [])
        image.show_readings({reading: 12.5 for reading in registers.readings if reading != "power_w"})
        answers = {block: image.read(block) for block in blocks}
        assert decode_state(registers, node, answers, NOW, verified=False).flags == ((flag,) if flag else ())
        expected = {reading: 12.5 for reading in registers.readings if reading != "power_w"}
        assert Meter(registers, blocks).read(answers) == expected


@pytest.mark.parametrize("name", [name for name in FILES if shipped_profiles()[name].kind == "mqtt"])
def test_availability_is_a_hint_of_presence(name):
    codec = mqtt_codec(shipped_profiles()[name])
    node = node_of(shipped_profiles()[name])
    for online in (True, False):
        said = codec.encode_availability(node, online=online)
        assert codec.decode(said.topic, said.payload, NOW, {"n1": node}, retained=True) == NodePresence(
            "n1", online, NOW
        )


def test_the_meter_reads_the_addresses_its_maker_publishes():
    readings = shipped_profiles()["sdm630"].modbus.readings
    published = {
        "voltage_l1_v": 0x00, "current_l1_a": 0x06, "power_l1_w": 0x0C, "power_factor_l3": 0x22, "power_w": 0x34,
        "power_factor": 0x3E, "frequency_hz": 0x46, "energy_kwh": 0x48, "energy_export_kwh": 0x4A,
        "energy_total_kwh": 0x156, "energy_l3_kwh": 0x15E,
    }  # fmt: skip
    assert {name: readings[name].address for name in published} == published
    assert {(it.table, it.type, it.scale) for it in readings.values()} == {("input", "float32", 1.0)}


def test_the_cabinet_tells_what_is_wanted_from_what_is_so():
    profile = shipped_profiles()["cabinet"]
    image = RegisterImage(profile.modbus)
    image.show_channel(2, ChannelReport(level=0, commanded=100, faults=("circuitBreakerTripped",)))
    image.show_flags(["door_open", "breaker_tripped"])
    answers = {block: image.read(block) for block in plan_reads(profile.modbus)}
    state = decode_state(profile.modbus, node_of(profile), answers, NOW, verified=False)
    assert state.channels[2] == ChannelReport(level=0, commanded=100, faults=("circuitBreakerTripped",))
    assert state.channels[1] == ChannelReport(level=0, commanded=0)
    assert set(state.flags) == {"door_open", "breaker_tripped"}


def test_the_support_table_has_a_row_for_every_profile_and_no_empty_cell():
    rows = support_table()
    assert [row["profile"] for row in rows] == FILES
    assert all(tuple(row) == COLUMNS and all(row.values()) for row in rows)


def blueprint_keys(content: object) -> set[str]:
    if isinstance(content, dict):
        return {str(key) for key in content} | blueprint_keys(list(content.values()))
    if isinstance(content, list):
        return {name for value in content for name in blueprint_keys(value)}
    return set()


def test_the_blueprint_loads_and_shows_every_key_there_is():
    parts = BLUEPRINT.split("\n---\n")
    profiles = [parse_profile(part, f"blueprint{number}") for number, part in enumerate(parts)]
    assert [profile.kind for profile in profiles] == ["mqtt", "modbus", "modbus"]
    structs = [
        kind
        for kind in vars(maps).values()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__struct_fields__
    ]
    assert {maps.MqttMap, maps.RegisterMap, maps.ChannelMap} <= set(structs)
    wanted = {field for kind in (*structs, ProfileKeys, CapabilitiesKeys) for field in kind.__struct_fields__}
    shown = {key for part in parts for key in blueprint_keys(YAML(typ="safe", pure=True).load(part))}
    assert wanted - shown == set()


HEAD = "version: 1\ntitle: T\nkind: modbus\n"
MQTT = "version: 1\ntitle: T\nkind: mqtt\nmqtt:\n  level: {field: b}\n  state: {topic: 's/{node}'}\n  set: "


@pytest.mark.parametrize(
    ("text", "where", "why"),
    [
        ("", "x.yaml", "Expected"),
        ("a: [", "x.yaml:1", "expected"),
        ("version: 1\nversion: 1\n", "x.yaml:2:1", "duplicate key"),
        ("version: 2\n", "x.yaml:1:1", "version"),
        ("version: 1\ntitle: T\nkind: carrier-pigeon\n", "x.yaml:3:1", "kind"),
        (HEAD + "colour: red\n", "x.yaml:4:1", "'colour' is unknown"),
        (HEAD, "x.yaml:1:1", "needs a modbus part"),
        (HEAD + "modbus:\n  max_gap: 125\n", "x.yaml:5:3", "max_gap"),
        (HEAD + "modbus:\n  channels:\n    level: {table: input, address: 1}\n", "x.yaml:6:13", "written to a coil"),
        (HEAD + "modbus:\n  flags:\n    p:\n      table: coil\n      adress: 1\n", "x.yaml:8:7", "'adress' is unknown"),
        (HEAD + "modbus:\n  readings:\n    p: {table: input, address: 65535, type: int32}\n", "x.yaml:6:23", "65535"),
        (HEAD + "modbus:\n  readings:\n    p: {table: input, address: 1, scale: 0}\n", "x.yaml:6:35", "scale of 0"),
        (HEAD + "modbus:\n  readings:\n    p: {table: coil, address: 1}\n", "x.yaml:6:5", "bool"),
        (HEAD + "modbus:\n  readings:\n    p: {table: input, address: 1, stride: 2}\n", "x.yaml:6:35", "channel"),
        (HEAD + "modbus:\n  flags:\n    f: {table: coil, address: 1, bit: 2}\n", "x.yaml:6:34", "one bit already"),
        (HEAD + "modbus:\n  channels:\n    count: 2\n    level: {table: holding, address: 1}\n", "x.yaml:7", "stride"),
        (HEAD + "modbus: {}\ncapabilities: {nights: 7}\n", "x.yaml:5:1", "only native nodes"),
        (HEAD + "modbus: {}\ncapabilities: {channels: 7}\n", "x.yaml:5:16", "0 channels"),
        (HEAD + "modbus: {}\ncapabilities: {levels: [50, 0]}\n", "x.yaml:5:16", "ascending"),
        (HEAD + "modbus: {}\ncapabilities: {dates: daily}\n", "x.yaml:5:1", "leave dates and sun out"),
        (HEAD + "modbus: {}\ncapabilities: {levels: [0, 9], level_step: 9}\n", "x.yaml:5:32", "one of the two"),
        (HEAD + "modbus: {}\nannounces: true\n", "x.yaml:5:1", "hello"),
        (HEAD + "modbus: {}\nconfirmation: revision\n", "x.yaml:5:1", "read_back or level or stored"),
        ("version: 1\ntitle: T\nkind: native\nmodbus: {}\n", "x.yaml:4:1", "no modbus part"),
        (MQTT + "{topic: 's/n'}\n", "x.yaml:7:9", "exactly once"),
        (MQTT + "{topic: 's/x{node}'}\n", "x.yaml:7:9", "level of its own"),
        (MQTT + "{topic: 's/#/{node}'}\n", "x.yaml:7:9", "wildcard"),
        (MQTT + "{topic: 's/{node}/x'}\ncapabilities: {channels: 2}\n", "x.yaml:8:16", "one channel"),
        (MQTT + "{topic: 's/{node}/x'}\n  transition: b.fade\n", "x.yaml:4:1", "other fields"),
        (MQTT + "{topic: 's/{node}/x'}\n  clock: {topic: 's/time'}\n", "x.yaml:8:11", "exactly once"),
        (MQTT.replace("b}", "b, full: 10}") + "{topic: 's/{node}/x'}\n", "x.yaml:5:21", "fewer steps"),
    ],
)  # fmt: skip
def test_a_profile_that_cannot_be_is_refused_at_its_place(text, where, why):
    with pytest.raises(InvalidInput) as refused:
        parse_profile(text, "x")
    assert refused.value.where.startswith(where)
    assert why in str(refused.value)
    assert "_blueprint.yaml" in refused.value.hint


@pytest.mark.parametrize(
    ("step", "levels"), [(1, ()), (25, (0, 25, 50, 75, 100)), (40, (0, 40, 80, 100)), (100, (0, 100))]
)
def test_a_step_between_levels_stands_for_the_levels_it_gives(step, levels):
    text = f"version: 1\ntitle: T\nkind: native\ncapabilities: {{level_step: {step}}}\n"
    assert parse_profile(text, "x").capabilities.levels == levels


def test_a_node_that_repeats_its_nights_is_described_by_its_profile():
    text = "version: 1\ntitle: T\nkind: native\ncapabilities: {nights: 7, slots: 6, dates: daily, sun: true}\n"
    profile = parse_profile(text, "x")
    assert (profile.capabilities.dates, profile.capabilities.sun) == (Dates.DAILY, True)
    assert support_table({"x": profile})[0]["nights"] == "7 (6 switches, daily table by the sun)"


@pytest.mark.parametrize("name", ["", "a b", "../x", "x" * 65])
def test_a_profile_has_a_name_that_can_stand_in_a_file(name):
    with pytest.raises(InvalidInput, match="no name for a profile"):
        parse_profile("version: 1", name)


@given(st.data())
@settings(max_examples=60)
def test_a_profile_cut_anywhere_loads_or_is_refused(data):
    text = (FOLDER / f"{data.draw(st.sampled_from(FILES))}.yaml").read_text("utf-8")
    cut = text[: data.draw(st.integers(0, len(text)))]
    try:
        profile = parse_profile(cut, "cut")
    except InvalidInput:
        return
    assert profile.title


def test_a_profile_of_the_wrong_wire_has_no_mqtt_codec():
    assert isinstance(mqtt_codec(shipped_profiles()["native"]), NativeCodec)
    with pytest.raises(InvalidInput, match="Modbus link"):
        mqtt_codec(shipped_profiles()["cabinet"])
    with pytest.raises(InvalidInput, match="no MQTT topics"):
        ProfileCodec(shipped_profiles()["cabinet"])
