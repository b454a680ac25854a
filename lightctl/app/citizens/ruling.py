"""Ruling: what the city's people see of reports and do with them: accept, link, close. Each with its audit entry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lightctl.app.asking import Actor, Guard, Role
from lightctl.app.citizens.matching import belonging
from lightctl.app.citizens.views import CitizenReportView, ContactView
from lightctl.app.desk import Desk
from lightctl.app.overrides.progress import instant
from lightctl.domain.citizens import SERVICES, CitizenReport, Closing, plain
from lightctl.domain.distances import distance_m
from lightctl.domain.errors import InvalidInput, UnknownTarget
from lightctl.store.citizens import Wanted

MAX_NOTE = 500


@dataclass(frozen=True, slots=True)
class Sought:
    """Which reports an operator asks for: also closed ones, only those of no light point, those yet to be accepted."""

    ended: bool = False
    unmatched: bool = False
    waiting: bool = False
    fault: int | None = None
    light_point: str | None = None
    limit: int = 100


def listed(desk: Desk, sought: Sought) -> tuple[CitizenReportView, ...]:
    """Show the newest reports, without who made them."""
    found = desk.store.citizen_reports(
        Wanted(
            open=None if sought.ended else True,
            accepted=False if sought.waiting else None,
            fault=sought.fault,
            light_point="" if sought.unmatched else sought.light_point,
            limit=sought.limit,
        )
    )
    others = desk.store.reports_that_follow([report.id for report in found])
    return tuple(_view(report, others.get(report.id, ())) for report in found)


def shown(desk: Desk, actor: Actor, number: int) -> CitizenReportView:
    """Show one report, to an operator with who made it; raises UnknownTarget."""
    report = _found(desk, number)
    view = _view(report, desk.store.reports_that_follow((number,)).get(number, ()))
    contact = desk.store.contact(number)
    if contact.empty or not actor.role.covers(Role.OPERATOR):
        return view
    return replace(view, contact=ContactView(contact.email, contact.first_name, contact.last_name, contact.phone))


def accept(desk: Desk, actor: Actor, numbers: Sequence[int], guard: Guard) -> tuple[CitizenReportView, ...]:
    """Let the public see reports; those it sees already stay as they are. Raises UnknownTarget."""
    reports = [_found(desk, number) for number in dict.fromkeys(numbers)]
    new = [report for report in reports if report.accepted_at is None]
    if new and not guard.dry_run:
        names = ", ".join(str(report.id) for report in new)
        audit = desk.audit(actor, "citizen accept", f"citizen report {names}", guard)
        desk.store.accept_reports([report.id for report in new], desk.now(), audit)
    return tuple(_now(desk, replace(report, accepted_at=report.accepted_at or desk.now()), guard) for report in reports)


def close(desk: Desk, actor: Actor, number: int, note: str, guard: Guard) -> CitizenReportView:
    """Close a report, and those that follow it, with a word for the public; raises UnknownTarget, InvalidInput."""
    report = _open(desk, number)
    said = plain(note)
    if not said or len(said) > MAX_NOTE:
        raise InvalidInput(
            "note", f"say in 1 to {MAX_NOTE} characters what came of it", hint="Whoever reported it will read this."
        )
    now = desk.now()
    if not guard.dry_run:
        # The audit cannot forget, and a note is what somebody wrote of a citizen's report: it is not repeated there.
        audit = desk.audit(actor, "citizen close", f"citizen report {number}", guard, report.service)
        desk.store.close_report(number, said, now, audit)
    return _now(desk, replace(report, closed_at=now, closing=Closing.OPERATOR, note=said, updated_at=now), guard)


def link(
    desk: Desk, actor: Actor, number: int, light_point: str | None, fault: int | None, guard: Guard
) -> CitizenReportView:
    """Say which light point a report means, or which fault it is the sight of; raises UnknownTarget, InvalidInput."""
    report, now = _open(desk, number), desk.now()
    match light_point, fault:
        case str(), None:
            return _link_to_light(desk, actor, report, light_point, now, guard)
        case None, int():
            return _link_to_fault(desk, actor, report, fault, now, guard)
        case _:
            raise InvalidInput("link", "name a light point or a fault, one of the two")


def _link_to_light(
    desk: Desk, actor: Actor, report: CitizenReport, light_point: str, now: dt.datetime, guard: Guard
) -> CitizenReportView:
    point = desk.point(light_point)
    away = None
    if report.lat is not None and report.lon is not None:
        away = distance_m((report.lat, report.lon), (point.latitude, point.longitude))
    where = belonging(point, away)
    if not guard.dry_run:
        audit = desk.audit(actor, "citizen link", f"citizen report {report.id}", guard, f"means {point.id}")
        desk.store.place_report(report.id, where, SERVICES[report.service], now, audit)
    return _now(desk, replace(report, light_point=point.id, distance_m=where.distance_m, parent=None), guard)


def _link_to_fault(
    desk: Desk, actor: Actor, report: CitizenReport, fault: int, now: dt.datetime, guard: Guard
) -> CitizenReportView:
    if report.parent is not None:
        raise InvalidInput(
            f"citizen report {report.id}", f"it follows report {report.parent}", hint="Link that one; this one follows."
        )
    found = desk.store.fault_numbered(fault)
    if found is None:
        raise UnknownTarget(f"no fault has the number {fault}. `lightctl fault list` shows them.")
    if found.cleared_at is not None:
        raise InvalidInput(
            f"fault {fault}",
            f"it cleared at {instant(found.cleared_at)}",
            hint=f"`lightctl citizen close {report.id} --note TEXT` tells whoever reported that all is well.",
        )
    if not guard.dry_run:
        what = f"is the sight of fault {fault}, {found.event} of {found.subject_kind} {found.subject}"
        audit = desk.audit(actor, "citizen link", f"citizen report {report.id}", guard, what)
        desk.store.link_report(report.id, fault, now, audit)
    return _now(desk, replace(report, fault=fault), guard)


def _found(desk: Desk, number: int) -> CitizenReport:
    report = desk.store.citizen_report(number)
    if report is None:
        raise UnknownTarget(f"no citizen report has the number {number}. `lightctl citizen list --all` shows them.")
    return report


def _open(desk: Desk, number: int) -> CitizenReport:
    report = _found(desk, number)
    if report.closed_at is not None:
        raise InvalidInput(f"citizen report {number}", f"it was closed at {instant(report.closed_at)} and stays so")
    return report


def _now(desk: Desk, tried: CitizenReport, guard: Guard) -> CitizenReportView:
    report = tried if guard.dry_run else _found(desk, tried.id)
    view = _view(report, desk.store.reports_that_follow((report.id,)).get(report.id, ()))
    return replace(view, dry_run=guard.dry_run)


def _view(report: CitizenReport, others: tuple[int, ...]) -> CitizenReportView:
    return CitizenReportView(
        id=report.id,
        service=report.service,
        status="open" if report.open else "closed",
        requested_at=report.requested_at,
        updated_at=report.updated_at,
        description=report.description,
        detail=report.detail,
        plate=report.plate,
        address=report.address,
        media_url=report.media_url,
        lat=report.lat,
        lon=report.lon,
        light_point=report.light_point,
        distance_m=report.distance_m,
        parent=report.parent,
        others=others,
        fault=report.fault,
        work_order=report.work_order,
        accepted=report.accepted_at is not None,
        closed_at=report.closed_at,
        closing=report.closing,
        note=report.note,
        client=report.client,
    )
