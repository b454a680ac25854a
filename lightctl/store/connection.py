"""One SQLite database and the one connection to it: opened with care, every write in BEGIN IMMEDIATE.

A deferred BEGIN that reads and then writes fails at once under a second connection, whatever the busy timeout; so a
transaction takes the write lock first. Transactions nest: the inner ones are savepoints.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import Enum, auto
from pathlib import Path
from typing import Any

from sqlite_utils import Database, Migrations

from lightctl.domain.errors import StoreError
from lightctl.store import batches
from lightctl.store.ending import leave_mark, took_mark
from lightctl.store.failures import DAMAGED, explained
from lightctl.store.inspection import Inspection

APPLICATION_ID = 0x4C43544C  # "LCTL", as `file` and SQLite tools show it
WAL_LIMIT_BYTES = 16 * 1024 * 1024
BUSY_TIMEOUT_S = 5.0
CACHE_KIB = 8 * 1024

Row = tuple[Any, ...]
Parameters = Sequence[object]


class Check(Enum):
    """When every page of a database is read to see whether one is damaged.

    BESIDE: while it is read already, by a connection of its own; nothing is written before it is through. Where the
    last owner found all sound and ended well, it is put off until `inspect`.
    """

    NONE = auto()
    FIRST = auto()
    BESIDE = auto()


class SqliteFile:
    """A database in a file, or in memory where `path` is None."""

    def __init__(
        self, path: Path | None, migrations: Migrations, *, synchronous: str, check: Check = Check.NONE
    ) -> None:
        """Open, check, migrate. In doubt raises StoreError and changes nothing."""
        self.name = ":memory:" if path is None else str(path)
        self._depth = 0
        self._path = path
        self._inspection: Inspection | None = None
        self._later: Inspection | None = None
        self._put_off = self._sound = False
        with explained(self.name):
            if path is not None:
                _prepare(path)
            connection = sqlite3.connect(
                self.name, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False, cached_statements=256
            )
            try:
                self.db = Database(connection, execute_plugins=False)
                if path is not None and check is not Check.NONE:
                    self._put_off = took_mark(path) and check is Check.BESIDE
                    self._inspection = None if self._put_off else Inspection(path)
                if check is Check.FIRST:
                    self.insist_on_soundness()
                self._check(migrations)
                self._configure(synchronous, in_memory=path is None)
                if migrations.pending(self.db):
                    with self.transaction():
                        migrations.apply(self.db)
            except BaseException:
                self._end_inspection()
                connection.close()
                raise

    def insist_on_soundness(self) -> None:
        """Wait until the check of every page is through, where there is one; StoreError where a page is damaged."""
        if self._inspection is not None:
            self._inspection.insist()
            self._inspection, self._sound = None, True

    def inspect(self) -> None:
        """Read every page now, where that was put off, on any thread; StoreError where one is damaged."""
        if self._put_off and self._path is not None:
            self._put_off, self._later = False, Inspection(self._path)
            self._later.insist()
            self._sound = True

    def _end_inspection(self) -> None:
        if self._inspection is not None:
            self._inspection.end()

    def _check(self, migrations: Migrations) -> None:
        (tables,) = self.rows("SELECT count(*) FROM sqlite_master")[0]
        (owner,) = self.rows("PRAGMA application_id")[0]
        if tables and owner != APPLICATION_ID:
            raise StoreError(f"{self.name}: this is not a store of lightctl. Use another folder; nothing was changed.")
        with Database(memory=True, execute_plugins=False) as empty:
            known = {migration.name for migration in migrations.pending(empty)}
        newer = [migration.name for migration in migrations.applied(self.db) if migration.name not in known]
        if newer:
            raise StoreError(
                f"{self.name}: a newer lightctl wrote it (it knows {newer[-1]}). Run that version again, or restore "
                "the backup from before the update; nothing was changed."
            )

    def _configure(self, synchronous: str, *, in_memory: bool) -> None:
        self.db.execute("PRAGMA trusted_schema = OFF")
        self.db.execute("PRAGMA foreign_keys = ON")
        (mode,) = self.rows("PRAGMA journal_mode")[0]
        if mode != "wal":
            self.insist_on_soundness()
            (mode,) = self.rows("PRAGMA journal_mode = WAL")[0]
        if mode != "wal" and not in_memory:
            raise StoreError(f"{self.name}: this disk does not support a write-ahead log. Use a local disk.")
        self.db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        self.db.execute(f"PRAGMA synchronous = {synchronous}")
        self.db.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT_BYTES}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do everything inside or nothing of it; nested ones are undone alone when their error is caught outside."""
        with explained(self.name):
            if self._depth:
                self._still_open()
                with self._deeper(), self.db.atomic():
                    yield
                return
            self.insist_on_soundness()
            self.db.execute("BEGIN IMMEDIATE")
            try:
                with self._deeper():
                    yield
                self._still_open()
                self.db.execute("COMMIT")
            except BaseException:
                self.db.rollback()
                raise

    @contextmanager
    def _deeper(self) -> Iterator[None]:
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    def _still_open(self) -> None:
        # A full disk makes SQLite undo the whole transaction; going on would commit the rest statement by statement.
        if not self.db.conn.in_transaction:
            raise StoreError(f"{self.name}: the transaction was undone by an earlier error. Nothing of it was kept.")

    def run(self, sql: str, parameters: Parameters = ()) -> int:
        """Run one writing statement inside a transaction; gives how many rows it touched."""
        assert self._depth, "a write outside of a transaction"
        return self.db.conn.execute(sql, parameters).rowcount

    def run_many(self, sql: str, rows: Iterable[Parameters]) -> int:
        """Run one writing statement for many rows inside a transaction; gives how many rows they touched in all."""
        assert self._depth, "a write outside of a transaction"
        return batches.write(self.db.conn, sql, rows)

    def rows(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Read all rows."""
        with explained(self.name):
            return self.db.conn.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Parameters = ()) -> Row | None:
        """Read the first row, if there is one."""
        found = self.rows(sql, parameters)
        return found[0] if found else None

    def number(self, sql: str, parameters: Parameters = ()) -> int:
        """Read one number."""
        with explained(self.name):
            (value,) = self.db.conn.execute(sql, parameters).fetchone()
            return int(value)

    def each(self, sql: str, parameters: Parameters = ()) -> Iterator[Row]:
        """Read row by row, for what may not fit into memory."""
        with explained(self.name):
            yield from self.db.conn.execute(sql, parameters)

    def forget_pages(self) -> None:
        """Give back the room of pages that were read once and will not be again soon."""
        with explained(self.name):
            self.db.execute("PRAGMA shrink_memory")

    def close(self) -> None:
        """Fold the write-ahead log into the database, close it and say that all is well; safe to call twice."""
        if self._later is not None:
            self._later.end()
        if self._inspection is not None:
            self._end_inspection()  # it is not known to be sound: nothing more is written
            self.db.close()
            return
        # On a full disk the log stays beside the database and is read again at the next start.
        with suppress(StoreError), explained(self.name):
            self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.db.close()
        if self._sound and self._path is not None:
            self._sound = False
            leave_mark(self._path)


def _prepare(path: Path) -> None:
    log = path.with_name(path.name + "-wal")
    try:
        if path.exists() and path.stat().st_size == 0 and log.exists() and log.stat().st_size > 0:
            # SQLite would take the empty file for a new database and delete the log.
            raise StoreError(f"{path}: it is empty but has a write-ahead log, so it is damaged. {DAMAGED}")
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}. Give the user that runs lightctl access to it.") from error
