"""Work orders as stored, with their notes. Nothing here goes away; each change has its audit entry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lightctl.domain.work import Cause, WorkNote, WorkOrder, WorkState
from lightctl.store.base import AuditDraft
from lightctl.store.codec import to_instant, to_instant_or_none, to_text
from lightctl.store.connection import Row
from lightctl.store.room import Room

_ORDERS = (
    "SELECT id, state, event, subject_kind, subject, opened_at, opened_by, fault, fault_opened_at, fault_cleared_at, "
    "assignee, cause, closed_at, closed_by FROM work_orders"
)
_OPEN = (
    "INSERT INTO work_orders (state, event, subject_kind, subject, opened_at, opened_by, fault, fault_opened_at) "
    "VALUES ('open', ?, ?, ?, ?, ?, ?, ?) RETURNING id"
)
_NOTE = "INSERT INTO work_notes (work_order, at, user, text, photo) VALUES (?, ?, ?, ?, ?)"
_NOTES = "SELECT at, user, text, photo FROM work_notes WHERE work_order = ? ORDER BY id"
_FAULT = "SELECT id, event, subject_kind, subject, opened_at, cleared_at FROM faults"
_UNDER_WAY = "state IN ('open', 'assigned')"
# An SQLite integer has 64 bits; a longer number is nobody's.
_GREATEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class NumberedFault:
    """A fault as others refer to it: by its number."""

    id: int
    event: str
    subject_kind: str
    subject: str
    opened_at: dt.datetime
    cleared_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class NewOrder:
    """What an order is opened for; fault: its number and when it was opened, where one is known."""

    event: str
    subject_kind: str
    subject: str
    at: dt.datetime
    user: str
    fault: int | None = None
    fault_opened_at: dt.datetime | None = None


class WorkRoom(Room):
    """Work orders and their notes."""

    def open_work(self, new: NewOrder, note: WorkNote | None, audit: AuditDraft) -> int:
        """Keep a new order and give its number, which `audit` is told; StoreError beside one for the same."""
        with self.transaction():
            row = self._main.row(
                _OPEN,
                (
                    new.event,
                    new.subject_kind,
                    new.subject,
                    to_text(new.at),
                    new.user,
                    new.fault,
                    to_text(new.fault_opened_at),
                ),
            )
            assert row is not None
            number = int(row[0])
            self._write_down(number, note)
            with self._changing(replace(audit, target=f"work {number}")):
                pass
        return number

    def assign_work(self, number: int, assignee: str, audit: AuditDraft) -> None:
        """Give an order to somebody."""
        with self._changing(audit):
            self._main.run("UPDATE work_orders SET state = 'assigned', assignee = ? WHERE id = ?", (assignee, number))

    def note_work(self, number: int, note: WorkNote, audit: AuditDraft) -> None:
        """Write something down on an order."""
        with self._changing(audit):
            self._write_down(number, note)

    def close_work(
        self, number: int, cause: Cause | None, at: dt.datetime, user: str, note: WorkNote | None, audit: AuditDraft
    ) -> None:
        """End an order: done by a cause, or cancelled without one."""
        state = WorkState.CANCELLED if cause is None else WorkState.DONE
        with self._changing(audit):
            self._main.run(
                "UPDATE work_orders SET state = ?, cause = ?, closed_at = ?, closed_by = ? WHERE id = ?",
                (str(state), None if cause is None else str(cause), to_text(at), user, number),
            )
            self._write_down(number, note)

    def _write_down(self, number: int, note: WorkNote | None) -> None:
        if note is not None:
            self._main.run(_NOTE, (number, to_text(note.at), note.user, note.text, note.photo))

    def work_order(self, number: int) -> WorkOrder | None:
        """Give an order by its number."""
        row = self._main.row(_ORDERS + " WHERE id = ?", (number,)) if 0 < number <= _GREATEST else None
        return None if row is None else _order(row)

    def work_notes(self, number: int) -> tuple[WorkNote, ...]:
        """Give what was written down on an order, oldest first."""
        rows = self._main.rows(_NOTES, (number,))
        return tuple(WorkNote(to_instant(at), user, text, photo) for at, user, text, photo in rows)

    def work_under_way(self, event: str, subject_kind: str, subject: str, fault: int | None = None) -> WorkOrder | None:
        """Give the order under way for a fault, or for an event of a subject; there is one at most of each."""
        if fault is not None:
            row = self._main.row(_ORDERS + f" WHERE fault = ? AND {_UNDER_WAY}", (fault,))
            if row is not None:
                return _order(row)
        row = self._main.row(
            _ORDERS + f" WHERE subject = ? AND subject_kind = ? AND event = ? AND {_UNDER_WAY}",
            (subject, subject_kind, event),
        )
        return None if row is None else _order(row)

    def work_orders(self, states: Sequence[WorkState] = (), assignee: str | None = None) -> tuple[WorkOrder, ...]:
        """Give orders in some states (all, if none is named), of one assignee if asked, newest first."""
        conditions, values = ["1"], list[str]()
        if states:
            conditions.append(f"state IN ({', '.join('?' * len(states))})")
            values += map(str, states)
        if assignee is not None:
            conditions.append("assignee = ?")
            values.append(assignee)
        rows = self._main.rows(f"{_ORDERS} WHERE {' AND '.join(conditions)} ORDER BY id DESC", values)
        return tuple(map(_order, rows))

    def work_between(self, since: dt.datetime, until: dt.datetime) -> tuple[WorkOrder, ...]:
        """Give the orders that were under way at some time from since until (excluded) until, oldest first."""
        rows = self._main.rows(
            _ORDERS + " WHERE opened_at < ? AND (closed_at IS NULL OR closed_at >= ?) ORDER BY id",
            (to_text(until), to_text(since)),
        )
        return tuple(map(_order, rows))

    def fault_numbered(self, number: int) -> NumberedFault | None:
        """Give a fault by its number."""
        row = self._main.row(_FAULT + " WHERE id = ?", (number,)) if 0 < number <= _GREATEST else None
        return None if row is None else _fault(row)

    def open_fault(self, event: str, subject_kind: str, subject: str) -> NumberedFault | None:
        """Give the open fault of an event of a subject; there is one at most."""
        row = self._main.row(
            _FAULT + " WHERE subject = ? AND subject_kind = ? AND event = ? COLLATE NOCASE AND cleared_at IS NULL",
            (subject, subject_kind, event),
        )
        return None if row is None else _fault(row)


def _fault(row: Row) -> NumberedFault:
    number, event, kind, subject, opened_at, cleared_at = row
    return NumberedFault(number, event, kind, subject, to_instant(opened_at), to_instant_or_none(cleared_at))


def _order(row: Row) -> WorkOrder:
    (number, state, event, kind, subject, opened_at, opened_by, fault, fault_opened_at, fault_cleared_at, assignee,
     cause, closed_at, closed_by) = row  # fmt: skip
    return WorkOrder(
        number,
        WorkState(state),
        event,
        kind,
        subject,
        to_instant(opened_at),
        opened_by,
        fault,
        to_instant_or_none(fault_opened_at),
        to_instant_or_none(fault_cleared_at),
        assignee,
        None if cause is None else Cause(cause),
        to_instant_or_none(closed_at),
        closed_by,
    )
