"""Wire: how a request gets to whoever answers it, and the answer back.

Of the standard library alone: a command that asks a daemon one thing must not first load a library of a third of its
whole time. Each request is a connection of its own, so that none is found ended half-way by a daemon that was patient
for some seconds only.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection, IncompleteRead
from typing import Protocol
from urllib.parse import urlsplit

CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 120.0
PART_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its HTTP status, and its body in parts as they come."""

    status: int
    parts: Iterator[bytes]


class Wire(Protocol):
    """A way to somebody who answers requests."""

    def ask(self, method: str, target: str, body: bytes | None) -> AbstractContextManager[Reply]:
        """Ask for a target (path and query); a body is JSON. Raises OSError and HTTPException."""
        ...


class NetworkWire:
    """A daemon at an http or https URL; raises ValueError on one that is none."""

    def __init__(self, url: str, headers: Mapping[str, str], trust: ssl.SSLContext | None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("it names no http or https host")
        self._host = parts.hostname
        self._host.encode("idna")
        self._port = parts.port
        self._base = parts.path.rstrip("/")
        self._headers = dict(headers)
        self._trust = trust or _well_known() if parts.scheme == "https" else None

    @contextmanager
    def ask(self, method: str, target: str, body: bytes | None) -> Iterator[Reply]:
        """Ask over a new connection."""
        json = {"Content-Type": "application/json"} if body is not None else {}
        with closing(self._connection()) as connection:
            connection.connect()
            connection.sock.settimeout(ANSWER_TIMEOUT_S)
            connection.request(method, self._base + target, body, self._headers | json)
            response = connection.getresponse()
            yield Reply(response.status, _parts(response))

    def _connection(self) -> HTTPConnection:
        if self._trust is None:
            return HTTPConnection(self._host, self._port, timeout=CONNECT_TIMEOUT_S)
        return HTTPSConnection(self._host, self._port, timeout=CONNECT_TIMEOUT_S, context=self._trust)


def _parts(response: HTTPResponse) -> Iterator[bytes]:
    while part := response.read(PART_BYTES):
        yield part
    if response.length:  # it said how long it would be, and ended before
        raise IncompleteRead(b"", response.length)


def _well_known() -> ssl.SSLContext:
    """Give the certificates that are trusted where nothing else was said."""
    import httpx  # noqa: PLC0415 - for https alone; it brings them along

    return httpx.create_ssl_context()
