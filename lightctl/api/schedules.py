"""The addresses of schedules: plan, apply, undo, approve, history. A 2xx of one that changes means it is stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from lightctl.api.bodies import ApplyBody, PlanBody, UndoBody, WordBody
from lightctl.api.calls import Call, Calling
from lightctl.api.codes import Code
from lightctl.api.problems import Refused
from lightctl.api.reads import ONE, READ_PROBLEMS, Limit
from lightctl.api.shapes import Shape
from lightctl.api.writes import WRITE_PROBLEMS
from lightctl.app.asking import Actor, Guard
from lightctl.app.operations import Operations
from lightctl.app.schedules import plan as schedule_plan
from lightctl.app.schedules.plan import Draft
from lightctl.app.schedules.scheduling import PlanRefused
from lightctl.app.schedules.views import ApplyView, ProposalView, SchedulesView, VersionView

router = APIRouter(prefix="/v1/schedules")

Version = Annotated[
    int | None, Query(ge=1, le=1_000_000_000, description="which version; the one in force if not given")
]
_SCHEDULES = Shape(SchedulesView)
_APPLY = Shape(ApplyView)
_VERSIONS = Shape(tuple[VersionView, ...])
_PROPOSAL = Shape(ProposalView)
_PROPOSALS = Shape(tuple[ProposalView, ...])


@router.get("", response_model=SchedulesView, responses=READ_PROBLEMS | ONE)
async def export(call: Calling, version: Version = None) -> Response:
    """Give the schedules in force, or an earlier version of them, as the files they were put in force with."""
    return await call.answer(lambda ops, actor: ops.schedule_export(actor, version), _SCHEDULES)


@router.post("/plan", response_model=ApplyView, responses=READ_PROBLEMS)
async def plan(call: Calling, body: PlanBody) -> Response:
    """Say what these files would do in a year of nights; changes nothing, errors in them are part of the answer."""
    drafted = await call.value(lambda ops, actor: ops.schedule_draft(actor, body.files))
    guard = Guard(dry_run=True, max_affected=body.max_affected, accept_losses=body.accept_losses)
    planned = await call.away(lambda: schedule_plan.make(drafted, guard))
    return _written(planned.view)


@router.post("/apply", response_model=ApplyView, responses=WRITE_PROBLEMS)
async def apply(call: Calling, body: ApplyBody) -> Response:
    """Replace the schedules by these files; with errors in them nothing changes and the answer is 422.

    A guard rail answers 409 and keeps the plan for a second person; so does a plan that is stale.
    """
    return await _put(call, lambda ops, actor: ops.schedule_draft(actor, body.files), body.guard(), body.plan)


@router.post("/undo", response_model=ApplyView, responses=WRITE_PROBLEMS)
async def undo(call: Calling, body: UndoBody) -> Response:
    """Put an earlier version in force again, as a new version; guard rails hold as for any other."""
    return await _put(call, lambda ops, actor: ops.schedule_undo_draft(actor, body.to), body.guard(), None)


@router.get("/versions", response_model=list[VersionView], responses=READ_PROBLEMS)
async def history(call: Calling, limit: Limit = 100) -> Response:
    """List the versions of the schedules, the newest first."""
    return await call.answer(lambda ops, actor: ops.schedule_history(actor, limit=limit), _VERSIONS)


@router.get("/proposals", response_model=list[ProposalView], responses=READ_PROBLEMS)
async def proposals(call: Calling) -> Response:
    """List the plans that guard rails stopped and that build on what is in force, the newest first."""
    return await call.answer(lambda ops, actor: ops.schedule_proposals(actor), _PROPOSALS)


@router.post("/proposals/{plan}/approve", response_model=ProposalView, responses=WRITE_PROBLEMS)
async def approve(call: Calling, plan: Annotated[str, Path(min_length=1, max_length=64)], body: WordBody) -> Response:
    """Approve another person's plan; it is then applied as any other."""
    guard = Guard(body.dry_run, body.reason)
    return await call.answer(lambda ops, actor: ops.schedule_approve(actor, plan, guard), _PROPOSAL)


async def _put(call: Call, draft: Callable[[Operations, Actor], Draft], guard: Guard, plan: str | None) -> Response:
    drafted = await call.value(draft)
    planned = await call.away(lambda: schedule_plan.make(drafted, guard))
    try:
        view = await call.value(lambda ops, actor: ops.schedule_commit(actor, planned, guard, plan))
    except PlanRefused as refused:
        result = _APPLY.plain(refused.view)
        raise Refused(refused.why, result, Code.SAFETY_REFUSED) from None
    if not view.ok and not guard.dry_run:
        raise Refused(f"{len(view.errors)} errors in the schedules; nothing was changed", _APPLY.plain(view))
    return _written(view)


def _written(view: ApplyView) -> Response:
    return Response(_APPLY.json(view), media_type="application/json")
