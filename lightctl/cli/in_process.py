"""In process: the same HTTP app as the daemon's, over the store itself, under its lock, where no daemon runs."""

from __future__ import annotations

import asyncio
import getpass
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import httpx

from lightctl.api.http import build_app
from lightctl.app.asking import Actor, Role
from lightctl.app.operations import Operations
from lightctl.cli.local import folder_of
from lightctl.cli.wire import Reply
from lightctl.domain.timescale import REAL_TIME, TimeScale
from lightctl.files.settings import Settings
from lightctl.store.sqlite import SqliteStore

T = TypeVar("T")


@contextmanager
def open_store(settings: Settings, headers: Mapping[str, str]) -> Iterator[InProcess]:
    """Take the store and answer requests in this process until it is given back; raises StoreError."""
    clock = settings.clock
    scale = REAL_TIME if clock is None else TimeScale(clock.start, clock.machine_epoch, clock.speed)
    store = SqliteStore(folder_of(settings))
    try:
        operations = Operations(store, settings, lambda: scale.instant(time.time()), lambda _events: None)
        local = Actor(_user(), Role.OPERATOR, "cli")
        app = build_app(operations, _here, health=lambda: {"ok": True, "daemon": False}, local=local)
        with asyncio.Runner() as runner:
            yield InProcess(httpx.ASGITransport(app), runner, headers)
    finally:
        store.close()


class InProcess:
    """Answers requests by an app in this process, one at a time, on this thread."""

    def __init__(self, transport: httpx.AsyncBaseTransport, runner: asyncio.Runner, headers: Mapping[str, str]) -> None:
        self._transport = transport
        self._runner = runner
        self._headers = headers

    @contextmanager
    def ask(self, method: str, target: str, body: bytes | None) -> Iterator[Reply]:
        """Answer one request."""
        json = {"Content-Type": "application/json"} if body is not None else {}
        request = httpx.Request(
            method, f"http://lightctl.local{target}", headers={**self._headers, **json}, content=body
        )
        yield self._runner.run(self._answer(request))

    async def _answer(self, request: httpx.Request) -> Reply:
        answer = await self._transport.handle_async_request(request)
        return Reply(answer.status_code, iter((await answer.aread(),)))


async def _here(work: Callable[[], T], /) -> T:
    return work()


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"uid {os.getuid()}"
