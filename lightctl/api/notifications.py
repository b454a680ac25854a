"""The addresses of notifications: how their targets fare, and a trial of one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from lightctl.api.bodies import WordBody
from lightctl.api.calls import Calling
from lightctl.api.reads import READ_PROBLEMS
from lightctl.api.shapes import Shape
from lightctl.api.writes import WRITE_PROBLEMS
from lightctl.app.asking import Guard
from lightctl.app.notices.views import NotificationView, TrialView

router = APIRouter(prefix="/v1")

_TARGETS = Shape(tuple[NotificationView, ...])
_TRIAL = Shape(TrialView)
TargetName = Annotated[str, Path(min_length=1, max_length=64)]


@router.get("/notifications", response_model=list[NotificationView], responses=READ_PROBLEMS)
async def notification_list(call: Calling) -> Response:
    """List the targets that are told about faults, with how they fare."""
    return await call.answer(lambda ops, actor: ops.notification_list(actor), _TARGETS)


@router.post("/notifications/{name}/test", response_model=TrialView, responses=WRITE_PROBLEMS)
async def notification_test(call: Calling, name: TargetName, body: WordBody) -> Response:
    """Send a test message now and say what came of it; 200 also where the target took nothing: see `ok`."""
    trial = await call.value(lambda ops, actor: ops.notification_trial(actor, name))
    outcome = None if body.dry_run else await call.operations.notification_send(trial)
    guard = Guard(body.dry_run, body.reason)
    return await call.answer(lambda ops, actor: ops.notification_tried(actor, trial, outcome, guard), _TRIAL)
