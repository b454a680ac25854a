"""UnitTalk: what is said to one unit of a Modbus line and what comes back, as events. The line's loop decides when.

A write is followed by a separate read-back of what was written, and only that makes a report `verified`. Nights that a
unit keeps are written in the order body, checksum, commit, and any break begins again at the body. That the unit runs
them is the word of its next poll; it is verified when the body was read back whole, once for each revision it runs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from lightctl.devices.blocks import Answers
from lightctl.devices.registers import (
    Block,
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
from lightctl.domain.states import ActionKind, DesiredState, NodeAction, Reading, ReportedState
from lightctl.links.base import Clock, Emit
from lightctl.links.modbus_units import Said, Unit
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

    async def ask(self, unit: Unit) -> tuple[Answers, bool]:
        """Read everything a unit's map names, and whether it is proven to run what it was given.

        A block it refuses leaves its values out, silence ends the round.
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
        verified = unit.registers.schedule is not None and await self._runs_whole(unit, words)
        return words, verified

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


def heard(unit: Unit, words: Answers, now: dt.datetime, *, verified: bool) -> list[Event]:
    """Give what a poll says, as events; raises InvalidInput for answers that make no sense."""
    events: list[Event] = []
    if unit.has_state:
        events.append(NodeReported(_state(unit, words, now, verified=verified)))
    values = unit.meter.read(words)
    if values:
        events.append(MeterRead(Reading(unit.node.id, now, values)))
    return events


def _state(unit: Unit, words: Answers, now: dt.datetime, *, verified: bool) -> ReportedState:
    """Decode what a unit says, unless it said the very same at its last poll."""
    if unit.said is not None and unit.said.words == words:
        return replace(unit.said.state, received_at=now, verified=verified)
    state = decode_state(unit.registers, unit.node, words, now, verified=verified)
    unit.said = Said(words, state)
    return state
