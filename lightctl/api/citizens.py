"""The addresses by which the city's people see citizen reports and deal with them; the public's own are in open311."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, Field, model_validator

from lightctl.api.bodies import Name
from lightctl.api.calls import Calling
from lightctl.api.reads import ONE, READ_PROBLEMS, Limit
from lightctl.api.shapes import Shape
from lightctl.api.work import GREATEST, Number, NumberField, WordOnWork
from lightctl.api.writes import WRITE_PROBLEMS
from lightctl.app.citizens.ruling import MAX_NOTE, Sought
from lightctl.app.citizens.views import CitizenReportView

router = APIRouter(prefix="/v1/citizens")

_REPORT = Shape(CitizenReportView)
_REPORTS = Shape(tuple[CitizenReportView, ...])


class AcceptBody(WordOnWork):
    """Reports the public may see from now on."""

    ids: list[NumberField] = Field(min_length=1, max_length=1000)


class CloseReportBody(WordOnWork):
    """What came of a report; whoever made it reads this."""

    note: str = Field(min_length=1, max_length=MAX_NOTE)


class LinkBody(WordOnWork):
    """The light point a report means, or the fault it is the sight of."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["light_point"]}, {"required": ["fault"]}]})

    light_point: Name | None = None
    fault: NumberField | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> LinkBody:
        given = self.model_fields_set & {"light_point", "fault"}
        if len(given) != 1 or None in (getattr(self, name) for name in given):
            raise ValueError("give light_point or fault, one of the two")
        return self


@router.get("", response_model=list[CitizenReportView], responses=READ_PROBLEMS)
async def citizen_list(
    call: Calling,
    *,
    ended: Annotated[bool, Query(description="also those that are closed")] = False,
    unmatched: Annotated[bool, Query(description="only those of no known light point")] = False,
    waiting: Annotated[bool, Query(description="only those nobody has accepted")] = False,
    fault: Annotated[int | None, Query(ge=1, le=GREATEST, description="only those of a fault, by its number")] = None,
    light_point: Annotated[str | None, Query(min_length=1, max_length=64)] = None,
    limit: Limit = 100,
) -> Response:
    """List citizen reports, the newest first, without who made them."""
    sought = Sought(ended, unmatched, waiting, fault, light_point, limit)
    return await call.answer(lambda ops, actor: ops.citizen_list(actor, sought), _REPORTS)


@router.get("/{id}", response_model=CitizenReportView, responses=READ_PROBLEMS | ONE)
async def citizen_show(call: Calling, id: Number) -> Response:  # noqa: A002 - the word of the address
    """Show one citizen report; who made it is told to operators alone."""
    return await call.answer(lambda ops, actor: ops.citizen_show(actor, id), _REPORT)


@router.post("/accept", response_model=list[CitizenReportView], responses=WRITE_PROBLEMS)
async def citizen_accept(call: Calling, body: AcceptBody) -> Response:
    """Let the public see reports."""
    return await call.answer(lambda ops, actor: ops.citizen_accept(actor, body.ids, body.guard()), _REPORTS)


@router.post("/{id}/close", response_model=CitizenReportView, responses=WRITE_PROBLEMS)
async def citizen_close(call: Calling, id: Number, body: CloseReportBody) -> Response:  # noqa: A002
    """Close a report, and those that follow it, with a word for the public."""
    return await call.answer(lambda ops, actor: ops.citizen_close(actor, id, body.note, body.guard()), _REPORT)


@router.post("/{id}/link", response_model=CitizenReportView, responses=WRITE_PROBLEMS)
async def citizen_link(call: Calling, id: Number, body: LinkBody) -> Response:  # noqa: A002
    """Say which light point a report means, or which fault it is the sight of."""
    return await call.answer(
        lambda ops, actor: ops.citizen_link(
            actor, id, light_point=body.light_point, fault=body.fault, guard=body.guard()
        ),
        _REPORT,
    )
