"""Meter: every number a map's `readings` name, out of the answers to one poll.

A meter has dozens of them and is read as fast as it answers. So what is the same at every poll, where each number
stands and how it is written, is worked out once, and an answer is made into bytes once for all its numbers.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Sequence
from math import isfinite
from typing import NamedTuple

from lightctl.devices.blocks import Answers, Block, checked, holds, width_of
from lightctl.devices.maps import BIT_TABLES, Register, RegisterMap
from lightctl.devices.words import PACKERS, never_of, scaled
from lightctl.domain.errors import InvalidInput


class _Place(NamedTuple):
    """A number: in which row, from which byte on, how it is read, and what its raw value is worth."""

    name: str
    row: int
    first: int
    unpack: Callable[[bytes, int], tuple[float, ...]]
    scale: float
    never: Collection[float]


class _Row(NamedTuple):
    """A block's words as bytes, the first word first, or the last where numbers have their low word first."""

    block: Block
    backwards: bool
    pack: Callable[..., bytes]


class Meter:
    """The readings of a map in the answers to these blocks."""

    def __init__(self, registers: RegisterMap, blocks: Sequence[Block]) -> None:
        rows: dict[tuple[Block, bool], int] = {}
        self._places: list[_Place] = []
        for name, part in registers.readings.items():
            block = next((it for it in blocks if holds(it, part.table, part.address, width_of(part))), None)
            if block is None:
                continue
            backwards = (part.word_order or registers.word_order) == "little"
            row = rows.setdefault((block, backwards), len(rows))
            self._places.append(_place(name, part, row, _first_byte(part, block, backwards=backwards)))
        self._rows = [_Row(block, backwards, struct.Struct(f">{block.count}H").pack) for block, backwards in rows]

    def read(self, answers: Answers) -> dict[str, float]:
        """Give the values by name; a block nobody answered leaves its own out.

        Raises InvalidInput for answers of the wrong length.
        """
        rows = [_bytes_of(row, answers.get(row.block)) for row in self._rows]
        values: dict[str, float] = {}
        for name, row, first, unpack, scale, never in self._places:
            words = rows[row]
            if words is None:
                continue
            (raw,) = unpack(words, first)
            if raw not in never and isfinite(raw):
                values[name] = raw if scale == 1 else scaled(raw, scale)
        return values


def _place(name: str, part: Register, row: int, first: int) -> _Place:
    if part.table in BIT_TABLES:
        return _Place(name, row, first, PACKERS["bool"].unpack_from, 1.0, ())
    return _Place(name, row, first, PACKERS[part.type].unpack_from, part.scale, never_of(part.type, part.invalid))


def _first_byte(part: Register, block: Block, *, backwards: bool) -> int:
    word = part.address - block.address
    return 2 * (block.count - word - width_of(part) if backwards else word)


def _bytes_of(row: _Row, words: Sequence[int] | None) -> bytes | None:
    if words is None:
        return None
    ordered = checked(row.block, words)
    try:
        return row.pack(*(reversed(ordered) if row.backwards else ordered))
    except struct.error as error:
        raise InvalidInput(f"{row.block.table} {row.block.address}", "a word is outside 0..65535") from error
