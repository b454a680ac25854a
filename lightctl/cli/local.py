"""This host: is a daemon running here, and with what may one speak to it.

The daemon writes `daemon.json` ({"url", "pid"}) and `operator.token` (0600) beside its store. Whoever may read those,
or open the store, is an operator of it: the folder's permissions are the key.
"""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path

from lightctl.domain.errors import NotPermitted, StoreError
from lightctl.files.settings import Settings

LOCK_NAME = "lightctl.lock"
DAEMON_NAME = "daemon.json"
TOKEN_NAME = "operator.token"  # noqa: S105 - the name of a file
UNREADABLE = -1


@dataclass(frozen=True, slots=True)
class Daemon:
    """A daemon that runs on this host over a store."""

    url: str
    pid: int


def running_daemon(settings: Settings) -> Daemon | None:
    """Give the daemon that holds the store, or None when none does."""
    owner = lock_owner(settings)
    if owner is None:
        return None
    path = folder_of(settings) / DAEMON_NAME
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        daemon = Daemon(str(found["url"]), int(found["pid"]))
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise NotPermitted(
            f"a daemon runs here, but you may not read {path}. Use --url with LIGHTCTL_TOKEN, or run as its user."
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path} cannot be read ({error}). Restart the daemon, which writes it anew.") from error
    # A killed daemon leaves its file behind, and it may be another command that holds the lock just now.
    return daemon if owner in (daemon.pid, UNREADABLE) else None


def lock_owner(settings: Settings) -> int | None:
    """Give the process that holds the store's lock, UNREADABLE when this user may not know, None when nobody does."""
    try:
        lock = os.open(folder_of(settings) / LOCK_NAME, os.O_RDONLY | os.O_CLOEXEC)
    except PermissionError:
        return UNREADABLE
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.pread(lock, 32, 0).strip()
        return int(owner) if owner.isdigit() else UNREADABLE
    finally:
        os.close(lock)
    return None


def operator_token(settings: Settings) -> str | None:
    """Give the token the daemon left for its own host; None when this user may not read it."""
    try:
        return (folder_of(settings) / TOKEN_NAME).read_text(encoding="ascii").strip() or None
    except (OSError, ValueError):
        return None


def folder_of(settings: Settings) -> Path:
    """Give the folder of the store."""
    return Path(settings.store.directory)
