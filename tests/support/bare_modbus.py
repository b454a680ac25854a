"""Modbus TCP clients with nothing behind them, one for each line: pymodbus as its documentation has it, and a lean one.

`lean` is no library: about what Python can do with a codec of its own. It checks the transaction and trusts the rest.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Sequence
from typing import Protocol

from pymodbus.client import AsyncModbusTcpClient

HOST = "127.0.0.1"
TIMEOUT_S = 30.0  # nobody who is dead is asked; a busy machine must not end it
READ_INPUT = 0x04
HEADER, BEFORE_WORDS = 6, 9


class BareLine(Protocol):
    """A line to one gateway, one question at a time."""

    async def start(self, port: int) -> None:
        """Connect."""
        ...

    async def read(self, unit: int, count: int) -> Sequence[int]:
        """Read input registers from 0 on."""
        ...

    def stop(self) -> None:
        """Disconnect."""
        ...


class Pymodbus:
    """The library."""

    async def start(self, port: int) -> None:
        self._client = AsyncModbusTcpClient(HOST, port=port, timeout=TIMEOUT_S)
        await self._client.connect()

    async def read(self, unit: int, count: int) -> Sequence[int]:
        answer = await self._client.read_input_registers(0, count=count, device_id=unit)
        assert not answer.isError()
        return answer.registers

    def stop(self) -> None:
        self._client.close()


class Lean(asyncio.Protocol):
    """A codec of thirty lines."""

    async def start(self, port: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._received = b""
        self._transaction = 0
        self._answer: asyncio.Future[Sequence[int]] = self._loop.create_future()
        self._transport, _ = await self._loop.create_connection(lambda: self, HOST, port)

    def read(self, unit: int, count: int) -> asyncio.Future[Sequence[int]]:
        self._transaction = self._transaction % 0xFFFF + 1
        self._answer = self._loop.create_future()
        self._transport.write(struct.pack(">HHHBBHH", self._transaction, 0, 6, unit, READ_INPUT, 0, count))
        return self._answer

    def stop(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        frame = self._received + data
        size = HEADER + int.from_bytes(frame[4:6], "big")
        if len(frame) < HEADER or len(frame) < size:
            self._received = frame
            return
        self._received = b""
        if int.from_bytes(frame[:2], "big") == self._transaction and not self._answer.done():
            self._answer.set_result(struct.unpack_from(f">{frame[8] // 2}H", frame, BEFORE_WORDS))


LINES: dict[str, type[BareLine]] = {"pymodbus": Pymodbus, "lean": Lean}
