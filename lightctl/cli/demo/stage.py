"""The stage: broker, simulators and daemon as processes of a scratch folder, started in order and all ended."""

from __future__ import annotations

import datetime as dt
import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from lightctl.app.broker import NatsBroker
from lightctl.app.operations import Operations
from lightctl.app.views import Actor, Guard, Role
from lightctl.cli.demo.mishaps import Mishap
from lightctl.cli.demo.town import (
    CARRIES,
    LIVE,
    MIDDLE,
    MODBUS_LINK,
    SEGMENT_LAMP_W,
    SEGMENT_LAMPS,
    SEGMENTS,
    TIME_ZONE,
)
from lightctl.domain.assets import LightPoint
from lightctl.domain.errors import LinkDown
from lightctl.domain.timescale import TimeScale
from lightctl.files.inventory import write_inventory
from lightctl.files.settings import Settings, SiteSettings
from lightctl.store.sqlite import SqliteStore

READY_S = 30.0
STOP_S = 15.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How the run lives: its clock, how often nodes report (s of the run) and the seed of everything random."""

    clock: TimeScale
    heartbeat_s: float
    seed: int

    def on_the_wire(self, machine_s: float) -> float:
        """Give how many seconds of the run pass in so many on the wire."""
        return machine_s * self.clock.speed


@dataclass(slots=True)
class Stage:
    """One run's processes and files; leaving it ends every process by its own id.

    The clock is started last, when the broker runs and the store knows inventory and schedules.
    """

    folder: Path
    points: tuple[LightPoint, ...]
    files: Mapping[str, str]
    mishaps: Sequence[Mishap]
    start_clock: Callable[[], Pace]
    pace: Pace = field(init=False)
    broker: NatsBroker = field(init=False)
    client: httpx.Client = field(init=False)
    _started: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def truth_log(self) -> Path:
        """Where the lamps say what they really do."""
        return self.folder / "truth.jsonl"

    @property
    def store(self) -> Path:
        """The daemon's store."""
        return self.folder / "store"

    def __enter__(self) -> Self:
        try:
            self._set()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _set(self) -> None:
        nats = self.folder / "broker"
        nats.mkdir()
        self.broker = NatsBroker(nats).start()
        port = _free_port()
        self._bring_in()
        self.pace = self.start_clock()
        (self.folder / "scenario.yaml").write_text(json.dumps(self._scenario(port), indent=1), encoding="utf-8")
        (self.folder / "lightctl.toml").write_text(self._settings(port), encoding="utf-8")
        simulators = self._start("simulators", "-m", "simulators", str(self.folder / "scenario.yaml"))
        self.start_daemon()
        self._await_line(simulators)

    def _bring_in(self) -> None:
        """Import the town and apply the schedules as an operator would before the first start."""
        inventory = write_inventory(self.points, "csv")
        (self.folder / "inventory.csv").write_text(inventory, encoding="utf-8")
        settings = Settings(site=SiteSettings(name="Demo town", time_zone=TIME_ZONE))
        store = SqliteStore(self.store)
        try:
            operations = Operations(store, settings, lambda: dt.datetime.now(dt.UTC), lambda _events: None)
            operator = Actor("demo", Role.OPERATOR)
            guard = Guard(reason="demo", max_affected=len(self.points))
            operations.inventory_import(
                operator, inventory, format="csv", name="inventory.csv", mapping=None, skip_bad_rows=False, guard=guard
            )
            operations.schedule_apply(operator, self.files, guard)
        finally:
            store.close()

    def close(self) -> None:
        """End everything that still runs, the newest first."""
        if hasattr(self, "client"):
            self.client.close()
        for process in reversed(self._started.values()):
            _end(process)
        self._started.clear()
        if hasattr(self, "broker"):
            self.broker.stop()

    def end(self, name: str) -> None:
        """End a process (`simulators`, `daemon`) in good order."""
        _end(self._started.pop(name))

    def kill(self, name: str) -> None:
        """End a process at once, as a power cut would."""
        process = self._started.pop(name)
        process.kill()
        _end(process)

    def start_daemon(self) -> None:
        """Start the daemon and wait for its door."""
        if hasattr(self, "client"):
            self.client.close()
        self._start("daemon", "-m", "lightctl", "serve", "--config", str(self.folder / "lightctl.toml"))
        self.client = self._connect()

    def dead(self) -> str:
        """Name a process that ended on its own, with what it said last; empty while all run."""
        for name, process in self._started.items():
            if process.poll() not in (None, 0):
                return f"the {name} ended with {process.returncode}: {self._last_words(name)}"
        return ""

    def _last_words(self, name: str) -> str:
        log = self.folder / f"{name}.log"
        return log.read_text(encoding="utf-8", errors="replace")[-500:].strip() if log.exists() else ""

    def _start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        environ = {key: value for key, value in os.environ.items() if not key.startswith("LIGHTCTL_")}
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own modules
                [sys.executable, *arguments],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environ | {"PYTHONPATH": os.pathsep.join(each for each in sys.path if each)},
            )
        self._started[name] = process
        return process

    def _await_line(self, process: subprocess.Popen[bytes]) -> dict[str, Any]:
        assert process.stdout is not None
        readable, _, _ = select.select([process.stdout], [], [], READY_S)
        line = process.stdout.readline() if readable else b""
        if not line:
            raise LinkDown(f"the simulators did not start: {self._last_words('simulators')}")
        found: dict[str, Any] = json.loads(line)
        return found

    def _connect(self) -> httpx.Client:
        until = time.monotonic() + READY_S
        place, secret = self.store / "daemon.json", self.store / "operator.token"
        while time.monotonic() < until:
            if self.dead():
                raise LinkDown(self.dead())
            said = json.loads(place.read_text(encoding="utf-8")) if place.exists() else {}
            if said.get("pid") == self._started["daemon"].pid and secret.exists():
                url = said["url"]
                token = secret.read_text(encoding="utf-8").strip()
                return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60)
            time.sleep(0.05)
        raise LinkDown(f"the daemon did not start within {READY_S:.0f} s: {self._last_words('daemon')}")

    def _scenario(self, port: int) -> dict[str, object]:
        clock = self.pace.clock
        place = {"lat": MIDDLE[0], "lon": MIDDLE[1], "time_zone": TIME_ZONE}
        native = {
            "kind": "native",
            "inventory": "inventory.csv",
            "clock_drift_ppm": [-20, 20],
            "clock_offset_s": [-2, 2],
        }
        return {
            "clock": {
                "start": clock.start.isoformat(), "machine_epoch": clock.machine_epoch, "speed": clock.speed,
            },
            "seed": self.pace.seed,
            "truth": self.truth_log.name,
            "flash": "flash",
            "heartbeat_s": self.pace.heartbeat_s,
            "place": place,
            "mqtt": {"url": self.broker.url, "connections": 4},
            "fleets": [
                native | {"where": {"make": CARRIES}, "carries_nights": True},
                native | {"where": {"make": LIVE}, "carries_nights": False},
                {"kind": "json-dimmer", "inventory": "inventory.csv"},
            ],
            "modbus": [{"port": port, "units": self._units()}],
            "faults": [mishap.scenario(clock.start) for mishap in self.mishaps],
        }  # fmt: skip

    def _units(self) -> list[dict[str, object]]:
        cabinets: list[dict[str, object]] = [
            {
                "unit": cabinet, "profile": "cabinet", "node": f"K{cabinet}", "channels": SEGMENTS,
                "lamps_per_channel": SEGMENT_LAMPS, "rated_power_w": SEGMENT_LAMP_W, "standby_power_w": 0,
                "points": [f"K{cabinet}-S{segment + 1}" for segment in range(SEGMENTS)],
            }
            for cabinet in (1, 2)
        ]  # fmt: skip
        lamps: list[dict[str, object]] = [
            {"unit": 10 + number, "profile": "modbus-lamp", "node": f"W{number}", "points": [f"W{number}"]}
            for number in (1, 2, 3)
        ]
        return cabinets + lamps

    def _settings(self, port: int) -> str:
        pace, clock = self.pace, self.pace.clock
        return f"""
[site]
name = "Demo town"
time_zone = "{TIME_ZONE}"
[store]
directory = "store"
[http]
port = 0
[links.mqtt]
type = "mqtt"
url = "{self.broker.url}"
[links.{MODBUS_LINK}]
type = "modbus_tcp"
port = {port}
poll_s = {pace.on_the_wire(0.25)}
dead_poll_s = {pace.on_the_wire(0.5)}
[delivery]
heartbeat_s = {pace.heartbeat_s}
settle_s = {pace.on_the_wire(0.5)}
retry_cap_s = {pace.on_the_wire(5)}
deadline_s = {min(pace.on_the_wire(20), 86400)}
clock_untrusted_s = {min(pace.on_the_wire(5), 86400)}
[clock]
start = "{clock.start.isoformat()}"
machine_epoch = {clock.machine_epoch!r}
speed = {clock.speed!r}
[log]
format = "json"
"""


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def instants(clock: TimeScale) -> dt.datetime:
    """Give the present instant of a run."""
    return clock.instant(time.time())
