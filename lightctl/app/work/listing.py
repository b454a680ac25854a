"""Work orders as they are shown: one with all that was written on it, many, and what the repairs took."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from lightctl.app.desk import Desk
from lightctl.app.work.subjects import Subjects
from lightctl.app.work.views import WorkNoteView, WorkOrderView, WorkStatsRow, WorkStatsView
from lightctl.domain.errors import InvalidInput
from lightctl.domain.selectors import parse_selector
from lightctl.domain.work import UNDER_WAY, WorkOrder, WorkState, median_s, p90_s

TAG = "tag:"
SEVERAL = "(several)"
NOBODY = "(none)"
ALL = "all"


def shown(desk: Desk, order: WorkOrder) -> WorkOrderView:
    """Show an order with its notes and the reports that go with it."""
    return _view(desk, Subjects(desk), order, desk.store.reports_of_work((order.id,)).get(order.id, ()))


def listed(
    desk: Desk, state: str | None, assignee: str | None, select: str | None, limit: int
) -> tuple[WorkOrderView, ...]:
    """Show the newest orders: those under way, or in a state (`all`), of an assignee, of selected light points."""
    if state not in (None, ALL, *WorkState):
        raise InvalidInput("state", f"{state!r} is no state", hint=f"Known: {', '.join((*WorkState, ALL))}.")
    states = UNDER_WAY if state is None else () if state == ALL else (WorkState(state),)
    orders = desk.store.work_orders(states, assignee)
    subjects = Subjects(desk)
    if select is not None:
        selector = parse_selector(select)
        orders = tuple(
            order
            for order in orders
            if any(p.selected_by(selector) for p in subjects.points(order.subject_kind, order.subject))
        )
    return _views(desk, subjects, orders[:limit])


def exported(desk: Desk, since: dt.datetime, until: dt.datetime) -> tuple[WorkOrderView, ...]:
    """Show every order that was under way at some time from since until (excluded) until, oldest first."""
    _check_span(since, until)
    return _views(desk, Subjects(desk), desk.store.work_between(since, until))


def statistics(desk: Desk, since: dt.datetime, until: dt.datetime, by: str) -> WorkStatsView:
    """Give the times to repair of what was closed as done in a span, by event, cause, assignee, cabinet or a tag."""
    _check_span(since, until)
    key_of = _key(desk, by)
    done = [
        order
        for order in desk.store.work_between(since, until)
        if order.state is WorkState.DONE and order.closed_at is not None and since <= order.closed_at < until
    ]
    by_key: dict[str, list[WorkOrder]] = {}
    for order in done:
        by_key.setdefault(key_of(order), []).append(order)
    rows = tuple(_row(key, orders) for key, orders in sorted(by_key.items()))
    return WorkStatsView(since, until, by, rows, _row("total", done))


def _check_span(since: dt.datetime, until: dt.datetime) -> None:
    if until <= since:
        raise InvalidInput("until", "the end is not after the beginning", hint="--from comes before --to.")


def _row(key: str, orders: Sequence[WorkOrder]) -> WorkStatsRow:
    times = [time for order in orders if (time := order.repair_time) is not None]
    by_fault = sum(time.by_fault for time in times)
    return WorkStatsRow(key, len(orders), len(times), median_s(times), p90_s(times), by_fault, len(times) - by_fault)


def _key(desk: Desk, by: str) -> Callable[[WorkOrder], str]:
    subjects = Subjects(desk)

    def of_points(key: str) -> Callable[[WorkOrder], str]:
        def value(order: WorkOrder) -> str:
            points = subjects.points(order.subject_kind, order.subject)
            values = sorted({value for point in points for value in point.values_of(key)})
            return values[0] if len(values) == 1 else SEVERAL if values else NOBODY

        return value

    match by:
        case "event":
            return lambda order: order.event
        case "cause":
            return lambda order: str(order.cause)
        case "assignee":
            return lambda order: order.assignee or NOBODY
        case "district" | "cabinet":
            return of_points(by)
        case str() if by.startswith(TAG) and len(by) > len(TAG):
            return of_points(by.removeprefix(TAG))
        case _:
            raise InvalidInput(
                "by",
                f"{by!r} is nothing to sort by",
                hint="Known: event, cause, assignee, cabinet, district, tag:NAME.",
            )


def _views(desk: Desk, subjects: Subjects, orders: Sequence[WorkOrder]) -> tuple[WorkOrderView, ...]:
    reports = desk.store.reports_of_work([order.id for order in orders])
    return tuple(_view(desk, subjects, order, reports.get(order.id, ())) for order in orders)


def _view(desk: Desk, subjects: Subjects, order: WorkOrder, reports: tuple[int, ...]) -> WorkOrderView:
    points = subjects.points(order.subject_kind, order.subject)
    first = points[0] if points else None
    time = order.repair_time
    return WorkOrderView(
        id=order.id,
        state=order.state,
        event=order.event,
        subject_kind=order.subject_kind,
        subject=order.subject,
        light_points=tuple(point.id for point in points),
        plate="" if first is None else subjects.plate(first),
        address="" if first is None else subjects.address(first),
        lat=None if first is None else first.latitude,
        lon=None if first is None else first.longitude,
        assignee=order.assignee,
        opened_at=order.opened_at,
        opened_by=order.opened_by,
        fault=order.fault,
        fault_open=None if order.fault is None else order.fault_open,
        fault_opened_at=order.fault_opened_at,
        fault_cleared_at=order.fault_cleared_at,
        cause=order.cause,
        closed_at=order.closed_at,
        closed_by=order.closed_by,
        repair_s=None if time is None else time.duration.total_seconds(),
        repair_by=None if time is None else "fault" if time.by_fault else "order",
        notes=tuple(
            WorkNoteView(note.at, note.user, note.text, note.photo) for note in desk.store.work_notes(order.id)
        ),
        reports=reports,
    )
