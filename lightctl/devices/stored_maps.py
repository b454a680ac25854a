"""The shape of what a unit keeps by itself: the nights it runs alone, and its clock."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from lightctl.devices.parts import Address, Part, Register

CALENDAR_WORDS = 6


class SlotRegister(Register, frozen=True, kw_only=True):
    """A number that a stored switch has: that of switch n sits `n x step` further on."""

    step: Annotated[int, Meta(ge=1, le=65535)]


class OverrideRegisters(Part, frozen=True, kw_only=True):
    """Where a channel's override stands; `until` 0 means that there is none."""

    level: Register
    until: Register


class Checksum(Register, frozen=True, kw_only=True):
    """The register of the checksum over the body's words in order of their addresses, high byte first.

    crc16: that of Modbus (polynomial 0xA001, from 0xFFFF). sum16: the sum of the words, modulo 65536.
    """

    kind: Literal["crc16", "sum16"] = "crc16"


class ScheduleMap(Part, frozen=True, kw_only=True):
    """Where a unit keeps the nights it runs alone. Instants are seconds since 1970 (UTC) after scaling.

    The body is `count`, `at`, `level`, `valid_until` and `override`; then the checksum; `commit` takes the revision
    last, and only then the unit runs what was written. `applied` is its own word for the revision it runs.
    """

    slots: Annotated[int, Meta(ge=4, le=1000)]
    count: Register
    at: SlotRegister
    level: SlotRegister
    valid_until: Register
    override: OverrideRegisters | None = None
    checksum: Checksum
    commit: Register
    applied: Register


class RegisterClock(Part, frozen=True, kw_only=True):
    """The unit's clock (UTC), read with every poll, and set: holding registers from `address` on.

    epoch_s: seconds since 1970 in two registers. calendar: year, month, day, hour, minute, second in one each.
    """

    address: Address
    format: Literal["epoch_s", "calendar"] = "epoch_s"

    @property
    def registers(self) -> tuple[Register, ...]:
        """The registers it stands in, in their order."""
        if self.format == "epoch_s":
            return (Register(table="holding", address=self.address, type="uint32"),)
        return tuple(Register(table="holding", address=self.address + place) for place in range(CALENDAR_WORDS))
