"""Webhook: CloudEvents in structured mode over HTTP POST, signed as Standard Webhooks says.

A receiver recomputes base64(HMAC-SHA256(secret, "{webhook-id}.{webhook-timestamp}.{body}")), compares it with what
stands after `v1,` in webhook-signature, refuses timestamps that are far off, and drops an id that it has seen before.
Source: the Standard Webhooks specification (symmetric signatures), CloudEvents 1.0 HTTP binding.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import ssl
from collections.abc import Callable, Mapping
from http import HTTPStatus

import httpx

from lightctl import __version__
from lightctl.domain.errors import InvalidInput
from lightctl.links.notice import Notice, NotTaken

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
PREFIX = "whsec_"
SHORTEST_SECRET = 24
READ_BYTES = 2000
TOLD = 200
TEMPORARY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
LONGEST_WAIT_S = 86_400.0


def secret_bytes(text: str, where: str) -> bytes:
    """Give the key of a secret as people keep it: `whsec_` and base64, or any text; raises InvalidInput."""
    if text.startswith(PREFIX):
        try:
            key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
        except (binascii.Error, ValueError):
            raise InvalidInput(where, "what follows whsec_ is not base64", hint="Take it over once more.") from None
    else:
        key = text.encode()
    if len(key) < SHORTEST_SECRET:
        hint = "Make one: echo whsec_$(openssl rand -base64 32)."
        raise InvalidInput(where, f"the secret is shorter than {SHORTEST_SECRET} bytes", hint=hint)
    return key


def signed(notice: Notice, key: bytes, now: dt.datetime) -> Mapping[str, str]:
    """Give the headers of a message that is sent at an instant."""
    timestamp = str(int(now.timestamp()))
    content = b".".join((notice.id.encode(), timestamp.encode(), notice.body))
    signature = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return {
        "content-type": CONTENT_TYPE,
        "user-agent": f"lightctl/{__version__}",
        "webhook-id": notice.id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }


class WebhookCarrier:
    """One address; a connection for each message, so that a broken one harms no other."""

    def __init__(
        self, url: str, key: Callable[[], bytes], *, timeout_s: float, ca_file: str = "", proxy: str = ""
    ) -> None:
        """Post to `url`; `key` gives the signing key anew each time and may raise InvalidInput."""
        self._url = url
        self._key = key
        self._timeout_s = timeout_s
        self._ca_file = ca_file
        self._proxy = proxy

    async def carry(self, notice: Notice, now: dt.datetime) -> str:
        """Post a message; any 2xx takes it, a redirect does not."""
        try:
            headers = signed(notice, self._key(), now)
            verify = ssl.create_default_context(cafile=self._ca_file or None)
        except (InvalidInput, OSError) as error:
            raise NotTaken(str(error)) from None
        try:
            async with (
                httpx.AsyncClient(
                    timeout=self._timeout_s, verify=verify, trust_env=False, proxy=self._proxy or None
                ) as client,
                client.stream("POST", self._url, content=notice.body, headers=headers) as answer,
            ):
                said = b"" if answer.is_success else await _beginning(answer)
        except httpx.TimeoutException:
            raise NotTaken(f"no answer within {self._timeout_s:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise NotTaken(str(error) or type(error).__name__) from None
        return _verdict(answer, said)


def _verdict(answer: httpx.Response, said: bytes) -> str:
    words = f"HTTP {answer.status_code} {answer.reason_phrase}".strip()
    if answer.is_success:
        return words
    text = " ".join(said.decode("utf-8", "replace").split())[:TOLD]
    why = f"{words}: {text}" if text else words
    if answer.is_redirect:
        raise NotTaken(f"{words}: redirects are not followed; write where it leads in url", refused=True)
    refused = answer.is_client_error and answer.status_code not in TEMPORARY
    raise NotTaken(why, refused=refused, retry_after_s=_retry_after(answer.headers.get("retry-after", "")))


def _retry_after(text: str) -> float | None:
    return min(float(text), LONGEST_WAIT_S) if text.isascii() and text.isdigit() else None


async def _beginning(answer: httpx.Response) -> bytes:
    """Read no more of an answer than people want to see."""
    said = b""
    async for part in answer.aiter_bytes():
        said += part
        if len(said) >= READ_BYTES:
            break
    return said[:READ_BYTES]
