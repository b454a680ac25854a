"""The addresses that change something. An answer of 2xx means the change is stored and survives a power cut."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from lightctl.api.bodies import ImportBody, LevelBody, TargetedBody, TokenBody
from lightctl.api.calls import Calling
from lightctl.api.codes import Code
from lightctl.api.problems import Refused, documented
from lightctl.api.reads import CHANGE
from lightctl.api.shapes import Shape
from lightctl.app.asking import Guard, Role
from lightctl.app.views import ChangeView, ImportView, TokenView

WRITE_PROBLEMS = documented(
    Code.INVALID_INPUT,
    Code.UNKNOWN_TARGET,
    Code.UNAUTHENTICATED,
    Code.NOT_PERMITTED,
    Code.SAFETY_REFUSED,
    Code.TOO_LARGE,
    Code.LINK_DOWN,
    Code.STORE_ERROR,
)
router = APIRouter(prefix="/v1", responses=WRITE_PROBLEMS)

_IMPORT = Shape(ImportView)
_TOKEN = Shape(TokenView)
_TOKENS = Shape(tuple[TokenView, ...])


@router.post("/lights/level", response_model=ChangeView)
async def set_level(call: Calling, body: LevelBody) -> Response:
    """Hold light points at a level, from now or an instant to come, until another."""
    return await call.answer(
        lambda ops, actor: ops.set_level(actor, body.target.target(), body.level, body.until, body.guard(), body.start),
        CHANGE,
    )


@router.post("/lights/resume", response_model=ChangeView)
async def resume(call: Calling, body: TargetedBody) -> Response:
    """End manual levels: light points follow their programs again."""
    return await call.answer(lambda ops, actor: ops.resume(actor, body.target.target(), body.guard()), CHANGE)


@router.post("/lights/identify", response_model=ChangeView)
async def identify(call: Calling, body: TargetedBody) -> Response:
    """Make light points show themselves once."""
    return await call.answer(lambda ops, actor: ops.identify(actor, body.target.target(), body.guard()), CHANGE)


@router.post("/inventory/import", response_model=ImportView)
async def inventory_import(call: Calling, body: ImportBody) -> Response:
    """Add and change light points from a file; with errors in it nothing changes and the answer is 422."""
    view = await call.value(
        lambda ops, actor: ops.inventory_import(
            actor,
            body.text,
            format=body.format,
            name=body.name,
            mapping=body.mapping,
            skip_bad_rows=body.skip_bad_rows,
            guard=body.guard(),
        )
    )
    if view.errors and not view.dry_run and not view.applied:
        raise Refused(
            f"{len(view.errors)} of {view.rows} rows cannot be read; nothing was changed",
            _IMPORT.plain(view),
        )
    return Response(_IMPORT.json(view), media_type="application/json")


@router.get("/tokens", response_model=list[TokenView])
async def token_list(call: Calling) -> Response:
    """List every token, without its secret."""
    return await call.answer(lambda ops, actor: ops.token_list(actor), _TOKENS)


@router.post(
    "/tokens",
    response_model=TokenView,
    status_code=201,
    responses={200: {"model": TokenView, "description": "Tried only"}},
)
async def token_create(call: Calling, body: TokenBody) -> Response:
    """Make a token; the answer shows its secret this once."""
    guard = Guard(body.dry_run, body.reason)
    return await call.answer(
        lambda ops, actor: ops.token_create(actor, body.name, Role(body.role), body.expires_at, guard),
        _TOKEN,
        200 if body.dry_run else 201,
    )


@router.delete("/tokens/{name}", response_model=TokenView)
async def token_revoke(
    call: Calling,
    name: Annotated[str, Path(min_length=1, max_length=64)],
    *,
    dry_run: bool = False,
    reason: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """Revoke a token for good."""
    guard = Guard(dry_run, reason)
    return await call.answer(lambda ops, actor: ops.token_revoke(actor, name, guard), _TOKEN)
