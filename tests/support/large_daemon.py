"""A daemon of a large city as a process of its own, on a broker where nobody listens but us."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as paho

from lightctl.app.running.broker import NatsBroker
from lightctl.domain.timescale import TimeScale
from tests.support.city import ROOT, running
from tests.support.large_city import write_settings

# What a development environment has beside what a daemon is installed with, and sqlite-utils would load.
NOT_INSTALLED = ("pandas", "numpy")
AS_INSTALLED = {"PYTHONDONTWRITEBYTECODE": ""}  # pip compiles what it installs
REVISION = re.compile(rb'\{"revision":(\d+)')  # a document begins with it
SERVE = """\
import sys
for name in {hidden!r}:
    sys.modules[name] = None
from lightctl.cli.main import run
sys.exit(run(['serve']))
"""


class Listener:
    """Counts what comes to a broker, and knows when the first of it came (`time.perf_counter`); may speak, too.

    revisions: what each node was last sent.
    """

    def __init__(self, broker: NatsBroker, topics: str) -> None:
        self.first: float | None = None
        self.count = 0
        self.revisions: dict[str, int] = {}
        self.heard = threading.Event()
        self._subscribed = threading.Event()
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
        self._client.on_message = self._hear
        self._client.on_connect = lambda *_: self._client.subscribe(topics, 0)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()
        assert self._subscribed.wait(30), "the broker did not take a subscription"

    def _hear(self, _client: paho.Client, _told: object, message: paho.MQTTMessage) -> None:
        if self.first is None:
            self.first = time.perf_counter()
        self.count += 1
        if found := REVISION.match(message.payload):
            self.revisions[message.topic.split("/")[-2]] = int(found[1])
        self.heard.set()

    def say(self, topic: str, payload: bytes) -> None:
        """Put a message on the broker, as a node does."""
        self._client.publish(topic, payload)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@dataclass(frozen=True, slots=True)
class LargeDaemon:
    """What runs. clock: the city's; began: when it was started (`time.perf_counter`)."""

    pid: int
    listener: Listener
    clock: TimeScale
    began: float


@contextlib.contextmanager
def large_daemon(folder: Path) -> Iterator[LargeDaemon]:
    """Start a daemon over `folder`/store."""
    with NatsBroker(folder / "broker") as broker:
        clock = write_settings(folder, broker.url)
        (folder / "serve.py").write_text(SERVE.format(hidden=NOT_INSTALLED))
        listener = Listener(broker, "lightctl/#")
        environ = {**os.environ, "PYTHONPATH": str(ROOT)} | AS_INSTALLED
        subprocess.run([sys.executable, "-m", "compileall", "-q", str(ROOT / "lightctl")], check=True, env=environ)
        try:
            began = time.perf_counter()
            with running(folder, environ, sys.executable, "serve.py") as daemon:
                yield LargeDaemon(daemon.pid, listener, clock, began)
        finally:
            listener.close()


def cpu_s(pid: int) -> float:
    """Give the processor seconds a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mb(pid: int) -> int:
    """Give the memory a process holds, in MB of a million bytes."""
    (line,) = [each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if each.startswith("VmRSS")]
    return int(line.split()[1]) * 1024 // 1_000_000
