"""A city under fire: a real broker, simulated nodes that live through everything, and a daemon that is killed.

The lamps' own log is the judge, and native nodes keep their document in flash. The clock of the run starts in the late
evening and runs ten times as fast unless told otherwise, so that waiting for a node costs little.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from lightctl.app.running.broker import free_port
from lightctl.cli.demo.scenery import STORE, TRUTH, Pace, Scenery
from lightctl.cli.demo.town_scenery import bring_town_in
from lightctl.cli.demo.truth import TruthReader
from lightctl.devices.fit import fit_level
from lightctl.devices.profile import shipped_profiles
from lightctl.domain.timescale import TimeScale
from tests.support.brokers import Broker
from tests.support.city import ROOT
from tests.support.fire_town import DEAD, LINE, PLACE, PROGRAM, Town, schedules
from tests.support.orphans import end_with_parent

EVENING = dt.datetime(2026, 12, 4, 21, 30, tzinfo=dt.UTC)
SPEED = 10.0
HEARTBEAT_S = 6.0
PATIENCE = 4.0
"""With it a node has two machine seconds to answer: a broker that is back has its nodes back within a few."""
NIGHT_S = 8.5 * 3600 / SPEED
"""How long a city stays in its first night (machine seconds): what a lamp shall do is plain for so long."""
START_S, STOP_S, ANSWER_S = 120.0, 30.0, 60.0


@dataclass(frozen=True, slots=True)
class Around:
    """What a process gets besides: variables, for a daemon arguments of tests.support.struck, a command to start it.

    host: the address of the daemon's HTTP door.
    """

    environ: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    host: str = ""


NOTHING = Around()


class FireCity:
    """The processes of one city in a folder; leaving it ends each by its own id. The broker is the caller's.

    A folder that has a store already is gone on with. daemon_url, nodes_url: where each side finds the broker, if a
    proxy stands before it. heartbeat_s, patience: how often nodes report (machine seconds), and how much longer than
    in a small town they are waited for. evening, speed: when its clock starts and how fast it runs. poll_s: how often
    Modbus units are asked (machine seconds). more: further settings (TOML). files: its first
    schedules. around, nodes_around: what daemon and nodes get besides.
    """

    def __init__(
        self,
        folder: Path,
        broker: Broker,
        town: Town,
        *,
        breaking: str = "",
        disk: bool = False,
        daemon_url: str = "",
        nodes_url: str = "",
        heartbeat_s: float = HEARTBEAT_S,
        patience: float = PATIENCE,
        evening: dt.datetime = EVENING,
        speed: float = SPEED,
        poll_s: float = 0.25,
        more: str = "",
        files: Mapping[str, str] | None = None,
        around: Around = NOTHING,
        nodes_around: Around = NOTHING,
    ) -> None:
        self.folder, self.breaking, self._disk = folder, breaking, disk
        self.heartbeat_s, self._patience, self._more = heartbeat_s, patience, more
        self._clock = evening, speed
        self._files, self._around, self._nodes_around = files or schedules(PROGRAM), around, nodes_around
        self.points = town.points
        self.lamps = [point.id for point in self.points if point.tags["make"] != DEAD]
        self.dead = {point.node for point in self.points if point.tags["make"] == DEAD}
        url = f"mqtt://{broker.host}:{broker.port}"
        self._urls = daemon_url or url, nodes_url or url
        self.store, self.truth = folder / STORE, TruthReader(folder / TRUTH)
        self.native = {point.node for point in self.points if point.profile == "native"}
        self._fits = {
            point.id: (shipped_profiles()[point.profile].capabilities, point.min_level) for point in self.points
        }
        self.scenery = Scenery("Fire", PLACE, town.fleets, town.units, LINE, poll_s=poll_s)
        self.client: httpx.Client | None = None
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not self.store.exists():
                bring_town_in(self.points, self._files)(self)  # type: ignore[arg-type]
            evening, speed = self._clock
            clock = TimeScale(evening, time.time(), speed)
            self.pace, self.began_s = (
                Pace(clock, self.heartbeat_s * speed, 5, patience=self._patience),
                time.monotonic(),
            )
            line_port = free_port()
            scenario = self.scenery.scenario(self.pace, self._urls[1], line_port)
            (self.folder / "scenario.yaml").write_text(json.dumps(scenario))
            settings = self.scenery.settings(self.pace, self._urls[0], line_port) + self._more
            # A broker that comes and goes all the time must not be waited for as one that is down for hours.
            calm = 'type = "mqtt"\nreconnect_cap_s = 1.0\nkeepalive_s = 5'
            settings = settings.replace('type = "mqtt"', calm, 1)
            if self._around.host:
                settings = settings.replace("[http]", f'[http]\nhost = "{self._around.host}"', 1)
            (self.folder / "lightctl.toml").write_text(settings)
            arguments = ("-m", "simulators", "scenario.yaml", "--stdin-faults")
            self._start("simulators", arguments, self._nodes_around)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def age_s(self) -> float:
        """How long it has been running, machine seconds."""
        return time.monotonic() - self.began_s

    def now(self) -> dt.datetime:
        """Give the present instant of the run."""
        return self.pace.clock.instant(time.time())

    # -- the daemon -----------------------------------------------------------------------------------------------

    def start_daemon(self, strike: str = "") -> bool:
        """Start it and wait for its door; with a strike it may die before, and False is given."""
        arguments = ["-m", "tests.support.struck", "--armed-by", "strike", "--break", self.breaking]
        arguments += ["--strike", strike] if strike else []
        arguments += ["--disk", STORE] if self._disk else []
        arguments += [*self._around.arguments, "serve", "--config", "lightctl.toml"]
        self._start("daemon", arguments, self._around)
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if not self.alive():
                assert strike, f"the daemon ended on its own: {self.last_words()}"
                return False
            said = _json(self.store / "daemon.json")
            secret = self.store / "operator.token"
            if said.get("pid") == self._running["daemon"].pid and secret.exists():
                bearer = {"Authorization": f"Bearer {secret.read_text().strip()}"}
                self._hang_up()
                self.client = httpx.Client(base_url=said["url"], headers=bearer, timeout=ANSWER_S)
                return True
            time.sleep(0.02)
        raise AssertionError(f"the daemon did not start: {self.last_words()}")

    def alive(self) -> bool:
        return self._running["daemon"].poll() is None

    def arm(self, strike: str) -> None:
        """Have the running daemon kill itself at the n-th moment of a kind, counted from now on."""
        (self.folder / "strike").write_text(strike)
        self._running["daemon"].send_signal(signal.SIGUSR2)

    def kill_daemon(self, *, within_s: float = 0.0) -> bool:
        """Wait until it has killed itself, for so long at most, then kill it; says whether it had done so itself."""
        process = self._running.pop("daemon")
        try:
            process.wait(within_s or 0.001)
            struck = True
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_S)
            struck = False
        assert process.returncode == -signal.SIGKILL, f"it ended with {process.returncode}: {self.last_words()}"
        return struck

    def last_words(self) -> str:
        return (self.folder / "daemon.log").read_text(errors="replace")[-2000:]

    def reboot(self, nodes: list[str]) -> None:
        """Have nodes start anew; those that are switched live forget what they were told."""
        self.tell_street({"kind": "reboot", "nodes": nodes})

    def tell_street(self, fault: dict[str, object]) -> None:
        """Put a fault in, or take one back, as docs/simulators.md has it."""
        street = self._running["simulators"].stdin
        assert street is not None
        street.write(json.dumps(fault).encode() + b"\n")
        street.flush()

    def pid(self, name: str) -> int:
        """Give the process id of the `daemon` or the `simulators`."""
        return self._running[name].pid

    # -- what is really so ----------------------------------------------------------------------------------------

    def levels(self) -> dict[str, float]:
        """Give what each lamp really does now, by its own log."""
        self.truth.read_on()
        return {name: lamp.levels[-1] for name, lamp in self.truth.lamps.items()}

    def fitted(self, lamp: str, level: int) -> int:
        """Give the level that a lamp really takes for the one asked for."""
        return fit_level(level, *self._fits[lamp])

    def applied(self) -> dict[str, int]:
        """Give the revision that each node holds, read from the nodes' flash."""
        with contextlib.closing(sqlite3.connect(f"file:{self.folder}/flash/flash.sqlite?mode=ro", uri=True)) as flash:
            rows = flash.execute("SELECT node, body FROM memory").fetchall()
        found = {node: (json.loads(body).get("desired") or {}).get("revision", 0) for node, body in rows}
        return {node: revision for node, revision in found.items() if revision}

    def status(self) -> dict[str, Any]:
        assert self.client is not None
        found: dict[str, Any] = self.client.get("/v1/status").raise_for_status().json()
        return found

    def _start(self, name: str, arguments: Sequence[str], around: Around) -> None:
        environ = {key: value for key, value in os.environ.items() if not key.startswith("LIGHTCTL_")}
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [*around.command, sys.executable, *arguments],
                cwd=self.folder,
                stdin=subprocess.PIPE if name == "simulators" else subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environ | {"PYTHONPATH": str(ROOT)} | dict(around.environ),
                preexec_fn=end_with_parent,  # noqa: PLW1509 - nothing but a system call
            )

    def _hang_up(self) -> None:
        if self.client is not None:
            self.client.close()

    def close(self) -> None:
        self._hang_up()
        for process in reversed(self._running.values()):
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(STOP_S)
            if process.stdin is not None:
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.close()
        self._running.clear()


def _json(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    return found


def naps(seconds: float, nap_s: float = 0.1) -> Iterator[None]:
    """Come back again and again until the time is over."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        yield
        time.sleep(nap_s)
