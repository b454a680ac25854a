"""What lamps, drivers, relays and mains do when they are ill rather than broken, each put on an output and taken off.

An ailment touches nothing but its own part, so several of them on one lamp do not undo each other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from simulators.lamp import FULL_LEVEL
from simulators.node import MAINS_V, Channel
from simulators.specs import FaultSpec

CYCLING = "cycling"
LEAKAGE_FLAG = "leakageDetected"

Ailment = Callable[[Channel, FaultSpec, dt.datetime, bool], None]


def _wrong_power(channel: Channel, fault: FaultSpec, now: dt.datetime, on: bool) -> None:  # noqa: FBT001 - one of a table
    channel.lamp.ail(replace(channel.lamp.ills, draw=fault.share if on else 1.0), now)


def _low_power_factor(channel: Channel, fault: FaultSpec, now: dt.datetime, on: bool) -> None:  # noqa: FBT001
    channel.lamp.ail(replace(channel.lamp.ills, power_factor=fault.share if on else 1.0), now)


def _dimmer_stuck(channel: Channel, fault: FaultSpec, now: dt.datetime, on: bool) -> None:  # noqa: FBT001
    channel.lamp.ail(replace(channel.lamp.ills, dimmer=float(fault.level) if on else None), now)


def _day_burner(channel: Channel, fault: FaultSpec, now: dt.datetime, on: bool) -> None:  # noqa: FBT001
    channel.lamp.ail(replace(channel.lamp.ills, bypass=float(fault.level) if on else None), now)


def _cycling(channel: Channel, fault: FaultSpec, now: dt.datetime, on: bool) -> None:  # noqa: ARG001, FBT001
    channel.lamp.ail(replace(channel.lamp.ills, out=on), now)


def _relay_open(channel: Channel, fault: FaultSpec, now: dt.datetime, on: bool) -> None:  # noqa: ARG001, FBT001
    channel.relay = False if on else None


def _relay_closed(channel: Channel, fault: FaultSpec, now: dt.datetime, on: bool) -> None:  # noqa: ARG001, FBT001
    channel.relay = True if on else None
    channel.lamp.ail(replace(channel.lamp.ills, bypass=float(FULL_LEVEL) if on else None), now)


def _supply_voltage(channel: Channel, fault: FaultSpec, now: dt.datetime, on: bool) -> None:  # noqa: ARG001, FBT001
    channel.supply_v = fault.volts if on else MAINS_V


def _leakage(channel: Channel, fault: FaultSpec, now: dt.datetime, on: bool) -> None:  # noqa: ARG001, FBT001
    channel.flags = channel.flags | {LEAKAGE_FLAG} if on else channel.flags - {LEAKAGE_FLAG}


AILMENTS: Mapping[str, Ailment] = MappingProxyType({
    "wrong_power": _wrong_power,
    "low_power_factor": _low_power_factor,
    "dimmer_stuck": _dimmer_stuck,
    "day_burner": _day_burner,
    CYCLING: _cycling,
    "relay_open": _relay_open,
    "relay_closed": _relay_closed,
    "supply_voltage": _supply_voltage,
    "leakage": _leakage,
})  # fmt: skip
