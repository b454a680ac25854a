"""Levels: how the level of a channel stands in a unit: in one register, in a coil, or in relays that make it together.

Relays make the levels of a profile's steps and no others. A level asked for takes the first step at or above it, or the
highest, as `fit` has it; what is read back is the level of the step that is lit. Contacts that show no step give the
share of circuits that are closed: some lamps burn, others do not. Coils that stand as no step has them give no level at
all, in force or measured, so that nothing can be taken for settled until they are written again.
"""

from __future__ import annotations

from collections.abc import Collection

from lightctl.devices.blocks import Answers, Block, Write, width_of
from lightctl.devices.maps import BIT_TABLES, Register, RegisterMap, RelayMap
from lightctl.devices.values import read_bit, read_value
from lightctl.devices.words import encode_value
from lightctl.domain.assets import FULL_LEVEL
from lightctl.domain.errors import InvalidInput, NodeRefused


def known_levels(registers: RegisterMap) -> tuple[int, ...]:
    """Give the only levels a unit of this map knows, ascending; empty for all."""
    channels = registers.channels
    if channels is not None and channels.relays is not None:
        return tuple(step.level for step in channels.relays.steps)
    on_off = channels is not None and channels.level is not None and channels.level.table in BIT_TABLES
    return (0, FULL_LEVEL) if on_off else ()


def level_writes(registers: RegisterMap, channel: int, level: int) -> tuple[Write, ...]:
    """Give the writes that bring a channel to a level (percent); raises NodeRefused when a register cannot hold it."""
    channels = registers.channels
    if channels is not None and channels.relays is not None:
        lit = lit_at(channels.relays, level)
        return tuple(
            Write("coil", relay.coil.address + channel * relay.coil.stride, (int((name in lit) == relay.coil.when),))
            for name, relay in channels.relays.circuits.items()
        )
    assert channels is not None
    assert channels.level is not None
    part = channels.level
    return (Write(part.table, part.address + channel * part.stride, encode_level(part, registers, level)),)


def encode_level(part: Register, registers: RegisterMap, level: int) -> tuple[int, ...]:
    """Give the words (or the bit) of a level in percent; raises NodeRefused when the register cannot hold it."""
    if part.table in BIT_TABLES:
        return (int(level > 0),)
    try:
        return encode_value(level, part.type, part.word_order or registers.word_order, part.scale)
    except InvalidInput as error:
        raise NodeRefused(f"its level register cannot hold {level} %: {error}") from error


def level_blocks(registers: RegisterMap, channel: int) -> tuple[Block, ...]:
    """Give where the level of a channel stands."""
    channels = registers.channels
    if channels is None:
        return ()
    if channels.relays is not None:
        coils = (relay.coil for relay in channels.relays.circuits.values())
        return tuple(Block("coil", coil.address + channel * coil.stride, 1) for coil in coils)
    assert channels.level is not None
    part = channels.level
    return (Block(part.table, part.address + channel * part.stride, width_of(part)),)


def level_in_force(registers: RegisterMap, channel: int, answers: Answers) -> int | None:
    """Read the level a channel was last given; None where relays stand as no step has them, or nobody answered."""
    channels = registers.channels
    if channels is not None and channels.relays is not None:
        lit = coils_lit(channels.relays, channel, answers)
        return None if lit is None else _step_level(channels.relays, lit)
    assert channels is not None
    assert channels.level is not None
    return read_level(channels.level, channel, registers, answers)


def level_measured(registers: RegisterMap, channel: int, answers: Answers) -> int | None:
    """Read the level a channel measurably has; None where the map has no measure of it, or nobody answered."""
    channels = registers.channels
    if channels is None:
        return None
    if channels.actual is not None:
        return read_level(channels.actual, channel, registers, answers)
    return None if channels.relays is None else _contact_level(channels.relays, channel, answers)


def read_level(part: Register, channel: int, registers: RegisterMap, answers: Answers) -> int | None:
    """Read a level in percent: a bit is 0 or 100; None where there is none or it is outside 0..100."""
    value = read_value(part, channel, registers, answers)
    if value is None:
        return None
    level = round(value * FULL_LEVEL) if part.table in BIT_TABLES else round(value)
    return level if 0 <= level <= FULL_LEVEL else None


def coils_lit(relays: RelayMap, channel: int, answers: Answers) -> frozenset[str] | None:
    """Read which circuits are switched on; None where a coil was not answered."""
    states = {name: read_bit(relay.coil, channel, answers) for name, relay in relays.circuits.items()}
    return None if None in states.values() else frozenset(name for name, state in states.items() if state)


def lit_at(relays: RelayMap, level: int) -> Collection[str]:
    """Give the circuits that are lit for a level asked for (percent)."""
    return next((step for step in relays.steps if step.level >= level), relays.steps[-1]).lit


def level_of(relays: RelayMap, lit: Collection[str]) -> int:
    """Give the level of circuits that are lit: that of their step, else their share of all circuits (percent)."""
    level = _step_level(relays, lit)
    return round(FULL_LEVEL * len(lit) / len(relays.circuits)) if level is None else level


def _step_level(relays: RelayMap, lit: Collection[str]) -> int | None:
    return next((step.level for step in relays.steps if set(step.lit) == set(lit)), None)


def _contact_level(relays: RelayMap, channel: int, answers: Answers) -> int | None:
    """Read the level of the contacts; a circuit without one is taken to be as its coil."""
    lit = coils_lit(relays, channel, answers)
    if lit is None or _step_level(relays, lit) is None or not any(it.feedback for it in relays.circuits.values()):
        return None
    states = {name: read_bit(relay.feedback or relay.coil, channel, answers) for name, relay in relays.circuits.items()}
    if None in states.values():
        return None
    return level_of(relays, [name for name, state in states.items() if state])
