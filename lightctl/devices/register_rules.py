"""Rules of register maps: what of levels, relays, stored nights and clocks is well formed and yet cannot be."""

from __future__ import annotations

from collections.abc import Iterator

from lightctl.devices.maps import WORDS, Bit, Register, RegisterMap, RelayMap, ScheduleMap, SlotRegister, Table

Contradiction = tuple[str, str]
CHANNELS, SCHEDULE = "$.modbus.channels", "$.modbus.schedule"


def level_contradictions(registers: RegisterMap) -> Iterator[Contradiction]:
    """Give (path, why) of what cannot be about a channel's level."""
    channels = registers.channels
    if channels is None:
        return
    if (channels.level is None) == (channels.relays is None):
        yield CHANNELS, "a channel has a level or relays that make it: give one of the two"
    if channels.level is not None:
        if channels.level.table not in ("coil", "holding") and registers.schedule is None:
            yield f"{CHANNELS}.level.table", "a level is written to a coil or a holding register"
        if channels.count > 1 and not channels.level.stride:
            yield f"{CHANNELS}.level", "several channels need a stride"
    if channels.relays is not None:
        yield from _relay_contradictions(channels.relays, channels.count)
        if channels.actual is not None and any(relay.feedback for relay in channels.relays.circuits.values()):
            yield f"{CHANNELS}.actual", "the relays' feedback is the level measured already"


def _relay_contradictions(relays: RelayMap, count: int) -> Iterator[Contradiction]:
    path = f"{CHANNELS}.relays"
    for name, relay in relays.circuits.items():
        if relay.coil.table != "coil":
            yield f"{path}.circuits.{name}.coil.table", "a relay is switched by a coil"
        if count > 1 and not relay.coil.stride:
            yield f"{path}.circuits.{name}.coil", "several channels need a stride"
    levels = [step.level for step in relays.steps]
    if levels != sorted(set(levels)):
        yield f"{path}.steps", "steps stand in ascending order of their levels, each once"
    if len({frozenset(step.lit) for step in relays.steps}) < len(relays.steps):
        yield f"{path}.steps", "two steps light the same circuits, so their levels could not be told apart"
    for number, step in enumerate(relays.steps):
        unknown = [name for name in step.lit if name not in relays.circuits]
        if unknown:
            yield f"{path}.steps[{number}].lit", f"there is no circuit {', '.join(unknown)}"
        if bool(step.level) != bool(step.lit):
            yield f"{path}.steps[{number}]", "level 0 lights no circuit, and every other level lights one"


def stored_contradictions(registers: RegisterMap, *, resolution_s: int) -> Iterator[Contradiction]:
    """Give (path, why) of what cannot be about the nights a unit keeps and its clock; resolution_s: its grid."""
    schedule, single = registers.schedule, registers.write == "single"
    if registers.clock is not None and single:
        yield "$.modbus.clock", "a clock is set in one request, and this unit knows no write-multiple"
    if schedule is None:
        return
    if registers.channels is None:
        yield SCHEDULE, "a unit without channels has no nights to keep"
        return
    if resolution_s % schedule.at.scale:
        yield f"{SCHEDULE}.at.scale", f"its grid of {schedule.at.scale:g} s does not divide capabilities.resolution_s"
    if single and WORDS[schedule.commit.type] > 1:
        yield f"{SCHEDULE}.commit.type", "without write-multiple the commit takes one register, or it could be torn"
    taken: dict[tuple[Table, int], str] = {}
    for path, part in stored_parts(registers):
        if part.table != "holding" and part is not schedule.applied:
            yield f"{path}.table", "what is written stands in holding registers"
        for address in _places(part, schedule, registers.channels.count):
            if (part.table, address) in taken:
                yield path, f"{part.table} register {address} is that of {taken[part.table, address]} already"
                break
            taken[part.table, address] = path


def relay_parts(registers: RegisterMap) -> Iterator[tuple[str, Bit]]:
    """Walk the bits of a map's relays, each with its path in the file."""
    relays = registers.channels.relays if registers.channels is not None else None
    for name, relay in relays.circuits.items() if relays is not None else ():
        yield f"{CHANNELS}.relays.circuits.{name}.coil", relay.coil
        if relay.feedback is not None:
            yield f"{CHANNELS}.relays.circuits.{name}.feedback", relay.feedback


def stored_parts(registers: RegisterMap) -> Iterator[tuple[str, Register]]:
    """Walk the registers of the nights a unit keeps, each with its path in the file."""
    schedule = registers.schedule
    if schedule is None:
        return
    for name in ("count", "at", "level", "valid_until", "checksum", "commit", "applied"):
        yield f"{SCHEDULE}.{name}", getattr(schedule, name)
    if schedule.override is not None:
        yield f"{SCHEDULE}.override.level", schedule.override.level
        yield f"{SCHEDULE}.override.until", schedule.override.until


def _places(part: Register, schedule: ScheduleMap, count: int) -> Iterator[int]:
    """Walk every address a number of the schedule takes: one that a channel or a switch has repeats."""
    whole = part in (schedule.valid_until, schedule.checksum, schedule.commit, schedule.applied)
    for channel in range(1 if whole else count):
        for slot in range(schedule.slots if isinstance(part, SlotRegister) else 1):
            first = part.address + channel * part.stride + (slot * part.step if isinstance(part, SlotRegister) else 0)
            yield from range(first, first + WORDS[part.type])
