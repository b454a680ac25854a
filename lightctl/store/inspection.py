"""Inspection: every page of a database read once, by a connection and a thread of its own.

A large journal takes seconds to read, in which a daemon can already learn what it must know. What it learns from a
damaged page does no harm as long as nobody acts on it, so nothing is written or sent before the verdict. Only a store
that was found sound and ended well is trusted at once (`ending.py`), and read while its daemon works.

How pages hang together is looked at, and that no row lacks what it must have. The rules of single columns (CHECK) are
not evaluated anew: the database held each value to them as it was written, a page that is damaged shows otherwise, and
for a long journal that was two thirds of the work. A value in which a letter changed is nobody's to see here, under a
rule or not; what cannot be understood is refused where it is read.
"""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

from lightctl.domain.errors import StoreError
from lightctl.store.failures import DAMAGED, explained


class Inspection:
    """One reading of all pages, begun when it is made."""

    def __init__(self, path: Path) -> None:
        """Begin; raises StoreError where the database cannot be opened."""
        self._name = str(path)
        with explained(self._name):
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        thread = ThreadPoolExecutor(1, thread_name_prefix="inspection")
        self._found = thread.submit(self._read)
        thread.shutdown(wait=False)

    def insist(self) -> None:
        """Wait for the end; raises StoreError where a page is damaged, and where they could not all be read."""
        with explained(self._name):
            found = self._found.result()
        if found != "ok":
            raise StoreError(f"{self._name}: it is damaged ({' '.join(found.split())}). {DAMAGED}")

    def end(self) -> None:
        """Stop reading; safe to call when that is over."""
        with suppress(sqlite3.ProgrammingError):  # it has just ended by itself
            self._connection.interrupt()
        self._found.exception()

    def _read(self) -> str:
        with closing(self._connection) as connection:
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA ignore_check_constraints = ON")
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            return str(found)
