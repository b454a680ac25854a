"""Controls of stories on a line: the real link, broken on purpose. Each is found in the first few dozen stories."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from lightctl.devices.levels import level_writes
from lightctl.devices.registers import decode_state, encode_desired, read_back
from lightctl.domain.events import CommandSent, NodeReported
from lightctl.domain.states import DesiredState
from lightctl.links.modbus import ModbusLink
from lightctl.links.modbus_talk import UnitTalk
from lightctl.links.modbus_units import Unit
from lightctl.links.modbus_wire import ModbusWire
from lightctl.links.outbox import Outbox

FLICKERS = 10


class BelievingTalk(UnitTalk):
    """Takes what it wrote, and was echoed, for what the unit would say."""

    async def give(self, unit: Unit, desired: DesiredState) -> None:
        registers = unit.registers
        if registers.schedule is not None:
            await super().give(unit, desired)
            return
        writes = encode_desired(registers, desired, self._clock.now())
        for write in writes:
            await self._wire.write(unit.number, write, single=registers.write == "single")
        now = self._clock.now()
        self._emit(CommandSent(unit.node.id, desired.revision, now))
        written = {(it.table, it.address + place): value for it in writes for place, value in enumerate(it.values)}
        words = {
            block: tuple(written.get((block.table, block.address + place), 0) for place in range(block.count))
            for block in read_back(registers, writes)
        }
        report = decode_state(registers, unit.node, words, now, verified=True)
        self._emit(NodeReported(replace(report, applied_revision=desired.revision)))


class EchoBelieved(ModbusLink):
    """A line on which the echo of a write proves it."""

    def __init__(self, *told: Any) -> None:
        super().__init__(*told)
        self._talk = BelievingTalk(self._wire, self._emit, self._clock)


class HeedlessWire(ModbusWire):
    """Asks not whose answer it is."""

    async def open(self) -> None:
        await super().open()
        framer = self._client._wire.framer
        handle: Callable[[bytes, int, int], Any] = framer.handleFrame
        framer.handleFrame = lambda received, _unit, transaction: handle(received, 0, transaction)  # type: ignore[method-assign]


class NeighbourBelieved(ModbusLink):
    """A line on which any unit's answer will do."""

    def __init__(self, *told: Any) -> None:
        super().__init__(*told)
        self._wire.__class__ = HeedlessWire


class Resentful(ModbusLink):
    """A line that never asks a unit again which failed twice."""

    def _note_failure(self, unit: Unit, why: str) -> None:
        super()._note_failure(unit, why)
        if unit.slow:
            unit.due += dt.timedelta(days=365)


class UnpacedLine(ModbusLink):
    """A line that knows no feeder's limit."""

    def __init__(self, *told: Any) -> None:
        super().__init__(*told)
        self._outbox = Outbox()


class FlickeringTalk(UnitTalk):
    """Turns a lamp on and off some times before it does what it is told."""

    async def give(self, unit: Unit, desired: DesiredState) -> None:
        for level in (0, 100) * FLICKERS * (unit.registers.schedule is None):
            for write in level_writes(unit.registers, 0, level):
                await self._wire.write(unit.number, write, single=True)
        await super().give(unit, desired)


class Flickering(ModbusLink):
    """A line on which no level comes without a flicker."""

    def __init__(self, *told: Any) -> None:
        super().__init__(*told)
        self._talk = FlickeringTalk(self._wire, self._emit, self._clock)


class Stumbling(ModbusLink):
    """A line whose alarm for the next poll fails, after it rang."""

    async def _ring_after(self, clock_s: float) -> None:
        await super()._ring_after(clock_s)
        raise RuntimeError
