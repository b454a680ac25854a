"""UnitTalk: what is said to one unit of a Modbus line and what comes back, as events. The line's loop decides when.

A write is followed by a separate read-back of what was written, and only that makes a report `verified`. Nights that a
unit keeps are written in the order body, checksum, commit, and any break begins again at the body. That the unit runs
them is the word of its next poll; it is verified when the body was read back whole, once for each revision it runs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from lightctl.devices.registers import (
    Block,
    decode_reading,
    decode_state,
    encode_action,
    encode_desired,
    read_back,
    verify,
)
from lightctl.devices.stored_schedule import body_blocks, is_whole, kept_after, read_kept
from lightctl.devices.unit_clock import encode_clock
from lightctl.domain.errors import NodeRefused
from lightctl.domain.events import CommandSent, Event, MeterRead, NodeReported, SendFailed
from lightctl.domain.states import ActionKind, DesiredState, NodeAction
from lightctl.links.base import Clock, Emit
from lightctl.links.modbus_units import Unit
from lightctl.links.modbus_wire import ModbusWire, UnitRefusedForNow


class UnitTalk:
    """Talks on one line; its methods raise as the wire does."""

    def __init__(self, wire: ModbusWire, emit: Emit, clock: Clock) -> None:
        self._wire = wire
        self._emit = emit
        self._clock = clock

    async def give(self, unit: Unit, desired: DesiredState) -> None:
        """Write a document and read it back; emits what came of it."""
        registers = unit.registers
        writes = encode_desired(registers, desired, self._clock.now())
        unit.proven = None
        for write in writes:
            await self._wire.write(unit.number, write, single=registers.write == "single")
        self._emit(CommandSent(unit.node.id, desired.revision, self._clock.now()))
        words = {block: await self._wire.read(unit.number, block) for block in read_back(registers, writes)}
        now = self._clock.now()
        differs = verify(writes, words)
        if differs:
            self._emit(SendFailed(unit.node.id, desired.revision, now, f"read back otherwise: {differs}"))
        elif registers.schedule is not None:
            unit.proven = kept_after(writes, desired.revision)
        else:
            report = decode_state(registers, unit.node, words, now, verified=True)
            self._emit(NodeReported(replace(report, applied_revision=desired.revision)))

    async def act(self, unit: Unit, action: NodeAction) -> str:
        """Have a unit do something once; gives what to say of it."""
        if action.kind is ActionKind.SET_CLOCK:
            set_clock = encode_clock(unit.registers, unit.node.id, self._clock.now())
            await self._wire.write(unit.number, set_clock, single=False)
            return "the unit took the time"
        for write in encode_action(unit.registers, action):
            await self._wire.write(unit.number, write, single=True)
        return "the unit took it"

    async def ask(self, unit: Unit) -> list[Event]:
        """Read everything a unit's map names; a block it refuses leaves its values out, silence ends the round.

        Raises InvalidInput for answers that make no sense.
        """
        words: dict[Block, tuple[int, ...]] = {}
        refusal = "its profile names nothing to read"
        for block in unit.blocks:
            try:
                words[block] = await self._wire.read(unit.number, block)
            except (NodeRefused, UnitRefusedForNow) as error:
                refusal = str(error)
        if not words:
            raise UnitRefusedForNow(refusal)
        verified = await self._runs_whole(unit, words)
        return _heard(unit, words, self._clock.now(), verified=verified)

    async def _runs_whole(self, unit: Unit, words: Mapping[Block, tuple[int, ...]]) -> bool:
        """Say whether what the unit keeps is proven to be whole; reads it where that is not known yet."""
        kept = read_kept(unit.registers, words)
        if kept is None or not kept.applied or kept.applied != kept.committed:
            return False
        if kept != unit.proven:
            unit.proven = kept if await self._is_whole(unit, words) else None
        return kept == unit.proven

    async def _is_whole(self, unit: Unit, words: Mapping[Block, tuple[int, ...]]) -> bool:
        try:
            body = {block: await self._wire.read(unit.number, block) for block in body_blocks(unit.registers)}
        except (NodeRefused, UnitRefusedForNow):
            return False
        return is_whole(unit.registers, {**words, **body})


def _heard(unit: Unit, words: Mapping[Block, tuple[int, ...]], now: dt.datetime, *, verified: bool) -> list[Event]:
    registers = unit.registers
    events: list[Event] = []
    if registers.channels is not None or registers.flags or registers.local is not None or registers.clock is not None:
        events.append(NodeReported(decode_state(registers, unit.node, words, now, verified=verified)))
    reading = decode_reading(registers, unit.node, words, now)
    if reading is not None:
        events.append(MeterRead(reading))
    return events
