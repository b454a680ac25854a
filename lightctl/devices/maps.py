"""The shapes of a profile's wire maps: topics and JSON fields (MqttMap), registers and bits (RegisterMap).

They are pure data, read from `profiles/*.yaml`; `_blueprint.yaml` explains every key with an example. A field that
repeats per channel sits at `address + channel * stride`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from lightctl.domain.states import ActionKind, FaultEvent

Table = Literal["coil", "discrete", "input", "holding"]
BIT_TABLES: frozenset[Table] = frozenset({"coil", "discrete"})
WRITABLE_TABLES: frozenset[Table] = frozenset({"coil", "holding"})
WordOrder = Literal["big", "little"]
NumberType = Literal[
    "bool", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64", "acc16", "acc32", "acc64",
]  # fmt: skip

WORDS: Mapping[NumberType, int] = MappingProxyType({
    "bool": 1, "int16": 1, "uint16": 1, "acc16": 1, "int32": 2, "uint32": 2, "float32": 2, "acc32": 2,
    "int64": 4, "uint64": 4, "float64": 4, "acc64": 4,
})  # fmt: skip

Address = Annotated[int, Meta(ge=0, le=65535)]
Word = Annotated[int, Meta(ge=0, le=65535)]
Scale = Annotated[float, Meta(ge=-1e12, le=1e12)]
Positive = Annotated[float, Meta(gt=0)]
Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$(?!\n)", max_length=64)]
FieldPath = Annotated[str, Meta(min_length=1, max_length=128)]
Topic = Annotated[str, Meta(min_length=1, max_length=256)]


class _Part(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all parts share: values that never change, and no key nobody knows."""


class Register(_Part, frozen=True, kw_only=True):
    """A number in registers: value = raw x scale; a raw value in `invalid` means there is no value.

    In a bit table (coil, discrete) the type is `bool` and the raw value 0 or 1. `word_order` None: the map's own.
    """

    table: Table
    address: Address
    type: NumberType = "uint16"
    scale: Scale = 1.0
    word_order: WordOrder | None = None
    invalid: tuple[int | float, ...] = ()
    stride: Address = 0


class Bit(_Part, frozen=True, kw_only=True):
    """A flag: a coil, a discrete input, or one bit of a register; it is raised when the bit equals `when`."""

    table: Table
    address: Address
    bit: Annotated[int, Meta(ge=0, le=15)] = 0
    when: Annotated[int, Meta(ge=0, le=1)] = 1
    stride: Address = 0


class ChannelMap(_Part, frozen=True, kw_only=True):
    """One output and its `count` repetitions: the level register written, the level measured, readings and faults."""

    count: Annotated[int, Meta(ge=1, le=256)] = 1
    level: Register
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


class Sentinel(_Part, frozen=True, kw_only=True):
    """A register whose content is known, read after a time-out on a serial line before any answer is trusted again.

    expect: its content, or `unit` where the register holds the node's own unit number.
    """

    table: Literal["input", "holding"] = "holding"
    address: Address
    expect: Word | Literal["unit"]


class RegisterAction(_Part, frozen=True, kw_only=True):
    """A one-shot action: write this value there."""

    table: Literal["coil", "holding"]
    address: Address
    value: Word = 1


class RegisterMap(_Part, frozen=True, kw_only=True):
    """What a Modbus unit's tables mean. Addresses are those on the wire (PDU), counted from 0.

    max_gap: registers or bits nobody asked for that may be read along to save a request. write: `single` for units
    that know no write-multiple. local: a switch that takes the whole unit out of our hands.
    """

    word_order: WordOrder = "big"
    max_gap: Annotated[int, Meta(ge=0, le=124)] = 0
    write: Literal["multiple", "single"] = "multiple"
    channels: ChannelMap | None = None
    local: Bit | None = None
    flags: dict[Name, Bit] = field(default_factory=dict)
    readings: dict[Name, Register] = field(default_factory=dict)
    sentinel: Sentinel | None = None
    actions: dict[ActionKind, RegisterAction] = field(default_factory=dict)


class TopicOut(_Part, frozen=True, kw_only=True):
    """A topic we write to; `{node}` and `{address}` stand for the node's id and address."""

    topic: Topic
    retain: bool = False
    qos: Literal[0, 1] = 1


class TopicIn(_Part, frozen=True, kw_only=True):
    """A topic the node writes to."""

    topic: Topic


class Availability(_Part, frozen=True, kw_only=True):
    """Where a node's last will says whether it is there, and the two payloads it uses."""

    topic: Topic
    online: str = "online"
    offline: str = "offline"


class LevelField(_Part, frozen=True, kw_only=True):
    """A JSON field holding the level; `full` is its value at 100 %, `integer` whether it takes whole numbers only."""

    field: FieldPath
    full: Positive = 100.0
    integer: bool = True


class OnField(_Part, frozen=True, kw_only=True):
    """A JSON field saying on or off, and the two values it uses."""

    field: FieldPath
    on: str | bool | int = "ON"
    off: str | bool | int = "OFF"


class NumberField(_Part, frozen=True, kw_only=True):
    """A JSON field holding a number; value = number x scale."""

    field: FieldPath
    scale: Scale = 1.0


class FlagField(_Part, frozen=True, kw_only=True):
    """A JSON field that raises a flag when it equals `when`; `otherwise` is what simulated nodes say."""

    field: FieldPath
    when: str | bool | int = True
    otherwise: str | bool | int = False


class JsonAction(_Part, frozen=True, kw_only=True):
    """A one-shot action: this JSON on that topic (none given: the set topic)."""

    topic: Topic | UnsetType = UNSET
    payload: dict[str, str | bool | int | float]


class JsonReadings(_Part, frozen=True, kw_only=True):
    """The JSON fields of a node's readings, each in the unit its name says after scaling."""

    power_w: NumberField | None = None
    energy_wh: NumberField | None = None
    voltage_v: NumberField | None = None
    current_a: NumberField | None = None
    power_factor: NumberField | None = None
    temperature_c: NumberField | None = None
    operating_h: NumberField | None = None


class MqttMap(_Part, frozen=True, kw_only=True):
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
    actions: dict[ActionKind, JsonAction] = field(default_factory=dict)
