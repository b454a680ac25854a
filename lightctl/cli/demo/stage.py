"""The stage: a run's street set up: inventory and schedules brought in, then clock, simulators and daemon started."""

from __future__ import annotations

import datetime as dt
import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from lightctl.app.running.broker import NatsBroker
from lightctl.cli.demo.cast import READY_S, Cast
from lightctl.cli.demo.scenery import STORE, TRUTH, Pace, Scenery
from lightctl.domain.errors import LinkDown
from lightctl.domain.timescale import TimeScale


@dataclass(slots=True)
class Stage:
    """One run's processes and files; leaving it ends every process by its own id.

    The clock is started last, when the broker runs and `bring_in` has given the store inventory and schedules and
    the folder the inventory file that the scenery's fleets read, and simulators and daemon have loaded. cast: the
    processes, where they have begun to load already.
    """

    folder: Path
    scenery: Scenery
    bring_in: Callable[[Stage], None]
    start_clock: Callable[[], Pace]
    cast: Cast | None = None
    pace: Pace = field(init=False)
    client: httpx.Client = field(init=False)
    _cast: Cast = field(init=False)
    _modbus_port: int = 0

    @property
    def truth_log(self) -> Path:
        """Where the lamps say what they really do."""
        return self.folder / TRUTH

    @property
    def store(self) -> Path:
        """The daemon's store."""
        return self.folder / STORE

    @property
    def began_s(self) -> float:
        """When the run began, as `time.monotonic` has it."""
        return self._cast.began_s

    @property
    def broker(self) -> NatsBroker:
        """The broker of the run."""
        return self._cast.broker

    def __enter__(self) -> Self:
        self._cast = self.cast if self.cast is not None else Cast(self.folder).__enter__()
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
        self._modbus_port = _free_port()
        self._cast.await_broker()
        self.bring_in(self)
        self._cast.await_loaded()
        self.pace = self.start_clock()
        scenario = self.scenery.scenario(self.pace, self.broker.url, self._modbus_port)
        (self.folder / "scenario.yaml").write_text(json.dumps(scenario, indent=1), encoding="utf-8")
        self._cast.begin("simulators", str(self.folder / "scenario.yaml"))
        self._cast.next_line("simulators")  # before anybody asks a unit that is not there yet
        self.start_daemon(self.pace)

    def close(self) -> None:
        """End everything that still runs, the newest first."""
        if hasattr(self, "client"):
            self.client.close()
        self._cast.close()

    def end(self, name: str) -> None:
        """End a process (`simulators`, `daemon`) in good order."""
        self._cast.end(name)

    def kill(self, name: str) -> None:
        """End a process at once, as a power cut would."""
        self._cast.kill(name)

    def start_daemon(self, pace: Pace | None = None) -> None:
        """Start the daemon and wait for its door; a pace sets its clock, without one it starts as it was set."""
        if pace is not None:
            settings = self.scenery.settings(pace, self.broker.url, self._modbus_port)
            (self.folder / "lightctl.toml").write_text(settings, encoding="utf-8")
        if hasattr(self, "client"):
            self.client.close()
        self._cast.begin("daemon", "serve", "--config", str(self.folder / "lightctl.toml"))
        self.client = self._connect()

    def pid(self, name: str) -> int:
        """Give the process id of a running process."""
        return self._cast.pid(name)

    def dead(self) -> str:
        """Name a process that ended on its own, with what it said last; empty while all run."""
        return self._cast.dead()

    def _connect(self) -> httpx.Client:
        until = time.monotonic() + READY_S
        place, secret = self.store / "daemon.json", self.store / "operator.token"
        while time.monotonic() < until:
            if self.dead():
                raise LinkDown(self.dead())
            said = json.loads(place.read_text(encoding="utf-8")) if place.exists() else {}
            if said.get("pid") == self.pid("daemon") and secret.exists():
                url = said["url"]
                token = secret.read_text(encoding="utf-8").strip()
                return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60)
            time.sleep(0.05)
        raise LinkDown(f"the daemon did not start within {READY_S:.0f} s: {self._cast.last_words('daemon')}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def instants(clock: TimeScale) -> dt.datetime:
    """Give the present instant of a run."""
    return clock.instant(time.time())
