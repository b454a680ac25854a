"""Who asks: every request under /v1 carries a bearer token, or comes from the process that holds the store itself.

So does /metrics, unless settings make it public. The check stands before routing and before the body is read: a
stranger learns nothing and uploads nothing.
"""

from __future__ import annotations

from collections.abc import Collection

from starlette.types import ASGIApp, Receive, Scope, Send

from lightctl.api.calls import Run
from lightctl.api.problems import unauthenticated
from lightctl.app.asking import Actor
from lightctl.app.operations import Operations

_SCHEME = b"bearer "
GUARDED = "/v1"


class Authentication:
    """Finds the actor of each request under a guarded address, for `scope["state"]["actor"]`; strangers get 401.

    `local` is the actor of requests without a token; None (always, over a network) refuses them.
    """

    def __init__(
        self,
        app: ASGIApp,
        operations: Operations,
        run: Run,
        local: Actor | None,
        guarded: Collection[str] = (GUARDED,),
    ) -> None:
        self._app = app
        self._guarded = tuple(guarded)
        self._operations = operations
        self._run = run
        self._local = local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not self._guards(scope["path"]):
            await self._app(scope, receive, send)
            return
        secret = _secret(scope)
        actor = self._local
        if secret is not None:
            given = secret
            actor = await self._run(lambda: self._operations.authenticate(given, "http"))
        if actor is None:
            why = "no token was sent" if secret is None else "the token is unknown, expired or revoked"
            await unauthenticated(why)(scope, receive, send)
            return
        scope.setdefault("state", {})["actor"] = actor
        await self._app(scope, receive, send)

    def _guards(self, path: str) -> bool:
        return any(path == guarded or path.startswith(guarded + "/") for guarded in self._guarded)


def _secret(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name.lower() == b"authorization":
            if value[: len(_SCHEME)].lower() != _SCHEME:
                return ""
            return bytes(value[len(_SCHEME) :]).strip().decode("latin-1")
    return None
