"""Values: a number, a flag or a span of words out of the answers to block reads."""

from __future__ import annotations

from lightctl.devices.blocks import Answers, find, width_of
from lightctl.devices.maps import BIT_TABLES, Bit, Register, RegisterMap
from lightctl.devices.words import decode_value


def read_value(part: Register, channel: int, registers: RegisterMap, answers: Answers) -> float | None:
    """Read a channel's number; None where it was not answered or has no value."""
    words = find(answers, part.table, part.address + channel * part.stride, width_of(part))
    if words is None:
        return None
    if part.table in BIT_TABLES:
        return int(bool(words[0]))
    return decode_value(words, part.type, part.word_order or registers.word_order, part.scale, part.invalid)


def read_whole(part: Register, registers: RegisterMap, answers: Answers) -> int | None:
    """Read a whole number of the unit itself; None where it was not answered or has no value."""
    value = read_value(part, 0, registers, answers)
    return None if value is None else round(value)


def read_bit(part: Bit, channel: int, answers: Answers) -> bool | None:
    """Read whether a channel's flag is raised; None where it was not answered."""
    words = find(answers, part.table, part.address + channel * part.stride, 1)
    if words is None:
        return None
    bit = int(bool(words[0])) if part.table in BIT_TABLES else words[0] >> part.bit & 1
    return bit == part.when
