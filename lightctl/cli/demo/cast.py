"""The cast: broker, simulators and daemon as processes of a scratch folder, each ended by its own id.

Light to import, so that the processes can begin to load while whoever runs them still does.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lightctl.app.running.broker import NatsBroker
from lightctl.domain.errors import LinkDown

READY_S = 30.0
STOP_S = 15.0
# What each is, and what it loads before it is its turn.
PARTS = {
    "simulators": ("simulators", "simulators.__main__"),
    "daemon": ("lightctl", "lightctl.app.daemon", "lightctl.api.http", "uvicorn.protocols.http.h11_impl"),
}


@dataclass(slots=True)
class Cast:
    """One run's processes; leaving it ends all of them, the newest first. They load from its beginning on."""

    folder: Path
    began_s: float = field(default_factory=time.monotonic)
    broker: NatsBroker = field(init=False)
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _loading: list[str] = field(default_factory=list)
    _waiting: set[str] = field(default_factory=set)
    _broker_up: Future[NatsBroker] = field(init=False)

    def __enter__(self) -> Self:
        self.broker = NatsBroker(self.folder / "broker")
        thread = ThreadPoolExecutor(1, thread_name_prefix="broker")
        self._broker_up = thread.submit(self.broker.start)
        thread.shutdown(wait=False)
        try:
            for name in PARTS:
                self._load(name)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def await_broker(self) -> None:
        """Wait until the broker takes connections; raises LinkDown where it does not start."""
        self._broker_up.result()

    def await_loaded(self) -> None:
        """Wait until everybody waits for its turn; raises LinkDown where one does not."""
        for name in self._loading:
            self.next_line(name)
        self._loading.clear()

    def begin(self, name: str, *arguments: str) -> None:
        """Let a process begin with its arguments: the one that waits, or another when that has had its turn."""
        if name not in self._waiting:
            self._load(name)
        self.await_loaded()
        self._waiting.remove(name)
        stdin = self._processes[name].stdin
        assert stdin is not None
        stdin.write(json.dumps(arguments).encode() + b"\n")
        stdin.close()

    def next_line(self, name: str) -> dict[str, Any]:
        """Wait for what a process says next on stdout, a line of JSON; raises LinkDown where it ends or hangs."""
        stdout = self._processes[name].stdout
        assert stdout is not None
        readable, _, _ = select.select([stdout], [], [], READY_S)
        line = stdout.readline() if readable else b""
        if not line:
            raise LinkDown(f"the {name} did not start: {self.last_words(name)}")
        found: dict[str, Any] = json.loads(line)
        return found

    def pid(self, name: str) -> int:
        """Give the process id of a running process."""
        return self._processes[name].pid

    def end(self, name: str) -> None:
        """End a process (`simulators`, `daemon`) in good order."""
        _end(self._processes.pop(name))

    def kill(self, name: str) -> None:
        """End a process at once, as a power cut would."""
        process = self._processes.pop(name)
        process.kill()
        _end(process)

    def dead(self) -> str:
        """Name a process that ended on its own, with what it said last; empty while all run."""
        for name, process in self._processes.items():
            if process.poll() not in (None, 0):
                return f"the {name} ended with {process.returncode}: {self.last_words(name)}"
        return ""

    def last_words(self, name: str) -> str:
        """Give the end of a process's log."""
        log = self.folder / f"{name}.log"
        return log.read_text(encoding="utf-8", errors="replace")[-500:].strip() if log.exists() else ""

    def close(self) -> None:
        """End everything that still runs; safe to call twice."""
        for process in reversed(self._processes.values()):
            _end(process)
        self._processes.clear()
        self._broker_up.exception()
        self.broker.stop()

    def _load(self, name: str) -> None:
        environ = {key: value for key, value in os.environ.items() if not key.startswith("LIGHTCTL_")}
        with (self.folder / f"{name}.log").open("wb") as log:
            self._processes[name] = subprocess.Popen(  # noqa: S603 - our own interpreter and our own modules
                [sys.executable, "-m", "lightctl.cli.demo.understudy", *PARTS[name]],
                cwd=self.folder,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environ | {"PYTHONPATH": os.pathsep.join(each for each in sys.path if each)},
            )
        self._loading.append(name)
        self._waiting.add(name)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
