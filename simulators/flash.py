"""Flash memories of all simulated nodes: one SQLite file per process, read again at a node's boot and after a kill.

Counters stand in a table of their own, so that they can be written often: a row is a hundredth of a document with its
nights. Writes of one round are one transaction; what was saved before `commit` returned survives a SIGKILL. With no
folder the flash lives as long as the process.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec

from simulators.node import Memory

FILE_NAME = "flash.sqlite"
Counters = tuple[dict[int, float], dict[int, float]]


class Flash:
    """Memory by node id. What is not written yet is kept as it was given; the last of it is written out."""

    def __init__(self, folder: Path | None) -> None:
        self._waiting: dict[str, Memory] = {}
        self._waiting_counters: dict[str, Memory] = {}
        self._file = None if folder is None else _open(folder)

    def load(self, node: str) -> Memory | None:
        """Give what a node's flash holds; None when it is empty or its content cannot be trusted."""
        self.commit()
        if self._file is None:
            memory, counters = self._waiting.get(node), self._waiting_counters.get(node)
            return memory and counters and replace(memory, energy_wh=counters.energy_wh, lit_h=counters.lit_h)
        query = "select memory.body, counters.body from memory left join counters using (node) where node = ?"
        row = self._file.execute(query, (node,)).fetchone()
        if row is None:
            return None
        try:
            memory = msgspec.json.decode(row[0], type=Memory)
            if row[1] is None:
                return memory
            energy_wh, lit_h = msgspec.json.decode(row[1], type=Counters)
        except msgspec.DecodeError:
            return None
        return replace(memory, energy_wh=energy_wh, lit_h=lit_h)

    def save(self, node: str, memory: Memory) -> None:
        """Put a memory down; it is safe once `commit` has returned."""
        self._waiting[node] = memory
        self.save_counters(node, memory)

    def save_counters(self, node: str, memory: Memory) -> None:
        """Put only the counters of a memory down."""
        self._waiting_counters[node] = memory

    def commit(self) -> None:
        """Make everything saved so far survive."""
        if self._file is None or not self._waiting_counters:
            return
        with self._file:
            self._file.executemany("insert or replace into memory values (?, ?)", self._memories())
            self._file.executemany("insert or replace into counters values (?, ?)", self._counters())
        self._waiting, self._waiting_counters = {}, {}

    def close(self) -> None:
        """Commit and close the file."""
        self.commit()
        if self._file is not None:
            self._file.close()

    def _memories(self) -> Iterator[tuple[str, bytes]]:
        for node, memory in self._waiting.items():
            yield node, msgspec.json.encode(replace(memory, energy_wh={}, lit_h={}))

    def _counters(self) -> Iterator[tuple[str, bytes]]:
        for node, memory in self._waiting_counters.items():
            yield node, msgspec.json.encode((memory.energy_wh, memory.lit_h))


def _open(folder: Path) -> sqlite3.Connection:
    folder.mkdir(parents=True, exist_ok=True)
    file = sqlite3.connect(folder / FILE_NAME)
    file.execute("pragma journal_mode = wal")
    file.execute("pragma synchronous = normal")
    for table in ("memory", "counters"):
        file.execute(f"create table if not exists {table} (node text primary key, body blob not null)")
    file.commit()
    return file
