"""Citizen reports as stored; who reported stands apart from them and is erased in time."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lightctl.domain.citizens import CitizenReport, Closing, Contact, Service
from lightctl.store.base import AuditDraft
from lightctl.store.codec import to_instant, to_instant_or_none, to_text
from lightctl.store.connection import Row
from lightctl.store.room import Room

_COLUMNS = (
    "r.id, r.service, r.requested_at, r.updated_at, r.description, r.detail, r.plate, r.address, r.media_url, r.lat, "
    "r.lon, r.light_point, r.distance_m, r.parent, coalesce(p.fault, r.fault), coalesce(p.work_order, r.work_order), "
    "r.token, r.accepted_at, r.closed_at, r.closing, r.note, r.client"
)
# A child's fault and order are those of the first report.
_REPORTS = f"SELECT {_COLUMNS} FROM citizen_reports r LEFT JOIN citizen_reports p ON p.id = r.parent"  # noqa: S608
_ADD = (
    "INSERT INTO citizen_reports (service, events, requested_at, updated_at, description, detail, plate, address, "
    "media_url, lat, lon, light_point, node, cabinet, distance_m, parent, fault, work_order, token, accepted_at, "
    "client) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id"
)
_ADD_CONTACT = "INSERT INTO citizen_contacts VALUES (?, ?, ?, ?, ?, ?)"
_PLACE = (
    "UPDATE citizen_reports SET light_point = ?, node = ?, cabinet = ?, distance_m = ?, fault = ?, work_order = ?, "
    "updated_at = ? WHERE id = ? OR parent = ?"
)
_LINK = (
    "UPDATE citizen_reports SET fault = ?, updated_at = ?, work_order = coalesce("
    "(SELECT id FROM work_orders WHERE fault = ? AND state IN ('open', 'assigned')), work_order) WHERE id = ?"
)
_CLOSE = (
    "UPDATE citizen_reports SET closed_at = ?, updated_at = ?, closing = 'operator', note = ? "
    "WHERE id = ? AND closed_at IS NULL"
)
_FAULT = (
    "SELECT id FROM faults WHERE cleared_at IS NULL AND instr(?1, ',' || event || ',') > 0 AND subject <> '' "
    "AND ((subject = ?2 AND subject_kind = 'light point') OR (subject = ?3 AND subject_kind = 'node') "
    "OR (subject = ?4 AND subject_kind = 'cabinet') "
    "OR (members <> '[]' AND ?2 IN (SELECT value FROM json_each(members)))) "
    "ORDER BY instr(?1, ',' || event || ','), id DESC"
)
_ORDER = (
    "SELECT id FROM work_orders WHERE state IN ('open', 'assigned') AND (fault = ? OR (subject = ? AND "
    "subject_kind = 'light point' AND instr(?, ',' || event || ',') > 0)) ORDER BY fault IS ? DESC, id DESC"
)
_OF_ORDERS = (
    "SELECT work_order, id FROM citizen_reports "
    "WHERE parent IS NULL AND work_order IN (SELECT value FROM json_each(?1)) UNION ALL "
    "SELECT first.work_order, other.id FROM citizen_reports first "
    "JOIN citizen_reports other ON other.parent = first.id "
    "WHERE first.work_order IN (SELECT value FROM json_each(?1)) ORDER BY 1, 2"
)
_GREATEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Belonging:
    """Where a report belongs: a light point with what switches and feeds it; all empty where nobody knows."""

    light_point: str = ""
    node: str = ""
    cabinet: str = ""
    distance_m: float | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which reports: those named by id, else of some services, requested in a span, open or closed, seen by the public.

    fault and unmatched are asked for by operators.
    """

    ids: tuple[int, ...] = ()
    services: tuple[str, ...] = ()
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    open: bool | None = None
    accepted: bool | None = None
    fault: int | None = None
    light_point: str | None = None
    limit: int = 1000
    offset: int = 0


class CitizenRoom(Room):
    """What citizens reported."""

    def add_report(
        self, report: CitizenReport, service: Service, belongs: Belonging, contact: Contact, audit: AuditDraft
    ) -> int:
        """Keep a new report and, apart from it, who made it; gives its number, which `audit` is told."""
        instant = to_text(report.requested_at)
        with self.transaction():
            row = self._main.row(
                _ADD,
                (
                    report.service,
                    _events(service),
                    instant,
                    instant,
                    report.description,
                    report.detail,
                    report.plate,
                    report.address,
                    report.media_url,
                    report.lat,
                    report.lon,
                    belongs.light_point,
                    belongs.node,
                    belongs.cabinet,
                    belongs.distance_m,
                    report.parent,
                    report.fault,
                    report.work_order,
                    report.token or None,
                    to_text(report.accepted_at),
                    report.client,
                ),
            )
            assert row is not None
            number = int(row[0])
            if not contact.empty:
                who = (contact.email, contact.first_name, contact.last_name, contact.phone)
                self._main.run(_ADD_CONTACT, (number, instant, *who))
            with self._changing(replace(audit, target=f"citizen report {number}")):
                pass
        return number

    def place_report(
        self, number: int, belongs: Belonging, service: Service, at: dt.datetime, audit: AuditDraft
    ) -> None:
        """Bring a report, and those that follow it, to a light point, and to what is known to be wrong there."""
        fault, order = self.known_wrong(service, belongs)
        with self._changing(audit):
            where = (belongs.light_point, belongs.node, belongs.cabinet, belongs.distance_m)
            self._main.run("UPDATE citizen_reports SET parent = NULL WHERE id = ?", (number,))
            self._main.run(_PLACE, (*where, fault, order, to_text(at), number, number))

    def link_report(self, number: int, fault: int, at: dt.datetime, audit: AuditDraft) -> None:
        """Link a report to a fault by its number, and so to the order that mends it."""
        with self._changing(audit):
            self._main.run(
                _LINK,
                (fault, to_text(at), fault, number),
            )

    def give_report_to_work(self, number: int, order: int, audit: AuditDraft | None = None) -> None:
        """Say which order a report led to or goes with; without `audit` inside the transaction that opens the order."""
        with self._changing(audit):
            self._main.run("UPDATE citizen_reports SET work_order = ? WHERE id = ?", (order, number))

    def accept_reports(self, numbers: Sequence[int], at: dt.datetime, audit: AuditDraft) -> None:
        """Let the public see reports."""
        with self._changing(audit):
            self._main.run_many(
                "UPDATE citizen_reports SET accepted_at = ?, updated_at = max(updated_at, ?) "
                "WHERE id = ? AND accepted_at IS NULL",
                [(to_text(at), to_text(at), number) for number in numbers],
            )

    def close_report(self, number: int, note: str, at: dt.datetime, audit: AuditDraft) -> None:
        """Close a report by hand, with all that follow it."""
        instant = to_text(at)
        with self._changing(audit):
            self._main.run(_CLOSE, (instant, instant, note, number))

    def citizen_report(self, number: int) -> CitizenReport | None:
        """Give a report by its number."""
        row = self._main.row(_REPORTS + " WHERE r.id = ?", (number,)) if 0 < number <= _GREATEST else None
        return None if row is None else _report(row)

    def report_of_token(self, token: str) -> CitizenReport | None:
        """Give the report a token was given for."""
        row = self._main.row(_REPORTS + " WHERE r.token = ?", (token,))
        return None if row is None else _report(row)

    def citizen_reports(self, wanted: Wanted) -> tuple[CitizenReport, ...]:
        """Give reports, newest first."""
        conditions, values = _conditions(wanted)
        rows = self._main.rows(
            f"{_REPORTS} WHERE {' AND '.join(conditions)} ORDER BY r.requested_at DESC, r.id DESC LIMIT ? OFFSET ?",
            (*values, wanted.limit, wanted.offset),
        )
        return tuple(map(_report, rows))

    def contact(self, number: int) -> Contact:
        """Give who made a report; empty where nobody said or it was erased."""
        row = self._main.row(
            "SELECT email, first_name, last_name, phone FROM citizen_contacts WHERE report = ?", (number,)
        )
        return Contact() if row is None else Contact(*row)

    def first_report(self, service: str, light_point: str, since: dt.datetime) -> CitizenReport | None:
        """Give the open report that began what is reported of a light point; None of none since an instant."""
        row = self._main.row(
            _REPORTS + " WHERE r.closed_at IS NULL AND r.light_point = ? AND r.service = ? AND r.parent IS NULL "
            "AND r.requested_at >= ? ORDER BY r.id",
            (light_point, service, to_text(since)),
        )
        return None if row is None else _report(row)

    def unplaced_reports(
        self, service: str, south: float, north: float, since: dt.datetime
    ) -> tuple[CitizenReport, ...]:
        """Give open reports of no known light point between two latitudes, oldest first."""
        rows = self._main.rows(
            _REPORTS + " WHERE r.closed_at IS NULL AND r.light_point = '' AND r.parent IS NULL AND r.service = ? "
            "AND r.lat BETWEEN ? AND ? AND r.requested_at >= ? ORDER BY r.id LIMIT 1000",
            (service, south, north, to_text(since)),
        )
        return tuple(map(_report, rows))

    def known_wrong(self, service: Service, belongs: Belonging) -> tuple[int | None, int | None]:
        """Give the fault and the work order under way that a report of a service may be the sight of."""
        if not belongs.light_point:
            return None, None
        events = _events(service)
        subjects = (belongs.light_point, belongs.node, belongs.cabinet)
        fault = self._main.row(_FAULT, (events, *subjects))
        number = None if fault is None else int(fault[0])
        order = self._main.row(_ORDER, (number, belongs.light_point, f"{events}{service.event},", number))
        return number, None if order is None else int(order[0])

    def reports_of_work(self, orders: Sequence[int]) -> dict[int, tuple[int, ...]]:
        """Give the numbers of the reports that go with work orders, by order."""
        found: dict[int, tuple[int, ...]] = {}
        for order, number in self._main.rows(_OF_ORDERS, (json.dumps(list(orders)),)):
            found[order] = (*found.get(order, ()), number)
        return found

    def reports_that_follow(self, numbers: Sequence[int]) -> dict[int, tuple[int, ...]]:
        """Give the numbers of the reports that follow others, by the one they follow."""
        found: dict[int, tuple[int, ...]] = {}
        for first, number in self._main.rows(
            "SELECT parent, id FROM citizen_reports WHERE parent IN (SELECT value FROM json_each(?)) ORDER BY 1, 2",
            (json.dumps(list(numbers)),),
        ):
            found[first] = (*found.get(first, ()), number)
        return found

    def forget_reports(self, contacts_before: dt.datetime, closed_before: dt.datetime) -> int:
        """Erase who made reports received before an instant, and reports closed before one; gives how many rows went.

        What is erased is overwritten in the file; copies in backups are the business of whoever keeps them.
        """
        self._main.db.execute("PRAGMA secure_delete = ON")
        try:
            with self.transaction():
                return self._main.run(
                    "DELETE FROM citizen_contacts WHERE received_at < ?", (to_text(contacts_before),)
                ) + self._main.run("DELETE FROM citizen_reports WHERE closed_at < ?", (to_text(closed_before),))
        finally:
            self._main.db.execute("PRAGMA secure_delete = OFF")


def _events(service: Service) -> str:
    return f",{','.join(service.events)},"


def _conditions(wanted: Wanted) -> tuple[list[str], list[object]]:
    conditions, values = ["1"], list[object]()

    def among(column: str, given: Sequence[object]) -> None:
        conditions.append(f"{column} IN ({', '.join('?' * len(given))})")
        values.extend(given)

    if wanted.accepted is not None:
        conditions.append(f"r.accepted_at IS {'NOT ' if wanted.accepted else ''}NULL")
    if wanted.ids:
        among("r.id", [number for number in wanted.ids if 0 < number <= _GREATEST])
        return conditions, values
    if wanted.services:
        among("r.service", wanted.services)
    for sign, instant in ((">=", wanted.since), ("<=", wanted.until)):
        if instant is not None:
            conditions.append(f"r.requested_at {sign} ?")
            values.append(to_text(instant))
    if wanted.open is not None:
        conditions.append(f"r.closed_at IS {'' if wanted.open else 'NOT '}NULL")
    if wanted.light_point is not None:
        among("r.light_point", (wanted.light_point,))
    if wanted.fault is not None:
        conditions.append("coalesce(p.fault, r.fault) = ?")
        values.append(wanted.fault)
    return conditions, values


def _report(row: Row) -> CitizenReport:
    (number, service, requested_at, updated_at, description, detail, plate, address, media_url, lat, lon, light_point,
     distance_m, parent, fault, work_order, token, accepted_at, closed_at, closing, note, client) = row  # fmt: skip
    return CitizenReport(
        id=number,
        service=service,
        requested_at=to_instant(requested_at),
        updated_at=to_instant(updated_at),
        description=description,
        detail=detail,
        plate=plate,
        address=address,
        media_url=media_url,
        lat=lat,
        lon=lon,
        light_point=light_point,
        distance_m=distance_m,
        parent=parent,
        fault=fault,
        work_order=work_order,
        token=token or "",
        accepted_at=to_instant_or_none(accepted_at),
        closed_at=to_instant_or_none(closed_at),
        closing=None if closing is None else Closing(closing),
        note=note,
        client=client,
    )
