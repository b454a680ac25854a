"""What crews on site asked for: maintenances and self-tests. Each with its audit entry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from lightctl.domain.crews import Maintenance, SelfTest
from lightctl.store.base import AuditDraft, MaintenanceRecord
from lightctl.store.codec import pack_faithfully, to_instant_or_none, to_text, unpack
from lightctl.store.room import Room

_PUT_MAINTENANCE = "INSERT INTO maintenances (id, until, doc) VALUES (?, ?, ?)"
_END_MAINTENANCE = "UPDATE maintenances SET ended_at = ?, ended_by = ? WHERE id = ? AND ended_at IS NULL"
_MAINTENANCES = "SELECT doc, ended_at, ended_by FROM maintenances"
_PUT_SELF_TEST = "INSERT INTO self_tests (id, node, until, doc) VALUES (?, ?, ?, ?)"


class CrewRoom(Room):
    """Maintenances and self-tests."""

    def add_maintenance(self, maintenance: Maintenance, audit: AuditDraft | None) -> None:
        """Add a maintenance; the override of its level is added on its own."""
        with self._changing(audit):
            row = (maintenance.id, to_text(maintenance.until), pack_faithfully(maintenance))
            self._main.run(_PUT_MAINTENANCE, row)

    def end_maintenances(self, ids: Sequence[str], at: dt.datetime, user: str, audit: AuditDraft | None) -> None:
        """End maintenances before their time; those unknown or ended already stay as they are."""
        with self._changing(audit):
            self._main.run_many(_END_MAINTENANCE, [(to_text(at), user, each) for each in ids])

    def running_maintenances(self, at: dt.datetime) -> tuple[Maintenance, ...]:
        """Give the maintenances not ended by hand whose end is still to come at an instant, oldest first."""
        rows = self._main.rows(
            "SELECT doc FROM maintenances WHERE ended_at IS NULL AND until > ? ORDER BY rowid", (to_text(at),)
        )
        return tuple(unpack(doc, Maintenance) for (doc,) in rows)

    def maintenances(self, limit: int | None = None) -> tuple[MaintenanceRecord, ...]:
        """Give every maintenance there ever was, newest first."""
        rows = self._main.rows(_MAINTENANCES + " ORDER BY rowid DESC LIMIT ?", (-1 if limit is None else limit,))
        return tuple(
            MaintenanceRecord(unpack(doc, Maintenance), to_instant_or_none(ended_at), ended_by or "")
            for doc, ended_at, ended_by in rows
        )

    def maintenance(self, maintenance_id: str) -> MaintenanceRecord | None:
        """Give one maintenance by its name."""
        row = self._main.row(_MAINTENANCES + " WHERE id = ?", (maintenance_id,))
        if row is None:
            return None
        doc, ended_at, ended_by = row
        return MaintenanceRecord(unpack(doc, Maintenance), to_instant_or_none(ended_at), ended_by or "")

    def add_self_test(self, test: SelfTest, audit: AuditDraft | None) -> None:
        """Add a self-test; the overrides that drive its lamps are added on their own."""
        with self._changing(audit):
            self._main.run(_PUT_SELF_TEST, (test.id, test.node, to_text(test.until), pack_faithfully(test)))

    def self_test(self, test_id: str) -> SelfTest | None:
        """Give a self-test by its name."""
        row = self._main.row("SELECT doc FROM self_tests WHERE id = ?", (test_id,))
        return None if row is None else unpack(row[0], SelfTest)

    def running_self_test(self, node: str, at: dt.datetime) -> SelfTest | None:
        """Give the self-test of a node that has not come to its end at an instant, None where there is none."""
        row = self._main.row("SELECT doc FROM self_tests WHERE node = ? AND until > ?", (node, to_text(at)))
        return None if row is None else unpack(row[0], SelfTest)
