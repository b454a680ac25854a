"""The addresses of roll-outs. A 2xx of one that changes means it is stored; the street follows in waves."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from lightctl.api.bodies import ResumeBody, RolloutBody, WordBody
from lightctl.api.calls import Calling
from lightctl.api.codes import Code
from lightctl.api.problems import Refused
from lightctl.api.reads import ONE, READ_PROBLEMS, Limit
from lightctl.api.shapes import Shape
from lightctl.api.writes import WRITE_PROBLEMS
from lightctl.app.asking import Guard
from lightctl.app.rollouts.views import RolloutView
from lightctl.app.schedules import plan as schedule_plan
from lightctl.app.schedules.scheduling import PlanRefused
from lightctl.app.schedules.views import ApplyView

router = APIRouter(prefix="/v1/rollouts")

RolloutId = Annotated[str, Path(min_length=1, max_length=20)]
_APPLY = Shape(ApplyView)
_ROLLOUT = Shape(RolloutView)
_ROLLOUTS = Shape(tuple[RolloutView, ...])


@router.get("", response_model=list[RolloutView], responses=READ_PROBLEMS)
async def rollout_list(call: Calling, limit: Limit = 100) -> Response:
    """List roll-outs, the newest first."""
    return await call.answer(lambda ops, actor: ops.rollout_list(actor, limit=limit), _ROLLOUTS)


@router.get("/{id}", response_model=RolloutView, responses=READ_PROBLEMS | ONE)
async def rollout_status(call: Calling, id: RolloutId) -> Response:  # noqa: A002 - the word of the address
    """Show a roll-out wave by wave, with the nodes that failed."""
    return await call.answer(lambda ops, actor: ops.rollout_status(actor, id), _ROLLOUT)


@router.post("", response_model=RolloutView, responses=WRITE_PROBLEMS)
async def rollout_start(call: Calling, body: RolloutBody) -> Response:
    """Bring these files to the street in waves; with errors in them nothing changes and the answer is 422.

    A guard rail answers 409 and keeps the plan for a second person; so does a plan that is stale.
    """
    guard, manner = body.guard(), body.manner()
    drafted = await call.value(lambda ops, actor: ops.schedule_draft(actor, body.files))
    planned = await call.away(lambda: schedule_plan.make(drafted, guard))
    if not planned.view.ok:
        why = f"{len(planned.view.errors)} errors in the schedules; nothing was changed"
        raise Refused(why, _APPLY.plain(planned.view))
    try:
        return await call.answer(
            lambda ops, actor: ops.rollout_start(actor, planned, manner, guard, body.plan), _ROLLOUT
        )
    except PlanRefused as refused:
        result = _APPLY.plain(refused.view)
        raise Refused(refused.why, result, Code.SAFETY_REFUSED) from None


@router.post("/{id}/pause", response_model=RolloutView, responses=WRITE_PROBLEMS)
async def rollout_pause(call: Calling, id: RolloutId, body: WordBody) -> Response:  # noqa: A002
    """Move nobody further for now; those that have moved stay."""
    guard = Guard(body.dry_run, body.reason)
    return await call.answer(lambda ops, actor: ops.rollout_pause(actor, id, guard), _ROLLOUT)


@router.post("/{id}/resume", response_model=RolloutView, responses=WRITE_PROBLEMS)
async def rollout_resume(call: Calling, id: RolloutId, body: ResumeBody) -> Response:  # noqa: A002
    """Go on with a paused roll-out; 409 while more nodes failed than it allows."""
    guard = Guard(body.dry_run, body.reason)
    return await call.answer(lambda ops, actor: ops.rollout_resume(actor, id, body.max_failures, guard), _ROLLOUT)


@router.post("/{id}/undo", response_model=RolloutView, responses=WRITE_PROBLEMS)
async def rollout_undo(call: Calling, id: RolloutId, body: WordBody) -> Response:  # noqa: A002
    """Take everybody who has moved back to the schedules in force."""
    guard = Guard(body.dry_run, body.reason)
    return await call.answer(lambda ops, actor: ops.rollout_undo(actor, id, guard), _ROLLOUT)
