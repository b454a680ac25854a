"""Faults as stored: at most one open per event and subject, closed once, kept as history with what people said."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from lightctl.domain.faults import FaultMark, FaultRecord, MarkKind, Silence
from lightctl.domain.states import Fault, FaultEvent
from lightctl.store.base import AuditDraft
from lightctl.store.codec import pack, pack_faithfully, to_instant, to_instant_or_none, to_text, unpack
from lightctl.store.connection import Row, SqliteFile
from lightctl.store.room import Room

CHUNK = 500
_FAULTS = (
    "SELECT id, event, subject_kind, subject, opened_at, detail, severity, cleared_at, suppressed_by, members, watts "
    "FROM faults"
)
_ALARMS = (
    "SELECT subject, event FROM faults WHERE subject IN (SELECT value FROM json_each(?)) "
    "AND cleared_at IS NULL AND suppressed_by = '' ORDER BY id DESC"
)
_OPEN = (
    "INSERT INTO faults (event, subject_kind, subject, opened_at, detail, severity, suppressed_by, members, watts) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (event, subject_kind, subject) WHERE cleared_at IS NULL "
    "DO UPDATE SET detail = excluded.detail, severity = excluded.severity, suppressed_by = excluded.suppressed_by, "
    "members = excluded.members, watts = excluded.watts"
)
_CLEAR = (
    "UPDATE faults SET cleared_at = ?, detail = ?, severity = ?, members = ?, watts = ? "
    "WHERE event = ? AND subject_kind = ? AND subject = ? AND cleared_at IS NULL"
)
# Its opening was never recorded (the disk was full then): keep it as history, once.
_KEEP = (
    "INSERT INTO faults (event, subject_kind, subject, opened_at, detail, severity, cleared_at, suppressed_by, members,"
    " watts) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE NOT EXISTS "
    "(SELECT 1 FROM faults WHERE event = ? AND subject_kind = ? AND subject = ? AND opened_at = ?)"
)
_MARKS = (
    "SELECT fault, kind, at, user, note, until FROM fault_marks "
    "WHERE fault IN (SELECT value FROM json_each(?)) ORDER BY id"
)
_PUT_MARK = "INSERT INTO fault_marks (fault, kind, at, user, note, until) VALUES (?, ?, ?, ?, ?, ?)"
_SILENCES = "SELECT doc, ended_at, ended_by FROM silences"
_END_SILENCE = "UPDATE silences SET ended_at = ?, ended_by = ? WHERE id = ? AND ended_at IS NULL"


class FaultRoom(Room):
    """Faults as people read them, and what they say about them."""

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

    def alarms_of(self, subjects: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Give the events that are open at subjects, newest first, but for those a maintenance keeps back."""
        found: dict[str, tuple[str, ...]] = {}
        for subject, event in self._main.rows(_ALARMS, (json.dumps(sorted(subjects)),)):
            found[subject] = (*found.get(subject, ()), event)
        return found

    def fault_records(
        self,
        *,
        ids: Collection[int] | None = None,
        is_open: bool | None = None,
        suppressed: bool | None = None,
        event: str | None = None,
        since: dt.datetime | None = None,
    ) -> Iterator[FaultRecord]:
        """Give faults with their marks, newest first, without Silences, read page by page.

        What is written meanwhile may be among them or not.
        """
        wanted: list[tuple[str, object]] = []
        if ids is not None:
            wanted.append(("id IN (SELECT value FROM json_each(?))", json.dumps(sorted(ids))))
        if event is not None:
            wanted.append(("event = ?", event))
        if since is not None:
            wanted.append(("opened_at >= ?", to_text(since)))
        conditions = [condition for condition, _ in wanted]
        if is_open is not None:
            conditions.append("cleared_at IS NULL" if is_open else "cleared_at IS NOT NULL")
        if suppressed is not None:
            conditions.append("suppressed_by <> ''" if suppressed else "suppressed_by = ''")
        parameters = [value for _, value in wanted]
        before = 2**63 - 1
        while True:
            page = " AND ".join((*conditions, "id < ?"))
            rows = self._main.rows(f"{_FAULTS} WHERE {page} ORDER BY id DESC LIMIT {CHUNK}", (*parameters, before))
            marks = self._marks([row[0] for row in rows])
            yield from (FaultRecord(row[0], _fault(row), tuple(marks.get(row[0], ()))) for row in rows)
            if len(rows) < CHUNK:
                return
            before = rows[-1][0]

    def fault_record(self, fault_id: int) -> FaultRecord | None:
        """Give a fault by its number, without Silences."""
        return next(self.fault_records(ids=(fault_id,)), None)

    def _marks(self, ids: Sequence[int]) -> dict[int, list[FaultMark]]:
        found: dict[int, list[FaultMark]] = {}
        for fault, kind, at, user, note, until in self._main.rows(_MARKS, (json.dumps(ids),)):
            mark = FaultMark(MarkKind(kind), to_instant(at), user, note, to_instant_or_none(until))
            found.setdefault(fault, []).append(mark)
        return found

    def mark_faults(self, ids: Iterable[int], mark: FaultMark, audit: AuditDraft | None) -> None:
        """Say the same about several faults; StoreError where one of them has cleared."""
        said = (str(mark.kind), to_text(mark.at), mark.user, mark.note, to_text(mark.until))
        with self._changing(audit):
            self._main.run_many(_PUT_MARK, [(fault, *said) for fault in ids])

    def add_silence(self, silence: Silence, audit: AuditDraft | None) -> None:
        """Add a Silence."""
        with self._changing(audit):
            self._main.run(
                "INSERT INTO silences (id, until, doc) VALUES (?, ?, ?)",
                (silence.id, to_text(silence.until), pack_faithfully(silence)),
            )

    def end_silences(self, ids: Sequence[str], at: dt.datetime, user: str, audit: AuditDraft | None) -> None:
        """End Silences before their time; those unknown or ended already stay as they are."""
        with self._changing(audit):
            self._main.run_many(_END_SILENCE, [(to_text(at), user, each) for each in ids])

    def silences(self, after: dt.datetime | None = None, limit: int | None = None) -> tuple[Silence, ...]:
        """Give Silences, newest first; with `after` only those that were in force then or later."""
        where = "" if after is None else " WHERE coalesce(ended_at, until) > ?"
        given = () if after is None else (to_text(after),)
        rows = self._main.rows(
            _SILENCES + where + " ORDER BY rowid DESC LIMIT ?", (*given, -1 if limit is None else limit)
        )
        return tuple(_silence(row) for row in rows)

    def silence(self, silence_id: str) -> Silence | None:
        """Give a Silence by its name."""
        row = self._main.row(_SILENCES + " WHERE id = ?", (silence_id,))
        return None if row is None else _silence(row)


def put(db: SqliteFile, faults: Iterable[Fault]) -> None:
    """Open and clear faults, in the order given."""
    for fault in faults:
        key = (str(fault.event), fault.subject_kind, fault.subject)
        opened_at = to_text(fault.opened_at)
        members = pack(fault.members)
        if fault.cleared_at is None:
            opened = (*key, opened_at, fault.detail, fault.severity, fault.suppressed_by, members, fault.watts)
            db.run(_OPEN, opened)
            continue
        cleared_at = to_text(fault.cleared_at)
        if not db.run(_CLEAR, (cleared_at, fault.detail, fault.severity, members, fault.watts, *key)):
            history = (fault.detail, fault.severity, cleared_at, fault.suppressed_by, members, fault.watts)
            db.run(_KEEP, (*key, opened_at, *history, *key, opened_at))


def _fault(row: Row) -> Fault:
    _, event, subject_kind, subject, opened_at, detail, severity, cleared_at, suppressed_by, members, watts = row
    return Fault(
        FaultEvent(event),
        subject_kind,
        subject,
        to_instant(opened_at),
        detail,
        severity,
        to_instant_or_none(cleared_at),
        suppressed_by,
        () if members == "[]" else unpack(members, tuple[str, ...]),
        watts,
    )


def _silence(row: Row) -> Silence:
    doc, ended_at, ended_by = row
    return replace(unpack(doc, Silence), ended_at=to_instant_or_none(ended_at), ended_by=ended_by or "")
