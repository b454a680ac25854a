"""A Modbus line of the street: which unit answers, how late, or not at all; and what a meter on it reads."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence

from lightctl.devices.maps import RegisterMap
from simulators.modbus_pdu import answer
from simulators.modbus_unit import RegisterUnit
from simulators.node import MAINS_V
from simulators.street import Street

BROADCAST = 0
PHASES = ("l1", "l2", "l3")
FREQUENCY_HZ = 50.0
METER_POWER_FACTOR = 0.95


class ModbusSide:
    """The units of one line."""

    def __init__(self, street: Street, clock: Callable[[], dt.datetime]) -> None:
        self.asked = 0
        self._street = street
        self._clock = clock
        self._units: dict[int, tuple[str, RegisterUnit]] = {}

    def add(self, unit: int, registers: RegisterMap, node: str, metered: Sequence[str]) -> None:
        """Put a station of the street on the line."""
        station = self._street.stations[node]
        bank = RegisterUnit(unit, registers, station, self._street, lambda: measure(self._street, metered, self._clock))
        self._units[unit] = (node, bank)

    async def ask(self, unit: int, request: bytes) -> bytes | None:
        """Give a unit's answer: late if it is slow, None if it is dead or not there. Unit 0 is all, without answer."""
        self.asked += 1
        if unit == BROADCAST:
            for node, bank in self._units.values():
                if self._street.reachable(node):
                    answer(request, bank.at(self._clock()))
            return None
        if unit not in self._units:
            return None
        node, bank = self._units[unit]
        delay_s = self._street.stations[node].delay_s
        if delay_s:
            await asyncio.sleep(delay_s)
        if not self._street.reachable(node):
            return None
        return answer(request, bank.at(self._clock()))


def measure(street: Street, nodes: Sequence[str], clock: Callable[[], dt.datetime]) -> dict[str, float]:
    """Give a three-phase meter's values over the lamps of some nodes, spread evenly over the phases."""
    now = clock()
    lamps = [
        street.stations[node].firmware.lamp(channel)
        for node in nodes
        for channel in street.stations[node].firmware.setup.outputs
    ]
    power = sum(lamp.power_w(now) for lamp in lamps)
    energy = sum(lamp.energy_wh(now) for lamp in lamps) / 1000
    apparent = power / METER_POWER_FACTOR
    volts = _mains_v(street, nodes)
    values = {
        "power_w": power,
        "energy_kwh": energy,
        "energy_total_kwh": energy,
        "energy_export_kwh": 0.0,
        "apparent_power_va": apparent,
        "reactive_power_var": (apparent**2 - power**2) ** 0.5,
        "power_factor": METER_POWER_FACTOR,
        "frequency_hz": FREQUENCY_HZ,
    }
    for phase in PHASES:
        values |= {
            f"voltage_{phase}_v": volts,
            f"current_{phase}_a": apparent / len(PHASES) / volts if volts else 0.0,
            f"power_{phase}_w": power / len(PHASES),
            f"power_factor_{phase}": METER_POWER_FACTOR,
            f"energy_{phase}_kwh": energy / len(PHASES),
        }
    return values


def _mains_v(street: Street, nodes: Sequence[str]) -> float:
    """Give what the mains has behind the meter: the worst of it, as one feeder has one voltage."""
    volts = [
        each
        for node in nodes
        for each in (street.stations[node].firmware.supply_v(it) for it in street.stations[node].firmware.setup.outputs)
    ]
    return max(volts, key=lambda each: abs(each - MAINS_V), default=MAINS_V)
