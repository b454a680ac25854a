"""The smallest parts of a profile's register map: numbers in registers and flags in bits, with the types they have."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from msgspec import Meta, Struct

Table = Literal["coil", "discrete", "input", "holding"]
BIT_TABLES: frozenset[Table] = frozenset({"coil", "discrete"})
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
Percent = Annotated[int, Meta(ge=0, le=100)]
Scale = Annotated[float, Meta(ge=-1e12, le=1e12)]
Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$(?!\n)", max_length=64)]


class Part(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all parts share: values that never change, and no key nobody knows."""


class Register(Part, frozen=True, kw_only=True):
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


class Bit(Part, frozen=True, kw_only=True):
    """A flag: a coil, a discrete input, or one bit of a register; it is raised when the bit equals `when`."""

    table: Table
    address: Address
    bit: Annotated[int, Meta(ge=0, le=15)] = 0
    when: Annotated[int, Meta(ge=0, le=1)] = 1
    stride: Address = 0
