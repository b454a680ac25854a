"""Registers: what a Modbus unit's words and bits mean. Pure: no sockets; blocks and words come in, values go out.

The daemon plans its reads (`plan_reads`), reads states out of the answers, writes levels (`encode_desired`) and
believes them only after a separate read-back (`read_back`, `verify`). RegisterImage is the unit's end of the same map.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from lightctl.devices.blocks import MAX_WRITE, Answers, Block, Write, cover, find, plan_reads, width_of
from lightctl.devices.due import level_due
from lightctl.devices.maps import BIT_TABLES, Bit, ChannelMap, JsonReadings, Register, RegisterMap
from lightctl.devices.words import decode_value, encode_value
from lightctl.domain.assets import FULL_LEVEL, Node
from lightctl.domain.errors import InvalidInput, NodeRefused
from lightctl.domain.states import ChannelReport, DesiredState, NodeAction, Reading, Reason, ReportedState

__all__ = [
    "Block", "Write", "decode_reading", "decode_state", "decode_value", "encode_action", "encode_desired",
    "encode_level", "encode_value", "plan_reads", "read_back", "read_bit", "read_level", "read_value", "unit_of",
    "verify",
]  # fmt: skip

READINGS = JsonReadings.__struct_fields__
LAST_UNIT = 247


def unit_of(node: Node) -> int:
    """Give a node's Modbus unit number, 1..247, from its address; raises InvalidInput."""
    if not node.address.isascii() or not node.address.isdigit() or not 1 <= int(node.address[:4]) <= LAST_UNIT:
        raise InvalidInput(
            f"node {node.id}",
            f"its address {node.address!r} is no Modbus unit",
            hint=f"Set the address of its light points to the unit number, 1 to {LAST_UNIT}.",
        )
    return int(node.address)


def decode_state(
    registers: RegisterMap, node: Node, words_by_block: Answers, received_at: dt.datetime, *, verified: bool
) -> ReportedState:
    """Read a unit's state from the blocks that were answered; a block that is missing leaves its values None.

    A contactor's feedback is the level, its coil the level in force (`commanded`). A raised local switch makes the
    reason `local`. Raises InvalidInput for answers of the wrong length.
    """
    channels = registers.channels
    local = registers.local is not None and read_bit(registers.local, 0, words_by_block) is True
    wired = [number for number in sorted(node.channels) if channels is not None and 0 <= number < channels.count]
    return ReportedState(
        node=node.id,
        received_at=received_at,
        channels={
            number: _channel(registers, channels, number, words_by_block, local=local)
            for number in wired
            if channels is not None
        },
        verified=verified,
        flags=tuple(name for name, bit in registers.flags.items() if read_bit(bit, 0, words_by_block)),
    )


def decode_reading(
    registers: RegisterMap, node: Node, words_by_block: Answers, received_at: dt.datetime
) -> Reading | None:
    """Read a meter's values; None when the map names none or none could be read."""
    found = {name: read_value(register, 0, registers, words_by_block) for name, register in registers.readings.items()}
    values = {name: value for name, value in found.items() if value is not None}
    return Reading(node.id, received_at, values) if values else None


def encode_desired(registers: RegisterMap, desired: DesiredState, now: dt.datetime) -> tuple[Write, ...]:
    """Give the writes that bring every channel to the level due now; raises NodeRefused for a channel it lacks."""
    channels = registers.channels
    if channels is None:
        raise NodeRefused(f"node {desired.node} only measures; take its light points off it")
    spans: list[Write] = []
    for number in sorted(desired.channels):
        if not 0 <= number < channels.count:
            raise NodeRefused(f"node {desired.node} has channels 0 to {channels.count - 1}, not {number}")
        words = encode_level(registers, channels, level_due(desired, number, now).level)
        spans.append(Write(channels.level.table, channels.level.address + number * channels.level.stride, words))
    return tuple(spans) if registers.write == "single" else _joined(spans)


def encode_action(registers: RegisterMap, action: NodeAction) -> tuple[Write, ...]:
    """Give the writes of a one-shot action; raises NodeRefused where the make knows no such action."""
    known = registers.actions.get(action.kind)
    if known is None:
        raise NodeRefused(
            f"the profile of node {action.node} has no action {action.kind.value}: describe it under modbus.actions of "
            f"the profile, or show the lamp by switching it for a minute"
        )
    return (Write(known.table, known.address, (known.value,)),)


def read_back(registers: RegisterMap, writes: Sequence[Write]) -> tuple[Block, ...]:
    """Give the reads that show whether the writes arrived."""
    return cover({(write.table, write.address, len(write.values)) for write in writes}, registers.max_gap)


def verify(writes: Sequence[Write], words_by_block: Answers) -> str:
    """Compare what was written with what was read back: "" when all is there, else what differs."""
    differences = []
    for write in writes:
        found = find(words_by_block, write.table, write.address, len(write.values))
        for offset, value in enumerate(write.values):
            read = None if found is None else int(found[offset])
            if read != value:
                seen = "nothing was" if read is None else f"{read} was"
                differences.append(f"{write.table} {write.address + offset}: {value} was written, {seen} read back")
    return "; ".join(differences)


def encode_level(registers: RegisterMap, channels: ChannelMap, level: int) -> tuple[int, ...]:
    """Give the words (or the bit) of a level in percent; raises NodeRefused when the register cannot hold it."""
    part = channels.level
    if part.table in BIT_TABLES:
        return (int(level > 0),)
    try:
        return encode_value(level, part.type, part.word_order or registers.word_order, part.scale)
    except InvalidInput as error:
        raise NodeRefused(f"its level register cannot hold {level} %: {error}") from error


def read_level(part: Register, channel: int, registers: RegisterMap, answers: Answers) -> int | None:
    """Read a level in percent: a bit is 0 or 100; None where there is none or it is outside 0..100."""
    value = read_value(part, channel, registers, answers)
    if value is None:
        return None
    level = round(value * FULL_LEVEL) if part.table in BIT_TABLES else round(value)
    return level if 0 <= level <= FULL_LEVEL else None


def read_value(part: Register, channel: int, registers: RegisterMap, answers: Answers) -> float | None:
    """Read a channel's number; None where it was not answered or has no value."""
    words = find(answers, part.table, part.address + channel * part.stride, width_of(part))
    if words is None:
        return None
    if part.table in BIT_TABLES:
        return int(bool(words[0]))
    return decode_value(words, part.type, part.word_order or registers.word_order, part.scale, part.invalid)


def read_bit(part: Bit, channel: int, answers: Answers) -> bool | None:
    """Read whether a channel's flag is raised; None where it was not answered."""
    words = find(answers, part.table, part.address + channel * part.stride, 1)
    if words is None:
        return None
    bit = int(bool(words[0])) if part.table in BIT_TABLES else words[0] >> part.bit & 1
    return bit == part.when


def _channel(
    registers: RegisterMap, channels: ChannelMap, number: int, answers: Answers, *, local: bool
) -> ChannelReport:
    local = local or (channels.local is not None and read_bit(channels.local, number, answers) is True)
    readings = {
        name: read_value(part, number, registers, answers)
        for name in READINGS
        if isinstance(part := getattr(channels, name), Register)
    }
    return ChannelReport(
        level=read_level(channels.actual, number, registers, answers) if channels.actual else None,
        commanded=read_level(channels.level, number, registers, answers),
        reason=Reason.LOCAL if local else None,
        faults=tuple(fault.value for fault, bit in channels.faults.items() if read_bit(bit, number, answers)),
        **readings,
    )


def _joined(writes: Sequence[Write]) -> tuple[Write, ...]:
    """Join writes to direct neighbours, up to what one request may carry; nothing in between is ever written."""
    joined: list[Write] = []
    for write in sorted(writes, key=lambda write: write.address):
        last = joined[-1] if joined else None
        if last is not None and last.address + len(last.values) == write.address:
            values = last.values + write.values
            if len(values) <= MAX_WRITE[write.table in BIT_TABLES]:
                joined[-1] = Write(write.table, last.address, values)
                continue
        joined.append(write)
    return tuple(joined)
