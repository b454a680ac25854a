"""A Modbus unit: its tables as the profile's map lays them out, drawn from the lamps and acting on them.

A level register keeps what was written until the unit restarts; everything else is drawn when it is read. Channels the
map has but nobody wired read 0 and take any level, as outputs of an I/O module do. A unit that keeps its nights holds
what is written of them apart until the commit comes, then takes it if it is whole and its revision is greater; when it
starts, what stands there is what its flash has.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from lightctl.devices.levels import known_levels, level_blocks
from lightctl.devices.maps import WORDS, Register, RegisterMap, Table
from lightctl.devices.register_image import RegisterImage
from lightctl.devices.registers import Block, Write
from lightctl.devices.stored_schedule import body_blocks
from lightctl.domain.errors import InvalidInput
from lightctl.domain.states import ActionKind, ChannelReport, FaultEvent, NodeAction, Reason
from simulators.lamp import FULL_LEVEL
from simulators.modbus_pdu import ILLEGAL_ADDRESS, ILLEGAL_VALUE, Refused
from simulators.street import Station, Street

FOREVER = dt.timedelta(days=1)
LOCAL_FLAG, BREAKER_FLAG = "local_override", "breaker_tripped"

Measure = Callable[[], Mapping[str, float]]
Place = tuple[Table, int]


class RegisterUnit:
    """One unit: a Bank over a station. `measure` gives what a meter reads."""

    def __init__(self, unit: int, registers: RegisterMap, station: Station, street: Street, measure: Measure) -> None:
        self._image = RegisterImage(registers, unit)
        self._map = registers
        self._station = station
        self._street = street
        self._measure = measure
        self._now = dt.datetime.min.replace(tzinfo=dt.UTC)
        self._written: set[int] = set()
        self._boot_id = ""
        self._levels: dict[Place, int] = {}
        if registers.channels is not None and registers.schedule is None:
            for number in range(registers.channels.count):
                self._levels |= {(it.table, it.address): number for it in level_blocks(registers, number)}
        self._kept = _kept_places(registers)
        self._commit = _places(registers.schedule.commit) if registers.schedule else frozenset()
        self._time = _places(*registers.clock.registers) if registers.clock else frozenset()
        self._actions = {(it.table, it.address): (kind, it.value) for kind, it in registers.actions.items()}

    def at(self, now: dt.datetime) -> RegisterUnit:
        """Bring the unit up to an instant; reads and writes that follow happen then."""
        self._now = now
        firmware = self._station.firmware
        self._street.carry_out(firmware.setup.id, firmware.advance(now))
        if self._boot_id != firmware.boot_id:
            self._boot_id = firmware.boot_id
            self._written = set()
            self._image.show_document(firmware.document)
        return self

    def read(self, table: Table, address: int, count: int) -> Sequence[int]:
        """Give words or bits; an address between mapped ones holds 0, one outside them is refused."""
        self._draw()
        held = self._image.tables.get(table)
        if not held or address < min(held) or address + count - 1 > max(held):
            raise Refused(ILLEGAL_ADDRESS)
        return self._image.read(Block(table, address, count))

    def stands(self, block: Block) -> tuple[int, ...]:
        """Give what stood in its tables when it was last read or written."""
        return self._image.read(block)

    def write(self, table: Table, address: int, values: Sequence[int]) -> None:
        """Let written levels act on the lamps, and actions happen; all of it or nothing."""
        places = [(table, address + offset) for offset in range(len(values))]
        known = self._levels.keys() | self._actions.keys() | self._kept
        if not known.issuperset(places):
            raise Refused(ILLEGAL_ADDRESS)
        self._draw()
        before = self._image.read(Block(table, address, len(values)))
        self._image.apply(Write(table, address, tuple(values)))
        channels = [self._levels[place] for place in places if place in self._levels]
        try:
            levels = {channel: self._level(channel) for channel in channels}
        except Refused:
            self._image.apply(Write(table, address, before))
            raise
        self._written |= set(channels)
        firmware = self._station.firmware
        wired = {channel: level for channel, level in levels.items() if channel in firmware.setup.outputs}
        if wired:
            self._street.carry_out(firmware.setup.id, firmware.order(wired, self._now))
        self._take_kept(places)
        for place, value in zip(places, values, strict=True):
            if place in self._actions:
                self._act(*self._actions[place], value)

    def _take_kept(self, places: Sequence[Place]) -> None:
        """Let the unit run the nights that were committed, and go by the time it was given."""
        firmware = self._station.firmware
        if not self._commit.isdisjoint(places):
            with suppress(InvalidInput):  # as units do with what makes no sense: they pass it over
                document = self._image.document(firmware.setup.id, self._now)
                outputs = [] if document is None else firmware.receive(document, self._now)
                self._street.carry_out(firmware.setup.id, outputs)
        if not self._time.isdisjoint(places):
            shown = self._image.shown_clock()
            outputs = [] if shown is None else firmware.set_time(shown, self._now)
            self._street.carry_out(firmware.setup.id, outputs)

    def _act(self, kind: ActionKind, trigger: int, value: int) -> None:
        if value == trigger:
            firmware = self._station.firmware
            action = NodeAction(f"{kind}-{self._now.timestamp()}", firmware.setup.id, kind, self._now + FOREVER)
            self._street.carry_out(firmware.setup.id, firmware.act(action, self._now))

    def _level(self, channel: int) -> int:
        try:
            level = self._image.commanded(channel)
        except InvalidInput as error:
            raise Refused(ILLEGAL_VALUE) from error
        if level is None or not 0 <= level <= FULL_LEVEL:
            raise Refused(ILLEGAL_VALUE)
        return level

    def _draw(self) -> None:
        firmware = self._station.firmware
        reports = firmware.report(self._now).channels
        for channel, report in reports.items():
            self._image.show_channel(channel, self._as_measured(channel, report))
        local = any(report.reason is Reason.LOCAL for report in reports.values())
        flags = set(self._station.flags)
        if local:
            flags.add(LOCAL_FLAG)
        if any(FaultEvent.CIRCUIT_BREAKER_TRIPPED in report.faults for report in reports.values()):
            flags.add(BREAKER_FLAG)
        self._image.show_flags(sorted(flags), local=local)
        self._image.show_applied(firmware.applied_revision)
        self._image.show_clock(firmware.shows(self._now))
        if self._map.readings:
            self._image.show_readings(self._measure())
        for (table, address), (_, trigger) in self._actions.items():
            self._image.apply(Write(table, address, (0 if trigger else 1,)))

    def _as_measured(self, channel: int, report: ChannelReport) -> ChannelReport:
        """Give a report as this unit has it; a contact says the contactor has closed, not that a lamp burns behind."""
        assert self._map.channels is not None
        if channel in self._written:
            report = replace(report, commanded=None)
        if known_levels(self._map):
            closed = self._station.firmware.contact(channel)
            target = self._station.firmware.lamp(channel).target if closed is None else FULL_LEVEL * closed
            report = replace(report, level=round(target))
        return report


def _places(*parts: Register) -> frozenset[Place]:
    return frozenset((it.table, it.address + offset) for it in parts for offset in range(WORDS[it.type]))


def _kept_places(registers: RegisterMap) -> frozenset[Place]:
    """Give where what a unit keeps is written: its nights, their checksum and revision, and its clock."""
    places = _places(*registers.clock.registers) if registers.clock else frozenset()
    if registers.schedule:
        body = {(it.table, it.address + offset) for it in body_blocks(registers) for offset in range(it.count)}
        places |= body | _places(registers.schedule.checksum, registers.schedule.commit)
    return places
