"""Errors over HTTP: every answer that is not a success is RFC 9457 problem JSON with a stable code and a next step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Route

from lightctl.api.codes import STATUS, TITLES, Code, code_of
from lightctl.domain.errors import InvalidInput, LightctlError

MEDIA_TYPE = "application/problem+json"
_METHOD_NOT_ALLOWED = 405
_NOT_FOUND = 404
_MEGABYTE = 1_000_000
_MAX_FINDINGS = 10


class Problem(BaseModel):
    """What went wrong: `code` for scripts, `detail` and `hint` for people; `result` tells more where there is more."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    code: Code
    where: str
    hint: str


class Refused(LightctlError):  # noqa: N818 - named as its siblings in domain.errors
    """A whole set was looked at and nothing of it taken; `result` says what is wrong where."""

    def __init__(self, why: str, result: Mapping[str, Any], code: Code = Code.INVALID_INPUT) -> None:
        self.result = result
        self.code = code
        super().__init__(why)


def problem(
    code: Code,
    detail: str = "",
    *,
    where: str = "",
    hint: str = "",
    result: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Write a problem as a response."""
    body: dict[str, Any] = {
        "type": f"urn:lightctl:problem:{code}",
        "title": TITLES[code],
        "status": STATUS[code],
        "detail": detail or TITLES[code],
        "code": code,
        "where": where,
        "hint": hint,
    }
    if result is not None:
        body["result"] = dict(result)
    return JSONResponse(body, STATUS[code], headers=dict(headers or {}), media_type=MEDIA_TYPE)


def unauthenticated(detail: str) -> JSONResponse:
    """Answer a request that carries no valid token."""
    return problem(
        Code.UNAUTHENTICATED,
        detail,
        hint="Send `Authorization: Bearer TOKEN`; `lightctl token create` makes one.",
        headers={"WWW-Authenticate": 'Bearer realm="lightctl"'},
    )


def too_large(limit: int) -> JSONResponse:
    """Answer a request whose body is over its limit (bytes)."""
    return problem(
        Code.TOO_LARGE,
        f"the request body is over {limit // _MEGABYTE} MB"
        if limit >= _MEGABYTE
        else f"the request body is over {limit // 1000} kB",
        where="body",
        hint="Send it in parts.",
    )


def documented(*codes: Code) -> dict[int | str, dict[str, Any]]:
    """Give the OpenAPI entries of the problems a route may answer with."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        STATUS[code]: {"description": TITLES[code], "content": content}
        | (
            {"headers": {"WWW-Authenticate": {"schema": {"type": "string"}, "required": True}}}
            if code is Code.UNAUTHENTICATED
            else {}
        )
        for code in codes
    }


def install(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Make the app answer every error as a problem; `routes` are those whose methods a 405 names."""

    async def http_error(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        if error.status_code == _NOT_FOUND:
            return problem(Code.NO_SUCH_ROUTE, hint="/openapi.json lists the addresses.")
        if error.status_code == _METHOD_NOT_ALLOWED:
            allowed = _methods(routes, request.url.path)
            return problem(Code.METHOD_NOT_ALLOWED, hint=f"It takes {allowed}.", headers={"Allow": allowed})
        return problem(Code.INVALID_INPUT, str(error.detail))

    app.add_exception_handler(LightctlError, _lightctl_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(Exception, _unexpected)


async def _lightctl_error(_request: Request, error: Exception) -> JSONResponse:
    match error:
        case Refused():
            return problem(error.code, error.why, result=error.result)
        case InvalidInput():
            return problem(Code.INVALID_INPUT, error.why, where=error.where, hint=error.hint)
        case LightctlError():
            return problem(code_of(error), error.why)
        case _:
            return problem(Code.INTERNAL)


async def _validation_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = [(".".join(str(part) for part in item["loc"]), item["msg"]) for item in error.errors()]
    detail = "; ".join(f"{where}: {what}" for where, what in found[:_MAX_FINDINGS])
    return problem(
        Code.INVALID_INPUT,
        detail,
        where=found[0][0] if found else "",
        hint="/openapi.json describes what this address takes.",
    )


def _methods(routes: Sequence[BaseRoute], path: str) -> str:
    # Two addresses may match one path (/lights/level and /lights/{id}); the framework names only the first one's.
    fitting = [route for route in routes if isinstance(route, Route) and route.path_regex.match(path)]
    return ", ".join(sorted({method for route in fitting for method in route.methods or ()}))


async def _unexpected(_request: Request, _error: Exception) -> JSONResponse:
    return problem(Code.INTERNAL, hint="The daemon's log says more.")
