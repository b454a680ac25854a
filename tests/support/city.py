"""A small living city for tests that need one: a broker, simulated nodes, a daemon; all real processes on free ports.

Its clock starts on the evening of 2026-11-23 and runs as fast as ours. Each process is ended by its own pid.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lightctl.app.running.broker import NatsBroker, free_port
from tests.support.orphans import end_with_parent

ROOT = Path(__file__).resolve().parent.parent.parent
EVENING = "2026-11-23T20:30:00Z"
START_S = 60.0
STOP_S = 30.0
LAUNCHER = "import sys; sys.argv[0] = 'lightctl'; from lightctl.cli.main import main; sys.exit(main())"


@dataclass(frozen=True, slots=True)
class City:
    """Where a running city is; `folder` is the one its daemon was started in."""

    folder: Path
    url: str
    operator_token: str
    technician_token: str


def commands(folder: Path) -> Path:
    """Make a folder of commands for PATH, as .venv/bin has them: lightctl, python and python3 of this interpreter."""
    folder.mkdir()
    for name, arguments in (("lightctl", f'-P -c "{LAUNCHER}"'), ("python", ""), ("python3", "")):
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
        script.chmod(0o755)
    return folder


def environment(bin_folder: Path, home: Path) -> dict[str, str]:
    """Give an environment with nothing in it but a way to these commands and a home of its own."""
    return {
        "PATH": f"{bin_folder}:/usr/bin:/bin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TZ": "Europe/Berlin",
        "PYTHONPATH": str(ROOT),
    }


@contextlib.contextmanager
def living_city(folder: Path, environ: Mapping[str, str]) -> Iterator[City]:
    """Give a city of the five lamps of `lightctl init`, all of them following."""
    port = free_port()
    with NatsBroker(folder / "broker") as broker, contextlib.ExitStack() as stack:
        _lightctl(folder, environ, "init", "city")
        city = folder / "city"
        clock = f"start = {EVENING}\nmachine_epoch = {time.time()}\nspeed = 1.0\n"
        (city / "lightctl.toml").write_text(
            f'[site]\nname = "Test city"\ntime_zone = "Europe/Berlin"\n[store]\ndirectory = "store"\n'
            f'[http]\nport = {port}\n[links.mqtt]\ntype = "mqtt"\nurl = "{broker.url}"\n[clock]\n{clock}'
        )
        (city / "street.yaml").write_text(
            f'clock: {{start: "{EVENING}", machine_epoch: {time.time()}, speed: 1}}\n'
            f'mqtt: {{url: "{broker.url}"}}\nfleets:\n  - {{kind: native, inventory: inventory.csv}}\n'
        )
        _lightctl(city, environ, "inventory", "import", "inventory.csv", "--yes")
        _lightctl(city, environ, "schedule", "apply", "schedules", "--yes")
        daemon = stack.enter_context(_running(city, environ, "lightctl", "serve"))
        stack.enter_context(_running(city, environ, "python", "-m", "simulators", "street.yaml"))
        _until(lambda: _daemon_pid(city) == daemon.pid, "the daemon says where it is")
        _until(lambda: json.loads(_lightctl(city, environ, "status", "-o", "json"))["settled"] == 5, "5 lamps follow")
        token = json.loads(_lightctl(city, environ, "token", "create", "vera", "--role", "technician", "-o", "json"))
        yield City(
            city,
            f"http://127.0.0.1:{port}",
            (city / "store" / "operator.token").read_text().strip(),
            token["secret"],
        )


def _lightctl(cwd: Path, environ: Mapping[str, str], *arguments: str) -> str:
    done = subprocess.run(
        ["lightctl", *arguments], cwd=cwd, env=dict(environ), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, f"lightctl {' '.join(arguments)}: {done.stderr}"
    return done.stdout


@contextlib.contextmanager
def _running(cwd: Path, environ: Mapping[str, str], *command: str) -> Iterator[subprocess.Popen[bytes]]:
    log = cwd / f"{command[-1]}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - one thread, and nothing but a system call
        )
    try:
        yield process
        assert process.poll() is None, f"{command} ended with {process.returncode}: {log.read_text()}"
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_S)


def _daemon_pid(city: Path) -> int | None:
    try:
        return int(json.loads((city / "store" / "daemon.json").read_text())["pid"])
    except FileNotFoundError:
        return None


def _until(true, what: str) -> None:
    deadline = time.monotonic() + START_S
    while not true():
        assert time.monotonic() < deadline, f"not within {START_S:g} s: {what}"
        time.sleep(0.2)
