"""The addresses of work orders: opened once for what is wrong, given out, written on, closed, counted."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import ConfigDict, Field, model_validator

from lightctl.api.bodies import Instant, Name, SelectorText, WordBody
from lightctl.api.calls import Calling
from lightctl.api.reads import ONE, READ_PROBLEMS, Limit
from lightctl.api.shapes import Shape
from lightctl.api.writes import WRITE_PROBLEMS
from lightctl.app.asking import Guard
from lightctl.app.work.orders import Opening
from lightctl.app.work.views import WorkOrderView, WorkStatsView
from lightctl.domain.work import MAX_ASSIGNEE, MAX_EVENT, MAX_NOTE, MAX_PHOTO

router = APIRouter(prefix="/v1/work")

_ORDER = Shape(WorkOrderView)
_ORDERS = Shape(tuple[WorkOrderView, ...])
_STATS = Shape(WorkStatsView)
GREATEST = 2**53 - 1
Number = Annotated[int, Path(ge=1, le=GREATEST)]
NumberField = Annotated[int, Field(ge=1, le=GREATEST)]
NoteText = Annotated[str, Field(max_length=MAX_NOTE)]
PhotoText = Annotated[str, Field(max_length=MAX_PHOTO, description="where a picture is: a path or address")]
StateName = Literal["open", "assigned", "done", "cancelled", "all"]
CauseName = Literal[
    "lamp", "control_gear", "controller", "fuse", "cable", "pole", "vandalism", "planned", "no_fault_found", "other"
]
Since = Annotated[Instant, Query(description="from this instant on")]
Until = Annotated[Instant, Query(description="until this instant, excluded")]


class WordOnWork(WordBody):
    """A change of an order."""

    def guard(self) -> Guard:
        """Give the guard as operations take it."""
        return Guard(self.dry_run, self.reason)


class OpenBody(WordOnWork):
    """What an order is for: a fault or a citizen's report by number, or a light point and an event."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": ["fault"]}, {"required": ["report"]}, {"required": ["light_point", "event"]}]
        }
    )

    fault: NumberField | None = None
    report: NumberField | None = None
    light_point: Name | None = None
    event: str | None = Field(None, min_length=1, max_length=MAX_EVENT, description="TALQ's name, or other words")
    note: NoteText = ""
    photo: PhotoText = ""

    @model_validator(mode="after")
    def _one_of_three(self) -> OpenBody:
        given = self.model_fields_set & {"fault", "report", "light_point", "event"}
        if given not in ({"fault"}, {"report"}, {"light_point", "event"}) or None in (getattr(self, n) for n in given):
            raise ValueError("give fault, or report, or light_point and event")
        return self


class AssignBody(WordOnWork):
    """Who does it."""

    assignee: str = Field(min_length=1, max_length=MAX_ASSIGNEE)


class NoteBody(WordOnWork):
    """What is written down: a text, where a picture is, or both."""

    text: NoteText = ""
    photo: PhotoText = ""


class CloseBody(WordOnWork):
    """What was found; `despite_fault` closes an order whose fault is still open."""

    cause: CauseName
    note: NoteText = ""
    despite_fault: bool = False


@router.get("", response_model=list[WorkOrderView], responses=READ_PROBLEMS)
async def work_list(
    call: Calling,
    *,
    state: Annotated[StateName | None, Query(description="those under way if none is given")] = None,
    assignee: Annotated[str | None, Query(max_length=MAX_ASSIGNEE)] = None,
    select: Annotated[SelectorText | None, Query(description="light points by selector")] = None,
    limit: Limit = 100,
) -> Response:
    """List work orders, the newest first."""
    return await call.answer(
        lambda ops, actor: ops.work_list(actor, state=state, assignee=assignee, select=select, limit=limit), _ORDERS
    )


@router.get("/statistics", response_model=WorkStatsView, responses=READ_PROBLEMS)
async def work_stats(
    call: Calling,
    *,
    since: Since,
    until: Until,
    by: Annotated[
        str, Query(max_length=80, description="event, cause, assignee, cabinet, district or tag:NAME")
    ] = "event",
) -> Response:
    """Give the times to repair of what was closed as done in a span."""
    return await call.answer(lambda ops, actor: ops.work_stats(actor, since, until, by), _STATS)


@router.get("/export", response_model=list[WorkOrderView], responses=READ_PROBLEMS)
async def work_export(call: Calling, *, since: Since, until: Until) -> Response:
    """List every order that was under way at some time in a span, the oldest first."""
    return await call.answer(lambda ops, actor: ops.work_export(actor, since, until), _ORDERS)


@router.get("/{id}", response_model=WorkOrderView, responses=READ_PROBLEMS | ONE)
async def work_show(call: Calling, id: Number) -> Response:  # noqa: A002 - the word of the address
    """Show one work order with its notes."""
    return await call.answer(lambda ops, actor: ops.work_show(actor, id), _ORDER)


@router.post("", response_model=WorkOrderView, responses=WRITE_PROBLEMS)
async def work_open(call: Calling, body: OpenBody) -> Response:
    """Open an order, or answer with the one under way for the same (`created` is false then)."""
    opening = Opening(body.fault, body.report, body.light_point, body.event)
    return await call.answer(
        lambda ops, actor: ops.work_open(actor, opening, note=body.note, photo=body.photo, guard=body.guard()), _ORDER
    )


@router.post("/{id}/assign", response_model=WorkOrderView, responses=WRITE_PROBLEMS)
async def work_assign(call: Calling, id: Number, body: AssignBody) -> Response:  # noqa: A002
    """Give an order to somebody."""
    return await call.answer(lambda ops, actor: ops.work_assign(actor, id, body.assignee, body.guard()), _ORDER)


@router.post("/{id}/notes", response_model=WorkOrderView, responses=WRITE_PROBLEMS)
async def work_note(call: Calling, id: Number, body: NoteBody) -> Response:  # noqa: A002
    """Write something down on an order."""
    return await call.answer(lambda ops, actor: ops.work_note(actor, id, body.text, body.photo, body.guard()), _ORDER)


@router.post("/{id}/close", response_model=WorkOrderView, responses=WRITE_PROBLEMS)
async def work_close(call: Calling, id: Number, body: CloseBody) -> Response:  # noqa: A002
    """Close an order as done; refused while its fault is open unless `despite_fault`."""
    return await call.answer(
        lambda ops, actor: ops.work_close(
            actor, id, body.cause, note=body.note, despite_fault=body.despite_fault, guard=body.guard()
        ),
        _ORDER,
    )


@router.post("/{id}/cancel", response_model=WorkOrderView, responses=WRITE_PROBLEMS)
async def work_cancel(call: Calling, id: Number, body: WordOnWork) -> Response:  # noqa: A002
    """Give an order up."""
    return await call.answer(lambda ops, actor: ops.work_cancel(actor, id, body.guard()), _ORDER)
