"""The addresses of faults: what is wrong, what people said about it, and what is kept quiet for a while."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import ConfigDict, Field, model_validator

from lightctl.api.bodies import Instant, Name, SelectorText, TargetBody, WriteBody
from lightctl.api.calls import Calling
from lightctl.api.reads import ONE, READ_PROBLEMS, Limit
from lightctl.api.shapes import Shape
from lightctl.api.writes import WRITE_PROBLEMS
from lightctl.app.asking import Target
from lightctl.app.faults.views import FaultDetailView, FaultView, MarkedView, SilenceView

router = APIRouter(prefix="/v1")

_FAULTS = Shape(tuple[FaultView, ...])
_FAULT = Shape(FaultDetailView)
_MARKED = Shape(MarkedView)
_SILENCES = Shape(tuple[SilenceView, ...])
FaultStateName = Literal["open", "acknowledged", "silenced", "suppressed", "cleared"]
FaultId = Annotated[int, Field(ge=1, le=2**63 - 1)]
FaultIds = Annotated[list[FaultId], Field(min_length=1, max_length=10_000)]
EventText = Annotated[str, Field(min_length=1, max_length=64)]


class AcknowledgeBody(WriteBody):
    """Faults that somebody takes on."""

    ids: FaultIds


class SilenceBody(WriteBody):
    """Faults by number, or an event at a target, that are no alarms until an instant."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["ids"], "not": {"anyOf": [{"required": ["event"]}, {"required": ["target"]}]}},
                {"required": ["event", "target"], "not": {"required": ["ids"]}},
            ]
        }
    )

    ids: FaultIds | None = None
    event: EventText | None = None
    target: TargetBody | None = None
    until: Instant

    @model_validator(mode="after")
    def _faults_or_an_event(self) -> SilenceBody:
        given = self.model_fields_set & {"ids", "event", "target"}
        if given == {"ids"} and self.ids is not None:
            return self
        if given == {"event", "target"} and self.event is not None and self.target is not None:
            return self
        raise ValueError("give either ids, or event and target")


class UnsilenceBody(WriteBody):
    """Faults by number, Silences by name, or both, that are alarms again."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["ids"]}, {"required": ["silences"]}]})

    ids: FaultIds | None = None
    silences: Annotated[list[Name], Field(min_length=1, max_length=1000)] | None = None

    @model_validator(mode="after")
    def _something(self) -> UnsilenceBody:
        given = self.model_fields_set & {"ids", "silences"}
        if not given or any(getattr(self, name) is None for name in given):
            raise ValueError("give ids, or silences, or both")
        return self


@router.get("/faults", response_model=list[FaultView], responses=READ_PROBLEMS | ONE)
async def fault_list(
    call: Calling,
    *,
    open_only: bool = False,
    suppressed: Annotated[bool, Query(description="also those a maintenance keeps from being alarms")] = False,
    state: Annotated[FaultStateName | None, Query(description="only those in this state")] = None,
    event: Annotated[EventText | None, Query(description="only those of this event")] = None,
    id: Annotated[Name | None, Query(description="only those that concern this light point")] = None,  # noqa: A002
    group: Annotated[Name | None, Query(description="only those that concern this group")] = None,
    select: Annotated[SelectorText | None, Query(description="only those that concern these light points")] = None,
    since: Annotated[Instant | None, Query(description="only those that opened at this instant or later")] = None,
    limit: Limit = 100,
) -> Response:
    """List faults, the newest first."""
    target = None if (id, group, select) == (None, None, None) else Target(id, group, select)
    return await call.listed(
        lambda ops, actor: ops.fault_list(
            actor,
            open_only=open_only,
            limit=limit,
            suppressed=suppressed,
            state=state,
            event=event,
            target=target,
            since=since,
        ),
        _FAULTS,
    )


@router.get("/faults/{id}", response_model=FaultDetailView, responses=READ_PROBLEMS | ONE)
async def fault_show(call: Calling, id: Annotated[int, Path(ge=1, le=2**63 - 1)]) -> Response:  # noqa: A002
    """Show one with what it explains, what was said about it and what to do."""
    return await call.answer(lambda ops, actor: ops.fault_show(actor, id), _FAULT)


@router.get("/silences", response_model=list[SilenceView], responses=READ_PROBLEMS)
async def silence_list(
    call: Calling,
    *,
    ended: Annotated[bool, Query(description="also those that are over")] = False,
    limit: Limit = 100,
) -> Response:
    """List events that are kept quiet at a target, the newest first."""
    return await call.answer(lambda ops, actor: ops.silence_list(actor, ended=ended, limit=limit), _SILENCES)


@router.post("/faults/acknowledge", response_model=MarkedView, responses=WRITE_PROBLEMS)
async def fault_acknowledge(call: Calling, body: AcknowledgeBody) -> Response:
    """Say that somebody has taken faults on."""
    return await call.answer(lambda ops, actor: ops.fault_acknowledge(actor, body.ids, body.guard()), _MARKED)


@router.post("/faults/silence", response_model=MarkedView, responses=WRITE_PROBLEMS)
async def fault_silence(call: Calling, body: SilenceBody) -> Response:
    """Keep faults, or an event at a target, from being alarms until an instant."""
    ids, event, target = body.ids, body.event, body.target
    if ids is not None:
        return await call.answer(lambda ops, actor: ops.fault_silence(actor, ids, body.until, body.guard()), _MARKED)
    assert event is not None
    assert target is not None
    return await call.answer(
        lambda ops, actor: ops.fault_silence_event(actor, event, target.target(), body.until, body.guard()), _MARKED
    )


@router.post("/faults/unsilence", response_model=MarkedView, responses=WRITE_PROBLEMS)
async def fault_unsilence(call: Calling, body: UnsilenceBody) -> Response:
    """Let faults be alarms again."""
    return await call.answer(
        lambda ops, actor: ops.fault_unsilence(actor, body.ids or (), body.silences or (), body.guard()), _MARKED
    )
