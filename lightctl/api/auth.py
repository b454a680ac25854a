"""Who asks: every request under /v1 or /open311 carries a bearer token, or comes from the process that has the store.

The check stands before routing and before the body is read: a stranger learns nothing and uploads nothing. The one
exception is named address by address: those of Open311, where settings let the public or its clients in.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from lightctl.api.calls import Run
from lightctl.api.problems import unauthenticated
from lightctl.app.asking import Actor
from lightctl.app.operations import Operations

_SCHEME = b"bearer "
GUARDED = ("/v1", "/open311")


class Authentication:
    """Finds the actor of each guarded request and leaves it in `scope["state"]["actor"]`; others get 401.

    `local` is the actor of requests without a token; None (always, over a network) refuses them. `lets_in` names the
    addresses that go on without an actor and look for themselves who asks; a bad token is refused there as well.
    """

    def __init__(
        self, app: ASGIApp, operations: Operations, run: Run, local: Actor | None, lets_in: Callable[[str], bool]
    ) -> None:
        self._app = app
        self._operations = operations
        self._run = run
        self._local = local
        self._lets_in = lets_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not _guarded(scope["path"]):
            await self._app(scope, receive, send)
            return
        secret = _secret(scope)
        actor = self._local
        if secret is not None:
            given = secret
            actor = await self._run(lambda: self._operations.authenticate(given, "http"))
        if actor is None and secret is None and self._lets_in(scope["path"]):
            await self._app(scope, receive, send)
            return
        if actor is None:
            why = "no token was sent" if secret is None else "the token is unknown, expired or revoked"
            await unauthenticated(why)(scope, receive, send)
            return
        scope.setdefault("state", {})["actor"] = actor
        await self._app(scope, receive, send)


def _guarded(path: str) -> bool:
    return any(path == guarded or path.startswith(f"{guarded}/") for guarded in GUARDED)


def _secret(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name.lower() == b"authorization":
            if value[: len(_SCHEME)].lower() != _SCHEME:
                return ""
            return bytes(value[len(_SCHEME) :]).strip().decode("latin-1")
    return None
