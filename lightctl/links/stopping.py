"""Stopping: a cancellation that meets the end of an await must not get lost.

On Python 3.11 `asyncio.wait_for` (inside aiomqtt and pymodbus) returns its result, and `TaskGroup` its error, when that
comes in the same moment as a cancellation; the task would then run on for ever. So loops ask here at each turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


def end_if_cancelled() -> None:
    """Raise CancelledError when the running task was told to end."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


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
