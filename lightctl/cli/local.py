"""This host: is a daemon running here, and if not, the same HTTP app over the store itself, under its lock.

The daemon writes `daemon.json` ({"url", "pid"}) and `operator.token` (0600) beside its store. Whoever may read those,
or open the store, is an operator of it: the folder's permissions are the key.
"""

from __future__ import annotations

import asyncio
import fcntl
import getpass
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import httpx

from lightctl.domain.errors import NotPermitted, StoreError
from lightctl.domain.timescale import REAL_TIME, TimeScale
from lightctl.files.settings import Settings

LOCK_NAME = "lightctl.lock"
DAEMON_NAME = "daemon.json"
TOKEN_NAME = "operator.token"  # noqa: S105 - the name of a file
UNREADABLE = -1
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Daemon:
    """A daemon that runs on this host over a store."""

    url: str
    pid: int


def running_daemon(settings: Settings) -> Daemon | None:
    """Give the daemon that holds the store, or None when none does."""
    owner = lock_owner(settings)
    if owner is None:
        return None
    path = _folder(settings) / DAEMON_NAME
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        daemon = Daemon(str(found["url"]), int(found["pid"]))
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise NotPermitted(
            f"a daemon runs here, but you may not read {path}. Use --url with LIGHTCTL_TOKEN, or run as its user."
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path} cannot be read ({error}). Restart the daemon, which writes it anew.") from error
    # A killed daemon leaves its file behind, and it may be another command that holds the lock just now.
    return daemon if owner in (daemon.pid, UNREADABLE) else None


def lock_owner(settings: Settings) -> int | None:
    """Give the process that holds the store's lock, UNREADABLE when this user may not know, None when nobody does."""
    try:
        lock = os.open(_folder(settings) / LOCK_NAME, os.O_RDONLY | os.O_CLOEXEC)
    except PermissionError:
        return UNREADABLE
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.pread(lock, 32, 0).strip()
        return int(owner) if owner.isdigit() else UNREADABLE
    finally:
        os.close(lock)
    return None


def operator_token(settings: Settings) -> str | None:
    """Give the token the daemon left for its own host; None when this user may not read it."""
    try:
        return (_folder(settings) / TOKEN_NAME).read_text(encoding="ascii").strip() or None
    except (OSError, ValueError):
        return None


@contextmanager
def open_store(settings: Settings) -> Iterator[httpx.BaseTransport]:
    """Take the store and answer requests in this process until it is given back; raises StoreError."""
    from lightctl.api.http import build_app  # noqa: PLC0415 - not needed where a daemon answers
    from lightctl.app.asking import Actor, Role  # noqa: PLC0415
    from lightctl.app.operations import Operations  # noqa: PLC0415
    from lightctl.store.sqlite import SqliteStore  # noqa: PLC0415

    clock = settings.clock
    scale = REAL_TIME if clock is None else TimeScale(clock.start, clock.machine_epoch, clock.speed)
    store = SqliteStore(_folder(settings))
    try:
        operations = Operations(store, settings, lambda: scale.instant(time.time()), lambda _events: None)
        local = Actor(_user(), Role.OPERATOR, "cli")
        app = build_app(operations, _here, health=lambda: {"ok": True, "daemon": False}, local=local)
        with InProcess(httpx.ASGITransport(app)) as transport:
            yield transport
    finally:
        store.close()


class InProcess(httpx.BaseTransport):
    """Answers requests by an app in this process, one at a time, on this thread."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        self._runner.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._runner.__exit__(exc_type, exc_value, traceback)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        return self._runner.run(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._transport.handle_async_request(
            httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
        )
        body = await answer.aread()
        return httpx.Response(answer.status_code, headers=answer.headers, content=body)


async def _here(work: Callable[[], T], /) -> T:
    return work()


def _folder(settings: Settings) -> Path:
    return Path(settings.store.directory)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"uid {os.getuid()}"
