"""Modbus requests and answers, the server's side of function codes 1-6, 15 and 16 (Modbus application protocol 1.1b3).

Pure: bytes of one request in, bytes of its answer out; what the tables hold is the bank's matter.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from lightctl.devices.maps import Table

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
ERROR_BIT = 0x80
READS: dict[int, tuple[Table, int]] = {
    1: ("coil", 2000),
    2: ("discrete", 2000),
    3: ("holding", 125),
    4: ("input", 125),
}
WRITE_COIL, WRITE_REGISTER, WRITE_COILS, WRITE_REGISTERS = 5, 6, 15, 16
MOST_COILS, MOST_REGISTERS = 1968, 123
COIL_ON, COIL_OFF = 0xFF00, 0


class Refused(Exception):  # noqa: N818 - it is an answer, not an accident
    """A request is answered with a Modbus exception."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Bank(Protocol):
    """The tables of one unit."""

    def read(self, table: Table, address: int, count: int) -> Sequence[int]:
        """Give words, or bits as 0 and 1; raises Refused."""
        ...

    def write(self, table: Table, address: int, values: Sequence[int]) -> None:
        """Take words, or bits as 0 and 1; raises Refused."""
        ...


@dataclass(frozen=True, slots=True)
class _Writing:
    table: Table
    address: int
    values: tuple[int, ...]
    echo: bytes


def answer(request: bytes, bank: Bank) -> bytes:
    """Carry out one request (function code and what follows) and give the answer; never raises for bad input."""
    function = request[0]
    try:
        if function in READS:
            return _read(request, bank)
        writing = _writing(request)
        bank.write(writing.table, writing.address, writing.values)
    except Refused as refused:
        return bytes((function | ERROR_BIT, refused.code))
    return bytes((function,)) + writing.echo


def _read(request: bytes, bank: Bank) -> bytes:
    table, most = READS[request[0]]
    address, count = _two(request[1:])
    if not 1 <= count <= most:
        raise Refused(ILLEGAL_VALUE)
    values = bank.read(table, address, count)
    if table in ("coil", "discrete"):
        body = sum(bit << place for place, bit in enumerate(values)).to_bytes((count + 7) // 8, "little")
    else:
        body = struct.pack(f">{count}H", *values)
    return bytes((request[0], len(body))) + body


def _writing(request: bytes) -> _Writing:
    function, rest = request[0], request[1:]
    if function in (WRITE_COIL, WRITE_REGISTER):
        address, value = _two(rest)
        if function == WRITE_REGISTER:
            return _Writing("holding", address, (value,), rest)
        if value not in (COIL_ON, COIL_OFF):
            raise Refused(ILLEGAL_VALUE)
        return _Writing("coil", address, (int(value == COIL_ON),), rest)
    if function not in (WRITE_COILS, WRITE_REGISTERS):
        raise Refused(ILLEGAL_FUNCTION)
    address, count = _two(rest[:4])
    body = rest[5:]
    coils = function == WRITE_COILS
    size = (count + 7) // 8 if coils else 2 * count
    if not 1 <= count <= (MOST_COILS if coils else MOST_REGISTERS) or len(body) != size or rest[4] != size:
        raise Refused(ILLEGAL_VALUE)
    if coils:
        bits = int.from_bytes(body, "little")
        return _Writing("coil", address, tuple(bits >> place & 1 for place in range(count)), rest[:4])
    return _Writing("holding", address, struct.unpack(f">{count}H", body), rest[:4])


def _two(body: bytes) -> tuple[int, int]:
    if len(body) != 4:  # noqa: PLR2004 - two words
        raise Refused(ILLEGAL_VALUE)
    first, second = struct.unpack(">HH", body)
    return first, second
