"""A Modbus line with mischief on it: answers late, short, doubled, of another unit or function, or none at all.

TCP framing or RTU framing over TCP, as a gateway has it. While `mischief` is 0 it is an honest line.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import struct
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

from tests.support.bad_frames import DECEIT, KINDS, LOST, NO_ANSWER, RESET, WRITES, Framing, echo

__all__ = ["KINDS", "BadLine"]

Ask = Callable[[int, bytes], Awaitable[bytes | None]]
LATE_S = {"late": (0.25, 0.6), "very late": (0.6, 1.5)}


class BadLine:
    """Serves one line; `ask(unit, request)` gives the honest answer. mischief: share of the answers that are not."""

    def __init__(self, ask: Ask, rng: random.Random, kinds: Sequence[str] = KINDS, *, rtu: bool) -> None:
        self.mischief = 0.0
        self.done: Counter[str] = Counter()
        self._ask, self._rng, self._framing, self._kinds = ask, rng, Framing(rtu), kinds
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for talk in tuple(self._talks):
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        # asyncio's server would log a cancelled talk.
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                unit, transaction, request = await self._request(reader)
                await self._answer(writer, unit, transaction, request)
        self._talks.discard(talk)
        writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> tuple[int, int, bytes]:
        if not self._framing.rtu:
            transaction, _, length, unit = struct.unpack(">HHHB", await reader.readexactly(7))
            return unit, transaction, await reader.readexactly(length - 1)
        head = await reader.readexactly(7)
        length = 9 + head[6] if head[1] in (15, 16) else 8
        frame = head + await reader.readexactly(length - 7)
        return frame[0], 0, frame[1:-2]

    async def _answer(self, writer: asyncio.StreamWriter, unit: int, transaction: int, request: bytes) -> None:
        rng = self._rng
        kind = rng.choice(self._kinds) if rng.random() < self.mischief else ""
        if kind == DECEIT and request[0] not in WRITES:
            kind = ""
        self.done[kind or "honest"] += 1
        if kind == LOST:
            return
        if kind == DECEIT:
            writer.write(self._framing.frame(unit, transaction, echo(request)))
            return
        answer = await self._ask(unit, request)
        if answer is None or kind == NO_ANSWER:
            return
        if kind in LATE_S:
            await asyncio.sleep(rng.uniform(*LATE_S[kind]))
        if kind == RESET:
            writer.transport.abort()
            return
        writer.write(self._framing.spoiled(kind, rng, unit, transaction, answer))
