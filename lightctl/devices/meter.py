"""Meter: every number a map's `readings` name, out of the answers to one poll.

A meter has dozens of them and is read as fast as it answers. So what is the same at every poll, where each number
stands and how it is written, is worked out once, and an answer is read at once for all its numbers.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Iterable, Sequence
from math import isfinite
from typing import NamedTuple

from lightctl.devices.blocks import Answers, Block, checked, holds, width_of
from lightctl.devices.maps import BIT_TABLES, WORDS, NumberType, Register, RegisterMap
from lightctl.devices.words import FORMATS, never_of, scaled
from lightctl.domain.errors import InvalidInput


class _Number(NamedTuple):
    """A number: where its first word stands in the row, and what its raw value is worth."""

    first: int
    name: str
    type: NumberType
    scale: float
    never: Collection[float]


class _Row(NamedTuple):
    """Numbers of a block, one after another: its words are packed together and read with one struct.

    backwards: their low words come first, so the words are packed from the last to the first.
    """

    block: Block
    backwards: bool
    pack: Callable[..., bytes]
    unpack: Callable[[bytes], tuple[float, ...]]
    numbers: tuple[_Number, ...]


class Meter:
    """The readings of a map in the answers to these blocks."""

    def __init__(self, registers: RegisterMap, blocks: Sequence[Block]) -> None:
        found: dict[tuple[Block, bool], list[_Number]] = {}
        for name, part in registers.readings.items():
            block = next((it for it in blocks if holds(it, part.table, part.address, width_of(part))), None)
            if block is not None:
                backwards = (part.word_order or registers.word_order) == "little"
                found.setdefault((block, backwards), []).append(_number(name, part, block, backwards=backwards))
        self._rows = [
            _row(block, numbers, backwards=backwards)
            for (block, backwards), several in found.items()
            for numbers in _one_after_another(several)
        ]

    def read(self, answers: Answers) -> dict[str, float]:
        """Give the values by name; a block nobody answered leaves its own out.

        Raises InvalidInput for answers of the wrong length.
        """
        values: dict[str, float] = {}
        for row in self._rows:
            words = answers.get(row.block)
            if words is None:
                continue
            for (_, name, _, scale, never), raw in zip(row.numbers, _raw(row, words), strict=True):
                if raw not in never and isfinite(raw):
                    values[name] = raw if scale == 1 else scaled(raw, scale)
        return values


def _number(name: str, part: Register, block: Block, *, backwards: bool) -> _Number:
    word = part.address - block.address
    first = block.count - word - width_of(part) if backwards else word
    if part.table in BIT_TABLES:
        return _Number(first, name, "bool", 1.0, ())
    return _Number(first, name, part.type, part.scale, never_of(part.type, part.invalid))


def _one_after_another(numbers: Iterable[_Number]) -> list[list[_Number]]:
    """Put numbers in order, in as many rows as it takes for none to lie over another."""
    rows: list[list[_Number]] = []
    for number in sorted(numbers):
        for row in rows:
            if row[-1].first + WORDS[row[-1].type] <= number.first:
                row.append(number)
                break
        else:
            rows.append([number])
    return rows


def _row(block: Block, numbers: Sequence[_Number], *, backwards: bool) -> _Row:
    layout, at = ">", 0
    for number in numbers:
        layout += f"{2 * (number.first - at)}x{FORMATS[number.type]}"
        at = number.first + WORDS[number.type]
    layout += f"{2 * (block.count - at)}x"
    pack = struct.Struct(f">{block.count}H").pack
    return _Row(block, backwards, pack, struct.Struct(layout).unpack, tuple(numbers))


def _raw(row: _Row, words: Sequence[int]) -> tuple[float, ...]:
    ordered = checked(row.block, words)
    try:
        return row.unpack(row.pack(*(reversed(ordered) if row.backwards else ordered)))
    except struct.error as error:
        raise InvalidInput(f"{row.block.table} {row.block.address}", "a word is outside 0..65535") from error
