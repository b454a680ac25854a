"""Couriers on real wires: one that is dead, slow or hanging delays no other, and never the loop."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import functools
import json
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest

from lightctl.api.http import build_app
from lightctl.app.clock import RunClock
from lightctl.app.daemon import Daemon
from lightctl.app.live import Live
from lightctl.app.notices.courier import attempt
from lightctl.app.notices.office import Office
from lightctl.files.settings_model import Settings
from lightctl.links.notice import Notice
from lightctl.links.webhook import WebhookCarrier
from lightctl.store.base import AuditDraft, Recorded
from lightctl.store.sqlite import SqliteStore
from tests.support.brokers import free_port
from tests.support.receivers import MailHandler, answer, http_receiver, mail_server, silent_server
from tests.support.serving import operator
from tests.support.stores import NOW, fault, point

T = TypeVar("T")
NOTICE = Notice("n-1", "title", "text\n", b"{}")


class Works:
    """An office that runs over a store in memory with a thread of its own, as the daemon has it."""

    def __init__(self, targets: dict[str, dict[str, Any]]) -> None:
        self.settings = Settings.model_validate({"notifications": targets})
        self.clock = RunClock()
        self.live = Live(self.clock.now(), self.clock.now)
        self._thread = ThreadPoolExecutor(1)
        self.store = self._thread.submit(SqliteStore, None).result()
        self.office = Office(self.settings, self.store, self.on_thread, self.clock, self.live)

    async def on_thread(self, work: Callable[[], T], /) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def happen(self, subject: str) -> None:
        opened = fault(subject, opened_at=self.clock.now())
        await self.on_thread(functools.partial(self.store.commit, Recorded(faults=(opened,))))
        self.office.wake()

    async def until(self, holds: Callable[[], bool], within_s: float = 10) -> None:
        async with asyncio.timeout(within_s):
            while not await self.on_thread(holds):  # noqa: ASYNC110 - what it waits for is in a store
                await asyncio.sleep(0.01)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Works]:
        await self.on_thread(self.office.settle_in)
        tasks = [asyncio.create_task(part, name=name) for name, part in self.office.parts()]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.on_thread(self.store.close)
            self._thread.shutdown()


@pytest.fixture
def secret(tmp_path: Path) -> str:
    path = tmp_path / "secret"
    path.write_text("a secret that is long enough for it\n")
    return str(path)


def hook(url: str, secret: str, **more: Any) -> dict[str, Any]:
    return {"type": "webhook", "url": url, "secret_file": secret, "timeout_s": 1.0} | more


def mail(port: int, **more: Any) -> dict[str, Any]:
    given = {"type": "smtp", "host": "127.0.0.1", "port": port, "tls": "none", "sender": "a@b.c", "to": ["d@e.f"]}
    return given | {"timeout_s": 1.0} | more


async def test_dead_slow_and_hanging_targets_delay_neither_the_others_nor_the_loop(secret):
    async with (
        http_receiver(None) as hanging,
        http_receiver(answer("500 Broken")) as broken,
        http_receiver(answer("401 Who")) as refusing,
        http_receiver() as good,
        silent_server() as silent,
    ):
        handler = MailHandler(data="550 no")
        later = MailHandler(data="451 later")
        with mail_server(handler) as no, mail_server(later) as not_now:
            works = Works(
                {
                    "hanging": hook(hanging.url, secret, timeout_s=600.0),
                    "refused": hook(f"http://127.0.0.1:{free_port()}/", secret),
                    "broken": hook(broken.url, secret),
                    "unauthorised": hook(refusing.url, secret),
                    "silent": mail(silent, timeout_s=600.0),
                    "no": mail(no),
                    "later": mail(not_now),
                    "good": hook(good.url, secret),
                }
            )
            slowest = 0.0

            async def heartbeat() -> None:
                nonlocal slowest
                while True:
                    began = time.monotonic()
                    await asyncio.sleep(0.01)
                    slowest = max(slowest, time.monotonic() - began)

            async with works.running():
                beating = asyncio.create_task(heartbeat())
                for number in range(5):
                    await works.happen(f"LP{number}")
                posted = await good.wait_for(5)
                await works.until(lambda: _failing(works) >= {"refused", "broken", "unauthorised", "no", "later"})
                beating.cancel()
    assert [json.loads(each.body)["subject"] for each in posted] == [f"LP{number}" for number in range(5)]
    assert slowest < 2  # the machine may be busy; a hanging target would hold it for minutes
    assert len(hanging.posted) == 1
    assert {f"notification {name}" for name in ("broken", "no")} <= works.live.notes.keys()


def _failing(works: Works) -> set[str]:
    standings = {name: works.store.notice_target(name) for name in works.settings.notifications}
    return {name for name, each in standings.items() if each is not None and each.failing_since is not None}


async def test_a_mail_is_told_and_a_repeat_has_the_same_message_id():
    handler = MailHandler(data="451 busy")
    with mail_server(handler) as port:
        works = Works({"team": mail(port, retry_cap_s=0.05)})
        async with works.running():
            await works.happen("LP1")
            await works.until(lambda: "team" in _failing(works))
            handler.data = ""
            await works.until(lambda: not _failing(works))
    assert len({each["Message-ID"] for each in handler.mails}) == 1
    assert "lampFailure" in handler.mails[0]["Subject"]


async def test_a_target_that_answers_byte_by_byte_is_cut_off():
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            for byte in b"HTTP/1.1 200 OK\r\nx: " + b"y" * 10_000:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.02)
        writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    carrier = WebhookCarrier(f"http://127.0.0.1:{port}/", lambda: b"x" * 32, timeout_s=0.1)
    began = time.monotonic()
    outcome = await attempt(carrier, NOTICE, dt.datetime.now(dt.UTC), 0.1)
    server.close()
    await asyncio.sleep(0.1)
    assert outcome.failure is not None
    assert "not done within 0.2 s" in outcome.said
    assert time.monotonic() - began < 5


async def test_a_target_for_one_district_hears_of_its_lamps_from_the_start_of_the_daemon_on(tmp_path, secret):
    folder = tmp_path / "store"
    async with http_receiver() as north:
        target = hook(north.url, secret, select="district=north", events=["acknowledged"])
        settings = Settings.model_validate(
            {"store": {"directory": str(folder)}, "http": {"port": 0}, "notifications": {"north": target}}
        )
        store = SqliteStore(folder)
        lamps = [point(name, node=name, tags={"district": name}) for name in ("north", "south")]
        store.put_points(lamps, AuditDraft(NOW, "olga", "cli", "inventory import", "city"))
        store.commit(Recorded(faults=tuple(fault(lamp.id) for lamp in lamps)))
        store.close()
        daemon = Daemon(settings, build_app)
        serving = asyncio.create_task(daemon.run())
        async with await operator(folder) as client:
            marked = await client.post("/v1/faults/acknowledge", json={"ids": [1, 2], "reason": "seen"})
            assert marked.status_code == 200, marked.text
        (first,) = await north.wait_for(1)
        daemon._stop.set()
        await serving
    assert json.loads(first.body)["subject"] == "north"


async def test_a_daemon_tells_what_clears_and_what_people_say_and_stops_though_a_target_hangs(tmp_path, secret):
    folder = tmp_path / "store"
    async with http_receiver() as good, http_receiver(None) as hanging:
        settings = Settings.model_validate(
            {
                "store": {"directory": str(folder)},
                "http": {"port": 0},
                "notifications": {
                    "good": hook(good.url, secret, events=["opened", "acknowledged", "cleared"]),
                    "hanging": hook(hanging.url, secret, timeout_s=600.0),
                },
            }
        )
        store = SqliteStore(folder)  # faults of lamps that left the inventory while no daemon ran clear at its start
        store.commit(Recorded(faults=(fault("gone"), fault("store", subject_kind="site"))))
        store.close()
        daemon = Daemon(settings, build_app)
        serving = asyncio.create_task(daemon.run())
        (first,) = await good.wait_for(1)
        async with await operator(folder) as client:
            marked = await client.post("/v1/faults/acknowledge", json={"ids": [2], "reason": "seen"})
            assert marked.status_code == 200, marked.text
            _, second = await good.wait_for(2)
            (seen, other) = (await client.get("/v1/notifications")).json()
            tried = (await client.post("/v1/notifications/good/test", json={})).json()
        await hanging.wait_for(1)
        began = time.monotonic()
        daemon._stop.set()
        await serving
    assert time.monotonic() - began < 10
    assert [json.loads(each.body)["type"] for each in (first, second)] == [
        "lightctl.fault.cleared.v1",
        "lightctl.fault.acknowledged.v1",
    ]
    assert (seen["name"], seen["failing_since"], other["waiting"] > 0) == ("good", None, True)
    assert tried["ok"] is True
