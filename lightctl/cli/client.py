"""The client: the same requests whether a daemon answers them over a socket or this process does over its own store."""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from lightctl import __version__
from lightctl.api.codes import Code
from lightctl.cli.door import Door
from lightctl.cli.failures import Failure
from lightctl.cli.output import talk
from lightctl.domain.errors import InvalidInput, StoreError

CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 120.0
LOCK_PATIENCE_S = 5.0
LOCK_POLL_S = 0.1
_PROBLEM_FROM = 400


class Client:
    """Speaks HTTP with operations; errors come back as Failure."""

    def __init__(self, http: httpx.Client, where: str, *, daemon: bool) -> None:
        """Ask over `http`; `where` names who answers, `daemon` says whether one runs there."""
        self._http = http
        self.where = where
        self.daemon = daemon

    def get(self, path: str, **query: str | int | bool | None) -> Any:  # noqa: ANN401 - JSON
        """Ask; query values of None are left out."""
        given = {key: value for key, value in query.items() if value is not None}
        return self._json(self._send("GET", path, params=given))

    def text(self, path: str, **query: str) -> str:
        """Ask for a file."""
        return self._send("GET", path, params=query).text

    def file(self, path: str, **query: str | int | None) -> bytes:
        """Ask for a file that need not be text; query values of None are left out."""
        given = {key: value for key, value in query.items() if value is not None}
        return self._send("GET", path, params=given).content

    def post(self, path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        """Change something."""
        return self._json(self._send("POST", path, json=body))

    def delete(self, path: str, **query: str) -> Any:  # noqa: ANN401 - JSON
        """Take something away."""
        return self._json(self._send("DELETE", path, params=query))

    def _send(self, method: str, path: str, **parts: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        try:
            response = self._http.request(method, path, **parts)
        except httpx.TimeoutException as error:
            raise _unreachable(f"{self.where} did not answer in time", error) from error
        except httpx.TransportError as error:
            raise _unreachable(f"{self.where} cannot be reached", error) from error
        if response.status_code >= _PROBLEM_FROM:
            raise self._failure(response)
        return response

    def _json(self, response: httpx.Response) -> Any:  # noqa: ANN401 - JSON
        try:
            return response.json()
        except ValueError:
            raise self._stranger(response) from None

    def _failure(self, response: httpx.Response) -> Failure:
        try:
            found = response.json()
            code, detail = str(found["code"]), str(found["detail"])
        except (ValueError, KeyError, TypeError):
            return self._stranger(response)
        hint = str(found.get("hint", ""))
        if code == Code.UNAUTHENTICATED:
            hint = "Set LIGHTCTL_TOKEN or --token-file; `lightctl token create` on the daemon's host makes a token."
        return Failure(code, detail, where=str(found.get("where", "")), hint=hint, result=found.get("result"))

    def _stranger(self, response: httpx.Response) -> Failure:
        return Failure(
            Code.LINK_DOWN,
            f"{self.where} answered {response.status_code}, but not as lightctl does",
            hint="Check the address and port given by --url or LIGHTCTL_URL.",
        )


@contextmanager
def connect(door: Door) -> Iterator[Client]:
    """Open the way a door names: its URL, else the daemon of this host, else the store itself under its lock."""
    with ExitStack() as way:
        yield _over_network(way, door.url, _token(door), _trust(door)) if door.url else _on_this_host(way, door)


def _on_this_host(way: ExitStack, door: Door) -> Client:
    from lightctl.cli import local  # noqa: PLC0415 - only without a URL

    settings = door.settings()
    given_up_at = time.monotonic() + LOCK_PATIENCE_S
    while True:
        daemon = local.running_daemon(settings)
        if daemon is not None:
            token = _token(door) or local.operator_token(settings)
            return _over_network(way, daemon.url, token, _trust(door) or _pinned(settings.http.tls_cert))
        try:
            transport = way.enter_context(local.open_store(settings))
        except StoreError:
            # Another command may hold the store for a moment, or a daemon may be starting.
            if local.lock_owner(settings) is None or time.monotonic() >= given_up_at:
                raise
            time.sleep(LOCK_POLL_S)
            continue
        http = httpx.Client(transport=transport, base_url="http://lightctl.local", headers=_headers(_token(door)))
        return Client(way.enter_context(http), f"the store in {settings.store.directory}", daemon=False)


def _over_network(way: ExitStack, url: str, token: str | None, trust: ssl.SSLContext | None) -> Client:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInput("--url", f"{url!r} is not an address", hint="Write http://HOST:PORT or https://HOST:PORT.")
    if token and parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        talk(f"warning: the token travels to {parts.hostname} unencrypted; use https")
    try:
        http = httpx.Client(
            base_url=url,
            headers=_headers(token),
            timeout=httpx.Timeout(ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            verify=trust or True,
            trust_env=False,
        )
    except (httpx.InvalidURL, ValueError) as error:
        raise InvalidInput("--url", f"{url!r} is not an address: {error}") from error
    return Client(way.enter_context(http), url, daemon=True)


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
