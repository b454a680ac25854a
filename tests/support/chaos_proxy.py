"""A proxy between MQTT clients and a broker that does to their connections what networks do; a thread of its own.

Modes: `good`; `slow` (each piece late), `sliced` (a few bytes at a time), `dropping` and `doubling` (whole MQTT
packets, either way; a connection that lost some ends when the network is good again), `swallowing` (a publish is
acknowledged in its receiver's place and lost, and the connection lives on: what a broker does that has no room, or a
node that dies before it stored a document), `reset` (connections are cut off
in the middle of a packet, and again), `cut` (nobody gets through), `half-open` (what is connected then stays connected,
and hears and reaches nobody ever again).
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections import Counter
from types import TracebackType
from typing import Self

MODES = ("slow", "sliced", "dropping", "swallowing", "doubling", "reset", "cut", "half-open")
LINGER_NOT = struct.pack("ii", 1, 0)
CONNECT, CONNACK, PUBLISH = 1, 2, 3
PUBACK = b"\x40\x02"


class ChaosProxy:
    """Forwards to a port of this machine; `mode` may be set at any time."""

    def __init__(self, port: int, seed: int) -> None:
        self.mode = "good"
        self.host, self.port = "127.0.0.1", 0
        self.done: Counter[str] = Counter()
        self._target, self._rng = port, random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()

    @property
    def url(self) -> str:
        return f"mqtt://{self.host}:{self.port}"

    async def _serve(self) -> None:
        talks: set[asyncio.Task[None]] = set()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            me = asyncio.current_task()
            assert me is not None
            talks.add(me)
            with contextlib.suppress(asyncio.CancelledError):  # asyncio's server would log it
                await self._talk(reader, writer)
            talks.discard(me)

        server = await asyncio.start_server(talk, self.host, 0)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._stop.wait()
        server.close()
        for each in tuple(talks):
            each.cancel()
        await asyncio.gather(*talks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there: asyncio.StreamWriter | None = None
        try:
            if self.mode in ("cut", "half-open"):
                return
            from_there, there = await asyncio.open_connection(self.host, self._target)
            dead = asyncio.Event()
            ways = [self._forward(reader, there, writer, dead), self._forward(from_there, writer, there, dead)]
            tasks = [asyncio.create_task(way) for way in ways]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        except OSError:
            pass  # the broker is not there, which the client will see
        finally:
            for each in (writer, there):
                if each is not None:
                    each.transport.abort()

    async def _forward(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        back: asyncio.StreamWriter,
        dead: asyncio.Event,
    ) -> None:
        """Forward one way of a connection; `dead` is set once it is half-open: nothing passes either way any more."""
        lossy = False
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                packet = await _packet(reader)
                if dead.is_set():
                    continue
                if lossy and self.mode == "good":
                    return
                match self.mode:
                    case "cut":
                        return
                    case "half-open":
                        self.done["half-open connections"] += 1
                        dead.set()
                    case "reset" if self._rng.random() < 0.2:
                        self._reset(packet, writer, back)
                        return
                    case "dropping" if packet[0] >> 4 > CONNACK and self._rng.random() < 0.2:
                        self.done["packets dropped"] += 1
                        lossy = True
                    case "swallowing" if _needs_ack(packet) and self._rng.random() < 0.3:
                        self.done["publishes swallowed"] += 1
                        back.write(PUBACK + _packet_id(packet))
                    case _:
                        await self._pass_on(packet, writer)

    def _reset(self, packet: bytes, *writers: asyncio.StreamWriter) -> None:
        """Send a part of a packet to the first, and cut all of them off."""
        self.done["resets"] += 1
        writers[0].write(packet[: self._rng.randrange(len(packet))])
        for each in writers:
            wire: socket.socket = each.get_extra_info("socket")
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)

    async def _pass_on(self, packet: bytes, writer: asyncio.StreamWriter) -> None:
        """Write a packet: late, twice, or a few bytes at a time."""
        if self.mode == "slow":
            self.done["slow packets"] += 1
            await asyncio.sleep(self._rng.uniform(0, 0.1))
        elif self.mode == "doubling" and packet[0] >> 4 == PUBLISH and self._rng.random() < 0.5:
            self.done["packets doubled"] += 1
            packet *= 2
        elif self.mode == "sliced":
            self.done["packets sliced"] += 1
            while len(packet) > 1:
                size = self._rng.randrange(1, 9) if len(packet) < 200 else 97
                writer.write(packet[:size])
                packet = packet[size:]
                await writer.drain()
                await asyncio.sleep(0)
        writer.write(packet)
        await writer.drain()


async def _packet(reader: asyncio.StreamReader) -> bytes:
    """Read one MQTT packet: a byte of kind, a length of seven bits a byte, and so many bytes."""
    head = await reader.readexactly(1)
    length = shift = 0
    while True:
        byte = await reader.readexactly(1)
        head += byte
        length |= (byte[0] & 0x7F) << shift
        shift += 7
        if not byte[0] & 0x80:
            return head + await reader.readexactly(length)


def _needs_ack(packet: bytes) -> bool:
    """Say whether it is a publish at QoS 1."""
    return packet[0] >> 4 == PUBLISH and packet[0] >> 1 & 3 == 1


def _packet_id(packet: bytes) -> bytes:
    """Give the two bytes by which a publish is acknowledged: they come after its topic."""
    body = 2 + next(index for index, byte in enumerate(packet[1:5]) if not byte & 0x80)
    after = body + 2 + int.from_bytes(packet[body : body + 2])
    return packet[after : after + 2]
