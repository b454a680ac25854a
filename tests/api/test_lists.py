"""What may be of a whole city is answered in parts: no answer is in memory as a whole, and no part keeps the others."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from lightctl.app import steps
from lightctl.app.asking import Guard
from lightctl.domain.states import ChannelReport, Command, CommandState, Fault, FaultEvent, ReportedState
from lightctl.store import faults, journal
from lightctl.store.base import Recorded
from tests.api.conftest import OPERATOR, World, make_world
from tests.support.doors import EVENING

LAMPS = 1500
LISTS = [
    "/v1/lights",
    "/v1/nodes",
    "/v1/commands?limit=100000",
    "/v1/faults?limit=100000",
    "/v1/inventory/export?format=csv",
    "/v1/inventory/export?format=geojson",
    "/v1/export/geojson",
    "/v1/export/ngsi-ld",
]


@pytest.fixture(scope="module")
def town() -> Iterator[World]:
    """A town in which every node was asked something and said something, and every other lamp is broken."""
    made, store = make_world()
    rows = "".join(f"X-{n:04},51.4,{6 + n / 10_000},x-{n:04}\n" for n in range(LAMPS))
    brought = made.operations.inventory_import(
        OPERATOR, f"id,lat,lon,node\n{rows}", format="csv", name="x.csv", mapping=None, skip_bad_rows=False,
        guard=Guard(max_affected=LAMPS),
    )  # fmt: skip
    assert brought.applied
    names = [f"x-{n:04}" for n in range(LAMPS)]
    later = EVENING + dt.timedelta(minutes=5)
    queued, confirmed = CommandState.QUEUED, CommandState.CONFIRMED
    store.commit(Recorded(commands=tuple(Command(name, 4, queued, "test", EVENING, later) for name in names)))
    done = (Command(name, 4, confirmed, "test", EVENING, later, finished_at=EVENING) for name in names)
    store.commit(
        Recorded(
            commands=tuple(done),
            reported=tuple(
                ReportedState(name, EVENING, {0: ChannelReport(100, 100)}, "b", 1, EVENING, 4) for name in names
            ),
            seen=tuple((name, EVENING) for name in names),
            faults=tuple(
                Fault(FaultEvent.LAMP_FAILURE, "light point", f"X-{n:04}", EVENING, "dark") for n in range(0, LAMPS, 2)
            ),
        )
    )
    yield made
    store.close()


async def asked(town: World, target: str, takes: int | None = None) -> list[bytes]:
    """Ask as a server does, and take so many parts of the body, or all of them."""
    path, _, query = target.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(b"authorization", b"Bearer " + town.tokens["viewer"].encode())],
        "client": ("test", 1), "server": ("test", 80), "state": {},
    }  # fmt: skip
    taken: list[bytes] = []
    requests: list[dict[str, Any]] = [{"type": "http.request", "body": b"", "more_body": False}]
    full = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if requests:
            return requests.pop()
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            assert message["status"] == 200
        elif message.get("body"):
            taken.append(message["body"])
            if len(taken) == takes:
                full.set()
                await asyncio.Event().wait()  # as a connection whose other end reads no further

    answering = asyncio.create_task(town.app(scope, receive, send))  # type: ignore[arg-type]
    if takes is None:
        await answering
    else:
        await full.wait()
        for _ in range(20):
            await asyncio.sleep(0)
        answering.cancel()
        with suppress(asyncio.CancelledError):
            await answering
    return taken


@pytest.mark.parametrize("target", LISTS)
async def test_no_part_of_a_list_is_half_of_it(town: World, target: str) -> None:
    parts = await asked(town, target)
    assert 2 * max(map(len, parts)) < sum(map(len, parts))


async def test_whoever_takes_nothing_makes_no_more_than_a_part_be_read(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    store = town.operations._desk.store
    last_reports = store.last_reports
    monkeypatch.setattr(store, "last_reports", lambda nodes: read.append(len(nodes)) or last_reports(nodes))
    await asked(town, "/v1/lights", takes=1)
    assert read == [steps.PART - 1]  # two of the five lamps that were there before have one node


@pytest.mark.parametrize("target", LISTS)
async def test_parts_of_any_size_make_the_same_list(town: World, target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = b"".join(await asked(town, target))
    for size in (7, 2 * LAMPS):
        for where, name in ((steps, "PART"), (journal, "PAGE"), (faults, "CHUNK")):
            monkeypatch.setattr(where, name, size)
        assert b"".join(await asked(town, target)) == whole
    if "csv" not in target:
        assert json.loads(whole)


async def test_an_empty_list_is_one(town: World) -> None:
    assert await asked(town, "/v1/lights?select=id%3Dnobody") == [b"[]"]


async def test_a_lamp_shows_its_open_alarms(town: World) -> None:
    shown = json.loads(b"".join(await asked(town, "/v1/lights")))
    broken = [light["id"] for light in shown if light["faults"] == ["lampFailure"]]
    assert broken == [f"X-{n:04}" for n in range(0, LAMPS, 2)]
