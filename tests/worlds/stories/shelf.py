"""Empty stores, ready at hand: a schedule of migrations takes longer than a whole night of a small street."""

from __future__ import annotations

import sqlite3

from lightctl.store.sqlite import SqliteStore


def connection(store: SqliteStore) -> sqlite3.Connection:
    """Give the connection to the main database, to copy it whole."""
    return store._main.db.conn


class Shelf:
    """Stores in memory that are emptied and used again. One per process."""

    def __init__(self) -> None:
        self._empty: sqlite3.Connection | None = None
        self._free: list[SqliteStore] = []

    def take(self) -> SqliteStore:
        """Give an empty store."""
        store = self._free.pop() if self._free else SqliteStore(None)
        if self._empty is None:
            self._empty = sqlite3.connect(":memory:")
            connection(store).backup(self._empty)
        else:
            self._empty.backup(connection(store))
        return store

    def give_back(self, store: SqliteStore) -> None:
        """Take a store back."""
        self._free.append(store)


SHELF = Shelf()
