"""An event loop on a world's heap, so that asyncio code lives by the world's time: no sockets, no threads, no waiting.

It has what a link needs: callbacks, timers, futures and tasks, and connections, which somebody of the world makes.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import math
import traceback
from asyncio import events
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import Context
from pathlib import Path
from typing import Any

from tests.worlds.heap import Heap

MICROSECOND = dt.timedelta(microseconds=1)
PER_S = 1_000_000
MOST_AT_ONCE = 20_000
Connect = Callable[[Callable[[], asyncio.Protocol]], Awaitable[tuple[asyncio.Transport, asyncio.Protocol]]]


def place_of(error: BaseException | None) -> str:
    """Say where an error was raised."""
    raised = None if error is None else traceback.extract_tb(error.__traceback__)[-1]
    return "" if raised is None else f"{Path(raised.filename).name}:{raised.lineno}"


class NeverRestsError(Exception):
    """So much is to be done at one instant that it never passes."""


class HeapLoop(asyncio.AbstractEventLoop):
    """A loop whose clock is the heap's. `connect` makes its connections; failed: what left a callback or task."""

    def __init__(self, heap: Heap, connect: Connect) -> None:
        self.failed: list[str] = []
        self._heap = heap
        self._began = heap.now
        self._connect = connect
        self._ready: deque[asyncio.Handle] = deque()
        self._runs = False
        self._awaited = False

    def time(self) -> float:
        """Give the seconds since it was made."""
        return (self._heap.now - self._began) / MICROSECOND / PER_S

    def do(self, work: Callable[[], Any]) -> None:
        """Have something done now, as code that runs on this loop."""
        self.call_soon(work)
        self.drain()

    def drain(self) -> None:
        """Do all that can be done at this instant."""
        if self._runs:
            return
        before = events._get_running_loop()
        events._set_running_loop(self)
        self._runs = True
        try:
            for _ in range(MOST_AT_ONCE):
                if not self._ready:
                    return
                handle = self._ready.popleft()
                if not handle.cancelled():
                    handle._run()
            raise NeverRestsError
        finally:
            self._runs = False
            events._set_running_loop(before)

    # -- what asyncio asks of a loop ------------------------------------------------------------------------------

    def call_soon(
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:  # fmt: skip
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        if not self._runs and not self._awaited:
            self._awaited = True
            self._heap.after(0.0, self._come)
        return handle

    def _come(self) -> None:
        self._awaited = False
        self.drain()

    def call_later(
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        ticks = math.ceil(when * PER_S)
        while ticks / PER_S < when:  # it must never ring a moment early, or it would be set anew for this instant
            ticks += 1

        def ring() -> None:
            if not timer.cancelled():
                self._ready.append(timer)
                self.drain()

        self._heap.at(self._began + ticks * MICROSECOND, ring)
        return timer

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(
        self, coro: Coroutine[Any, Any, Any], *, name: str | None = None, context: Context | None = None
    ) -> asyncio.Task[Any]:  # type: ignore[override]
        return asyncio.Task(self._watched(coro), loop=self, name=name, context=context)

    async def _watched(self, coro: Coroutine[Any, Any, Any]) -> Any:
        """Do what a task is to do, and note what leaves it as an error, whoever awaits it."""
        try:
            return await coro
        except Exception as error:
            self.failed.append(f"{error!r} left a task in {place_of(error)}")
            raise

    async def create_connection(  # type: ignore[override]
        self, protocol_factory: Callable[[], asyncio.Protocol], *_: object, **__: object
    ) -> tuple[asyncio.Transport, asyncio.Protocol]:
        return await self._connect(protocol_factory)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        error = context.get("exception")
        self.failed.append(f"{context.get('message')}: {error!r} in {place_of(error)}")

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return self._runs

    def is_closed(self) -> bool:
        return False

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Have nothing to do: a cancelled timer rings for nobody."""
