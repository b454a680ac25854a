"""Flash memories of all simulated nodes: one SQLite file per process, read again at a node's boot and after a kill.

Writes of one round are one transaction; what was saved before `commit` returned survives a SIGKILL. With no folder the
flash lives as long as the process.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec

from simulators.node import Memory

FILE_NAME = "flash.sqlite"


class Flash:
    """Memory by node id."""

    def __init__(self, folder: Path | None) -> None:
        self._waiting: dict[str, bytes] = {}
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self._file = sqlite3.connect(":memory:" if folder is None else folder / FILE_NAME)
        self._file.execute("pragma journal_mode = wal")
        self._file.execute("pragma synchronous = normal")
        self._file.execute("create table if not exists memory (node text primary key, body blob not null)")
        self._file.commit()

    def load(self, node: str) -> Memory | None:
        """Give what a node's flash holds; None when it is empty or its content cannot be trusted."""
        self.commit()
        row = self._file.execute("select body from memory where node = ?", (node,)).fetchone()
        try:
            return None if row is None else msgspec.json.decode(row[0], type=Memory)
        except msgspec.DecodeError:
            return None

    def save(self, node: str, memory: Memory) -> None:
        """Put a memory down; it is safe once `commit` has returned."""
        self._waiting[node] = msgspec.json.encode(memory)

    def commit(self) -> None:
        """Make everything saved so far survive."""
        if self._waiting:
            with self._file:
                self._file.executemany("insert or replace into memory values (?, ?)", self._waiting.items())
            self._waiting = {}

    def close(self) -> None:
        """Commit and close the file."""
        self.commit()
        self._file.close()
