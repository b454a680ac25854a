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
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from lightctl.app.running.broker import NatsBroker
from lightctl.cli.demo.scenery import STORE, TRUTH, Pace, Scenery
from lightctl.domain.errors import LinkDown
from lightctl.domain.timescale import TimeScale

READY_S = 30.0
STOP_S = 15.0


@dataclass(slots=True)
class Stage:
    """One run's processes and files; leaving it ends every process by its own id.

    The clock is started last, when the broker runs and `bring_in` has given the store inventory and schedules and
    the folder the inventory file that the scenery's fleets read.
    """

    folder: Path
    scenery: Scenery
    bring_in: Callable[[Stage], None]
    start_clock: Callable[[], Pace]
    pace: Pace = field(init=False)
    broker: NatsBroker = field(init=False)
    client: httpx.Client = field(init=False)
    _modbus_port: int = 0
    _started: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def truth_log(self) -> Path:
        """Where the lamps say what they really do."""
        return self.folder / TRUTH

    @property
    def store(self) -> Path:
        """The daemon's store."""
        return self.folder / STORE

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
        self._modbus_port = _free_port()
        self.bring_in(self)
        self.pace = self.start_clock()
        scenario = self.scenery.scenario(self.pace, self.broker.url, self._modbus_port)
        (self.folder / "scenario.yaml").write_text(json.dumps(scenario, indent=1), encoding="utf-8")
        simulators = self._start("simulators", "-m", "simulators", str(self.folder / "scenario.yaml"))
        self.start_daemon(self.pace)
        self._await_line(simulators)

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

    def start_daemon(self, pace: Pace | None = None) -> None:
        """Start the daemon and wait for its door; a pace sets its clock, without one it starts as it was set."""
        if pace is not None:
            settings = self.scenery.settings(pace, self.broker.url, self._modbus_port)
            (self.folder / "lightctl.toml").write_text(settings, encoding="utf-8")
        if hasattr(self, "client"):
            self.client.close()
        self._start("daemon", "-m", "lightctl", "serve", "--config", str(self.folder / "lightctl.toml"))
        self.client = self._connect()

    def pid(self, name: str) -> int:
        """Give the process id of a running process."""
        return self._started[name].pid

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
