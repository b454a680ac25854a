"""Modbus lines for tests: pymodbus's own server as the honest one, and a scripted one that misbehaves on request."""

from __future__ import annotations

import asyncio
import contextlib
import os
import struct
import time
import tty
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field

from pymodbus import FramerType
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from lightctl.app.running.broker import free_port
from tests.support.bad_frames import crc, rtu_frame

ROOM = 64


def device(unit: int, holding: dict[int, int] | None = None, inputs: dict[int, int] | None = None) -> SimDevice:
    """Build a unit with 64 of everything, zero but for what is given."""

    def words(given: dict[int, int] | None) -> list[SimData]:
        values = [(given or {}).get(address, 0) for address in range(ROOM)]
        return [SimData(0, values=values, datatype=DataType.REGISTERS)]

    def bits() -> list[SimData]:
        return [SimData(0, values=[False] * ROOM, datatype=DataType.BITS)]

    return SimDevice(unit, (bits(), bits(), words(holding), words(inputs)))


@contextlib.asynccontextmanager
async def honest_line(*devices: SimDevice, port: int | None = None) -> AsyncIterator[int]:
    """Serve units with pymodbus on a free loopback port; a unit that is not there keeps silent."""
    port = port or free_port()
    server = ModbusTcpServer(list(devices), address=("127.0.0.1", port), ignore_missing_devices=True)
    await server.serve_forever(background=True)
    try:
        yield port
    finally:
        await server.shutdown()


@dataclass
class Asked:
    """One request as the line saw it; `at` in seconds of the monotonic clock."""

    unit: int
    function: int
    address: int
    at: float


@dataclass
class Line:
    """A scripted line. Word `n` of unit `u` in either register table holds what `words` says, else u * 1000 + n.

    delay: seconds before an answer leaves (answers keep their order). twist: changes or drops (None) an answer, given
    unit, function and body. echo: how function 8 is answered: `yes`, `refused` or `silent`.
    """

    rtu: bool = False
    silent: set[int] = field(default_factory=set)
    delay: Callable[[], float] = lambda: 0.0
    twist: Callable[[int, int, bytes], tuple[int, int, bytes] | None] = lambda *answer: answer
    echo: str = "yes"
    zero_transaction: bool = False
    stuck: bool = False
    words: dict[tuple[int, int], int] = field(default_factory=dict)
    bits: dict[tuple[int, int], int] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0

    def answer(self, unit: int, pdu: bytes) -> tuple[int, int, bytes] | None:
        """Answer a request: (unit, function, body), or None for silence."""
        function, (first, second) = pdu[0], struct.unpack(">HH", pdu[1:5])
        self.asked.append(Asked(unit, function, first, time.monotonic()))
        if unit in self.silent:
            return None
        if function in (1, 2):
            flags = [self.bits.get((unit, first + number), 0) for number in range(second)]
            packed = sum(flag << number for number, flag in enumerate(flags)).to_bytes(-(-second // 8), "little")
            body = bytes((len(packed),)) + packed
        elif function in (3, 4):
            values = [
                self.words.get((unit, first + number), (unit * 1000 + first + number) & 0xFFFF)
                for number in range(second)
            ]
            body = bytes((second * 2,)) + struct.pack(f">{second}H", *values)
        elif function == 8:
            if self.echo != "yes":
                return None if self.echo == "silent" else (unit, 0x88, b"\x01")
            body = pdu[1:]
        else:
            body = self._write(unit, function, first, second, pdu)
        return self.twist(unit, function, body)

    def _write(self, unit: int, function: int, first: int, second: int, pdu: bytes) -> bytes:
        if self.stuck:
            pass
        elif function == 5:
            self.bits[unit, first] = int(second == 0xFF00)
        elif function == 6:
            self.words[unit, first] = second
        elif function == 15:
            packed = int.from_bytes(pdu[6:], "little")
            self.bits.update({(unit, first + number): packed >> number & 1 for number in range(second)})
        else:
            values = struct.unpack(f">{second}H", pdu[6:])
            self.words.update({(unit, first + number): value for number, value in enumerate(values)})
        return struct.pack(">HH", first, second)

    async def talk(self, reader: asyncio.StreamReader, write: Callable[[bytes], None]) -> None:
        """Serve one connection: requests are read at once, answers leave in order, each after its delay."""
        answers: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        sending = asyncio.create_task(self._send(answers, write))
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    unit, transaction, pdu = await (self._rtu_request(reader) if self.rtu else _tcp_request(reader))
                    answer = self.answer(unit, pdu)
                    if answer is not None:
                        frame = (
                            rtu_frame(*answer) if self.rtu else _tcp_frame(self.zero_transaction, transaction, answer)
                        )
                        answers.put_nowait((time.monotonic() + self.delay(), frame))
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sending

    async def _send(self, answers: asyncio.Queue[tuple[float, bytes]], write: Callable[[bytes], None]) -> None:
        while True:
            leaves, frame = await answers.get()
            await asyncio.sleep(max(0.0, leaves - time.monotonic()))
            write(frame)

    async def _rtu_request(self, reader: asyncio.StreamReader) -> tuple[int, int, bytes]:
        head = await reader.readexactly(7)
        length = 9 + head[6] if head[1] in (15, 16) else 8
        frame = head + await reader.readexactly(length - 7)
        assert frame[-2:] == crc(frame[:-2]), "the link sent a frame with a wrong checksum"
        return frame[0], 0, frame[1:-2]


async def _tcp_request(reader: asyncio.StreamReader) -> tuple[int, int, bytes]:
    transaction, _, length, unit = struct.unpack(">HHHB", await reader.readexactly(7))
    return unit, transaction, await reader.readexactly(length - 1)


def _tcp_frame(zero: bool, transaction: int, answer: tuple[int, int, bytes]) -> bytes:  # noqa: FBT001
    unit, function, body = answer
    return struct.pack(">HHHBB", 0 if zero else transaction, 0, len(body) + 2, unit, function) + body


@contextlib.asynccontextmanager
async def scripted_line(line: Line, port: int | None = None) -> AsyncIterator[int]:
    """Serve a scripted line over TCP on a free loopback port."""
    conversations: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line.connections += 1
        conversation = asyncio.current_task()
        assert conversation is not None
        conversations.add(conversation)
        try:
            with contextlib.suppress(asyncio.CancelledError):  # asyncio's server would log it
                await line.talk(reader, writer.write)
        finally:
            conversations.discard(conversation)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port or 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for conversation in tuple(conversations):
            conversation.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)


@contextlib.contextmanager
def _terminals() -> Iterator[tuple[int, str]]:
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    try:
        yield ours, os.ttyname(theirs)
    finally:
        os.close(ours)
        os.close(theirs)


@contextlib.asynccontextmanager
async def serial_line(line: Line) -> AsyncIterator[str]:
    """Serve a scripted line on a pseudo-terminal; gives the device's name."""
    with _terminals() as (ours, name):
        loop, reader = asyncio.get_running_loop(), asyncio.StreamReader()
        loop.add_reader(ours, lambda: reader.feed_data(os.read(ours, 1024)))
        talking = asyncio.create_task(line.talk(reader, lambda frame: os.write(ours, frame) and None))
        try:
            yield name
        finally:
            loop.remove_reader(ours)
            talking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await talking


__all__ = ["FramerType", "Line", "device", "honest_line", "scripted_line", "serial_line"]
