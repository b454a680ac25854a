"""The lock that keeps the store with one owner: `lightctl.lock`, held for as long as the store is open."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from lightctl.domain.errors import StoreError

LOCK_NAME = "lightctl.lock"


class StoreOwned(StoreError):  # noqa: N818 - named for what it is, as the operator reads it
    """Another process has the store. Ask that daemon over HTTP, or stop it."""


class StoreLock:
    """An exclusive lock on a store's folder; the kernel gives it back even when its owner is killed."""

    def __init__(self, directory: Path) -> None:
        """Take the lock; raises StoreOwned that names the process that has it."""
        path = directory / LOCK_NAME
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(
                f"{path}: {error.strerror}. Give the user that runs lightctl write access to this folder."
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.pread(self._file, 32, 0).decode("ascii", "replace").strip()
            os.close(self._file)
            process = f"process {owner}" if owner else "another process"
            raise StoreOwned(
                f"{directory} belongs to {process}. Ask that daemon over HTTP (--url, LIGHTCTL_URL), stop it"
                f"{f' (kill {owner})' if owner else ''}, or use another folder."
            ) from error
        except OSError as error:
            os.close(self._file)
            raise StoreError(f"{path}: {error.strerror}. The store needs a disk that knows file locks.") from error
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Give the lock back; the file stays, since deleting it could let two owners in."""
        os.close(self._file)
