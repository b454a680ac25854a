"""How much a request may carry: bodies over their limit are refused before they are read to the end."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lightctl.api.problems import too_large

MEGABYTE = 1_000_000
BODY_LIMIT = MEGABYTE
FORM_LIMIT = 64_000
FILE_LIMIT = 10 * MEGABYTE


class _TooLargeError(Exception):
    """The body went over its limit while it was read."""


class BodyLimit:
    """Answers 413 to bodies over `limits[path]` bytes, or BODY_LIMIT on other paths."""

    def __init__(self, app: ASGIApp, limits: Mapping[str, int]) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limits.get(scope["path"], BODY_LIMIT)
        if _announced(scope) > limit:
            await too_large(limit)(scope, receive, send)
            return
        # A chunked body announces nothing: it is collected here, so that what lies behind never sees an oversized one.
        try:
            messages = await _collect(receive, limit)
        except _TooLargeError:
            await too_large(limit)(scope, receive, send)
            return
        waiting = iter(messages)

        async def replay() -> Message:
            return next(waiting, None) or await receive()

        await self._app(scope, replay, send)


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name.lower() == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


async def _collect(receive: Receive, limit: int) -> list[Message]:
    messages: list[Message] = []
    size = 0
    while True:
        message = await receive()
        messages.append(message)
        size += len(message.get("body", b""))
        if size > limit:
            raise _TooLargeError
        if message["type"] != "http.request" or not message.get("more_body", False):
            return messages
