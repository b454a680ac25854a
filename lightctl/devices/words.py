"""Words: numbers as 16-bit registers. Registers are sent high byte first; word order says which word comes first."""

from __future__ import annotations

import math
import struct
from collections.abc import Collection, Sequence

from lightctl.devices.maps import WORDS, NumberType, WordOrder
from lightctl.domain.errors import InvalidInput

FORMATS: dict[NumberType, str] = {
    "bool": "H", "int16": "h", "uint16": "H", "acc16": "H", "int32": "i", "uint32": "I", "acc32": "I",
    "float32": "f", "int64": "q", "uint64": "Q", "acc64": "Q", "float64": "d",
}  # fmt: skip
PACKERS = {type_: struct.Struct(f">{code}") for type_, code in FORMATS.items()}
ROWS = {count: struct.Struct(f">{count}H") for count in set(WORDS.values())}
FLOATS = ("float32", "float64")


def counts_to(type_: NumberType) -> int:
    """Give the whole number up to which a type holds every one from 0 on."""
    signed = 1 if type_.startswith("int") else 0
    bits = {"float32": 24, "float64": 53}.get(type_, 16 * WORDS[type_] - signed)
    return (1 << bits) - 1


def decode_raw(words: Sequence[int], type_: NumberType, word_order: WordOrder) -> float:
    """Give the raw number of a type's words; raises InvalidInput for a wrong count or words beyond 16 bits."""
    if len(words) != WORDS[type_]:
        raise InvalidInput("registers", f"{type_} takes {WORDS[type_]} words, not {len(words)}")
    ordered = words if word_order == "big" else words[::-1]
    try:
        row = ROWS[len(words)].pack(*ordered)
    except struct.error as error:
        raise InvalidInput("registers", "a word is outside 0..65535") from error
    raw: float
    (raw,) = PACKERS[type_].unpack(row)
    return raw


def encode_raw(raw: float, type_: NumberType, word_order: WordOrder) -> tuple[int, ...]:
    """Give the words of a raw number; raises InvalidInput when the type cannot hold it."""
    try:
        packed = PACKERS[type_].pack(raw if type_ in FLOATS else int(raw))
    except (struct.error, OverflowError, ValueError) as error:
        raise InvalidInput("registers", f"{raw} does not fit into {type_}") from error
    words = struct.unpack(f">{len(packed) // 2}H", packed)
    return words if word_order == "big" else words[::-1]


def decode_value(
    words: Sequence[int], type_: NumberType, word_order: WordOrder, scale: float, invalid: Collection[float]
) -> float | None:
    """Give raw x scale; None for a raw value in `invalid`, a float that is no number, an accumulator at 0.

    Raises InvalidInput for a wrong count of words. An accumulator (acc16, acc32, acc64; SunSpec) never stands at 0.
    """
    raw = decode_raw(words, type_, word_order)
    return scaled(raw, scale) if math.isfinite(raw) and raw not in never_of(type_, invalid) else None


def never_of(type_: NumberType, invalid: Collection[float]) -> Collection[float]:
    """Give the raw numbers of a type that are no value."""
    return (*invalid, 0) if type_.startswith("acc") else invalid


def scaled(raw: float, scale: float) -> float:
    """Give the value of a raw number."""
    return raw if scale == 1 else round(raw * scale, 9)


def encode_value(value: float, type_: NumberType, word_order: WordOrder, scale: float) -> tuple[int, ...]:
    """Give the words of a value, nearest raw number; raises InvalidInput when the type cannot hold it."""
    raw = value if scale == 1 else value / scale
    if type_ not in FLOATS and math.isfinite(raw):
        raw = round(raw)
    return encode_raw(raw, type_, word_order)
