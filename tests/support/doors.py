"""Every way to the operations, for tests that run each command through each of them.

    store    no daemon: the command opens the store itself
    host     a daemon's HTTP door on this host, found by its lock, daemon.json and operator.token
    url      the same door from elsewhere, by LIGHTCTL_URL and LIGHTCTL_TOKEN

The doors are real: real app, real socket, real store. Only the street is not there; a test says how nodes answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import io
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import uvicorn

from lightctl.api.http import build_app
from lightctl.app.asking import Actor, Role
from lightctl.app.live import Live
from lightctl.app.operations import Operations
from lightctl.cli.main import run
from lightctl.domain.events import Event, OverrideEnded, OverrideSet
from lightctl.domain.states import ChannelReport, Command, CommandState, ReportedState
from lightctl.domain.timescale import TimeScale
from lightctl.files.settings import load_settings
from lightctl.store.base import Recorded
from lightctl.store.sqlite import SqliteStore

TEMPLATES = Path(__file__).parents[2] / "lightctl" / "cli" / "templates"
WAYS = ("store", "host", "url")
EVENING = dt.datetime(2026, 11, 23, 20, 30, tzinfo=dt.UTC)
OPERATOR = Actor("operator", Role.OPERATOR, "daemon")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    def json(self):
        return json.loads(self.out)


@dataclass(slots=True)
class Cli:
    """Runs commands in a folder, with the environment of one way."""

    folder: Path
    way: str
    environ: dict[str, str] = field(default_factory=dict)

    def __call__(self, *argv: str, stdin: str = "", environ: Mapping[str, str] | None = None) -> Ran:
        out, err = _stream(), _stream()
        before, cwd, streams = dict(os.environ), Path.cwd(), sys.stdin
        os.environ.update(self.environ | dict(environ or {}))
        os.chdir(self.folder)
        sys.stdin = io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = run(argv)
        finally:
            sys.stdin = streams
            os.chdir(cwd)
            os.environ.clear()
            os.environ.update(before)
        return Ran(code, _text(out), _text(err))

    def done(self, *argv: str, stdin: str = "") -> Ran:
        """Run a command that must succeed."""
        ran = self(*argv, stdin=stdin)
        assert ran.code == 0, f"{' '.join(argv)}: exit code {ran.code}\n{ran.out}{ran.err}"
        return ran


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8")


def _text(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


def prepared(folder: Path) -> Path:
    """Make a store with the five lamps of `lightctl init` and its schedule; copies of it start tests quickly."""
    write_settings(folder)
    cli = Cli(folder, "store")
    cli.done("inventory", "import", str(TEMPLATES / "inventory.csv"), "--reason", "first import")
    cli.done("schedule", "apply", str(TEMPLATES / "residential.yaml"))
    return folder / "store"


def write_settings(folder: Path, more: str = "") -> None:
    """Write settings of a city whose clock stands at the evening of 2026-11-23 and runs as ours does."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lightctl.toml").write_text(
        '[site]\nname = "Test city"\ntime_zone = "Europe/Berlin"\n[store]\ndirectory = "store"\n'
        f"[clock]\nstart = {EVENING:%Y-%m-%dT%H:%M:%SZ}\nmachine_epoch = {time.time()}\nspeed = 1.0\n{more}"
    )


class Street:
    """How nodes answer a change, straight away: by state, by node; nodes not named stay silent.

    measured: the level that nodes report with it.
    """

    def __init__(self) -> None:
        self.answers: dict[str, CommandState] = {}
        self.measured: dict[str, int] = {}
        self._revision = 0

    def take(self, store: SqliteStore, now: dt.datetime, events: Sequence[Event]) -> None:
        if not any(isinstance(event, OverrideSet | OverrideEnded) for event in events):
            return
        self._revision += 1
        later = now + dt.timedelta(minutes=15)
        commands = tuple(
            Command(
                node,
                self._revision,
                state,
                "override",
                now,
                later,
                sent_at=now,
                broker_acked_at=now,
                finished_at=now if state.terminal else None,
                detail=f"{state} by test",
            )
            for node, state in self.answers.items()
        )
        reports = tuple(
            ReportedState(node, now, {0: ChannelReport(level, level)}, "b1", self._revision, now, self._revision)
            for node, level in self.measured.items()
        )
        store.commit(Recorded(commands=commands, reported=reports))


@contextlib.contextmanager
def served(folder: Path, street: Street) -> Iterator[tuple[str, str]]:
    """Serve the store of a folder's settings over a socket, as the daemon does; gives address and operator token."""
    settings = load_settings(folder / "lightctl.toml", {}, folder)
    clock = settings.clock
    assert clock is not None
    scale = TimeScale(clock.start, clock.machine_epoch, clock.speed)
    thread = ThreadPoolExecutor(1, "store")
    directory = Path(settings.store.directory)

    async def on_thread(work: Callable[[], T], /) -> T:
        return await asyncio.get_running_loop().run_in_executor(thread, work)

    def now() -> dt.datetime:
        return scale.instant(time.time())

    store = thread.submit(SqliteStore, directory).result()
    try:
        live = Live(now(), now)
        operations = Operations(store, settings, now, lambda events: street.take(store, now(), events), live)
        secret = thread.submit(operations.token_create, OPERATOR, "operator", Role.OPERATOR, None).result().secret
        assert secret is not None
        app = build_app(operations, on_thread, health=lambda: {"ok": True})
        with listening(app) as url:
            (directory / "operator.token").write_text(secret)
            (directory / "daemon.json").write_text(json.dumps({"url": url, "pid": os.getpid()}))
            yield url, secret
    finally:
        thread.submit(store.close).result()
        thread.shutdown()


@contextlib.contextmanager
def listening(app: object, **more: str) -> Iterator[str]:
    """Serve an ASGI app on a free loopback port, in a thread of its own."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="off", **more))
    thread = threading.Thread(target=server.run, name="http door")
    thread.start()
    try:
        deadline = time.monotonic() + 10
        while not server.started:
            assert thread.is_alive(), "the server ended"
            assert time.monotonic() < deadline, "the server does not start"
            time.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"{'https' if more else 'http'}://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive()


@contextlib.contextmanager
def way_in(way: str, folder: Path, street: Street, store: Path | None = None) -> Iterator[Cli]:
    """Open one of the ways to a city in a folder: an empty one, or with a copy of a store."""
    write_settings(folder / "city")
    if store is not None:
        shutil.copytree(store, folder / "city" / "store")
    if way == "store":
        yield Cli(folder / "city", way)
        return
    with served(folder / "city", street) as (url, secret):
        if way == "host":
            yield Cli(folder / "city", way)
            return
        elsewhere = folder / "elsewhere"
        elsewhere.mkdir()
        yield Cli(elsewhere, way, {"LIGHTCTL_URL": url, "LIGHTCTL_TOKEN": secret})
