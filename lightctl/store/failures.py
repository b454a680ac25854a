"""Failures: whatever SQLite, the disk or a value says no with becomes a StoreError that names the next step."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from lightctl.domain.errors import StoreError

DAMAGED = (
    "Nothing in it was changed. Stop lightctl, move the file away together with its -wal and -shm files, put a backup "
    "in its place and start again."
)


class ContentRefused(StoreError):  # noqa: N818 - named for what it is, as its siblings
    """The store is well, but its rules refuse this content; trying again cannot help."""


_SAID = {
    "SQLITE_FULL": (
        "the disk is full",
        "Free some space; what was recorded before is safe, nothing of this change was kept.",
    ),
    "SQLITE_BUSY": ("another process holds it", "Close whatever has the file open (a backup, a database browser)."),
    "SQLITE_LOCKED": ("it is locked", "Close whatever has the file open (a backup, a database browser)."),
    "SQLITE_READONLY": ("it is read-only", "Give the user that runs lightctl write access to the file and its folder."),
    "SQLITE_CANTOPEN": ("it cannot be opened", "Check that the folder exists and belongs to the user of lightctl."),
    "SQLITE_CORRUPT": ("it is damaged", DAMAGED),
    "SQLITE_NOTADB": ("it is damaged: this is not a database", DAMAGED),
    "SQLITE_IOERR": ("the disk refuses to read or write", "Check the disk, its free space and its quota."),
}


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Turn whatever goes wrong inside into a StoreError about the database `name`."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise ContentRefused(f"{name}: a rule of the store refuses this: {error}") from error
    except sqlite3.Error as error:
        raise StoreError(f"{name}: {_why(error)}") from error
    except (OverflowError, UnicodeEncodeError) as error:
        raise ContentRefused(f"{name}: a value cannot be stored ({error}). Correct it and try again.") from error
    except msgspec.MsgspecError as error:
        raise _unreadable(name, error) from error


@contextmanager
def understood(name: str) -> Iterator[None]:
    """Turn a value of the database `name` that says nothing (no instant, no state, no such key) into a StoreError."""
    try:
        yield
    except (msgspec.MsgspecError, ValueError, KeyError) as error:
        raise _unreadable(name, error) from error


def _unreadable(name: str, error: Exception) -> StoreError:
    return StoreError(f"{name}: a stored value cannot be read ({error}). {DAMAGED}")


def _why(error: sqlite3.Error) -> str:
    code = getattr(error, "sqlite_errorname", "")
    for name, (why, remedy) in _SAID.items():
        if code.startswith(name):
            return f"{why} ({error}). {remedy}"
    return f"{error}. Check the disk and that no other program owns the file."
