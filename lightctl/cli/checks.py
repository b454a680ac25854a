"""The checks of `doctor`: each looks at one thing and says ok, warn or fail, what it found, and what to do."""

from __future__ import annotations

import ctypes
import datetime as dt
import os
import shutil
import socket
import ssl
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from lightctl import __version__
from lightctl.cli.door import Door
from lightctl.cli.failures import Failure, failure_of
from lightctl.domain.errors import InvalidInput, LightctlError
from lightctl.files.settings import LinkSettings, ModbusRtuLinkSettings, MqttLinkSettings, Settings, settings_files

CONNECT_S = 3.0
LOW_DISK_BYTES = 500_000_000
CLOCK_APART_S = 5.0
RELEASED = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
_UNSYNCHRONISED = 5  # adjtimex(2) TIME_ERROR


@dataclass(frozen=True, slots=True)
class Check:
    """What one look found; state is ok, warn or fail."""

    name: str
    state: str
    found: str
    remedy: str = ""

    def shape(self) -> dict[str, Any]:
        """Give the check as JSON has it."""
        return asdict(self)


def examine(door: Door) -> Iterator[Check]:
    """Look at everything; what cannot be looked at because something before it fails is left out."""
    yield _python()
    yield _clock()
    if door.url:
        yield from _daemon(door)
        return
    try:
        settings = door.settings()
    except InvalidInput as error:
        yield Check("settings", "fail", f"{error.where}: {error.why}", error.hint or "Correct the file.")
        return
    yield _settings(settings_files(door.config, os.environ, Path.cwd()))
    yield _time_zone(settings)
    store = _store(settings)
    yield store
    if store.state != "fail":
        yield from _daemon(door)
    if not settings.links:
        yield Check("links", "warn", "no link in settings", "Add [links.NAME] for each broker or Modbus line.")
    for name, link in settings.links.items():
        yield _link(name, link)


def _python() -> Check:
    return Check("lightctl", "ok", f"{__version__} on Python {sys.version.split()[0]}")


def _clock() -> Check:
    now = dt.datetime.now(dt.UTC)
    remedy = "Set the clock and keep it in time: `timedatectl set-ntp true`, chrony or ntpd."
    if now < RELEASED:
        return Check("clock", "fail", f"{now:%Y-%m-%d %H:%M:%SZ} is before this version was made", remedy)
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(512))
    except (OSError, AttributeError):
        state = -1
    if state == _UNSYNCHRONISED:
        return Check("clock", "warn", f"{now:%Y-%m-%d %H:%M:%SZ}; nobody keeps it in time, says the kernel", remedy)
    return Check("clock", "ok", f"{now:%Y-%m-%d %H:%M:%SZ}")


def _settings(files: Sequence[Path]) -> Check:
    if not files:
        return Check("settings", "warn", "no file; all defaults", "`lightctl init DIR` writes one, with comments.")
    return Check("settings", "ok", ", ".join(map(str, files)))


def _time_zone(settings: Settings) -> Check:
    name = settings.site.time_zone
    try:
        zone = ZoneInfo(name)
    except (OSError, ValueError) as error:
        return Check("time zone", "fail", f"{name}: {error}", "Correct site.time_zone, or install the tzdata package.")
    local_now = dt.datetime.now(dt.UTC).astimezone(zone)
    return Check("time zone", "ok", f"{name}, now {local_now:%H:%M} ({local_now:%Z})")


def _store(settings: Settings) -> Check:
    folder = Path(settings.store.directory)
    remedy = "Give the user of lightctl write access, or choose another store.directory."
    nearest = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        return Check("store", "fail", f"{nearest} cannot be written to", remedy)
    free = shutil.disk_usage(nearest).free
    if free < LOW_DISK_BYTES:
        return Check("store", "warn", f"{folder}: {free // 1_000_000} MB free", "Free some space.")
    there = "" if folder.exists() else ", made at the first use"
    return Check("store", "ok", f"{folder}, {free // 1_000_000_000} GB free{there}")


def _daemon(door: Door) -> Iterator[Check]:
    try:
        with door.open() as client:
            status = client.get("/v1/status")
            targets = client.get("/v1/notifications")
            links = {str(node["link"]) for node in client.get("/v1/nodes") if node["claimed"]}
            where = client.where
    except (Failure, LightctlError) as error:
        failure = error if isinstance(error, Failure) else failure_of(error)
        yield Check("daemon", "fail", failure.message, failure.hint)
        return
    if not status["daemon"]:
        yield Check("daemon", "warn", "none runs on this store", "`lightctl serve` starts it.")
    else:
        yield Check("daemon", "ok", f"{where}, version {status['version']}")
        yield from _daemon_clock(door, status)
        yield from (
            Check(f"link {link['name']} (daemon)", "fail", f"down: {link['detail']}", "See the checks of this link.")
            for link in status["links"]
            if not link["up"]
        )
    yield from map(_notification, targets)
    if not door.url:
        yield from _unknown_links(door.settings(), links)


def _daemon_clock(door: Door, status: dict[str, Any]) -> Iterator[Check]:
    if not door.url and door.settings().clock is not None:
        return  # the run lives by a clock of its own
    apart = abs((dt.datetime.fromisoformat(status["now"]) - dt.datetime.now(dt.UTC)).total_seconds())
    if apart > CLOCK_APART_S:
        yield Check("daemon clock", "warn", f"{apart:.0f} s from this machine's", "Keep both in time (NTP).")


def _unknown_links(settings: Settings, links: set[str]) -> Iterator[Check]:
    unknown = sorted(links - set(settings.links))
    if unknown:
        names = ", ".join(unknown)
        yield Check("inventory", "fail", f"nodes on links that settings do not name: {names}", "Add [links.NAME].")


def _notification(target: dict[str, Any]) -> Check:
    title = f"notification {target['name']}"
    lost = f"{target['given_up']} given up" if target["given_up"] else ""
    if target["failing_since"]:
        found = f"failing since {target['failing_since']}: {target['why']}"
        remedy = f"Correct it, then `lightctl notification test {target['name']}`."
        return Check(title, "fail", "; ".join(filter(None, (found, f"{target['waiting']} waiting", lost))), remedy)
    told = f"last told {target['last_success_at']}" if target["last_success_at"] else "nothing told yet"
    return Check(title, "ok", "; ".join(filter(None, (told, lost))))


def _link(name: str, link: LinkSettings) -> Check:
    title = f"link {name}"
    if isinstance(link, ModbusRtuLinkSettings):
        if not os.access(link.device, os.R_OK | os.W_OK):
            remedy = "Check the cable, and that this user is in the group dialout."
            return Check(title, "fail", f"{link.device} is not there or not allowed", remedy)
        return Check(title, "ok", link.device)
    where = f"{link.host}:{link.port}"
    try:
        with socket.create_connection((link.host, link.port), CONNECT_S) as wire:
            if isinstance(link, MqttLinkSettings) and link.tls:
                context = ssl.create_default_context(cafile=link.ca_file or None)
                context.wrap_socket(wire, server_hostname=link.host).close()
    except ssl.SSLError as error:
        return Check(title, "fail", f"{where}: {error}", "Check the certificate and ca_file of this link.")
    except (OSError, UnicodeError) as error:
        return Check(title, "fail", f"{where}: {error}", "Check the address, the broker or gateway, a firewall.")
    return Check(title, "ok", f"{where} answers")
