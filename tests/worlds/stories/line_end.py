"""The daemon's end of a story's Modbus line, for one life of the daemon: the real link, whole, on the heap's loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from lightctl.domain import events as ev
from lightctl.domain.assets import Node
from lightctl.domain.orders import Order
from lightctl.links.modbus import ModbusEndpoint, ModbusLink
from tests.worlds.heap_loop import HeapLoop
from tests.worlds.stories.link import HostClock
from tests.worlds.stories.nodes import PROFILES
from tests.worlds.stories.parts import Parts
from tests.worlds.stories.watching import Watching


class LineEnd:
    """Runs the link until it is closed, as a kill closes it: at once, and nothing it still says is heard."""

    def __init__(
        self, name: str, loop: HeapLoop, endpoint: ModbusEndpoint, clock: HostClock, parts: Parts, watch: Watching,
        tell: Callable[[ev.Event], None], seed: int,
    ) -> None:  # fmt: skip
        self._loop = loop
        self._watch = watch
        self._tell = tell
        self._closed = False
        self._link: ModbusLink
        self._task: asyncio.Task[None]

        def begin() -> None:
            self._link = parts.line(name, endpoint, PROFILES, self._emit, clock, seed)
            self._task = loop.create_task(self._link.run())
            self._task.add_done_callback(self._ended)

        loop.do(begin)

    def _emit(self, event: ev.Event) -> None:
        if not self._closed:
            self._watch.on_line(event)
            self._tell(event)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            self._watch.violate("line", f"the link ends with {task.exception()!r}")

    def attach(self, nodes: Mapping[str, Node]) -> None:
        """Take the nodes of the inventory that are units of the line."""
        self._loop.do(lambda: self._link.attach(nodes))

    def submit(self, order: Order) -> None:
        """Queue an order."""
        self._loop.do(lambda: self._link.submit(order))
        self._watch.waiting(self._link.waiting)

    def close(self) -> None:
        """Be gone."""
        self._closed = True
        self._loop.do(self._task.cancel)
