"""A street on a real wire for benchmarks: broker, daemon and lean nodes as processes, ready to be measured.

Unlike a stage (`lightctl.cli.demo.stage`) its nodes do nothing but answer, and floors use the same broker and the same
nodes by topics of their own.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from lightctl.app.asking import Actor, Guard, Role
from lightctl.app.operations import Operations
from lightctl.domain.assets import LightPoint
from lightctl.domain.timescale import TimeScale
from lightctl.files.inventory import write_inventory
from lightctl.files.settings import Settings, SiteSettings
from lightctl.files.settings_model import SafetySettings
from lightctl.store.sqlite import SqliteStore
from tests.support.brokers import MosquittoBroker, NatsBroker
from tests.support.orphans import end_with_parent
from tests.support.responder import RATED_W, STANDBY_W, Wiring, name_of

ZONE = "Europe/Berlin"
BEGIN = dt.datetime(2026, 12, 4, 20, 0, tzinfo=dt.UTC)
PATIENCE_S = 600.0
IN_STREET = 25
DARK_MINUTES = 1440
LOOK_EVERY_S = 0.02
BROKERS = ("mosquitto", "nats")
CONFIRMED = "SELECT count(*) FROM commands WHERE state = 'confirmed'"
# As a broker for tens of thousands of nodes is set: no message waits for one before it, nor for a timer.
MOSQUITTO = ("max_inflight_messages 0", "set_tcp_nodelay true", "autosave_interval 0")


def broker_here() -> str:
    """Name the broker to measure on: Mosquitto where it is installed, else the NATS server of its wheel."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    return "mosquitto" if found else "nats"


def street(nodes: int) -> tuple[LightPoint, ...]:
    """Give so many lamps of one node each, in streets of 25."""
    return tuple(
        LightPoint(
            f"L-{number:06}", 51.43 + 0.0002 * (number // IN_STREET % 1000), 6.76 + 0.0004 * (number % IN_STREET),
            kind="lamp", rated_power_w=RATED_W, standby_power_w=STANDBY_W, node=name_of(number), link="mqtt",
            tags={"group": f"street-{number // IN_STREET:04}"},
        )
        for number in range(nodes)
    )  # fmt: skip


@dataclass(slots=True)
class WireStreet:
    """What runs: the broker's port, the daemon's pid and door, and the nodes' ear for orders."""

    folder: Path
    nodes: int
    clock: TimeScale
    port: int
    daemon: subprocess.Popen[bytes]
    client: httpx.Client
    responder: subprocess.Popen[str]

    def now(self) -> dt.datetime:
        """Give the present instant of the run."""
        return self.clock.instant(time.time())

    def order(self, words: str) -> dict[str, Any]:
        """Tell the nodes to do something and wait for their answer."""
        assert self.responder.stdin is not None
        assert self.responder.stdout is not None
        self.responder.stdin.write(words + "\n")
        self.responder.stdin.flush()
        return _line(self.responder)

    def apply(self, files: Mapping[str, str]) -> None:
        """Put schedules in force as an operator does, over HTTP."""
        asked = {"files": dict(files), "reason": "benchmark", "max_affected": self.nodes, "accept_losses": True}
        answer = self.client.post("/v1/schedules/apply", json=asked)
        assert answer.is_success, answer.text

    def status(self) -> dict[str, Any]:
        """Ask how the city is."""
        found: dict[str, Any] = self.client.get("/v1/status").raise_for_status().json()
        return found

    def number(self, sql: str, *parameters: object, file: str = "lightctl.db") -> int:
        """Read a number from what the store has made durable, beside the daemon."""
        return int(self.rows(sql, *parameters, file=file)[0][0] or 0)

    def rows(self, sql: str, *parameters: object, file: str = "lightctl.db") -> list[tuple[Any, ...]]:
        """Read rows from what the store has made durable, beside the daemon."""
        path = self.folder / "store" / file
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as connection:
            return connection.execute(sql, parameters).fetchall()

    def wait(self, holds: Callable[[], bool], what: str, every_s: float = LOOK_EVERY_S) -> float:
        """Wait until something holds and give the machine time at which it did."""
        until = time.monotonic() + PATIENCE_S
        while not holds():
            assert self.daemon.poll() is None, f"the daemon ended: {_tail(self.folder / 'daemon.log')}"
            assert time.monotonic() < until, f"waited {PATIENCE_S:.0f} s in vain until {what}: {self.status()}"
            time.sleep(every_s)
        return time.time()

    def used_s(self) -> float:
        """Give the processor seconds that the daemon has used."""
        fields = Path(f"/proc/{self.daemon.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_mb(self) -> int:
        """Give the memory that the daemon holds, in MB of a million bytes."""
        pages = int(Path(f"/proc/{self.daemon.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") // 1_000_000


@contextlib.contextmanager
def wire_street(
    folder: Path,
    nodes: int,
    nights: int,
    files: Mapping[str, str],
    broker: str,
    speed: float = 1.0,
    delivery: Mapping[str, float] | None = None,
    protocol: str = "auto",
) -> Iterator[WireStreet]:
    """Run a street whose nodes have all taken the schedules; nights 0: they are switched live."""
    clock = TimeScale(BEGIN, time.time(), speed)
    folder.mkdir(parents=True, exist_ok=True)
    _bring_in(folder / "store", street(nodes), files)
    with contextlib.ExitStack() as undo:
        port = _broker(broker, folder / "broker", undo)
        (folder / "lightctl.toml").write_text(_settings(port, clock, delivery or {}, protocol))
        daemon = _start(folder, "daemon", "lightctl", "serve", "--config", str(folder / "lightctl.toml"))
        undo.callback(_end, daemon)
        client = undo.enter_context(_door(folder, daemon))
        wiring = Wiring(port, nodes, nights, clock.start.isoformat(), clock.machine_epoch, speed)
        responder = _respond(folder, wiring)
        undo.callback(_end, responder)
        _line(responder)
        found = WireStreet(folder, nodes, clock, port, daemon, client, responder)
        found.wait(lambda: client.get("/healthz").json()["links"]["mqtt"], "the link is up", 0.05)
        found.order("hello")
        # Status reads the whole city on the store's thread: asked for all the while, it would keep the daemon from it.
        found.wait(lambda: found.number(CONFIRMED) >= nodes, "all nodes have confirmed", 0.25)
        found.wait(lambda: found.status()["settled"] == nodes, "all nodes have settled", 0.25)
        yield found


def _bring_in(directory: Path, points: tuple[LightPoint, ...], files: Mapping[str, str]) -> None:
    store = SqliteStore(directory)
    try:
        safety = SafetySettings(max_dark_minutes=DARK_MINUTES)
        settings = Settings(site=SiteSettings(name="Wire", time_zone=ZONE), safety=safety)
        operations = Operations(store, settings, lambda: BEGIN, lambda _events: None)
        actor, guard = Actor("benchmark", Role.OPERATOR), Guard(reason="benchmark", max_affected=len(points))
        operations.inventory_import(
            actor, write_inventory(points, "csv"), format="csv", name="street.csv", mapping=None, skip_bad_rows=False,
            guard=guard,
        )  # fmt: skip
        operations.schedule_apply(actor, files, guard)
    finally:
        store.close()


def _broker(name: str, folder: Path, undo: contextlib.ExitStack) -> int:
    folder.mkdir(parents=True)
    if name == "nats":
        nats = NatsBroker(folder).start()
        undo.callback(nats.stop)
        return nats.port
    mosquitto = MosquittoBroker(folder, lines=MOSQUITTO, verbose=False).start()
    undo.callback(mosquitto.stop)
    return mosquitto.port


def _settings(port: int, clock: TimeScale, delivery: Mapping[str, float], protocol: str) -> str:
    return "\n".join((
        f'[site]\nname = "Wire"\ntime_zone = "{ZONE}"',
        '[store]\ndirectory = "store"',
        "[http]\nport = 0",
        f"[safety]\nmax_dark_minutes = {DARK_MINUTES}",
        f'[links.mqtt]\ntype = "mqtt"\nurl = "mqtt://127.0.0.1:{port}"\nprotocol = "{protocol}"',
        f'[clock]\nstart = "{clock.start.isoformat()}"\nmachine_epoch = {clock.machine_epoch!r}',
        f"speed = {clock.speed!r}",
        "[delivery]\n" + "\n".join(f"{name} = {value}" for name, value in delivery.items()),
        '[log]\nformat = "json"',
        "",
    ))  # fmt: skip


def _start(folder: Path, name: str, *module: str) -> subprocess.Popen[bytes]:
    environ = {key: value for key, value in os.environ.items() if not key.startswith("LIGHTCTL_")}
    environ["PYTHONPATH"] = os.pathsep.join(each for each in (str(Path.cwd()), *sys.path) if each)
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", *module], cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environ,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - nothing but a system call
        )  # fmt: skip


def _respond(folder: Path, wiring: Wiring) -> subprocess.Popen[str]:
    with (folder / "responder.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.support.responder", wiring.as_json()], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=log, text=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - nothing but a system call
        )  # fmt: skip


def _door(folder: Path, daemon: subprocess.Popen[bytes]) -> httpx.Client:
    until = time.monotonic() + 60
    place, secret = folder / "store" / "daemon.json", folder / "store" / "operator.token"
    while time.monotonic() < until and daemon.poll() is None:
        said = json.loads(place.read_text()) if place.exists() else {}
        if said.get("pid") == daemon.pid and secret.exists():
            token = secret.read_text().strip()
            return httpx.Client(base_url=said["url"], headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE_S)
        time.sleep(0.05)
    raise AssertionError(f"the daemon did not start: {_tail(folder / 'daemon.log')}")


def _line(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, "the responder ended"
    found: dict[str, Any] = json.loads(line)
    return found


def _end(process: subprocess.Popen[Any]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-500:].strip()
