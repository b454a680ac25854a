"""The nights a Modbus unit keeps: a body of registers, its checksum, and a commit register that takes the revision.

A unit runs what it was given before until the commit comes, and takes a body only whole: one whose checksum does not
fit, or whose revision is not greater, is passed over. So a write that breaks off anywhere changes nothing on the
street, and is made again from its beginning. What a unit runs is proven by reading: the revision it says it runs is the
one committed, and the body's words give the checksum that stands beside them.

An override stands in registers of its own, or, in a unit that has none, in the switches: its level from the switch in
force on, and the plan's level again at its end. Either way the unit ends it by itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from lightctl.devices.blocks import MAX_WRITE, Answers, Block, Write, cover, find, width_of
from lightctl.devices.maps import Checksum, Register, RegisterMap, ScheduleMap, SlotRegister
from lightctl.devices.values import read_whole
from lightctl.devices.words import decode_value, encode_value
from lightctl.domain.assets import FULL_LEVEL
from lightctl.domain.errors import InvalidInput, NodeRefused
from lightctl.domain.states import ChannelDesired, DesiredState, HeldOverride, Switch

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
OVERRIDE_SLOTS = 2
UNIT_OVERRIDE = "override"
CRC_START, CRC_POLYNOMIAL = 0xFFFF, 0xA001
WORD = 0x10000


@dataclass(frozen=True, slots=True)
class Kept:
    """What a unit says of its nights: the revision it runs, the one last committed, the checksum beside the body."""

    applied: int
    committed: int
    checksum: int


def slots_for_nights(schedule: ScheduleMap) -> int:
    """Give how many switches of the plan a channel surely has room for."""
    return schedule.slots if schedule.override else max(0, schedule.slots - OVERRIDE_SLOTS)


def encode_schedule(registers: RegisterMap, desired: DesiredState) -> tuple[Write, ...]:
    """Give the writes of a document in the order in which they must be made: body, checksum, commit.

    Raises NodeRefused for what the registers cannot hold.
    """
    schedule, count = _of(registers, desired.node)
    for number, channel in desired.channels.items():
        if not 0 <= number < count:
            raise NodeRefused(f"node {desired.node} has channels 0 to {count - 1}, not {number}")
        switches = _switches(schedule, channel, desired)
        if len(switches) > schedule.slots:
            raise NodeRefused(
                f"channel {number} of node {desired.node} needs {len(switches)} switches and its registers hold "
                f"{schedule.slots}: give it a program with fewer steps"
            )
    body: dict[int, int] = {}
    try:
        for part, address, value in _body(schedule, count, desired):
            words = encode_value(value, part.type, part.word_order or registers.word_order, part.scale)
            body |= {address + offset: word for offset, word in enumerate(words)}
        checksum = checksum_of(schedule.checksum, _in_order(body))
        commit = schedule.commit
        revision = encode_value(desired.revision, commit.type, commit.word_order or registers.word_order, commit.scale)
    except InvalidInput as error:
        raise NodeRefused(f"node {desired.node} cannot hold its nights: {error}") from error
    return (
        *_spans(body),
        Write("holding", schedule.checksum.address, (checksum,)),
        Write("holding", commit.address, revision),
    )


def kept_after(writes: Sequence[Write], revision: int) -> Kept:
    """Give what a unit will say of its nights once it runs what `encode_schedule` wrote."""
    *_, checksum, _ = writes
    return Kept(revision, revision, checksum.values[0])


def body_blocks(registers: RegisterMap) -> tuple[Block, ...]:
    """Give the reads that bring the body; none for a unit that keeps no nights."""
    if registers.schedule is None or registers.channels is None:
        return ()
    places = _body(registers.schedule, registers.channels.count)
    return cover({("holding", address, width_of(part)) for part, address, _ in places}, registers.max_gap)


def read_kept(registers: RegisterMap, answers: Answers) -> Kept | None:
    """Read what a unit says of its schedule; None where it has none or did not answer."""
    schedule = registers.schedule
    if schedule is None:
        return None
    parts = (schedule.applied, schedule.commit, schedule.checksum)
    known = [number for part in parts if (number := read_whole(part, registers, answers)) is not None]
    return Kept(*known) if len(known) == len(parts) else None


def is_whole(registers: RegisterMap, answers: Answers) -> bool:
    """Say whether the body gives the checksum that stands beside it; a word nobody answered makes it no."""
    kept = read_whole(registers.schedule.checksum, registers, answers) if registers.schedule is not None else None
    if registers.schedule is None or registers.channels is None or kept is None:
        return False
    body: dict[int, int] = {}
    for part, address, _ in _body(registers.schedule, registers.channels.count):
        words = find(answers, "holding", address, width_of(part))
        if words is None:
            return False
        body |= {address + offset: word for offset, word in enumerate(words)}
    return checksum_of(registers.schedule.checksum, _in_order(body)) == kept


def decode_schedule(registers: RegisterMap, node: str, answers: Answers, now: dt.datetime) -> DesiredState:
    """Read the document that was committed, as the unit; raises InvalidInput for one that makes no sense."""
    schedule, count = _of(registers, node)
    where = f"schedule of node {node}"

    def number(part: Register, channel: int = 0, slot: int = 0) -> int:
        words = find(answers, part.table, _place(part, channel, slot), width_of(part)) or ()
        return round(decode_value(words, part.type, part.word_order or registers.word_order, part.scale, ()) or 0)

    channels: dict[int, ChannelDesired] = {}
    for channel in range(count):
        slots = range(number(schedule.count, channel))
        if not slots:
            continue
        if len(slots) > schedule.slots:
            raise InvalidInput(where, f"{len(slots)} switches are in use, there is room for {schedule.slots}")
        switches = tuple(
            Switch(_instant(number(schedule.at, channel, slot)), number(schedule.level, channel, slot))
            for slot in slots
        )
        instants = [switch.at for switch in switches]
        if instants != sorted(set(instants)) or any(not 0 <= it.level <= FULL_LEVEL for it in switches):
            raise InvalidInput(where, f"the switches of channel {channel} are out of order or beyond 100 %")
        held = None
        if schedule.override is not None and (until := number(schedule.override.until, channel)):
            held = HeldOverride(UNIT_OVERRIDE, number(schedule.override.level, channel), _instant(until))
        channels[channel] = ChannelDesired(switches, held)
    revision = number(schedule.commit)
    return DesiredState(node, revision, now, _instant(number(schedule.valid_until)), channels)


def checksum_of(checksum: Checksum, words: Iterable[int]) -> int:
    """Give the checksum of words, each sent high byte first."""
    if checksum.kind == "sum16":
        return sum(words) % WORD
    value = CRC_START
    for byte in b"".join(word.to_bytes(2, "big") for word in words):
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (CRC_POLYNOMIAL if value & 1 else 0)
    return value


def _of(registers: RegisterMap, node: str) -> tuple[ScheduleMap, int]:
    if registers.schedule is None or registers.channels is None:
        raise NodeRefused(f"node {node} keeps no nights: describe where under modbus.schedule of its profile")
    return registers.schedule, registers.channels.count


def _switches(schedule: ScheduleMap, channel: ChannelDesired, desired: DesiredState) -> tuple[Switch, ...]:
    """Give the switches a channel is told; where it has no registers for an override, they carry that too."""
    held = channel.override
    if schedule.override is not None or held is None or held.until <= desired.issued_at:
        return channel.switches
    in_force = channel.switch_at(desired.issued_at) or Switch(desired.issued_at, held.level)
    after = channel.switch_at(held.until)
    back = () if after is None else (replace(after, at=held.until),)
    later = (switch for switch in channel.switches if switch.at > held.until)
    return (replace(in_force, level=held.level), *back, *later)


def _body(
    schedule: ScheduleMap, count: int, desired: DesiredState | None = None
) -> Iterator[tuple[Register, int, float]]:
    """Walk the body: each number's register, its address, and its value in a document (0 without one)."""
    until = 0 if desired is None else _seconds(desired.valid_until, schedule.valid_until)
    yield schedule.valid_until, schedule.valid_until.address, until
    for channel in range(count):
        wanted = None if desired is None else desired.channels.get(channel)
        switches: Sequence[Switch] = ()
        if desired is not None and wanted is not None:
            switches = _switches(schedule, wanted, desired)
        yield schedule.count, _place(schedule.count, channel), len(switches)
        for slot in range(schedule.slots):
            switch = switches[slot] if slot < len(switches) else None
            at, level = (0, 0) if switch is None else (_seconds(switch.at, schedule.at), switch.level)
            yield schedule.at, _place(schedule.at, channel, slot), at
            yield schedule.level, _place(schedule.level, channel, slot), level
        if schedule.override is not None:
            held = None if wanted is None else wanted.override
            level, until = (0, 0) if held is None else (held.level, _seconds(held.until, schedule.override.until))
            yield schedule.override.level, _place(schedule.override.level, channel), level
            yield schedule.override.until, _place(schedule.override.until, channel), until


def _place(part: Register, channel: int, slot: int = 0) -> int:
    return part.address + channel * part.stride + (slot * part.step if isinstance(part, SlotRegister) else 0)


def _in_order(body: dict[int, int]) -> list[int]:
    return [body[address] for address in sorted(body)]


def _spans(body: dict[int, int]) -> Iterator[Write]:
    """Give the body in as few writes as it takes, each of neighbours alone."""
    start, words = 0, list[int]()
    for address in sorted(body):
        if words and (address != start + len(words) or len(words) == MAX_WRITE[False]):
            yield Write("holding", start, tuple(words))
            words = []
        start = start if words else address
        words.append(body[address])
    if words:
        yield Write("holding", start, tuple(words))


def _seconds(instant: dt.datetime, part: Register) -> float:
    """Give an instant as the register can hold it, never later than it is."""
    return (instant - EPOCH) / SECOND // part.scale * part.scale


def _instant(seconds: float) -> dt.datetime:
    return EPOCH + dt.timedelta(seconds=seconds)
