"""Registers: words against pymodbus's own converters, reads within the limits of the protocol, writes proven."""

from __future__ import annotations

import datetime as dt
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymodbus.client.mixin import ModbusClientMixin

from lightctl.devices.blocks import find
from lightctl.devices.maps import BIT_TABLES, WORDS, Bit, ChannelMap, Register, RegisterAction, RegisterMap
from lightctl.devices.meter import Meter
from lightctl.devices.registers import (
    Block,
    Write,
    decode_state,
    decode_value,
    encode_action,
    encode_desired,
    encode_value,
    plan_reads,
    read_back,
    unit_of,
    verify,
)
from lightctl.devices.values import read_value
from lightctl.domain.assets import Node
from lightctl.domain.errors import InvalidInput, NodeRefused
from lightctl.domain.states import ActionKind, ChannelDesired, DesiredState, HeldOverride, NodeAction, Reason, Switch

NOW = dt.datetime(2026, 11, 23, 17, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
ORACLE = {
    "int16": ModbusClientMixin.DATATYPE.INT16,
    "uint16": ModbusClientMixin.DATATYPE.UINT16,
    "acc16": ModbusClientMixin.DATATYPE.UINT16,
    "int32": ModbusClientMixin.DATATYPE.INT32,
    "uint32": ModbusClientMixin.DATATYPE.UINT32,
    "acc32": ModbusClientMixin.DATATYPE.UINT32,
    "int64": ModbusClientMixin.DATATYPE.INT64,
    "uint64": ModbusClientMixin.DATATYPE.UINT64,
    "acc64": ModbusClientMixin.DATATYPE.UINT64,
    "float32": ModbusClientMixin.DATATYPE.FLOAT32,
    "float64": ModbusClientMixin.DATATYPE.FLOAT64,
}
NUMBERS = sorted(ORACLE)


def node(channels: tuple[int, ...] = (0,), address: str = "1") -> Node:
    return Node("n1", "x", "line", address, {number: f"lp{number}" for number in channels})


def desired(levels: dict[int, int]) -> DesiredState:
    channels = {number: ChannelDesired((Switch(NOW - MINUTE, level),)) for number, level in levels.items()}
    return DesiredState("n1", 7, NOW, NOW + 60 * MINUTE, channels)


def test_every_type_of_the_codec_but_the_single_bit_has_an_oracle():
    assert set(NUMBERS) | {"bool"} == set(WORDS)


@pytest.mark.parametrize("order", ["big", "little"])
@pytest.mark.parametrize("type_", NUMBERS)
@settings(max_examples=40)
@given(data=st.data())
def test_words_are_read_as_pymodbus_reads_them(type_, order, data):
    words = data.draw(st.lists(st.integers(0, 65535), min_size=WORDS[type_], max_size=WORDS[type_]))
    theirs = ModbusClientMixin.convert_from_registers(words, ORACLE[type_], word_order=order)
    ours = decode_value(words, type_, order, 1.0, ())
    if not math.isfinite(theirs) or (type_.startswith("acc") and theirs == 0):
        assert ours is None
    else:
        assert ours == theirs


@pytest.mark.parametrize("order", ["big", "little"])
@pytest.mark.parametrize("type_", NUMBERS)
@settings(max_examples=40)
@given(data=st.data())
def test_words_are_written_as_pymodbus_writes_them(type_, order, data):
    bits = 16 * WORDS[type_]
    whole = (
        st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if type_.startswith("int") else st.integers(0, 2**bits - 1)
    )
    value = data.draw(st.floats(width=bits, allow_nan=False) if type_.startswith("float") else whole)
    if type_.startswith("float") or abs(value) < 2**53:
        theirs = ModbusClientMixin.convert_to_registers(value, ORACLE[type_], word_order=order)
        assert encode_value(value, type_, order, 1.0) == tuple(theirs)


@given(st.lists(st.booleans(), min_size=16, max_size=16))
def test_bit_0_of_a_register_is_its_least_significant_while_pymodbus_starts_at_the_first_byte_sent(bits):
    (word,) = ModbusClientMixin.convert_to_registers(bits, ModbusClientMixin.DATATYPE.BITS)
    block = Block("holding", 4, 1)
    registers = RegisterMap(flags={f"bit{n}": Bit(table="holding", address=4, bit=n) for n in range(16)})
    state = decode_state(registers, node(), {block: [word]}, NOW, verified=False)
    assert set(state.flags) == {f"bit{(n + 8) % 16}" for n, raised in enumerate(bits) if raised}


@pytest.mark.parametrize("type_", [*NUMBERS, "bool"])
def test_a_wrong_number_of_words_or_a_word_beyond_16_bits_is_refused(type_):
    count = WORDS[type_]
    for words in ([0] * (count - 1), [0] * (count + 1), [65536] + [0] * (count - 1), [-1] + [0] * (count - 1)):
        with pytest.raises(InvalidInput):
            decode_value(words, type_, "big", 1.0, ())


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        (65536, "uint16"),
        (-1, "uint16"),
        (32768, "int16"),
        (1e39, "float32"),
        (math.inf, "int32"),
        (math.nan, "uint32"),
    ],
)
def test_a_value_the_type_cannot_hold_is_refused(value, type_):
    with pytest.raises(InvalidInput, match="does not fit"):
        encode_value(value, type_, "big", 1.0)


def test_scale_and_invalid_values_count():
    assert decode_value([2305], "uint16", "big", 0.1, ()) == 230.5
    assert decode_value([65535], "uint16", "big", 0.1, (65535,)) is None
    assert decode_value([0xFFFF] * 4, "uint64", "big", 1.0, (2**64 - 1,)) is None
    assert decode_value([0x7FC0, 0], "float32", "big", 1.0, ()) is None
    assert encode_value(23.04, "uint16", "big", 0.1) == (230,)


@given(st.integers(-32768, 32767), st.sampled_from([0.1, 0.01, 0.001, 10.0, -1.0]))
def test_scaled_values_come_back(raw, scale):
    value = decode_value(encode_value(raw * scale, "int16", "big", scale), "int16", "big", scale, ())
    assert value == pytest.approx(raw * scale)


registers_anywhere = st.builds(
    Register,
    table=st.sampled_from(["input", "holding"]),
    address=st.integers(0, 2000),
    type=st.sampled_from(NUMBERS),
)
bits_anywhere = st.builds(Bit, table=st.sampled_from(["coil", "discrete"]), address=st.integers(0, 9000))
maps = st.builds(
    RegisterMap,
    max_gap=st.integers(0, 124),
    readings=st.dictionaries(st.text("abcdefgh", min_size=1, max_size=6), registers_anywhere, max_size=40),
    flags=st.dictionaries(st.text("abcdefgh", min_size=1, max_size=6), bits_anywhere, max_size=40),
)


@given(maps)
def test_blocks_bring_everything_in_one_piece_and_keep_the_limits(registers):
    blocks = plan_reads(registers)
    answers = {block: range(block.count) for block in blocks}
    asked = {(p.table, p.address + n) for p in registers.readings.values() for n in range(WORDS[p.type])}
    asked |= {(p.table, p.address) for p in registers.flags.values()}
    for part in registers.readings.values():
        assert find(answers, part.table, part.address, WORDS[part.type]) is not None
    for bit in registers.flags.values():
        assert find(answers, bit.table, bit.address, 1) is not None
    for block in blocks:
        assert block.count <= (2000 if block.table in ("coil", "discrete") else 125)
        inside = [(block.table, block.address + n) in asked for n in range(block.count)]
        assert inside[0]
        assert inside[-1]
        unasked = "".join("x" if yes else "." for yes in inside).split("x")
        assert max(len(gap) for gap in unasked) <= registers.max_gap


scales, never = st.sampled_from([1.0, 0.1, 2.5]), st.sampled_from([(), (65535,), (0, 1)])
orders = st.sampled_from([None, "big", "little"])
words_as_numbers = st.builds(
    Register,
    table=st.sampled_from(["input", "holding"]),
    address=st.integers(0, 60),
    type=st.sampled_from(sorted(WORDS)),
    scale=scales,
    word_order=orders,
    invalid=never,
)
bits = st.sampled_from(sorted(BIT_TABLES))
bits_as_numbers = st.builds(Register, table=bits, address=st.integers(0, 60), type=st.just("bool"), invalid=never)
numbers = st.one_of(words_as_numbers, bits_as_numbers)


@given(st.dictionaries(st.text("abc", min_size=1), numbers, max_size=12), st.sampled_from(["big", "little"]), st.data())
def test_a_meter_reads_at_once_what_its_registers_hold_one_by_one(readings, order, data):
    registers = RegisterMap(readings=readings, word_order=order, max_gap=3)
    blocks = plan_reads(registers)
    word = {False: st.one_of(st.sampled_from([0, 1, 65535]), st.integers(0, 65535)), True: st.integers(0, 1)}
    answers = {
        block: data.draw(
            st.lists(word[block.table in ("coil", "discrete")], min_size=block.count, max_size=block.count)
        )
        for block in blocks
        if data.draw(st.booleans())
    }
    one_by_one = {name: read_value(part, 0, registers, answers) for name, part in readings.items()}
    assert Meter(registers, blocks).read(answers) == {k: value for k, value in one_by_one.items() if value is not None}


def test_a_meter_refuses_a_word_beyond_16_bits():
    registers = RegisterMap(readings={"power_w": Register(table="input", address=0)})
    with pytest.raises(InvalidInput, match="outside"):
        Meter(registers, plan_reads(registers)).read({Block("input", 0, 1): [65536]})


def test_neighbours_are_read_in_one_request():
    readings = {f"r{n}": Register(table="input", address=2 * n, type="float32") for n in range(62)}
    assert plan_reads(RegisterMap(readings=readings)) == (Block("input", 0, 124),)
    readings["r62"] = Register(table="input", address=124, type="float32")
    assert plan_reads(RegisterMap(readings=readings)) == (Block("input", 0, 124), Block("input", 124, 2))


def test_only_the_channels_a_node_has_are_read():
    channels = ChannelMap(count=64, level=Register(table="holding", address=15, stride=100))
    assert plan_reads(RegisterMap(channels=channels), {1, 3}) == (Block("holding", 115, 1), Block("holding", 315, 1))
    assert len(plan_reads(RegisterMap(channels=channels))) == 64


def test_an_answer_of_the_wrong_length_is_refused():
    registers = RegisterMap(readings={"power_w": Register(table="input", address=0)})
    for words in ([], [1, 2]):
        with pytest.raises(InvalidInput, match="came back"):
            Meter(registers, plan_reads(registers)).read({Block("input", 0, 1): words})


def test_bits_come_back_in_whole_bytes():
    registers = RegisterMap(flags={"door_open": Bit(table="discrete", address=2)})
    state = decode_state(registers, node(), {Block("discrete", 2, 1): [1, 0, 0, 0, 0, 0, 0, 0]}, NOW, verified=False)
    assert state.flags == ("door_open",)


DALI = RegisterMap(
    channels=ChannelMap(
        count=4,
        level=Register(table="holding", address=15, scale=100 / 254, stride=100),
        actual=Register(table="holding", address=6, invalid=(255,), stride=100),
        local=Bit(table="holding", address=5, bit=7, stride=100),
    )
)


@given(st.integers(0, 100))
def test_a_level_survives_a_make_that_counts_to_254(level):
    (write,) = encode_desired(DALI, desired({2: level}), NOW)
    assert (write.table, write.address) == ("holding", 215)
    answers = {Block("holding", 215, 1): write.values, Block("holding", 205, 2): [1 << 7, 255]}
    report = decode_state(DALI, node((2,)), answers, NOW, verified=True).channels[2]
    assert (report.commanded, report.level, report.reason) == (level, None, Reason.LOCAL)


def test_what_nobody_answered_is_none_and_not_zero():
    report = decode_state(DALI, node((0,)), {}, NOW, verified=False).channels[0]
    assert (report.commanded, report.level, report.reason) == (None, None, None)


def test_a_level_outside_the_percent_is_no_level():
    report = decode_state(DALI, node((0,)), {Block("holding", 6, 1): [101]}, NOW, verified=False).channels[0]
    assert report.level is None


COILS = RegisterMap(channels=ChannelMap(count=8, level=Register(table="coil", address=0, type="bool", stride=1)))


def test_neighbouring_segments_are_written_in_one_request_and_never_one_between_them():
    writes = encode_desired(COILS, desired({0: 100, 1: 0, 2: 30, 5: 100}), NOW)
    assert writes == (Write("coil", 0, (1, 0, 1)), Write("coil", 5, (1,)))


def test_a_unit_without_write_multiple_gets_one_write_per_segment():
    single = RegisterMap(channels=COILS.channels, write="single")
    assert encode_desired(single, desired({0: 100, 1: 0}), NOW) == (Write("coil", 0, (1,)), Write("coil", 1, (0,)))


def test_an_override_in_force_decides_the_level_written():
    held = HeldOverride("o1", 0, NOW + MINUTE)
    state = DesiredState("n1", 1, NOW, NOW + MINUTE, {0: ChannelDesired((Switch(NOW - MINUTE, 100),), held)})
    assert encode_desired(COILS, state, NOW)[0].values == (0,)
    assert encode_desired(COILS, state, NOW + MINUTE)[0].values == (1,)


def test_without_a_switch_in_force_the_light_is_on():
    state = DesiredState("n1", 1, NOW, NOW + MINUTE, {0: ChannelDesired((Switch(NOW + MINUTE, 0),))})
    assert encode_desired(COILS, state, NOW)[0].values == (1,)


@given(st.dictionaries(st.integers(0, 7), st.sampled_from([0, 100]), min_size=1), st.data())
def test_a_read_back_proves_every_bit_written(levels, data):
    writes = encode_desired(COILS, desired(levels), NOW)
    blocks = read_back(COILS, writes)
    unit = {n: int(level > 0) for n, level in levels.items()}
    assert verify(writes, {b: [unit.get(b.address + n, 0) for n in range(b.count)] for b in blocks}) == ""
    flipped = data.draw(st.sampled_from(sorted(unit)))
    unit[flipped] = 1 - unit[flipped]
    differs = verify(writes, {b: [unit.get(b.address + n, 0) for n in range(b.count)] for b in blocks})
    assert differs.startswith(f"coil {flipped}: ")


def test_no_answer_proves_nothing():
    writes = (Write("holding", 1, (50,)),)
    assert verify(writes, {}) == "holding 1: 50 was written, nothing was read back"


def test_a_channel_the_unit_lacks_is_refused_for_good():
    with pytest.raises(NodeRefused, match="channels 0 to 7, not 8"):
        encode_desired(COILS, desired({8: 100}), NOW)


def test_a_meter_is_never_switched():
    with pytest.raises(NodeRefused, match="only measures"):
        encode_desired(RegisterMap(), desired({0: 100}), NOW)


def test_an_action_the_profile_does_not_name_is_refused_with_a_next_step():
    action = NodeAction("a1", "n1", ActionKind.IDENTIFY, NOW + MINUTE)
    with pytest.raises(NodeRefused, match=r"modbus\.actions"):
        encode_action(COILS, action)
    known = RegisterMap(actions={ActionKind.IDENTIFY: RegisterAction(table="coil", address=3)})
    assert encode_action(known, action) == (Write("coil", 3, (1,)),)


@pytest.mark.parametrize("address", ["", "0", "248", "-1", "1.0", "host:1", "²", "99999999999999999999", " 1"])
def test_an_address_that_is_no_unit_number_is_refused(address):
    with pytest.raises(InvalidInput, match="unit number"):
        unit_of(node(address=address))


@pytest.mark.parametrize(("address", "unit"), [("1", 1), ("247", 247), ("007", 7)])
def test_an_address_is_the_unit_number(address, unit):
    assert unit_of(node(address=address)) == unit
