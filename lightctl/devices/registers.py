"""Registers: what a Modbus unit's words and bits mean. Pure: no sockets; blocks and words come in, values go out.

The daemon plans its reads (`plan_reads`), reads states out of the answers (and a meter's numbers, with `Meter`), writes
levels (`encode_desired`) and believes them only after a separate read-back (`read_back`, `verify`). RegisterImage is
the unit's end of the same map.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from lightctl.devices.blocks import MAX_WRITE, Answers, Block, Write, cover, find, plan_reads
from lightctl.devices.due import level_due
from lightctl.devices.levels import level_in_force, level_measured, level_writes
from lightctl.devices.maps import BIT_TABLES, ChannelMap, JsonReadings, Register, RegisterMap
from lightctl.devices.stored_schedule import encode_schedule, read_kept
from lightctl.devices.unit_clock import read_clock
from lightctl.devices.values import read_bit, read_value
from lightctl.devices.words import decode_value, encode_value
from lightctl.domain.assets import Node
from lightctl.domain.errors import InvalidInput, NodeRefused
from lightctl.domain.states import ChannelReport, DesiredState, NodeAction, Reason, ReportedState

__all__ = [
    "Block", "Write", "decode_state", "decode_value", "encode_action", "encode_desired",
    "encode_value", "plan_reads", "read_back", "unit_of", "verify",
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
    reason `local`. A unit with a clock and nights of its own says what time it has and which revision it runs. Raises
    InvalidInput for answers of the wrong length.
    """
    channels = registers.channels
    local = registers.local is not None and read_bit(registers.local, 0, words_by_block) is True
    kept = read_kept(registers, words_by_block)
    wired = [number for number in sorted(node.channels) if channels is not None and 0 <= number < channels.count]
    return ReportedState(
        node=node.id,
        received_at=received_at,
        channels={
            number: _channel(registers, channels, number, words_by_block, local=local)
            for number in wired
            if channels is not None
        },
        at=read_clock(registers, words_by_block),
        applied_revision=None if kept is None else kept.applied,
        verified=verified,
        flags=tuple(name for name, bit in registers.flags.items() if read_bit(bit, 0, words_by_block)),
    )


def encode_desired(registers: RegisterMap, desired: DesiredState, now: dt.datetime) -> tuple[Write, ...]:
    """Give the writes of a document, to be made in this order: the level due now on every channel, or its nights.

    Raises NodeRefused for a channel the unit lacks.
    """
    channels = registers.channels
    if channels is None:
        raise NodeRefused(f"node {desired.node} only measures; take its light points off it")
    if registers.schedule is not None:
        return encode_schedule(registers, desired)
    spans: list[Write] = []
    for number in sorted(desired.channels):
        if not 0 <= number < channels.count:
            raise NodeRefused(f"node {desired.node} has channels 0 to {channels.count - 1}, not {number}")
        spans += level_writes(registers, number, level_due(desired, number, now).level)
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
        level=level_measured(registers, number, answers),
        commanded=level_in_force(registers, number, answers),
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
