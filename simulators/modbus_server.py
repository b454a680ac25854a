"""A Modbus TCP line: MBAP frames in and out, requests one at a time, units that may be late or say nothing at all."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable

HEADER = struct.Struct(">HHHB")
MOST_BYTES = 254

Ask = Callable[[int, bytes], Awaitable[bytes | None]]


class ModbusServer:
    """Serves one line; `ask(unit, request)` gives the answer, or None for silence."""

    def __init__(self, host: str, port: int, ask: Ask) -> None:
        self._host = host
        self._port = port
        self._ask = ask
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> int:
        """Listen; gives the port. Raises OSError when it is taken."""
        self._server = await asyncio.start_server(self._serve, self._host, self._port)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening and drop who is connected."""
        if self._server is not None:
            self._server.close()
            for writer in tuple(self._writers):
                writer.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while True:
                transaction, protocol, length, unit = HEADER.unpack(await reader.readexactly(HEADER.size))
                if protocol != 0 or not 2 <= length <= MOST_BYTES:  # noqa: PLR2004 - unit and function code
                    break
                reply = await self._ask(unit, await reader.readexactly(length - 1))
                if reply is not None:
                    writer.write(HEADER.pack(transaction, 0, len(reply) + 1, unit) + reply)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the other end has left
        except asyncio.CancelledError:
            pass  # the loop is shut down; asyncio would report a cancelled handler as an error
        finally:
            self._writers.discard(writer)
            writer.close()
