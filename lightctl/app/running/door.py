"""The HTTP door's server: uvicorn inside the daemon's own loop, without its signal handlers."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import uvicorn

from lightctl import __version__
from lightctl.app.live import Live
from lightctl.app.metrics.metrics import Metrics
from lightctl.app.operations import Operations
from lightctl.app.running.keeping import keep_running
from lightctl.domain.errors import LinkDown
from lightctl.files.settings import HttpSettings


class BuildDoor(Protocol):
    """Makes the ASGI application of the HTTP door; given from above, so that this floor does not know it."""

    def __call__(
        self,
        operations: Operations,
        run: Callable[[Callable[[], Any]], Awaitable[Any]],
        *,
        health: Callable[[], Mapping[str, Any]],
        metrics: Metrics,
    ) -> Any:  # noqa: ANN401 - an ASGI application has no type of its own
        """Put operations behind HTTP."""
        ...


class _Server(uvicorn.Server):
    """A server whose end is its task's cancellation; signals belong to the daemon."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def open_door(http: HttpSettings) -> socket.socket:
    """Take the address; raises LinkDown when it cannot be had. Port 0 takes any free one: ask the socket which."""
    _check_certificate(http)
    family = socket.AF_INET6 if ":" in http.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((http.host, http.port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise LinkDown(
            f"cannot listen on {http.host}:{http.port}: {error.strerror}. Is another daemon there? "
            "Choose another http.port."
        ) from error
    listener.setblocking(False)
    return listener


def _check_certificate(http: HttpSettings) -> None:
    if not http.tls_cert:
        return
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(http.tls_cert, http.tls_key or None)
    except OSError as error:
        raise LinkDown(
            f"the certificate http.tls_cert {http.tls_cert} cannot be used with its key: {error}. Correct the settings."
        ) from error


def url_of(http: HttpSettings, listener: socket.socket) -> str:
    """Give the address of an open door as clients on this host write it."""
    port = listener.getsockname()[1]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(http.host, http.host)  # noqa: S104 - every address includes ours
    return f"{'https' if http.tls_cert else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"


async def serve_door(app: Any, http: HttpSettings, listener: socket.socket) -> None:  # noqa: ANN401 - ASGI has no type
    """Serve on an open door until cancelled."""
    config = uvicorn.Config(
        app,
        ssl_certfile=http.tls_cert or None,
        ssl_keyfile=http.tls_key or None,
        log_config=None,
        access_log=False,
        proxy_headers=False,  # which proxy is believed is a setting of those who count addresses
        lifespan="off",
        timeout_graceful_shutdown=3,
    )
    with listener:  # uvicorn leaves it open when it is cancelled
        await _Server(config).serve(sockets=[listener])


async def keep_door(app: Any, http: HttpSettings, listener: socket.socket, live: Live) -> None:  # noqa: ANN401 - the same
    """Serve for ever; when that ended, take the same address anew."""
    doors = [listener]
    same = http.model_copy(update={"port": listener.getsockname()[1]})

    async def serve_once() -> None:
        live.note("http", "")
        await serve_door(app, same, doors.pop() if doors else open_door(same))

    await keep_running("http door", serve_once, lambda why: live.note("http", f"the HTTP door failed: {why}"))


@contextlib.asynccontextmanager
async def announced(directory: Path, url: str) -> AsyncIterator[None]:
    """Say in the store's folder where the daemon is, for command lines on this host."""
    path = directory / "daemon.json"
    draft = directory / "daemon.json.new"
    draft.write_text(json.dumps({"url": url, "pid": os.getpid(), "version": __version__}), encoding="utf-8")
    draft.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
