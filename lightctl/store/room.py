"""Room: what all parts of the store share, its two databases and the law of one audit entry per change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lightctl.domain.errors import StoreError
from lightctl.store import chain
from lightctl.store.base import AuditDraft
from lightctl.store.connection import SqliteFile


class Room:
    """A part of the store; SqliteStore is all of them together."""

    _main: SqliteFile
    _telemetry: SqliteFile
    intent_edition = 0
    """Grows with every change of schedules and roll-outs, so that who read them knows when to read again."""
    _nesting = 0
    _entries = 0
    _unsigned = 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all changes inside or none of them; nests.

        Changes inside may leave their `audit` out when another one of the same transaction has it; a transaction in
        which people's changes have no entry at all is undone with StoreError.
        """
        before = (self._entries, self._unsigned) if self._nesting else (0, 0)
        self._entries, self._unsigned = before
        self._nesting += 1
        try:
            with self._main.transaction():
                yield
                if self._nesting == 1:
                    self._insist_on_an_entry()
        except BaseException:
            self._entries, self._unsigned = before
            raise
        finally:
            self._nesting -= 1

    def _insist_on_an_entry(self) -> None:
        if self._unsigned and not self._entries:
            raise StoreError("A change without an audit entry was refused. Give one of its parts an AuditDraft.")

    @contextmanager
    def _changing(self, audit: AuditDraft | None) -> Iterator[None]:
        """Open a transaction for a change by a person and chain its entry (None: the transaction's other one)."""
        with self.transaction():
            yield
            if audit is None:
                self._unsigned += 1
            else:
                chain.append(self._main, audit)
                self._entries += 1
