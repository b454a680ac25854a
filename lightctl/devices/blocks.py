"""Blocks: which registers to read in one request, and finding a value in the answers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lightctl.devices.maps import BIT_TABLES, WORDS, Bit, ChannelMap, Register, RegisterMap, Table
from lightctl.domain.errors import InvalidInput

MAX_READ: Mapping[bool, int] = {False: 125, True: 2000}
MAX_WRITE: Mapping[bool, int] = {False: 123, True: 1968}


@dataclass(frozen=True, slots=True, order=True)
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


Answers = Mapping[Block, Sequence[int]]


def plan_reads(registers: RegisterMap, channels: Collection[int] | None = None) -> tuple[Block, ...]:
    """Give the fewest block reads that bring everything the map names (for these channels; None: for all).

    A block has at most 125 registers or 2000 bits and reads at most `max_gap` in a row that nobody asked for; a number
    of several words is never cut.
    """
    count = registers.channels.count if registers.channels else 0
    wanted = [channel for channel in range(count) if channels is None or channel in channels]
    spans = {(part.table, address, width_of(part)) for part, address in _named(registers, wanted)}
    return cover(spans, registers.max_gap)


def cover(spans: Collection[tuple[Table, int, int]], max_gap: int) -> tuple[Block, ...]:
    """Give the block reads for (table, address, count) spans, under the rules of `plan_reads`."""
    blocks: list[Block] = []
    for table, address, count in sorted(spans):
        last = blocks[-1] if blocks else None
        if last is not None and last.table == table and address <= last.address + last.count + max_gap:
            reach = max(last.count, address + count - last.address)
            if reach <= MAX_READ[table in BIT_TABLES]:
                blocks[-1] = Block(table, last.address, reach)
                continue
        blocks.append(Block(table, address, count))
    return tuple(blocks)


def width_of(part: Register | Bit) -> int:
    """Give how many neighbours of its table a value takes."""
    return WORDS[part.type] if isinstance(part, Register) else 1


def find(answers: Answers, table: Table, address: int, count: int) -> Sequence[int] | None:
    """Give the words (or bits) at an address out of the answers, None where nobody answered for all of them.

    Raises InvalidInput for an answer shorter than asked, or longer than asked for registers (bits come in bytes).
    """
    for block, words in answers.items():
        if holds(block, table, address, count):
            offset = address - block.address
            return checked(block, words)[offset : offset + count]
    return None


def holds(block: Block, table: Table, address: int, count: int) -> bool:
    """Say whether an answer to this block brings so many neighbours from an address on."""
    return block.table == table and block.address <= address <= address + count <= block.address + block.count


def checked(block: Block, words: Sequence[int]) -> Sequence[int]:
    """Give exactly the words that a block asked for; raises InvalidInput as `find` does."""
    if len(words) == block.count:
        return words
    if len(words) < block.count or block.table not in BIT_TABLES:
        raise InvalidInput(
            f"{block.table} {block.address}", f"{len(words)} values came back where {block.count} were asked for"
        )
    return words[: block.count]


def _named(registers: RegisterMap, channels: Collection[int]) -> Iterator[tuple[Register | Bit, int]]:
    """Walk everything a map names, with the address it has for each channel."""
    if registers.channels:
        for part in parts_of(registers.channels):
            for channel in channels:
                yield part, part.address + channel * part.stride
    for single in (registers.local, *registers.flags.values(), *registers.readings.values(), *_kept(registers)):
        if single is not None:
            yield single, single.address


def parts_of(channels: ChannelMap) -> Iterator[Register | Bit]:
    """Walk what a channel's map names."""
    for name in ChannelMap.__struct_fields__:
        value = getattr(channels, name)
        if isinstance(value, Register | Bit):
            yield value
    for relay in channels.relays.circuits.values() if channels.relays else ():
        yield relay.coil
        if relay.feedback:
            yield relay.feedback
    yield from channels.faults.values()


def _kept(registers: RegisterMap) -> Iterator[Register]:
    """Walk what every poll asks of the nights a unit keeps and of its clock; the nights themselves are read at need."""
    schedule, clock = registers.schedule, registers.clock
    if schedule:
        yield from (schedule.applied, schedule.commit, schedule.checksum)
    if clock:
        yield from clock.registers
