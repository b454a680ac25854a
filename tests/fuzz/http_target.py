"""The HTTP door as a target: any request with a token, and what must hold whatever stands in it.

An input: a byte for the address, a byte for the token and the content type, a line for names in the path and the query,
then the body. What a request changed is undone after it, so that each input is judged alone.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any
from urllib.parse import quote, unquote

from lightctl.api import open311
from lightctl.app.asking import Role
from lightctl.store.sqlite import SqliteStore
from tests.api.conftest import World, make_world
from tests.fuzz.judging import must
from tests.support.desk import fleet_of

PUBLIC = (
    *(
        ("GET", rest)
        for rest in ("discovery", "services", "services/{code}", "requests", "requests/{id}", "tokens/{t}")
    ),
    ("POST", "requests"),
)
FORM = b"service_code=lamp_out&lat=51.2567&long=7.1502&description=dark&email=a%40b.example&attribute[kind]=x"
CONTENT = ("application/json", "text/plain", "application/x-www-form-urlencoded", "")
DEPTH = 6
SERVER_ERROR, OK, REFUSED = 500, 200, 400


class _UndoneError(Exception):
    """Takes everything back."""


@cache
def _world() -> tuple[World, SqliteStore, asyncio.AbstractEventLoop, tuple[tuple[str, str], ...]]:
    world, store = make_world()
    paths = world.app.openapi()["paths"]
    addresses = sorted((method.upper(), path) for path, methods in paths.items() for method in methods)
    addresses += [(method, f"{open311.MOUNT}/v2/{rest}.{form}") for method, rest in PUBLIC for form in ("xml", "json")]
    return world, store, asyncio.new_event_loop(), tuple(addresses)


def http(data: bytes) -> None:
    """Make one request; insist on an answer that is no failure, and on nothing changed where it was refused."""
    world, store, loop, addresses = _world()
    head = data[:2].ljust(2, b"\0")
    line, _, body = data[2:].partition(b"\n")
    method, path = addresses[head[0] % len(addresses)]
    words = line.decode("utf-8", "replace").split("?", 1)
    names = iter(words[0].split("/"))
    path = re.sub(r"\{\w+\}", lambda _: quote(next(names, "x"), safe=""), path)
    query = words[1] if len(words) > 1 else ""
    role = sorted(Role)[head[1] % len(Role)]
    headers = {
        "authorization": f"Bearer {world.tokens[role.value]}",
        "content-type": CONTENT[head[1] // 16 % len(CONTENT)],
    }
    before = store.counts().audit_entries
    try:
        with store.transaction():
            status, answer, kind = loop.run_until_complete(_ask(world.app, method, path, query, headers, body))
            entries = store.counts().audit_entries
            raise _UndoneError  # noqa: TRY301 - it takes the transaction back
    except _UndoneError:
        store.intent_edition += 1
        world.operations._desk.take(fleet_of(world.operations._desk))
    must(status < SERVER_ERROR, f"{method} {path}: {status} {answer[:300]!r}")
    must(status < REFUSED or entries == before, f"{method} {path}: refused with {status}, and the audit grew")
    if "json" in kind:
        json.loads(answer)


async def _ask(
    app: Any, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, bytes, str]:
    said: list[dict[str, Any]] = []
    asked = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if not asked:
            await asyncio.Event().wait()  # who asked stays on the line
        return asked.pop()

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": unquote(path), "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    await app(scope, receive, send)
    answered = {name.decode().lower(): value.decode() for name, value in said[0]["headers"]}
    return said[0]["status"], b"".join(each.get("body", b"") for each in said[1:]), answered.get("content-type", "")


def http_seeds() -> Iterable[bytes]:
    """Every address with the body its description asks for."""
    world, _, _, addresses = _world()
    described = world.app.openapi()
    operator = sorted(Role).index(Role.OPERATOR)
    for number, (method, path) in enumerate(addresses):
        if path.startswith(open311.MOUNT):
            yield bytes([number, operator + 32]) + b"lamp_out?status=open&start_date=2026-11-01T00:00:00Z\n" + FORM
            continue
        asked = described["paths"][path][method.lower()]
        content = asked.get("requestBody", {}).get("content", {}).get("application/json")
        body = b"" if content is None else json.dumps(_example(content["schema"], described)).encode()
        query = "&".join(
            f"{each['name']}={_example(each['schema'], described)}"
            for each in asked.get("parameters", ())
            if each["in"] == "query"
        )
        yield bytes([number, operator]) + b"LP-0001?" + query.encode() + b"\n" + body
        yield bytes([number, operator]) + b"x\n" + body


def _example(schema: Mapping[str, Any], described: Mapping[str, Any], depth: int = 0) -> Any:
    """Give a value of a JSON schema with everything in it that may be there."""
    if "$ref" in schema:
        schema = described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return _example(schema[choice][0], described, depth)
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object" if depth < DEPTH:
            return {name: _example(each, described, depth + 1) for name, each in schema.get("properties", {}).items()}
        case "array" if depth < DEPTH:
            return [_example(schema.get("items", {}), described, depth + 1)]
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case "string" if schema.get("format") == "date-time":
            return "2026-11-25T20:00:00Z"
        case "string" if schema.get("format") == "date":
            return "2026-11-25"
        case "string":
            return "x"
    return {}
