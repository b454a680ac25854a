from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import httpx
import pytest
from fastapi import FastAPI

from lightctl.api.http import build_app
from lightctl.app.asking import Actor, Guard, Role
from lightctl.app.operations import Operations
from lightctl.files.settings import Settings
from lightctl.store.sqlite import SqliteStore
from tests.support.doors import EVENING, TEMPLATES

T = TypeVar("T")
OPERATOR = Actor("test", Role.OPERATOR, "daemon")


async def here(work: Callable[[], T], /) -> T:
    await asyncio.sleep(0)
    return work()


@dataclass
class World:
    """A store in memory with five lamps behind the app, a token per role, and a clock that tests move."""

    app: FastAPI
    operations: Operations
    tokens: dict[str, str]
    health: dict[str, object]
    now: dt.datetime

    def client(self, role: str | None = "operator") -> httpx.AsyncClient:
        headers = {} if role is None else {"Authorization": f"Bearer {self.tokens[role]}"}
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://test", headers=headers)


def make_world(
    run: Callable[[Callable[[], T]], Awaitable[T]] = here, settings: Settings | None = None, *, dark: bool = False
) -> tuple[World, SqliteStore]:
    store = SqliteStore(None)
    made: list[World] = []
    operations = Operations(
        store, settings or Settings(), lambda: made[0].now if made else EVENING, lambda _events: None
    )
    operations.inventory_import(
        OPERATOR,
        (TEMPLATES / "inventory.csv").read_text(),
        format="csv",
        name="inventory.csv",
        mapping=None,
        skip_bad_rows=False,
        guard=Guard(),
    )
    if not dark:
        operations.schedule_apply(OPERATOR, {"r.yaml": (TEMPLATES / "residential.yaml").read_text()}, Guard())
    tokens = {role.value: operations.token_create(OPERATOR, f"a-{role}", role, None).secret or "" for role in Role}
    health: dict[str, object] = {"ok": True, "version": "x"}
    made.append(World(build_app(operations, run, health=lambda: health), operations, tokens, health, EVENING))
    return made[0], store


@pytest.fixture
def world() -> Iterator[World]:
    made, store = make_world()
    yield made
    store.close()


@pytest.fixture
async def api(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with world.client() as client:
        yield client
