"""Gateways that answer Modbus TCP as fast as bytes come, in a process of their own, so that nothing measured is theirs.

python -m tests.support.lean_modbus LINES UNITS DEAD-EVERY

Each line is a port of its own; unit numbers count from 1. Of all units, counted through the lines, one in DEAD-EVERY
never answers. Writes the ports as a line of JSON and serves until stdin ends. The registers are floats, as a meter's:
all of them differ from one answer to the next.
"""

from __future__ import annotations

import asyncio
import json
import struct
import sys

HEADER = 7
READ = b"\x03\x04"
SHOWN = tuple(struct.pack(">f", 50 + step / 4) for step in range(200))


def is_dead(line: int, unit: int, units: int, dead_every: int) -> bool:
    """Whether a unit (from 1) of a line (from 0) never answers."""
    return (line * units + unit) % dead_every == 0


class Gateway(asyncio.Protocol):
    """One connection to a line's gateway."""

    def __init__(self, dead: frozenset[int]) -> None:
        self._dead = dead
        self._received = b""
        self._answers = 0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while len(self._received) >= HEADER + 5:
            size = 6 + int.from_bytes(self._received[4:6], "big")
            asked, self._received = self._received[:size], self._received[size:]
            if asked[6] in self._dead:
                continue
            count = int.from_bytes(asked[10:12], "big")
            words = SHOWN[self._answers % len(SHOWN)] * (count // 2)
            self._answers += 1
            length = (3 + len(words)).to_bytes(2, "big")
            assert self._transport is not None
            self._transport.write(asked[:4] + length + asked[6:8] + bytes((len(words),)) + words)


async def _serve(lines: int, units: int, dead_every: int) -> None:
    loop = asyncio.get_running_loop()
    ports = []
    for line in range(lines):
        dead = frozenset(unit for unit in range(1, units + 1) if is_dead(line, unit, units, dead_every))
        server = await loop.create_server(lambda dead=dead: Gateway(dead), "127.0.0.1", 0)  # type: ignore[misc]
        ports.append(server.sockets[0].getsockname()[1])
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(*map(int, sys.argv[1:])))
