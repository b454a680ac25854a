"""Clocks of nodes: the time we send is the time they read, in every format, and rubbish is refused or no time."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightctl.devices.codec import NativeCodec, ProfileCodec
from lightctl.devices.json_clock import decode_time, encode_time
from lightctl.devices.maps import JsonClock, RegisterClock, RegisterMap
from lightctl.devices.profile import parse_profile, shipped_profiles
from lightctl.devices.register_image import RegisterImage
from lightctl.devices.registers import plan_reads
from lightctl.devices.unit_clock import encode_clock, read_clock
from lightctl.domain.assets import Node
from lightctl.domain.errors import InvalidInput, NodeRefused
from lightctl.domain.states import ActionKind, ChannelReport, NodeAction

NOW = dt.datetime(2026, 12, 4, 17, 0, tzinfo=dt.UTC)
EPOCH, CENTURY_S = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), 130 * 365 * 86_400
instants = st.floats(0, CENTURY_S).map(lambda seconds: EPOCH + dt.timedelta(seconds=seconds))
JSON_CLOCKS = [
    JsonClock(topic="t/{node}", field=field, format=kind)
    for field in (None, "clock.now")
    for kind in ("epoch_s", "rfc3339")
]
SET_CLOCK = NodeAction("time-1", "n1", ActionKind.SET_CLOCK, NOW)


@pytest.mark.parametrize("order", ["big", "little"])
@pytest.mark.parametrize("kind", ["epoch_s", "calendar"])
@given(instant=instants)
def test_a_unit_reads_the_time_it_was_sent_to_the_second(kind, order, instant):
    registers = RegisterMap(clock=RegisterClock(address=40, format=kind), word_order=order)
    image = RegisterImage(registers)
    image.apply(encode_clock(registers, "n1", instant))
    read = read_clock(registers, {block: image.read(block) for block in plan_reads(registers)})
    assert read == instant.replace(microsecond=0)


def test_a_clock_that_was_never_set_shows_no_time():
    registers = RegisterMap(clock=RegisterClock(address=40, format="calendar"))
    image = RegisterImage(registers)
    assert read_clock(registers, {block: image.read(block) for block in plan_reads(registers)}) is None
    assert read_clock(registers, {}) is None
    assert read_clock(RegisterMap(), {}) is None


def test_a_unit_without_a_clock_refuses_the_time():
    with pytest.raises(NodeRefused, match=r"modbus\.clock"):
        encode_clock(RegisterMap(), "n1", NOW)


@pytest.mark.parametrize("clock", JSON_CLOCKS)
@given(instant=instants)
def test_a_json_node_reads_the_time_it_was_sent_to_the_second(clock, instant):
    assert decode_time(clock, encode_time(clock, instant), "n1") == instant.replace(microsecond=0)


@pytest.mark.parametrize("clock", JSON_CLOCKS)
@given(payload=st.binary(max_size=60))
def test_rubbish_for_a_time_is_refused_and_never_raises_otherwise(clock, payload):
    try:
        decode_time(clock, payload, "n1")
    except InvalidInput:
        return


@pytest.mark.parametrize("clock", JSON_CLOCKS)
def test_a_time_cut_at_any_byte_is_refused_or_another_time(clock):
    whole = encode_time(clock, NOW)
    for cut in range(len(whole)):
        try:
            assert decode_time(clock, whole[:cut], "n1") != NOW
        except InvalidInput:
            continue


TIMED = parse_profile(
    (
        "version: 1\ntitle: T\nkind: mqtt\nmqtt:\n  level: {field: b}\n  state: {topic: 's/{node}'}\n"
        "  set: {topic: 's/{node}/set'}\n  clock: {topic: 's/{node}/time', reported: sys.time}\n"
    ),
    "timed",
)
NODE = Node("n1", "timed", "mqtt", "", {0: "lp"})


def test_a_profile_with_a_clock_takes_the_time_and_says_what_its_clock_shows():
    codec = ProfileCodec(TIMED)
    assert TIMED.takes_time
    (sent,) = codec.encode(NODE, SET_CLOCK, NOW)
    assert (sent.topic, sent.retain, msgspec.json.decode(sent.payload)) == ("s/n1/time", False, NOW.timestamp())
    said = codec.encode_state(NODE, ChannelReport(level=40), NOW + dt.timedelta(seconds=33))
    event = codec.decode(said.topic, said.payload, NOW, {"n1": NODE})
    assert event.report.at == NOW + dt.timedelta(seconds=33)
    silent = codec.encode_state(NODE, ChannelReport(level=40))
    assert codec.decode(silent.topic, silent.payload, NOW, {"n1": NODE}).report.at is None


@pytest.mark.parametrize("name", [name for name, profile in shipped_profiles().items() if not profile.takes_time])
def test_a_profile_without_a_clock_refuses_the_time_for_good(name):
    profile = shipped_profiles()[name]
    if profile.modbus:
        with pytest.raises(NodeRefused):
            encode_clock(profile.modbus, "n1", NOW)
        return
    codec = NativeCodec() if profile.kind == "native" else ProfileCodec(profile)
    with pytest.raises(NodeRefused, match="set_clock"):
        codec.encode(NODE, SET_CLOCK, NOW)
