"""Registers: words and bits on a Modbus wire, and what they mean. Pure: no sockets, both ends.

The daemon's end plans reads, decodes them, encodes levels and checks the read-back; RegisterImage is the unit's end.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from lightctl.devices.maps import NumberType, RegisterMap, Table, WordOrder
from lightctl.domain.assets import Node
from lightctl.domain.states import DesiredState, NodeAction, Reading, ReportedState


@dataclass(frozen=True, slots=True)
class Block:
    """One read request: `count` neighbours of a table from `address` on."""

    table: Table
    address: int
    count: int


@dataclass(frozen=True, slots=True)
class Write:
    """One write request: these words (or bits, 0 and 1) from `address` on."""

    table: Table
    address: int
    values: tuple[int, ...]


def unit_of(node: Node) -> int:
    """Give a node's Modbus unit number, 1..247, from its address; raises InvalidInput."""
    raise NotImplementedError


def decode_value(
    words: Sequence[int], type_: NumberType, word_order: WordOrder, scale: float, invalid: Collection[float]
) -> float | None:
    """Give the value of a number's words, None where the unit says it has none; raises InvalidInput."""
    raise NotImplementedError


def encode_value(value: float, type_: NumberType, word_order: WordOrder, scale: float) -> tuple[int, ...]:
    """Give the words of a value, nearest raw number; raises InvalidInput when it does not fit."""
    raise NotImplementedError


def plan_reads(registers: RegisterMap, channels: Collection[int] | None = None) -> tuple[Block, ...]:
    """Give the fewest block reads that bring everything the map names (for these channels; None: for all)."""
    raise NotImplementedError


def decode_state(
    registers: RegisterMap,
    node: Node,
    words_by_block: Mapping[Block, Sequence[int]],
    received_at: dt.datetime,
    *,
    verified: bool,
) -> ReportedState:
    """Read a unit's state from the blocks that were answered; a block that is missing leaves its values None."""
    raise NotImplementedError


def decode_reading(
    registers: RegisterMap, node: Node, words_by_block: Mapping[Block, Sequence[int]], received_at: dt.datetime
) -> Reading | None:
    """Read a meter's values; None when the map names none or none could be read."""
    raise NotImplementedError


def encode_desired(registers: RegisterMap, desired: DesiredState, now: dt.datetime) -> tuple[Write, ...]:
    """Give the writes that bring every channel to the level due now; raises NodeRefused."""
    raise NotImplementedError


def encode_action(registers: RegisterMap, action: NodeAction) -> tuple[Write, ...]:
    """Give the writes of a one-shot action; raises NodeRefused where the make knows no such action."""
    raise NotImplementedError


def read_back(registers: RegisterMap, writes: Sequence[Write]) -> tuple[Block, ...]:
    """Give the reads that show whether the writes arrived."""
    raise NotImplementedError


def verify(writes: Sequence[Write], words_by_block: Mapping[Block, Sequence[int]]) -> str:
    """Compare what was written with what was read back: "" when all is there, else what differs."""
    raise NotImplementedError
