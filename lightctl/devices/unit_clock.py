"""The clock of a Modbus unit: reading what it shows, and writing the time into it. Always UTC."""

from __future__ import annotations

import datetime as dt

from lightctl.devices.blocks import Answers, Write
from lightctl.devices.maps import RegisterMap
from lightctl.devices.values import read_whole
from lightctl.devices.words import encode_value
from lightctl.domain.errors import NodeRefused

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def encode_clock(registers: RegisterMap, node: str, now: dt.datetime) -> Write:
    """Give the one write that sets the clock to an instant; raises NodeRefused for a unit that takes no time."""
    clock = registers.clock
    if clock is None:
        raise NodeRefused(f"the profile of node {node} names no clock: describe it under modbus.clock of the profile")
    shown = now.astimezone(dt.UTC)
    if clock.format == "calendar":
        return Write(
            "holding", clock.address, (shown.year, shown.month, shown.day, shown.hour, shown.minute, shown.second)
        )
    seconds = (shown - EPOCH) // dt.timedelta(seconds=1)
    return Write("holding", clock.address, encode_value(seconds, "uint32", registers.word_order, 1.0))


def read_clock(registers: RegisterMap, answers: Answers) -> dt.datetime | None:
    """Read the instant the clock shows; None where it was not answered, or shows no instant (a clock never set)."""
    if registers.clock is None:
        return None
    numbers = [read_whole(part, registers, answers) for part in registers.clock.registers]
    known = [number for number in numbers if number is not None]
    if len(known) < len(numbers):
        return None
    try:
        if registers.clock.format == "calendar":
            year, month, day, hour, minute, second = known
            return dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.UTC)
        return EPOCH + dt.timedelta(seconds=known[0])
    except (ValueError, OverflowError):
        return None
