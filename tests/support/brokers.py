"""Real brokers on free loopback ports for tests: NATS from its wheel, and Mosquitto where it is installed.

Each is checked to be the one just started, and ended by its own pid.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from lightctl.app.running.broker import NatsBroker, accepts_mqtt, free_port

START_S = 10.0
COMES_UP_S = 60.0  # what it kept is read first, and other tests want the processor


class Broker(Protocol):
    host: str
    port: int
    pid: int

    def stop(self) -> None: ...
    def kill(self) -> None: ...
    def restart(self, *, empty: bool = False) -> None: ...


class MosquittoBroker:
    """Mosquitto in a folder of its own. `lines` are added to its configuration; `verbose`: it logs every packet."""

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        lines: tuple[str, ...] = (),
        *,
        anonymous: bool = True,
        verbose: bool = True,
    ) -> None:
        self.folder = folder
        self.host = "127.0.0.1"
        self.port = port or free_port()
        self.pid = 0
        self._lines = lines
        self._anonymous = anonymous
        self._verbose = verbose
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> MosquittoBroker:
        binary = find_mosquitto()
        self.folder.mkdir(parents=True, exist_ok=True)
        configuration = self.folder / "mosquitto.conf"
        listener = [f"listener {self.port} {self.host}", *self._lines]
        general = ["allow_anonymous true"] if self._anonymous else ["allow_anonymous false"]
        general += ["persistence true", f"persistence_location {self.folder}/", "max_queued_messages 0"]
        if os.geteuid() == 0:
            general.append("user root")
        configuration.write_text("\n".join([*general, *listener, ""]))
        log = self.folder / "mosquitto.log"
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [binary, *(["-v"] if self._verbose else []), "-c", str(configuration)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        self.pid = self._process.pid
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self._process.poll() is None:
            # A Mosquitto that cannot bind ends at once; "running" is written after the bind.
            if f"mosquitto version {version()} running" in log.read_text(errors="replace"):
                if self._process.poll() is None:
                    return self
                break
            time.sleep(0.01)
        text = log.read_text(errors="replace")
        self.kill()
        raise AssertionError(f"mosquitto did not start on port {self.port}:\n{text}")

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def restart(self, *, empty: bool = False) -> None:
        self.stop()
        if empty:
            (self.folder / "mosquitto.db").unlink(missing_ok=True)
        (self.folder / "mosquitto.log").unlink(missing_ok=True)
        self.start()

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(how)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)
        self.pid = 0


def find_mosquitto() -> str:
    """Give Mosquitto's path; skips the test where it is missing, fails it in CI."""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        why = "Mosquitto is not installed here (apt install mosquitto); CI runs this on it"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    return found


def version() -> str:
    out = subprocess.run([find_mosquitto(), "-h"], capture_output=True, text=True, check=False).stdout
    return out.split()[2] if out else ""


@contextlib.contextmanager
def start_nats(folder: Path, port: int | None = None) -> Iterator[NatsBroker]:
    """Run NATS for a test; `restart(empty=True)` gives an empty broker on the same port."""
    broker = NatsBroker(folder, port, timeout_s=COMES_UP_S)
    try:
        yield broker.start()
    finally:
        broker.stop()


@contextlib.contextmanager
def start_mosquitto(
    folder: Path, port: int | None = None, lines: tuple[str, ...] = (), *, anonymous: bool = True
) -> Iterator[MosquittoBroker]:
    """Run Mosquitto for a test, or skip it where there is none (CI=true: fail)."""
    broker = MosquittoBroker(folder, port, lines, anonymous=anonymous)
    try:
        yield broker.start()
    finally:
        broker.stop()


__all__ = ["Broker", "MosquittoBroker", "NatsBroker", "accepts_mqtt", "free_port", "start_mosquitto", "start_nats"]
