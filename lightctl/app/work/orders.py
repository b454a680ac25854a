"""Work orders: opened once for what is wrong, given to somebody, written on, and closed with what was found.

There is never a second order for the same fault, nor for the same event of the same subject: whoever opens one is
answered with the one that is there, and what they wrote is added to it. The database keeps that rule as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from lightctl.app.asking import Actor, Guard
from lightctl.app.desk import Desk
from lightctl.app.overrides.progress import instant
from lightctl.app.work.listing import shown
from lightctl.app.work.views import WorkOrderView
from lightctl.domain.citizens import SERVICES, CitizenReport, plain
from lightctl.domain.errors import InvalidInput, SafetyRefused, UnknownTarget
from lightctl.domain.states import FaultEvent
from lightctl.domain.work import (
    MAX_ASSIGNEE,
    MAX_EVENT,
    MAX_NOTE,
    MAX_PHOTO,
    MOVES,
    Cause,
    WorkNote,
    WorkOrder,
    WorkState,
)
from lightctl.store.work import NewOrder, NumberedFault


@dataclass(frozen=True, slots=True)
class Opening:
    """What an order is opened for: a fault by its number, a citizen's report by its, or a light point and an event."""

    fault: int | None = None
    report: int | None = None
    light_point: str | None = None
    event: str | None = None


@dataclass(frozen=True, slots=True)
class _Job:
    event: str
    subject_kind: str
    subject: str
    fault: NumberedFault | None = None
    report: int | None = None


def open_(desk: Desk, actor: Actor, opening: Opening, note: str, photo: str, guard: Guard) -> WorkOrderView:
    """Open an order, or answer with the one under way for the same.

    Raises UnknownTarget for a fault, report or light point nobody knows, InvalidInput for one that is over.
    """
    written = _note(desk, actor, note, photo)
    job, known = _job(desk, opening)
    if known is None:
        known = desk.store.work_under_way(
            job.event, job.subject_kind, job.subject, None if job.fault is None else job.fault.id
        )
    if known is not None:
        return _answer_with(desk, actor, known, job.report, written, guard)
    now = desk.now()
    if job.fault is not None and job.fault.cleared_at is not None:
        raise InvalidInput(
            f"fault {job.fault.id}",
            f"{job.event} of {job.subject_kind} {job.subject} cleared at {instant(job.fault.cleared_at)}",
            hint="There is nothing left to repair; `lightctl work open LIGHT --event TEXT` opens one all the same.",
        )
    new = NewOrder(
        job.event,
        job.subject_kind,
        job.subject,
        now,
        actor.user,
        None if job.fault is None else job.fault.id,
        None if job.fault is None else job.fault.opened_at,
    )
    if guard.dry_run:
        tried = WorkOrder(0, WorkState.OPEN, new.event, new.subject_kind, new.subject, now, actor.user, new.fault,
                          new.fault_opened_at)  # fmt: skip
        return replace(shown(desk, tried), id=None, created=True, dry_run=True)
    audit = desk.audit(actor, "work open", "", guard, _what(job))
    with desk.store.transaction():
        number = desk.store.open_work(new, written, audit)
        if job.report is not None:
            desk.store.give_report_to_work(job.report, number)
    return replace(shown(desk, found(desk, number)), created=True)


def _what(job: _Job) -> str:
    fault = "" if job.fault is None else f", fault {job.fault.id}"
    report = "" if job.report is None else f", citizen report {job.report}"
    return f"{job.event} of {job.subject_kind} {job.subject}{fault}{report}"


def _job(desk: Desk, opening: Opening) -> tuple[_Job, WorkOrder | None]:
    """Give what is to be done, and the order a citizen's report goes with already."""
    match opening:
        case Opening(int(number), None, None, None):
            fault = desk.store.fault_numbered(number)
            if fault is None:
                raise UnknownTarget(f"no fault has the number {number}. `lightctl fault list` shows them.")
            return _Job(fault.event, fault.subject_kind, fault.subject, fault), None
        case Opening(None, None, str(light), str(event)):
            return _at_light(desk, desk.point(light).id, _event(event)), None
        case Opening(None, int(number), None, None):
            return _of_report(desk, number)
        case _:
            raise InvalidInput(
                "work", "say what the order is for", hint="A fault, a citizen's report, or a light point and an event."
            )


def _at_light(desk: Desk, light: str, event: str) -> _Job:
    return _Job(event, "light point", light, desk.store.open_fault(event, "light point", light))


def _of_report(desk: Desk, number: int) -> tuple[_Job, WorkOrder | None]:
    report = _first(desk, number)
    if report.closed_at is not None:
        raise InvalidInput(f"citizen report {number}", f"it was closed at {instant(report.closed_at)}")
    known = None if report.work_order is None else desk.store.work_order(report.work_order)
    known = None if known is None or known.state.ended else known
    fault = None if report.fault is None else desk.store.fault_numbered(report.fault)
    if fault is not None and fault.cleared_at is None:
        return _Job(fault.event, fault.subject_kind, fault.subject, fault, report.id), known
    if not report.light_point:
        raise InvalidInput(
            f"citizen report {number}",
            "nobody knows yet which light point it means",
            hint=f"`lightctl citizen link {number} --light ID` says so.",
        )
    desk.point(report.light_point)
    return replace(_at_light(desk, report.light_point, SERVICES[report.service].event), report=report.id), known


def _first(desk: Desk, number: int) -> CitizenReport:
    report = desk.store.citizen_report(number)
    if report is not None and report.parent is not None:
        report = desk.store.citizen_report(report.parent)
    if report is None:
        raise UnknownTarget(f"no citizen report has the number {number}. `lightctl citizen list` shows them.")
    return report


def _event(text: str) -> str:
    event = plain(text)
    if not event or len(event) > MAX_EVENT:
        raise InvalidInput(
            "event", f"say in 1 to {MAX_EVENT} characters what is wrong", hint="lampFailure, or words of your own."
        )
    return next((str(known) for known in FaultEvent if known.casefold() == event.casefold()), event)


def _answer_with(
    desk: Desk, actor: Actor, known: WorkOrder, report: int | None, note: WorkNote | None, guard: Guard
) -> WorkOrderView:
    """Answer with the order that is there, and add to it what is new."""
    said = [f"work {known.id} is under way for this since {instant(known.opened_at)}; no second one was opened"]
    added = report is not None and report not in desk.store.reports_of_work((known.id,)).get(known.id, ())
    if (note is not None or added) and not guard.dry_run:
        detail = f"citizen report {report} goes with it" if added else ""
        verb = "work open" if note is None else "work note"
        audit = desk.audit(actor, verb, f"work {known.id}", guard, detail)
        with desk.store.transaction():
            if note is not None:
                desk.store.note_work(known.id, note, audit)
            if added and report is not None:
                desk.store.give_report_to_work(report, known.id, audit if note is None else None)
    if note is not None:
        said.append("what you wrote was added to it" if not guard.dry_run else "what you wrote would be added to it")
    return replace(shown(desk, found(desk, known.id)), dry_run=guard.dry_run, remarks=tuple(said))


def assign(desk: Desk, actor: Actor, number: int, assignee: str, guard: Guard) -> WorkOrderView:
    """Give an order to somebody; raises UnknownTarget, or InvalidInput for one that is over."""
    order = _to_move(desk, number, WorkState.ASSIGNED)
    name = plain(assignee)
    if not name or len(name) > MAX_ASSIGNEE:
        raise InvalidInput("assignee", f"name who does it in 1 to {MAX_ASSIGNEE} characters")
    before = f" in place of {order.assignee}" if order.assignee and order.assignee != name else ""

    def write() -> None:
        audit = desk.audit(actor, "work assign", f"work {number}", guard, f"{name}{before}")
        desk.store.assign_work(number, name, audit)

    return _written(desk, replace(order, state=WorkState.ASSIGNED, assignee=name), write, guard)


def note_(desk: Desk, actor: Actor, number: int, text: str, photo: str, guard: Guard) -> WorkOrderView:
    """Write something down on an order, also on one that is over; raises UnknownTarget."""
    order = found(desk, number)
    note = _note(desk, actor, text, photo)
    if note is None:
        raise InvalidInput("text", "there is nothing to write down", hint="Give a text, a photo's path, or both.")

    def write() -> None:
        desk.store.note_work(number, note, desk.audit(actor, "work note", f"work {number}", guard))

    return _written(desk, order, write, guard)


def close(
    desk: Desk, actor: Actor, number: int, cause: str, note: str, guard: Guard, *, despite_fault: bool = False
) -> WorkOrderView:
    """Close an order as done; raises UnknownTarget, InvalidInput for one that is over.

    Raises SafetyRefused while its fault is still open, unless it is closed despite that or no fault was found.
    """
    order = _to_move(desk, number, WorkState.DONE)
    if cause not in set(Cause):
        raise InvalidInput("cause", f"{cause!r} is no cause", hint=f"Known: {', '.join(Cause)}.")
    why, now = Cause(cause), desk.now()
    said: tuple[str, ...] = ()
    if order.fault_open:
        since = f" since {instant(order.fault_opened_at)}" if order.fault_opened_at is not None else ""
        still = f"fault {order.fault}, {order.event} of {order.subject_kind} {order.subject}, is still open{since}"
        if why is not Cause.NO_FAULT_FOUND and not despite_fault:
            raise SafetyRefused(
                f"{still}; nothing was changed. It clears when the node reports that all is well: wait for that, or "
                "close the order all the same with --yes. If there was nothing to repair, say --cause no_fault_found."
            )
        said = (f"{still}; the order is closed all the same",)
    written = _note(desk, actor, note, "")

    def write() -> None:
        audit = desk.audit(actor, "work close", f"work {number}", guard, "; ".join((f"cause {why}", *said)))
        desk.store.close_work(number, why, now, actor.user, written, audit)

    done = replace(order, state=WorkState.DONE, cause=why, closed_at=now, closed_by=actor.user)
    return replace(_written(desk, done, write, guard), remarks=said)


def cancel(desk: Desk, actor: Actor, number: int, guard: Guard) -> WorkOrderView:
    """Give an order up; raises UnknownTarget, or InvalidInput for one that is over."""
    order, now = _to_move(desk, number, WorkState.CANCELLED), desk.now()

    def write() -> None:
        audit = desk.audit(actor, "work cancel", f"work {number}", guard, f"{order.event} of {order.subject}")
        desk.store.close_work(number, None, now, actor.user, None, audit)

    return _written(desk, replace(order, state=WorkState.CANCELLED, closed_at=now, closed_by=actor.user), write, guard)


def found(desk: Desk, number: int) -> WorkOrder:
    """Give an order by its number; raises UnknownTarget."""
    order = desk.store.work_order(number)
    if order is None:
        raise UnknownTarget(f"no work order has the number {number}. `lightctl work list --state all` shows them.")
    return order


def _to_move(desk: Desk, number: int, state: WorkState) -> WorkOrder:
    order = found(desk, number)
    if state not in MOVES[order.state]:
        when = "" if order.closed_at is None else f" since {instant(order.closed_at)}"
        raise InvalidInput(
            f"work {number}",
            f"it is {order.state}{when} and stays so",
            hint="A note can still be added; a new order can be opened.",
        )
    return order


def _written(desk: Desk, tried: WorkOrder, write: Callable[[], None], guard: Guard) -> WorkOrderView:
    if guard.dry_run:
        return replace(shown(desk, tried), dry_run=True)
    write()
    return shown(desk, found(desk, tried.id))


def _note(desk: Desk, actor: Actor, text: str, photo: str) -> WorkNote | None:
    words, picture = plain(text, lines=True), plain(photo)
    if len(words) > MAX_NOTE:
        raise InvalidInput("note", f"it has {len(words)} characters, {MAX_NOTE} are kept", hint="Write two notes.")
    if len(picture) > MAX_PHOTO:
        raise InvalidInput("photo", f"a path or address has at most {MAX_PHOTO} characters")
    return WorkNote(desk.now(), actor.user, words, picture) if words or picture else None
