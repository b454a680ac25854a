"""The client: the same requests whether a daemon answers them over a socket or this process does over its own store."""

from __future__ import annotations

import json
import os
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from lightctl import __version__
from lightctl.api.codes import Code
from lightctl.cli.door import Door
from lightctl.cli.failures import Failure
from lightctl.cli.output import talk
from lightctl.cli.wire import NetworkWire, Reply, Wire
from lightctl.domain.errors import InvalidInput, StoreError

LOCK_PATIENCE_S = 5.0
LOCK_POLL_S = 0.1
_PROBLEM_FROM = 400
_UNQUOTED = "/%:@!$&'()*+,;=~"
Query = str | int | bool | None


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes


class Client:
    """Speaks HTTP with operations; errors come back as Failure."""

    def __init__(self, wire: Wire, where: str, *, daemon: bool) -> None:
        """Ask over `wire`; `where` names who answers, `daemon` says whether one runs there."""
        self._wire = wire
        self.where = where
        self.daemon = daemon

    def get(self, path: str, **query: Query) -> Any:  # noqa: ANN401 - JSON
        """Ask; query values of None are left out."""
        return self._json(self._send("GET", path, query))

    def text(self, path: str, **query: str) -> str:
        """Ask for a file."""
        return self._send("GET", path, query).body.decode("utf-8", "replace")

    def file(self, path: str, **query: Query) -> bytes:
        """Ask for a file that need not be text; query values of None are left out."""
        return self._send("GET", path, query).body

    @contextmanager
    def stream(self, path: str, **query: str) -> Iterator[Iterator[bytes]]:
        """Ask for a file that may be large, and give it in parts as they come."""
        with self._explained(), self._wire.ask("GET", _target(path, query), None) as reply:
            if reply.status >= _PROBLEM_FROM:
                raise self._failure(reply.status, b"".join(reply.parts))
            yield self._parts(reply)

    def _parts(self, reply: Reply) -> Iterator[bytes]:
        with self._explained():
            yield from reply.parts

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what happens to a connection into a Failure."""
        try:
            yield
        except TimeoutError as error:
            raise _unreachable(f"{self.where} did not answer in time", error) from error
        except (OSError, HTTPException) as error:
            raise _unreachable(f"{self.where} cannot be reached, or ended half-way", error) from error

    def post(self, path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        """Change something."""
        return self._json(self._send("POST", path, {}, json.dumps(body, ensure_ascii=False, allow_nan=False).encode()))

    def delete(self, path: str, **query: str) -> Any:  # noqa: ANN401 - JSON
        """Take something away."""
        return self._json(self._send("DELETE", path, query))

    def _send(self, method: str, path: str, query: Mapping[str, Query], body: bytes | None = None) -> _Answer:
        with self._explained(), self._wire.ask(method, _target(path, query), body) as reply:
            answer = b"".join(reply.parts)
        if reply.status >= _PROBLEM_FROM:
            raise self._failure(reply.status, answer)
        return _Answer(reply.status, answer)

    def _json(self, answer: _Answer) -> Any:  # noqa: ANN401 - JSON
        try:
            return json.loads(answer.body)
        except ValueError:
            raise self._stranger(answer.status) from None

    def _failure(self, status: int, answer: bytes) -> Failure:
        try:
            found = json.loads(answer)
            code, detail = str(found["code"]), str(found["detail"])
        except (ValueError, KeyError, TypeError):
            return self._stranger(status)
        hint = str(found.get("hint", ""))
        if code == Code.UNAUTHENTICATED:
            hint = "Set LIGHTCTL_TOKEN or --token-file; `lightctl token create` on the daemon's host makes a token."
        return Failure(code, detail, where=str(found.get("where", "")), hint=hint, result=found.get("result"))

    def _stranger(self, status: int) -> Failure:
        return Failure(
            Code.LINK_DOWN,
            f"{self.where} answered {status}, but not as lightctl does",
            hint="Check the address and port given by --url or LIGHTCTL_URL.",
        )


@contextmanager
def connect(door: Door) -> Iterator[Client]:
    """Open the way a door names: its URL, else the daemon of this host, else the store itself under its lock."""
    with ExitStack() as way:
        yield _over_network(door.url, _token(door), _trust(door)) if door.url else _on_this_host(way, door)


def _on_this_host(way: ExitStack, door: Door) -> Client:
    from lightctl.cli import local  # noqa: PLC0415 - only without a URL

    settings = door.settings()
    given_up_at = time.monotonic() + LOCK_PATIENCE_S
    while True:
        daemon = local.running_daemon(settings)
        if daemon is not None:
            token = _token(door) or local.operator_token(settings)
            return _over_network(daemon.url, token, _trust(door) or _pinned(settings.http.tls_cert))
        from lightctl.cli import in_process  # noqa: PLC0415 - not needed where a daemon answers

        try:
            wire = way.enter_context(in_process.open_store(settings, _headers(_token(door))))
        except StoreError:
            # Another command may hold the store for a moment, or a daemon may be starting.
            if local.lock_owner(settings) is None or time.monotonic() >= given_up_at:
                raise
            time.sleep(LOCK_POLL_S)
            continue
        return Client(wire, f"the store in {settings.store.directory}", daemon=False)


def _over_network(url: str, token: str | None, trust: ssl.SSLContext | None) -> Client:
    try:
        wire = NetworkWire(url, _headers(token), trust)
    except ValueError as error:
        hint = "Write http://HOST:PORT or https://HOST:PORT."
        raise InvalidInput("--url", f"{url!r} is not an address: {error}", hint=hint) from error
    parts = urlsplit(url)
    if token and parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        talk(f"warning: the token travels to {parts.hostname} unencrypted; use https")
    return Client(wire, url, daemon=True)


def _target(path: str, query: Mapping[str, Query]) -> str:
    given = {
        key: str(value).lower() if isinstance(value, bool) else value
        for key, value in query.items()
        if value is not None
    }
    return quote(path, safe=_UNQUOTED) + ("?" + urlencode(given) if given else "")


def _trust(door: Door) -> ssl.SSLContext | None:
    if door.ca_file is None:
        return None
    try:
        return ssl.create_default_context(cafile=str(door.ca_file))
    except (OSError, ssl.SSLError) as error:
        raise InvalidInput("--ca-file", f"{door.ca_file} cannot be used: {error}") from error


def _pinned(certificate: str) -> ssl.SSLContext | None:
    """Trust exactly the certificate the settings name: this host's daemon need not be called 127.0.0.1 in it."""
    if not certificate:
        return None
    try:
        context = ssl.create_default_context(cafile=certificate)
    except (OSError, ssl.SSLError) as error:
        raise InvalidInput("http.tls_cert", f"{certificate} cannot be used: {error}") from error
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _headers(token: str | None) -> dict[str, str]:
    agent = {"User-Agent": f"lightctl/{__version__}"}
    return agent | ({"Authorization": f"Bearer {token}"} if token else {})


def _token(door: Door) -> str | None:
    if door.token_file is not None:
        return read_token(door.token_file)
    token = os.environ.get("LIGHTCTL_TOKEN", "").strip()
    if not token.isascii() or not token.isprintable():
        raise InvalidInput("LIGHTCTL_TOKEN", "the token has characters that no token has")
    return token or None


def read_token(path: Path) -> str:
    """Read a token file; raises InvalidInput."""
    try:
        token = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise InvalidInput("--token-file", f"{path} cannot be read: {error}") from error
    if not token or not token.isprintable() or " " in token:
        raise InvalidInput("--token-file", f"{path} holds no token")
    return token


def _unreachable(what: str, error: Exception) -> Failure:
    return Failure(
        Code.LINK_DOWN,
        f"{what}: {str(error) or type(error).__name__}",
        hint="Check the address, that `lightctl serve` runs there, and the network between.",
    )
