"""Stopping: a cancellation that meets the end of an await must not get lost.

On Python 3.11 `asyncio.wait_for` (inside aiomqtt and pymodbus) returns its result, and `TaskGroup` its error, when that
comes in the same moment as a cancellation; the task would then run on for ever. So loops ask here at each turn.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Coroutine
from typing import Any

from lightctl.links.base import Clock


def end_if_cancelled() -> None:
    """Raise CancelledError when the running task was told to end."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def set_or_later(event: asyncio.Event, clock: Clock, at: dt.datetime | None) -> None:
    """Wait until an event is set, or until an instant of a clock if one is given."""
    if at is None:
        await event.wait()
        return
    later = clock.sleep((at - clock.now()).total_seconds())
    await until_one_ends(event=_is_set(event), later=later)


async def _is_set(event: asyncio.Event) -> None:
    await event.wait()


async def until_one_ends(**jobs: Coroutine[Any, Any, None]) -> None:
    """Run jobs beside each other until one ends or fails, then end the others; raises what it failed with."""
    tasks = [asyncio.create_task(job, name=name) for name, job in jobs.items()]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for error in ended:
        if isinstance(error, Exception):
            raise error
