"""Keeping: what runs beside the controller is started again when it dies, and takes nothing else down with it.

A broken serial adapter or a dead HTTP door must not stop the switching of a city: the failure is logged and shown in
`status`, and the part is tried again after a pause.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger("lightctl.keeping")
PAUSE_S = 5.0


async def keep_running(
    name: str, run: Callable[[], Awaitable[None]], say: Callable[[str], None], pause_s: float = PAUSE_S
) -> None:
    """Run something that never ends by itself until cancelled; `say` is told why it ended, each time it did."""
    while True:
        try:
            await run()
            why = "it ended by itself"
        except (Exception, SystemExit) as error:  # uvicorn exits where others raise
            why = f"{type(error).__name__}: {error}"
            log.exception("a part of the daemon failed", part=name)
        else:
            log.error("a part of the daemon ended", part=name)
        say(f"{why}; it is started again")
        await asyncio.sleep(pause_s)
