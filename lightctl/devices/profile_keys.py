"""The keys of a profile file, what they imply, and which of them contradict each other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from lightctl.devices.levels import known_levels
from lightctl.devices.maps import BIT_TABLES, WORDS, Bit, ChannelMap, MqttMap, Register, RegisterMap
from lightctl.devices.register_rules import level_contradictions, relay_parts, stored_contradictions, stored_parts
from lightctl.devices.stored_schedule import slots_for_nights
from lightctl.domain.assets import FULL_LEVEL, Capabilities
from lightctl.domain.states import ActionKind

Kind = Literal["native", "mqtt", "modbus"]
Confirmation = Literal["revision", "level", "read_back", "stored"]
CONFIRMATIONS: Mapping[Kind, tuple[Confirmation, ...]] = MappingProxyType({
    "native": ("revision",),
    "mqtt": ("level",),
    "modbus": ("read_back", "level", "stored"),
})  # fmt: skip
TOPIC_PLACES = ("{node}", "{address}")
TABLE_SIZE = 65536


class CapabilitiesKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The `capabilities` block: what a node holds and does unless it says otherwise itself."""

    nights: Annotated[int, Meta(ge=0, le=400)] = 0
    slots: Annotated[int, Meta(ge=0, le=100_000)] = 0
    resolution_s: Annotated[int, Meta(ge=1, le=3600)] = 1
    ramp: bool = False
    min_level: Annotated[int, Meta(ge=0, le=FULL_LEVEL)] = 0
    channels: Annotated[int, Meta(ge=0, le=256)] | None = None
    persists: bool = False
    levels: tuple[Annotated[int, Meta(ge=0, le=FULL_LEVEL)], ...] = ()


class ProfileKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole profile file."""

    version: Literal[1]
    title: Annotated[str, Meta(min_length=1, max_length=120)]
    kind: Kind
    capabilities: CapabilitiesKeys = CapabilitiesKeys()
    announces: bool = False
    confirmation: Confirmation | None = None
    heartbeat_s: Annotated[int, Meta(ge=1, le=86_400)] = 300
    caveats: tuple[str, ...] = ()
    mqtt: MqttMap | None = None
    modbus: RegisterMap | None = None


def confirmation(keys: ProfileKeys) -> Confirmation:
    """Give what proves a command: what the file says, or the usual way of its kind."""
    stored = keys.modbus is not None and keys.modbus.schedule is not None
    return keys.confirmation or ("stored" if stored else CONFIRMATIONS[keys.kind][0])


def capabilities(keys: ProfileKeys) -> Capabilities:
    """Give what the file says and what its map implies: channels, slots and the levels of coils and relays."""
    given = keys.capabilities
    count = 1 if given.channels is None else given.channels
    levels = given.levels
    if keys.modbus:
        channels = keys.modbus.channels
        count = channels.count if channels else 0
        levels = known_levels(keys.modbus) or levels
    return Capabilities(
        nights=given.nights,
        slots=slots_for_nights(keys.modbus.schedule) if keys.modbus and keys.modbus.schedule else given.slots,
        resolution_s=given.resolution_s,
        ramp=given.ramp,
        min_level=given.min_level,
        channels=count,
        persists=given.persists,
        levels=levels,
    )


def contradictions(keys: ProfileKeys) -> Iterator[tuple[str, str]]:
    """Give (path, why) of everything that is well formed and yet cannot be."""
    given = keys.capabilities
    for kind, part in (("mqtt", keys.mqtt), ("modbus", keys.modbus)):
        if part is not None and keys.kind != kind:
            yield f"$.{kind}", f"a profile of kind {keys.kind} has no {kind} part"
        if part is None and keys.kind == kind:
            yield "$", f"a profile of kind {kind} needs a {kind} part"
    if keys.announces and keys.kind != "native":
        yield "$.announces", "only native nodes say hello"
    if keys.confirmation is not None and keys.confirmation not in CONFIRMATIONS[keys.kind]:
        yield "$.confirmation", f"kind {keys.kind} is confirmed by {' or '.join(CONFIRMATIONS[keys.kind])}"
    yield from _night_contradictions(keys)
    if list(given.levels) != sorted(set(given.levels)):
        yield "$.capabilities.levels", "levels stand in ascending order, each once"
    if keys.mqtt is not None:
        yield from _mqtt_contradictions(keys.mqtt, given)
    if keys.modbus is not None:
        yield from _modbus_contradictions(keys.modbus, given)
        yield from level_contradictions(keys.modbus)
        yield from stored_contradictions(keys.modbus, resolution_s=given.resolution_s)
    if any(ActionKind.SET_CLOCK in part.actions for part in (keys.mqtt, keys.modbus) if part):
        yield f"$.{keys.kind}.actions", "the time is sent where the profile has a clock; leave set_clock out"


def _night_contradictions(keys: ProfileKeys) -> Iterator[tuple[str, str]]:
    """Give what cannot be about the nights a node carries and how they are confirmed."""
    given = keys.capabilities
    keeps_nights = keys.modbus is not None and keys.modbus.schedule is not None
    if keys.kind != "native" and not keeps_nights and (given.nights or given.slots):
        yield "$.capabilities", "only native nodes and units with a schedule carry nights; leave nights and slots out"
    if keeps_nights and (not given.nights or given.slots or given.ramp):
        yield "$.capabilities", "a schedule needs nights (how many), counts its slots itself, and holds no ramp"
    if keys.kind == "modbus" and keys.confirmation and (keys.confirmation == "stored") != keeps_nights:
        yield "$.confirmation", "a unit with a schedule is confirmed by what it has stored, and no other unit is"


def _mqtt_contradictions(mqtt: MqttMap, given: CapabilitiesKeys) -> Iterator[tuple[str, str]]:
    if given.channels not in (None, 1):
        yield "$.capabilities.channels", "a JSON dimmer has one channel; describe each lamp as a node of its own"
    if mqtt.level.integer and mqtt.level.full < FULL_LEVEL and not given.levels:
        yield "$.mqtt.level.full", "it has fewer steps than percent; say in capabilities.levels which levels it knows"
    topics = [("$.mqtt.set.topic", mqtt.set.topic), ("$.mqtt.state.topic", mqtt.state.topic)]
    if mqtt.availability:
        topics.append(("$.mqtt.availability.topic", mqtt.availability.topic))
    if mqtt.clock:
        topics.append(("$.mqtt.clock.topic", mqtt.clock.topic))
    topics += [
        (f"$.mqtt.actions.{kind}.topic", action.topic)
        for kind, action in mqtt.actions.items()
        if isinstance(action.topic, str)
    ]
    fields = [mqtt.level.field, mqtt.transition or "", mqtt.on.field if mqtt.on else ""]
    for shorter in filter(None, fields):
        if any(longer.startswith(f"{shorter}.") for longer in fields):
            yield "$.mqtt", f"the field {shorter!r} cannot hold a value and other fields"
    for path, text in topics:
        places = [segment for segment in text.split("/") if "{" in segment or "}" in segment]
        if len(places) != 1 or places[0] not in TOPIC_PLACES:
            yield path, "a topic has {node} or {address} exactly once, as a whole level of its own"
        if re.search(r"[+#\0\s]", text):
            yield path, "a topic has no wildcard and no space"


def _modbus_contradictions(modbus: RegisterMap, given: CapabilitiesKeys) -> Iterator[tuple[str, str]]:
    channels = modbus.channels
    count = channels.count if channels else 0
    if given.channels not in (None, count):
        yield "$.capabilities.channels", f"the register map has {count} channels; leave the key out"
    for path, part in _parts(modbus):
        last = part.address + (max(count, 1) - 1) * part.stride
        if isinstance(part, Register) and (part.table in BIT_TABLES) != (part.type == "bool"):
            yield f"{path}.type", "coils and discrete inputs are bool, and bool is for them alone (see faults, flags)"
        if isinstance(part, Register) and part.scale == 0:
            yield f"{path}.scale", "a scale of 0 makes every value 0"
        if isinstance(part, Bit) and part.table in BIT_TABLES and part.bit:
            yield f"{path}.bit", "a coil or discrete input is one bit already"
        if last + (WORDS[part.type] if isinstance(part, Register) else 1) > TABLE_SIZE:
            yield f"{path}.address", "it ends beyond address 65535"
        if part.stride and not path.startswith(("$.modbus.channels.", "$.modbus.schedule.")):
            yield f"{path}.stride", "only what belongs to a channel repeats"


def _parts(modbus: RegisterMap) -> Iterator[tuple[str, Register | Bit]]:
    """Walk every register and bit of a map, with its path in the file."""
    channels = modbus.channels
    for name in ChannelMap.__struct_fields__ if channels else ():
        value = getattr(channels, name)
        if isinstance(value, Register | Bit):
            yield f"$.modbus.channels.{name}", value
    yield from relay_parts(modbus)
    yield from stored_parts(modbus)
    for name, bit in (channels.faults if channels else {}).items():
        yield f"$.modbus.channels.faults.{name}", bit
    if modbus.local:
        yield "$.modbus.local", modbus.local
    for name, bit in modbus.flags.items():
        yield f"$.modbus.flags.{name}", bit
    for name, register in modbus.readings.items():
        yield f"$.modbus.readings.{name}", register
