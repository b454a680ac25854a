"""Ending: a mark beside a database that its last owner had found every page sound and ended well.

With it the next start need not wait until every page was read once more. The mark names the very file: its size, its
inode and the instant of its last change, which is set to one no clock would give. So a copy, a restored backup, a file
that anything wrote to since, and one whose owner was killed have no mark, and are read before they are trusted.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

import msgspec

SUFFIX = "-sound"


class _Mark(msgspec.Struct):
    """The file as its owner left it."""

    size: int
    inode: int
    changed_ns: int


def took_mark(database: Path) -> bool:
    """Take the mark away, as this owner may end otherwise; says whether it was there and names this file."""
    mark = _mark_of(database)
    try:
        left = msgspec.json.decode(mark.read_bytes(), type=_Mark)
        mark.unlink()
        _sync(mark.parent)
        return left == _standing(database) and not _log_left(database)
    except (OSError, msgspec.DecodeError):
        with suppress(OSError):
            mark.unlink()
        return False


def leave_mark(database: Path) -> None:
    """Leave the mark on a closed database; without one where its log was left, or the disk takes nothing."""
    if _log_left(database):
        return
    mark = _mark_of(database)
    draft = mark.with_name(mark.name + ".new")
    with suppress(OSError):
        found = database.stat()
        os.utime(database, ns=(found.st_atime_ns, found.st_mtime_ns - 1 - secrets.randbelow(1_000_000_000)))
        with draft.open("wb") as file:
            file.write(msgspec.json.encode(_standing(database)))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(mark)
        _sync(mark.parent)


def _mark_of(database: Path) -> Path:
    return database.with_name(database.name + SUFFIX)


def _standing(database: Path) -> _Mark:
    found = database.stat()
    return _Mark(found.st_size, found.st_ino, found.st_mtime_ns)


def _log_left(database: Path) -> bool:
    log = database.with_name(database.name + "-wal")
    return log.exists() and log.stat().st_size > 0


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
