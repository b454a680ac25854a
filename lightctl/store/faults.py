"""Faults as stored: at most one open per event and subject, closed once, kept as history."""

from __future__ import annotations

from collections.abc import Iterable

from lightctl.domain.states import Fault, FaultEvent
from lightctl.store.codec import to_instant, to_instant_or_none, to_text
from lightctl.store.connection import Row, SqliteFile
from lightctl.store.room import Room

_FAULTS = "SELECT id, event, subject_kind, subject, opened_at, detail, severity, cleared_at, suppressed_by FROM faults"
_OPEN = (
    "INSERT INTO faults (event, subject_kind, subject, opened_at, detail, severity, suppressed_by) "
    "VALUES (?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (event, subject_kind, subject) WHERE cleared_at IS NULL "
    "DO UPDATE SET detail = excluded.detail, severity = excluded.severity, suppressed_by = excluded.suppressed_by"
)
_CLEAR = (
    "UPDATE faults SET cleared_at = ?, detail = ?, severity = ? "
    "WHERE event = ? AND subject_kind = ? AND subject = ? AND cleared_at IS NULL"
)
# Its opening was never recorded (the disk was full then): keep it as history, once.
_KEEP = (
    "INSERT INTO faults (event, subject_kind, subject, opened_at, detail, severity, cleared_at, suppressed_by) "
    "SELECT ?, ?, ?, ?, ?, ?, ?, ? WHERE NOT EXISTS "
    "(SELECT 1 FROM faults WHERE event = ? AND subject_kind = ? AND subject = ? AND opened_at = ?)"
)


class FaultRoom(Room):
    """Faults as people read them."""

    def faults(
        self,
        open_only: bool = False,  # noqa: FBT001, FBT002 - the agreed signature
        limit: int | None = None,
        *,
        alarms_only: bool = False,
    ) -> tuple[tuple[int, Fault], ...]:
        """Give faults with their numbers, newest first; `alarms_only` leaves out what a maintenance kept back."""
        conditions = [*(["cleared_at IS NULL"] if open_only else ()), *(["suppressed_by = ''"] if alarms_only else ())]
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        rows = self._main.rows(_FAULTS + where + " ORDER BY id DESC LIMIT ?", (-1 if limit is None else limit,))
        return tuple((row[0], _fault(row)) for row in rows)


def put(db: SqliteFile, faults: Iterable[Fault]) -> None:
    """Open and clear faults, in the order given."""
    for fault in faults:
        key = (str(fault.event), fault.subject_kind, fault.subject)
        opened_at = to_text(fault.opened_at)
        if fault.cleared_at is None:
            db.run(_OPEN, (*key, opened_at, fault.detail, fault.severity, fault.suppressed_by))
            continue
        cleared_at = to_text(fault.cleared_at)
        if not db.run(_CLEAR, (cleared_at, fault.detail, fault.severity, *key)):
            history = (fault.detail, fault.severity, cleared_at, fault.suppressed_by)
            db.run(_KEEP, (*key, opened_at, *history, *key, opened_at))


def _fault(row: Row) -> Fault:
    _, event, subject_kind, subject, opened_at, detail, severity, cleared_at, suppressed_by = row
    return Fault(
        FaultEvent(event),
        subject_kind,
        subject,
        to_instant(opened_at),
        detail,
        severity,
        to_instant_or_none(cleared_at),
        suppressed_by,
    )
