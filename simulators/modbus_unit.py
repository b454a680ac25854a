"""A Modbus unit: its tables as the profile's map lays them out, drawn from the lamps and acting on them.

A level register keeps what was written until the unit restarts; everything else is drawn when it is read. Channels the
map has but nobody wired read 0 and take any level, as outputs of an I/O module do.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from lightctl.devices.maps import BIT_TABLES, Bit, ChannelMap, Register, RegisterAction, RegisterMap, Table
from lightctl.devices.registers import decode_value, encode_value
from lightctl.domain.errors import InvalidInput
from lightctl.domain.states import ActionKind, ChannelReport, FaultEvent, NodeAction, Reason
from simulators.lamp import FULL_LEVEL
from simulators.modbus_pdu import DEVICE_FAILURE, ILLEGAL_ADDRESS, ILLEGAL_VALUE, Refused
from simulators.street import Station, Street

FOREVER = dt.timedelta(days=1)

Measure = Callable[[], dict[str, float]]
Image = dict[tuple[Table, int], int]


class RegisterUnit:
    """One unit: a Bank over a station. `measure` gives what a meter reads."""

    def __init__(self, unit: int, registers: RegisterMap, station: Station, street: Street, measure: Measure) -> None:
        self._unit = unit
        self._map = registers
        self._station = station
        self._street = street
        self._measure = measure
        self._now = dt.datetime.min.replace(tzinfo=dt.UTC)
        self._written: dict[int, int] = {}
        self._boot_id = ""

    def at(self, now: dt.datetime) -> RegisterUnit:
        """Bring the unit up to an instant; reads and writes that follow happen then."""
        self._now = now
        node = self._station.firmware.setup.id
        self._street.carry_out(node, self._station.firmware.advance(now))
        if self._boot_id != self._station.firmware.boot_id:
            self._boot_id = self._station.firmware.boot_id
            self._written = {}
        return self

    def read(self, table: Table, address: int, count: int) -> Sequence[int]:
        """Give words or bits; an address between mapped ones holds 0, one outside them is refused."""
        image = {place: value for (kind, place), value in self._image().items() if kind == table}
        if not image or address < min(image) or address + count - 1 > max(image):
            raise Refused(ILLEGAL_ADDRESS)
        return [image.get(place, 0) for place in range(address, address + count)]

    def write(self, table: Table, address: int, values: Sequence[int]) -> None:
        """Let written levels act on the lamps, and actions happen."""
        targets = self._level_registers()
        actions = {(it.table, it.address): (kind, it) for kind, it in self._map.actions.items()}
        levels: dict[int, int] = {}
        wanted: list[tuple[ActionKind, RegisterAction, int]] = []
        for offset, value in enumerate(values):
            place = (table, address + offset)
            if place in targets:
                levels[targets[place]] = self._level(value)
            elif place in actions:
                wanted.append((*actions[place], value))
            else:
                raise Refused(ILLEGAL_ADDRESS)
        firmware = self._station.firmware
        if levels:
            for offset, value in enumerate(values):
                if (channel := targets.get((table, address + offset))) is not None:
                    self._written[channel] = value
            wired = {channel: level for channel, level in levels.items() if channel in firmware.setup.outputs}
            self._street.carry_out(firmware.setup.id, firmware.order(wired, self._now))
        for kind, it, value in wanted:
            if value == it.value:
                action = NodeAction(f"{kind}-{self._now.timestamp()}", firmware.setup.id, kind, self._now + FOREVER)
                self._street.carry_out(firmware.setup.id, firmware.act(action, self._now))

    def _level(self, raw: int) -> int:
        level = self._channels().level
        value = decode_value((raw,), level.type, level.word_order or self._map.word_order, level.scale, level.invalid)
        percent = FULL_LEVEL * raw if level.type == "bool" else value
        if percent is None or not 0 <= percent <= FULL_LEVEL:
            raise Refused(ILLEGAL_VALUE)
        return round(percent)

    def _channels(self) -> ChannelMap:
        assert self._map.channels is not None
        return self._map.channels

    def _level_registers(self) -> dict[tuple[Table, int], int]:
        if self._map.channels is None:
            return {}
        level = self._map.channels.level
        return {
            (level.table, level.address + channel * level.stride): channel
            for channel in range(self._map.channels.count)
        }

    def _image(self) -> Image:
        image: Image = {}
        firmware = self._station.firmware
        reports = firmware.report(self._now).channels
        if self._map.channels is not None:
            for channel in range(self._map.channels.count):
                self._draw_channel(image, self._map.channels, channel, reports.get(channel, ChannelReport()))
        local = any(report.reason is Reason.LOCAL for report in reports.values())
        flags = self._station.flags | ({"local_override"} if local else set())
        if any(FaultEvent.CIRCUIT_BREAKER_TRIPPED in report.faults for report in reports.values()):
            flags |= {"breaker_tripped"}
        if self._map.local is not None:
            self._draw_bit(image, self._map.local, 0, on=local)
        for name, bit in self._map.flags.items():
            self._draw_bit(image, bit, 0, on=name in flags)
        if self._map.readings:
            values = self._measure()
            for name, register in self._map.readings.items():
                self._draw(image, register, 0, values.get(name, 0.0))
        if (sentinel := self._map.sentinel) is not None:
            image[sentinel.table, sentinel.address] = self._unit if sentinel.expect == "unit" else sentinel.expect
        for it in self._map.actions.values():
            image[it.table, it.address] = 0
        return image

    def _draw_channel(self, image: Image, channels: ChannelMap, channel: int, report: ChannelReport) -> None:
        if channel in self._written:
            level = channels.level
            image[level.table, level.address + channel * level.stride] = self._written[channel]
        else:
            self._draw(image, channels.level, channel, report.commanded or 0)
        for register, value in (
            (channels.actual, self._actual(channels, channel, report)),
            (channels.power_w, report.power_w),
            (channels.energy_wh, report.energy_wh),
            (channels.voltage_v, report.voltage_v),
            (channels.current_a, report.current_a),
            (channels.power_factor, report.power_factor),
            (channels.temperature_c, report.temperature_c),
            (channels.operating_h, report.operating_h),
        ):
            if register is not None:
                self._draw(image, register, channel, value or 0.0)
        if channels.local is not None:
            self._draw_bit(image, channels.local, channel, on=report.reason is Reason.LOCAL)
        for event, bit in channels.faults.items():
            self._draw_bit(image, bit, channel, on=str(event) in report.faults)

    def _actual(self, channels: ChannelMap, channel: int, report: ChannelReport) -> float:
        """Give the measured level; a contact says that the contactor has closed, not that a lamp burns behind it."""
        if channels.actual is None or channels.actual.table not in BIT_TABLES or report.level is None:
            return report.level or 0.0
        return self._station.firmware.lamp(channel).target

    def _draw(self, image: Image, register: Register, channel: int, value: float) -> None:
        address = register.address + channel * register.stride
        if register.table in BIT_TABLES or register.type == "bool":
            image[register.table, address] = int(value > 0)
            return
        try:
            words = encode_value(value, register.type, register.word_order or self._map.word_order, register.scale)
        except InvalidInput as error:
            raise Refused(DEVICE_FAILURE) from error
        for offset, word in enumerate(words):
            image[register.table, address + offset] = word

    @staticmethod
    def _draw_bit(image: Image, bit: Bit, channel: int, *, on: bool) -> None:
        place = (bit.table, bit.address + channel * bit.stride)
        raised = int(on) == bit.when
        if bit.table in BIT_TABLES:
            image[place] = int(raised)
        else:
            image[place] = image.get(place, 0) | (int(raised) << bit.bit)
