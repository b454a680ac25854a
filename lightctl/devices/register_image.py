"""RegisterImage: the unit's end of a register map. Lamp states go in as words and bits; levels and nights come out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lightctl.devices.blocks import Block, Write, plan_reads
from lightctl.devices.levels import coils_lit, level_blocks, level_in_force, level_of, level_writes, lit_at
from lightctl.devices.maps import BIT_TABLES, Bit, Register, RegisterMap, RelayMap, Table
from lightctl.devices.registers import READINGS
from lightctl.devices.stored_schedule import body_blocks, decode_schedule, encode_schedule, is_whole
from lightctl.devices.unit_clock import encode_clock, read_clock
from lightctl.devices.words import encode_raw, encode_value
from lightctl.domain.assets import FULL_LEVEL
from lightctl.domain.states import ChannelReport, DesiredState, Reason


@dataclass(slots=True)
class RegisterImage:
    """The tables of one unit as its map lays them out; everything starts at 0, the sentinel at what it shall be."""

    registers: RegisterMap
    unit: int = 1
    tables: dict[Table, dict[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for block in (*plan_reads(self.registers), *body_blocks(self.registers)):
            self._put(block.table, block.address, (0,) * block.count)
        for action in self.registers.actions.values():
            self._put(action.table, action.address, (0,))
        sentinel = self.registers.sentinel
        if sentinel:
            self._put(sentinel.table, sentinel.address, (self.unit if sentinel.expect == "unit" else sentinel.expect,))

    def read(self, block: Block) -> tuple[int, ...]:
        """Answer a read; addresses nobody named hold 0."""
        table = self.tables.get(block.table, {})
        return tuple(table.get(address, 0) for address in range(block.address, block.address + block.count))

    def apply(self, write: Write) -> None:
        """Take a write as it comes."""
        self._put(write.table, write.address, write.values)

    def commanded(self, channel: int) -> int | None:
        """Give the level (percent) last written for a channel."""
        assert self.registers.channels is not None
        relays = self.registers.channels.relays
        answers = {block: self.read(block) for block in level_blocks(self.registers, channel)}
        if relays is None:
            return level_in_force(self.registers, channel, answers)
        lit = coils_lit(relays, channel, answers)
        return None if lit is None else level_of(relays, lit)

    def document(self, node: str, now: dt.datetime) -> DesiredState | None:
        """Give the document that stands in the tables, None where its checksum does not fit; raises InvalidInput."""
        answers = {block: self.read(block) for block in (*plan_reads(self.registers), *body_blocks(self.registers))}
        return decode_schedule(self.registers, node, answers, now) if is_whole(self.registers, answers) else None

    def show_document(self, desired: DesiredState | None) -> None:
        """Lay a document and the revision that runs into the tables; None empties them."""
        schedule = self.registers.schedule
        if schedule is None:
            return
        for block in body_blocks(self.registers):
            self._put(block.table, block.address, (0,) * block.count)
        for part in (schedule.checksum, schedule.commit):
            self._show(part, 0, 0)
        for write in encode_schedule(self.registers, desired) if desired is not None else ():
            self.apply(write)
        self.show_applied(0 if desired is None else desired.revision)

    def show_applied(self, revision: int) -> None:
        """Lay the revision that runs into the tables."""
        if self.registers.schedule is not None:
            self._show(self.registers.schedule.applied, 0, revision)

    def shown_clock(self) -> dt.datetime | None:
        """Give the instant that stands in the clock's registers."""
        return read_clock(self.registers, {block: self.read(block) for block in plan_reads(self.registers)})

    def show_clock(self, shown: dt.datetime) -> None:
        """Lay what the unit's clock shows into the tables."""
        if self.registers.clock is not None:
            self.apply(encode_clock(self.registers, "", shown))

    def show_channel(self, channel: int, report: ChannelReport) -> None:
        """Lay a channel's state into the tables; what is None stands there as the map's invalid value."""
        channels = self.registers.channels
        assert channels is not None
        if report.commanded is not None:
            for write in level_writes(self.registers, channel, report.commanded):
                self.apply(write)
        if channels.actual:
            self._show(channels.actual, channel, report.level, whole=FULL_LEVEL)
        elif channels.relays:
            self._close(channels.relays, channel, report.level or 0)
        for name in READINGS:
            part = getattr(channels, name)
            if isinstance(part, Register):
                self._show(part, channel, getattr(report, name))
        for fault, bit in channels.faults.items():
            self._raise(bit, channel, raised=fault.value in report.faults)
        if channels.local:
            self._raise(channels.local, channel, raised=report.reason is Reason.LOCAL)

    def show_flags(self, flags: Sequence[str], *, local: bool = False) -> None:
        """Raise these flags and lower the others; `local` is the switch that takes the whole unit."""
        for name, bit in self.registers.flags.items():
            self._raise(bit, 0, raised=name in flags)
        if self.registers.local:
            self._raise(self.registers.local, 0, raised=local)

    def show_readings(self, values: Mapping[str, float]) -> None:
        """Lay a meter's values into the tables; what is missing stands there as the map's invalid value."""
        for name, register in self.registers.readings.items():
            self._show(register, 0, values.get(name))

    def _show(self, part: Register, channel: int, value: float | None, *, whole: float = 1.0) -> None:
        order = part.word_order or self.registers.word_order
        if part.table in BIT_TABLES:
            words: tuple[int, ...] = (int((value or 0) >= whole / 2),)
        elif value is not None:
            words = encode_value(value, part.type, order, part.scale)
        elif part.type in ("float32", "float64"):
            words = encode_raw(float("nan"), part.type, order)
        else:
            words = encode_raw(part.invalid[0] if part.invalid else 0, part.type, order)
        self._put(part.table, part.address + channel * part.stride, words)

    def _close(self, relays: RelayMap, channel: int, level: int) -> None:
        for name, relay in relays.circuits.items():
            if relay.feedback:
                self._raise(relay.feedback, channel, raised=name in lit_at(relays, level))

    def _raise(self, bit: Bit, channel: int, *, raised: bool) -> None:
        address = bit.address + channel * bit.stride
        value = bit.when if raised else 1 - bit.when
        if bit.table not in BIT_TABLES:
            word = self.tables[bit.table].get(address, 0)
            value = word & ~(1 << bit.bit) | value << bit.bit
        self._put(bit.table, address, (value,))

    def _put(self, table: Table, address: int, words: Sequence[int]) -> None:
        self.tables.setdefault(table, {}).update({address + offset: word for offset, word in enumerate(words)})
