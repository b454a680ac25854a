"""The public's door: Open311 GeoReport v2 under /open311/v2, an application of its own inside the daemon's.

In: addresses that end in .xml or .json, forms, nothing else. Out: the specification's documents, and its errors. What
must hold: nobody gets in here whom settings do not let in (`citizens.public`, a key of `citizens.api_keys_file`, or a
token of ours); nothing but these addresses is reached through here; every answer, an error too, is in the format asked
for; who reported is never given out; and however often anybody asks, memory stays bounded.
"""

from __future__ import annotations

import dataclasses
import math
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from lightctl.api.calls import Run
from lightctl.api.open311_format import Format, Named, respond
from lightctl.api.open311_parts import (
    Pairs,
    definition,
    discovery,
    form_pairs,
    given,
    number_from,
    query_of,
    query_pairs,
    service_list,
)
from lightctl.api.rates import Origins, Rate
from lightctl.app.asking import Actor, Role
from lightctl.app.citizens.intake import service_of
from lightctl.app.citizens.operations import PUBLIC
from lightctl.app.operations import Operations
from lightctl.domain.citizen_words import Language
from lightctl.domain.errors import InvalidInput, LightctlError, NotPermitted, UnknownTarget

PREFIX = "/open311/v2"
MOUNT = "/open311"
_NAME = r"[A-Za-z0-9._~-]{1,100}"
PATHS = re.compile(
    rf"{PREFIX}/(?P<kind>discovery|services|requests|services/(?P<service>{_NAME})|requests/(?P<request>{_NAME})|"
    rf"tokens/(?P<token>{_NAME}))\.(?P<form>xml|json)"
)
POSTS = tuple(f"{PREFIX}/requests.{form}" for form in Format)
EVERYBODY = "everybody"
_HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
_BAD_REQUEST, _FORBIDDEN, _NOT_FOUND, _NOT_ALLOWED, _TOO_MANY, _BROKEN = 400, 403, 404, 405, 429, 500


class _Refused(Exception):  # noqa: N818 - an answer, not an accident
    """An answer that is an error."""

    def __init__(self, status: int, description: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request as far as it was read: where to, from whom, with what."""

    match: re.Match[str]
    query: Pairs
    form: Pairs
    base: str
    post: bool

    def last(self, name: str) -> str:
        """Give a field, the body's before the query's; "" where it is not given."""
        return next((value.strip() for key, value in reversed((*self.query, *self.form)) if key == name), "")


class GeoReport:
    """The application; one for a daemon, because it remembers how often it was asked."""

    def __init__(
        self,
        operations: Operations,
        run: Run,
        clock: Callable[[], float] = time.monotonic,
        keys: Mapping[str, str] | None = None,
    ) -> None:
        """Take limits and, unless given, keys from the settings; raises InvalidInput for keys that cannot be read."""
        settings = operations.citizen_settings
        self._operations = operations
        self._run = run
        self._clock = clock
        self._settings = settings
        self._language = Language(settings.language)
        self._keys = settings.api_keys() if keys is None else keys
        self._origins = Origins(settings.trusted_proxies)
        self._requests = Rate(settings.requests_per_minute, 60)
        self._posts = Rate(settings.posts_per_minute, 60)
        self._posts_of_one = Rate(settings.posts_per_hour, 3600)

    def lets_in(self, path: str) -> bool:
        """Say whether an address may be asked for without a token of ours; whether a key is needed is seen here."""
        return (self._settings.public or bool(self._keys)) and PATHS.fullmatch(path) is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope, receive)
        match = PATHS.fullmatch(scope["path"])
        form = Format(match["form"]) if match else Format.JSON if scope["path"].endswith(".json") else Format.XML
        headers = dict(_HEADERS)
        if self._settings.public:
            headers["Access-Control-Allow-Origin"] = "*"
        try:
            if match is None:
                raise _Refused(_NOT_FOUND, f"there is no such address; {PREFIX}/discovery.xml leads on")  # noqa: TRY301
            answer = await self._answer(request, match)
            response = respond(answer, form, headers=headers)
        except _Refused as refused:
            response = _error(refused.status, refused.description, form, headers | refused.headers)
        except LightctlError as error:
            status = _status(error)
            # What is wrong with the city's own machines is nobody else's business.
            why = error.why if status != _BROKEN else "this cannot be answered just now; try again later"
            response = _error(status, why, form, headers)
        await response(scope, receive, send)

    async def _answer(self, request: Request, match: re.Match[str]) -> Named:
        token = getattr(request.state, "actor", None)
        if not isinstance(token, Actor):
            _respect(self._requests.wait_s(EVERYBODY, self._clock()))
        posts = match["kind"] == "requests"
        if request.method not in ({"GET", "HEAD", "POST"} if posts else {"GET", "HEAD"}):
            raise _Refused(_NOT_ALLOWED, "this address does not take that method",
                           {"Allow": "GET, HEAD, POST" if posts else "GET, HEAD"})  # fmt: skip
        post = request.method == "POST"
        form = form_pairs(request.headers.get("content-type", ""), await request.body()) if post else []
        asked = _Asked(match, query_pairs(request.scope["query_string"]), form, _base(request), post)
        actor = self._actor(asked, token)
        self._check_jurisdiction(asked)
        return await (self._take(request, asked, actor) if post else self._tell(asked, actor))

    def _actor(self, asked: _Asked, token: Actor | None) -> Actor:
        """Say who asks; a key that is no key is refused even where none is needed, so that its holder finds out."""
        if isinstance(token, Actor):
            return token
        key = asked.last("api_key")
        if self._keys and key:
            given_key = key.encode()
            client = next(
                (name for known, name in self._keys.items() if secrets.compare_digest(known.encode(), given_key)), None
            )
            if client is None:
                raise _Refused(_FORBIDDEN, "the api_key is not valid")
            return Actor(client, Role.VIEWER, PUBLIC)
        if not self._settings.public:
            raise _Refused(_FORBIDDEN, "an api_key is needed")
        return Actor("public", Role.VIEWER, PUBLIC)

    def _check_jurisdiction(self, asked: _Asked) -> None:
        named = asked.last("jurisdiction_id")
        if named and self._settings.jurisdiction and named.casefold() != self._settings.jurisdiction.casefold():
            raise _Refused(_NOT_FOUND, "jurisdiction_id was not found")

    async def _take(self, request: Request, asked: _Asked, actor: Actor) -> Named:
        if actor.origin == PUBLIC:
            now = self._clock()
            if actor.user == "public":
                peer = request.client.host if request.client else ""
                name = self._origins.name(peer, request.headers.getlist("x-forwarded-for"))
                _respect(self._posts_of_one.wait_s(name, now))
            _respect(self._posts.wait_s(EVERYBODY, now))
        sent = given((*asked.query, *asked.form))
        taken = await self._run(lambda: self._operations.citizen_take(actor, sent))
        told: dict[str, Any] = (
            {"token": taken.token}
            if taken.service_request_id is None
            else {"service_request_id": taken.service_request_id}
        )
        return _requests([told | {"service_notice": taken.service_notice, "account_id": None}])

    async def _tell(self, asked: _Asked, actor: Actor) -> Named:
        operations, match = self._operations, asked.match
        if match["service"] is not None:
            return Named("service_definition", definition(service_of(match["service"]), self._language))
        if match["request"] is not None:
            number = number_from(match["request"])
            if number is None:
                raise _Refused(_NOT_FOUND, "service_request_id was not found")
            one = await self._run(lambda: operations.citizen_public_one(actor, number))
            return _requests([_fields(one)])
        if match["token"] is not None:
            token = match["token"]
            found = await self._run(lambda: operations.citizen_token(actor, token))
            return _requests([{"service_request_id": found, "token": token}])
        if match["kind"] == "services":
            return Named("services", service_list(self._language, moderated=self._settings.moderated), "service")
        if match["kind"] == "discovery":
            url = self._settings.url.rstrip("/") or asked.base + PREFIX
            return Named("discovery", discovery(url, self._settings.contact, keyed=bool(self._keys)))
        fields: dict[str, list[str]] = {}
        for name, value in asked.query:
            fields.setdefault(name, []).append(value)
        wanted = query_of(fields)
        many = await self._run(lambda: operations.citizen_public(actor, wanted))
        return _requests([_fields(each) for each in many])


def _requests(members: list[dict[str, Any]]) -> Named:
    return Named("service_requests", members, "request")


def _fields(view: Any) -> dict[str, Any]:  # noqa: ANN401 - any view
    return {each.name: getattr(view, each.name) for each in dataclasses.fields(view)}


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _respect(wait_s: float) -> None:
    if wait_s > 0:
        seconds = max(1, math.ceil(wait_s))
        raise _Refused(_TOO_MANY, f"too many requests; try again in {seconds} s", {"Retry-After": str(seconds)})


def _error(status: int, description: str, form: Format, headers: Mapping[str, str]) -> Response:
    return respond(Named("errors", [{"code": status, "description": description}], "error"), form, status, headers)


def _status(error: LightctlError) -> int:
    match error:
        case UnknownTarget():
            return _NOT_FOUND
        case NotPermitted():
            return _FORBIDDEN
        case InvalidInput():
            return _BAD_REQUEST
        case _:
            return _BROKEN
