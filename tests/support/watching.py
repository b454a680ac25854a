"""What a test sees of a link: every event it emitted, waited for with a deadline, and a link that runs meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from lightctl.domain.events import Event
from lightctl.links.base import Link

E = TypeVar("E")
WAIT_S = 10.0


class Watcher:
    """Collects events. Call it to record one."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._arrived = asyncio.Event()

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        self._arrived.set()

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def forget(self) -> None:
        self.events.clear()

    async def until(self, kind: type[E], holds: Callable[[E], bool] = lambda _: True, *, seconds: float = WAIT_S) -> E:
        """Give the first event of a kind for which `holds`; fails with all that was seen when none comes in time."""
        try:
            async with asyncio.timeout(seconds):
                seen = 0
                while True:
                    fresh, seen = self.events[seen:], len(self.events)
                    for event in fresh:
                        if isinstance(event, kind) and holds(event):
                            return event
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            last = "\n".join(map(repr, self.events[-8:]))
            raise AssertionError(f"no {kind.__name__} within {seconds} s; seen:\n{last}") from None


@contextlib.asynccontextmanager
async def running(link: Link) -> AsyncIterator[None]:
    """Run a link for the length of a block, then cancel it; fails when it ended by itself or left a task behind."""
    before = asyncio.all_tasks()
    task = asyncio.create_task(link.run(), name=f"link {link.name}")
    try:
        yield
        assert not task.done(), f"the link ended by itself: {task}"
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    left = {each for each in asyncio.all_tasks() - before if not _of_the_test(each)}
    assert not left, f"the link left tasks behind: {left}"


def _of_the_test(task: asyncio.Task[object]) -> bool:
    """Say whether a task belongs to the test's own servers and clients (no link uses a queue)."""
    where = getattr(getattr(task.get_coro(), "cr_code", None), "co_filename", "")
    return "tests/" in where or where.endswith(("asyncio/queues.py", "asyncio/streams.py"))
