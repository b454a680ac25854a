"""What can go wrong on the street, put in and taken back at its instants; each one is noted in the truth log."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import replace

from lightctl.devices.profile import shipped_profiles
from lightctl.domain.errors import InvalidInput
from simulators.ailments import AILMENTS, CYCLING
from simulators.node import Channel
from simulators.specs import ALL_CHANNELS, MOMENTARY_FAULTS, NATIVE, FaultSpec
from simulators.street import Station, Street

DOOR_OPEN = "door_open"
FLAPPING = "flapping"
COMING_AND_GOING = frozenset({FLAPPING, CYCLING})
SUPPLY_LOSS = "supply_loss"
LAMP_FAULTS = frozenset({"stuck", "lamp_failure", "breaker_trip", *AILMENTS})
POWER_FAULTS = frozenset({"supply_loss", "reboot", "flash_lost"})
NATIVE_FAULTS = frozenset({"wrong_clock", "flash_lost"})


class Troubles:
    """Schedules faults on a street; who is hit by `count` depends on the seed and the fault's place in the order."""

    def __init__(self, street: Street, seed: int) -> None:
        self._street = street
        self._seed = seed
        self._number = 0
        self._active: set[tuple[str, str, int]] = set()

    def schedule(self, fault: FaultSpec) -> tuple[str, ...]:
        """Put a fault on the street's heap; gives the nodes it will hit. Raises InvalidInput when none can be hit."""
        nodes = self._nodes(fault)
        if not fault.within_s:
            self._street.at(fault.at, lambda now: self._begin(fault, nodes, now))
            return nodes
        rng = random.Random(f"{self._seed}/within/{self._number}")
        for node in nodes:
            own = replace(fault, at=fault.at + dt.timedelta(seconds=rng.uniform(0, fault.within_s)), within_s=0.0)
            self._street.at(own.at, lambda now, own=own, node=node: self._begin(own, (node,), now))  # type: ignore[misc]
        return nodes

    def clear(self, kind: str, nodes: tuple[str, ...], now: dt.datetime) -> None:
        """Take back a fault now, before its end, on whatever channels; nodes that do not have it are passed over."""
        known = self._nodes(FaultSpec(kind, now, nodes=nodes))
        for channel in sorted({channel for a_kind, node, channel in self._active if a_kind == kind and node in known}):
            self._end(FaultSpec(kind, now, nodes=nodes, channel=channel), known, now)

    def _nodes(self, fault: FaultSpec) -> tuple[str, ...]:
        self._number += 1
        stations = self._street.stations
        for node in fault.nodes:
            if node not in stations:
                raise InvalidInput(f"fault {fault.kind}", f"node {node} is not simulated here")
            if not _can_have(stations[node], fault):
                raise InvalidInput(f"fault {fault.kind}", f"node {node} ({stations[node].family}) cannot have it")
        if fault.nodes:
            return fault.nodes
        able = [node for node in stations if node.startswith(fault.prefix) and _can_have(stations[node], fault)]
        if len(able) < fault.count:
            raise InvalidInput(f"fault {fault.kind}", f"{fault.count} nodes are wanted, {len(able)} can have it")
        return tuple(sorted(random.Random(f"{self._seed}/fault/{self._number}").sample(able, fault.count)))

    def _begin(self, fault: FaultSpec, nodes: tuple[str, ...], now: dt.datetime) -> None:
        self._street.truth.fault(fault.kind, nodes, now, on=True)
        self._switch(fault, nodes, now, on=True)
        if fault.kind in MOMENTARY_FAULTS:
            return
        self._active |= {(fault.kind, node, fault.channel) for node in nodes}
        if fault.kind in COMING_AND_GOING:
            self._street.at(now + _half(fault), lambda then: self._flap(fault, nodes, then, down=False))
        if fault.lasts_s is not None:
            self._street.at(now + dt.timedelta(seconds=fault.lasts_s), lambda then: self._end(fault, nodes, then))

    def _end(self, fault: FaultSpec, nodes: tuple[str, ...], now: dt.datetime) -> None:
        ending = tuple(node for node in nodes if (fault.kind, node, fault.channel) in self._active)
        self._active -= {(fault.kind, node, fault.channel) for node in ending}
        if ending:
            self._street.truth.fault(fault.kind, ending, now, on=False)
            self._switch(fault, ending, now, on=False)

    def _flap(self, fault: FaultSpec, nodes: tuple[str, ...], now: dt.datetime, *, down: bool) -> None:
        flapping = tuple(node for node in nodes if (fault.kind, node, fault.channel) in self._active)
        if flapping:
            self._switch(fault, flapping, now, on=down)
            self._street.at(now + _half(fault), lambda then: self._flap(fault, nodes, then, down=not down))

    def _switch(self, fault: FaultSpec, nodes: tuple[str, ...], now: dt.datetime, *, on: bool) -> None:
        for node in nodes:
            station = self._street.stations[node]
            if fault.kind in LAMP_FAULTS:
                self._break_lamps(fault, station, now, on=on)
            elif fault.kind in POWER_FAULTS:
                self._power(fault, station, now, on=on)
            else:
                self._disturb(fault, station, now, on=on)

    def _break_lamps(self, fault: FaultSpec, station: Station, now: dt.datetime, *, on: bool) -> None:
        firmware = station.firmware
        every = fault.channel == ALL_CHANNELS
        for channel in firmware.setup.outputs:
            if every or channel == fault.channel:
                change = _change(fault, now, on=on)
                self._street.carry_out(firmware.setup.id, firmware.disturb(channel, change, now))

    def _power(self, fault: FaultSpec, station: Station, now: dt.datetime, *, on: bool) -> None:
        node = station.firmware.setup.id
        if fault.kind != SUPPLY_LOSS:
            if on and station.firmware.powered:
                self._street.boot(node, now, flash_lost=fault.kind == "flash_lost")
        elif on:
            self._street.carry_out(node, station.firmware.lose_supply(now))
        else:
            self._street.boot(node, now)

    def _disturb(self, fault: FaultSpec, station: Station, now: dt.datetime, *, on: bool) -> None:
        firmware = station.firmware
        match fault.kind:
            case "slow":
                station.delay_s = fault.delay_s if on else 0.0
            case "door_open":
                (station.flags.add if on else station.flags.discard)(DOOR_OPEN)
            case "wrong_clock":
                outputs = firmware.set_clock_error(fault.offset_s if on else 0.0, now)
                self._street.carry_out(firmware.setup.id, outputs)
            case "local_override":
                outputs = firmware.local_switch(fault.level if on else None, now)
                self._street.carry_out(firmware.setup.id, outputs)
            case _:
                self._street.cut(firmware.setup.id, fault.kind, on=on)


def _change(fault: FaultSpec, now: dt.datetime, *, on: bool) -> Callable[[Channel], None]:
    """Give what a fault does to an output, or undoes."""

    def change(channel: Channel) -> None:
        lamp = channel.lamp
        match fault.kind:
            case "stuck":
                lamp.hold(stuck=on, now=now)
            case "lamp_failure":
                lamp.fail((fault.lamps or lamp.kind.lamps) if on else 0, now)
            case "breaker_trip":
                channel.tripped = on
            case _:
                AILMENTS[fault.kind](channel, fault, now, on)

    return change


def _half(fault: FaultSpec) -> dt.timedelta:
    return dt.timedelta(seconds=fault.period_s / 2)


def _can_have(station: Station, fault: FaultSpec) -> bool:
    """Say whether a fault makes sense on a node: doors are on cabinets, lamps on nodes that have some."""
    if fault.kind == DOOR_OPEN:
        registers = shipped_profiles()[station.family].modbus
        return registers is not None and DOOR_OPEN in registers.flags
    if fault.kind in NATIVE_FAULTS:
        return station.family == NATIVE or station.firmware.setup.capabilities.carries_nights
    if fault.kind in LAMP_FAULTS or fault.kind == "local_override":
        outputs = station.firmware.setup.outputs
        return bool(outputs) if fault.channel == ALL_CHANNELS else fault.channel in outputs
    return True
