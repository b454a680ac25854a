"""The addresses that only look."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response

from lightctl.api.bodies import Instant, SelectorText
from lightctl.api.calls import Calling
from lightctl.api.codes import Code
from lightctl.api.problems import documented
from lightctl.api.shapes import Shape
from lightctl.app.reasons.views import WhyView
from lightctl.app.steps import in_parts
from lightctl.app.views import (
    AuditVerdict,
    AuditView,
    ChangeView,
    CommandView,
    LightView,
    NodeDetail,
    NodeView,
    StatusView,
)
from lightctl.domain.states import CommandState

READ_PROBLEMS = documented(
    Code.INVALID_INPUT, Code.UNAUTHENTICATED, Code.NOT_PERMITTED, Code.STORE_ERROR, Code.TOO_LARGE
)
router = APIRouter(prefix="/v1", responses=READ_PROBLEMS)
ONE = documented(Code.UNKNOWN_TARGET)

Id = Annotated[str, Path(min_length=1, max_length=64)]
Limit = Annotated[int, Query(ge=1, le=100_000, description="how many at most, the newest first")]
Select = Annotated[SelectorText, Query(description="a selector; * is everything")]

_STATUS = Shape(StatusView)
_LIGHTS = Shape(tuple[LightView, ...])
_LIGHT = Shape(LightView)
_NODES = Shape(tuple[NodeView, ...])
_NODE = Shape(NodeDetail)
_WHY = Shape(WhyView)
_COMMANDS = Shape(tuple[CommandView, ...])
_AUDIT = Shape(tuple[AuditView, ...])
_VERDICT = Shape(AuditVerdict)
CHANGE = Shape(ChangeView)
CommandStateName = Literal["queued", "sent", "confirmed", "failed", "expired", "superseded"]


@router.get("/status", response_model=StatusView)
async def status(call: Calling) -> Response:
    """Show the city at a glance."""
    return await call.stepped(lambda ops, actor: ops.status(actor), _STATUS)


@router.get("/lights", response_model=list[LightView])
async def light_list(call: Calling, select: Select = "*") -> Response:
    """List the light points a selector names, with what is due and what is reported."""
    return await call.listed(lambda ops, actor: ops.light_list(actor, select), _LIGHTS)


@router.get("/lights/{id}", response_model=LightView, responses=ONE)
async def light_show(call: Calling, id: Id) -> Response:  # noqa: A002 - the word of the address
    """Show one light point."""
    return await call.answer(lambda ops, actor: ops.light_show(actor, id), _LIGHT)


@router.get("/lights/{id}/why", response_model=WhyView, responses=ONE)
async def why(call: Calling, id: Id, at: Annotated[Instant | None, Query()] = None) -> Response:  # noqa: A002
    """Say why a lamp has (had, will have) its level at an instant; now when none is given."""
    instant: dt.datetime | None = at
    return await call.answer(lambda ops, actor: ops.why(actor, id, instant), _WHY)


@router.get("/nodes", response_model=list[NodeView])
async def node_list(
    call: Calling,
    *,
    claimed: Annotated[bool | None, Query(description="only those of the inventory, or only others")] = None,
) -> Response:
    """List every node, also those heard of that no inventory claims."""
    return await call.listed(lambda ops, actor: ops.node_list(actor, claimed=claimed), _NODES)


@router.get("/nodes/{id}", response_model=NodeDetail, responses=ONE)
async def node_show(call: Calling, id: Id) -> Response:  # noqa: A002
    """Show one node."""
    return await call.answer(lambda ops, actor: ops.node_show(actor, id), _NODE)


@router.get("/commands", response_model=list[CommandView])
async def command_list(
    call: Calling, state: CommandStateName | None = None, node: str | None = None, limit: Limit = 100
) -> Response:
    """List the journal of commands, the newest first."""
    named = None if state is None else CommandState(state).value
    return await call.listed(lambda ops, actor: ops.command_list(actor, state=named, node=node, limit=limit), _COMMANDS)


@router.get("/audit", response_model=list[AuditView])
async def audit_list(call: Calling, limit: Limit = 100) -> Response:
    """List the audit, the newest first."""
    return await call.answer(lambda ops, actor: ops.audit_list(actor, limit=limit), _AUDIT)


@router.get("/audit/verify", response_model=AuditVerdict)
async def audit_verify(call: Calling) -> Response:
    """Say whether the audit chain holds, and where it first breaks."""
    return await call.answer(lambda ops, actor: ops.audit_verify(actor), _VERDICT)


@router.get("/changes/{change}", response_model=ChangeView, responses=ONE)
async def change_show(
    call: Calling,
    change: Annotated[str, Path(min_length=1, max_length=100)],
    *,
    points: Annotated[bool, Query(description="lamp by lamp; without them numbers alone: `points` is empty")] = True,
) -> Response:
    """Say how far a lighting change got."""
    return await call.stepped(lambda ops, actor: ops.change(actor, change, points=points), CHANGE)


@router.get(
    "/inventory/export",
    response_class=Response,
    responses={
        200: {
            "description": "The inventory as a file",
            "content": {"text/csv": {}, "application/geo+json": {}},
        }
    },
)
async def inventory_export(
    call: Calling,
    format: Literal["csv", "geojson"] = "csv",  # noqa: A002
    select: Select = "*",
) -> Response:
    """Write the inventory as a file that import reads again."""
    return await call.in_parts(
        lambda ops, actor: map(_text, in_parts(ops.inventory_export(actor, format, select))),
        "text/csv" if format == "csv" else "application/geo+json",
    )


def _text(lines: Iterable[str]) -> bytes:
    return "".join(lines).encode()
