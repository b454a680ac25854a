"""The shapes of a profile's wire maps: topics and JSON fields (MqttMap), registers and bits (RegisterMap).

They are pure data, read from `profiles/*.yaml`; `_blueprint.yaml` explains every key with an example. A field that
repeats per channel sits at `address + channel * stride`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType, field

from lightctl.devices.parts import (
    BIT_TABLES,
    WORDS,
    Address,
    Bit,
    Name,
    NumberType,
    Part,
    Percent,
    Register,
    Scale,
    Table,
    Word,
    WordOrder,
)
from lightctl.devices.stored_maps import (
    Checksum,
    OverrideRegisters,
    RegisterClock,
    ScheduleMap,
    SlotRegister,
)
from lightctl.domain.states import ActionKind, FaultEvent

__all__ = [
    "BIT_TABLES", "WORDS", "Availability", "Bit", "ChannelMap", "Checksum", "FlagField",
    "JsonAction", "JsonClock", "JsonReadings", "LevelField", "MqttMap", "NumberField", "NumberType", "OnField",
    "OverrideRegisters", "Register", "RegisterAction", "RegisterClock", "RegisterMap", "Relay", "RelayMap",
    "RelayStep", "ScheduleMap", "Sentinel", "SlotRegister", "Table", "TopicIn", "TopicOut", "WordOrder",
]  # fmt: skip

Positive = Annotated[float, Meta(gt=0)]
FieldPath = Annotated[str, Meta(min_length=1, max_length=128)]
Topic = Annotated[str, Meta(min_length=1, max_length=256)]


class Relay(Part, frozen=True, kw_only=True):
    """A relay that switches one circuit of a segment: its coil, and the contact that says the circuit is closed."""

    coil: Bit
    feedback: Bit | None = None


class RelayStep(Part, frozen=True, kw_only=True):
    """A level, and the circuits that are lit to make it."""

    level: Percent
    lit: tuple[Name, ...]


class RelayMap(Part, frozen=True, kw_only=True):
    """Circuits that make the levels of a segment together: half-night and all-night lamps, say; steps ascend."""

    circuits: Annotated[dict[Name, Relay], Meta(min_length=1, max_length=16)]
    steps: Annotated[tuple[RelayStep, ...], Meta(min_length=1, max_length=32)]


class ChannelMap(Part, frozen=True, kw_only=True):
    """One output and its `count` repetitions: what makes its level, the level measured, readings and faults.

    The level is made by one register (`level`) or by several relays (`relays`).
    """

    count: Annotated[int, Meta(ge=1, le=256)] = 1
    level: Register | None = None
    relays: RelayMap | None = None
    actual: Register | None = None
    power_w: Register | None = None
    energy_wh: Register | None = None
    voltage_v: Register | None = None
    current_a: Register | None = None
    power_factor: Register | None = None
    temperature_c: Register | None = None
    operating_h: Register | None = None
    local: Bit | None = None
    faults: dict[FaultEvent, Bit] = field(default_factory=dict)


class Sentinel(Part, frozen=True, kw_only=True):
    """A register whose content is known, read after a time-out on a serial line before any answer is trusted again.

    expect: its content, or `unit` where the register holds the node's own unit number.
    """

    table: Literal["input", "holding"] = "holding"
    address: Address
    expect: Word | Literal["unit"]


class RegisterAction(Part, frozen=True, kw_only=True):
    """A one-shot action: write this value there."""

    table: Literal["coil", "holding"]
    address: Address
    value: Word = 1


class RegisterMap(Part, frozen=True, kw_only=True):
    """What a Modbus unit's tables mean. Addresses are those on the wire (PDU), counted from 0.

    max_gap: registers or bits nobody asked for that may be read along to save a request. write: `single` for units
    that know no write-multiple. local: a switch that takes the whole unit out of our hands. schedule: the nights it
    runs alone; without it the unit is switched live.
    """

    word_order: WordOrder = "big"
    max_gap: Annotated[int, Meta(ge=0, le=124)] = 0
    write: Literal["multiple", "single"] = "multiple"
    channels: ChannelMap | None = None
    local: Bit | None = None
    flags: dict[Name, Bit] = field(default_factory=dict)
    readings: dict[Name, Register] = field(default_factory=dict)
    schedule: ScheduleMap | None = None
    clock: RegisterClock | None = None
    sentinel: Sentinel | None = None
    actions: dict[ActionKind, RegisterAction] = field(default_factory=dict)


class TopicOut(Part, frozen=True, kw_only=True):
    """A topic we write to; `{node}` and `{address}` stand for the node's id and address."""

    topic: Topic
    retain: bool = False
    qos: Literal[0, 1] = 1


class TopicIn(Part, frozen=True, kw_only=True):
    """A topic the node writes to."""

    topic: Topic


class Availability(Part, frozen=True, kw_only=True):
    """Where a node's last will says whether it is there, and the two payloads it uses."""

    topic: Topic
    online: str = "online"
    offline: str = "offline"


class LevelField(Part, frozen=True, kw_only=True):
    """A JSON field holding the level; `full` is its value at 100 %, `integer` whether it takes whole numbers only."""

    field: FieldPath
    full: Positive = 100.0
    integer: bool = True


class OnField(Part, frozen=True, kw_only=True):
    """A JSON field saying on or off, and the two values it uses."""

    field: FieldPath
    on: str | bool | int = "ON"
    off: str | bool | int = "OFF"


class NumberField(Part, frozen=True, kw_only=True):
    """A JSON field holding a number; value = number x scale."""

    field: FieldPath
    scale: Scale = 1.0


class FlagField(Part, frozen=True, kw_only=True):
    """A JSON field that raises a flag when it equals `when`; `otherwise` is what simulated nodes say."""

    field: FieldPath
    when: str | bool | int = True
    otherwise: str | bool | int = False


class JsonAction(Part, frozen=True, kw_only=True):
    """A one-shot action: this JSON on that topic (none given: the set topic)."""

    topic: Topic | UnsetType = UNSET
    payload: dict[str, str | bool | int | float]


class JsonClock(Part, frozen=True, kw_only=True):
    """Where a node takes the time (UTC), as `field` of a JSON object or alone; `reported`: its clock in the state.

    epoch_s: a number of seconds since 1970. rfc3339: a text such as 2026-12-21T16:00:00Z.
    """

    topic: Topic
    field: FieldPath | None = None
    format: Literal["epoch_s", "rfc3339"] = "epoch_s"
    reported: FieldPath | None = None


class JsonReadings(Part, frozen=True, kw_only=True):
    """The JSON fields of a node's readings, each in the unit its name says after scaling."""

    power_w: NumberField | None = None
    energy_wh: NumberField | None = None
    voltage_v: NumberField | None = None
    current_a: NumberField | None = None
    power_factor: NumberField | None = None
    temperature_c: NumberField | None = None
    operating_h: NumberField | None = None


class MqttMap(Part, frozen=True, kw_only=True):
    """What a foreign MQTT dimmer's topics and JSON fields mean. A dot in a field name goes one object deeper.

    set, state: where levels are written and read. transition: the field that takes a ramp in seconds.
    """

    set: TopicOut
    state: TopicIn
    availability: Availability | None = None
    level: LevelField
    on: OnField | None = None
    transition: FieldPath | None = None
    readings: JsonReadings = field(default_factory=JsonReadings)
    faults: dict[FaultEvent, FlagField] = field(default_factory=dict)
    local: FlagField | None = None
    clock: JsonClock | None = None
    actions: dict[ActionKind, JsonAction] = field(default_factory=dict)
