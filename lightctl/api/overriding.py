"""The addresses of overrides: which levels people hold by hand, what comes after each, and how to end them by id."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import ConfigDict, Field, model_validator

from lightctl.api.bodies import Name, SelectorText, WriteBody
from lightctl.api.calls import Calling
from lightctl.api.reads import CHANGE, ONE, READ_PROBLEMS, Limit
from lightctl.api.shapes import Shape
from lightctl.api.writes import WRITE_PROBLEMS
from lightctl.app.asking import Target
from lightctl.app.overrides.views import OverrideDetailView, OverrideView
from lightctl.app.views import ChangeView

router = APIRouter(prefix="/v1")

_OVERRIDES = Shape(tuple[OverrideView, ...])
_OVERRIDE = Shape(OverrideDetailView)


class ClearBody(WriteBody):
    """Overrides to end: some by id, or every one; exactly one of the two."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["ids"]}, {"required": ["all"]}]})

    ids: list[Name] | None = Field(None, description="overrides by id", min_length=1)
    all: Literal[True] | None = Field(None, description="every override there is")

    @model_validator(mode="after")
    def _exactly_one(self) -> ClearBody:
        given = self.model_fields_set & {"ids", "all"}
        if len(given) != 1 or (self.ids is None and self.all is None):
            raise ValueError("give exactly one of ids and all")
        return self


@router.get("/overrides", response_model=list[OverrideView], responses=READ_PROBLEMS | ONE)
async def override_list(
    call: Calling,
    *,
    id: Annotated[Name | None, Query(description="only those that concern this light point")] = None,  # noqa: A002
    group: Annotated[Name | None, Query(description="only those that concern this group")] = None,
    select: Annotated[SelectorText | None, Query(description="only those that concern these light points")] = None,
    ended: Annotated[bool, Query(description="also those that are over")] = False,
    limit: Limit = 100,
) -> Response:
    """List levels set by hand, the newest first, with who counts where several do."""
    target = None if (id, group, select) == (None, None, None) else Target(id, group, select)
    return await call.answer(lambda ops, actor: ops.override_list(actor, target, ended=ended, limit=limit), _OVERRIDES)


@router.get("/overrides/{id}", response_model=OverrideDetailView, responses=READ_PROBLEMS | ONE)
async def override_show(call: Calling, id: Annotated[str, Path(min_length=1, max_length=64)]) -> Response:  # noqa: A002
    """Show one of them, with what is due at its lamps now and what comes back at its end."""
    return await call.answer(lambda ops, actor: ops.override_show(actor, id), _OVERRIDE)


@router.post("/overrides/clear", response_model=ChangeView, responses=WRITE_PROBLEMS)
async def override_clear(call: Calling, body: ClearBody) -> Response:
    """End overrides before their time; their lamps follow what comes after."""
    return await call.answer(lambda ops, actor: ops.override_clear(actor, body.ids, body.guard()), CHANGE)
