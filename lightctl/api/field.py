"""The addresses of field work: maintenances, nodes that are claimed, replaced and tested, and what came of it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, Field, model_validator

from lightctl.api.bodies import Instant, Name, Strict, TargetedBody, WriteBody
from lightctl.api.calls import Calling
from lightctl.api.reads import CHANGE, ONE, READ_PROBLEMS, Id, Limit
from lightctl.api.shapes import Shape
from lightctl.api.writes import WRITE_PROBLEMS
from lightctl.app.crews.views import MaintenanceView, MountingView, SelfTestView
from lightctl.app.views import ChangeView

router = APIRouter(prefix="/v1")

_MAINTENANCES = Shape(tuple[MaintenanceView, ...])
_SELF_TEST = Shape(SelfTestView)
_MOUNTINGS = Shape(tuple[MountingView, ...])
NodeText = Annotated[str, Field(min_length=1, max_length=64, description="a node by its id")]
LabelText = Annotated[str, Field(min_length=1, max_length=500, description="what the label of a node says (QR text)")]
Reasoned = Annotated[str, Field(min_length=1, max_length=500, description="why; goes into the audit")]


class MaintenanceBody(TargetedBody):
    """A crew's work: its lamps, their level (none: the light stays as it is), its end (after 4 hours if not given)."""

    reason: Reasoned
    level: int | None = Field(None, ge=0, le=100, description="percent, 0 is off")
    until: Instant | None = None
    below_protection: bool = Field(False, description="let the level go below every protection")


class StopBody(WriteBody):
    """Maintenances to end."""

    ids: list[Name] = Field(min_length=1, max_length=1000)


class PlaceBody(Strict):
    """A place on earth, in degrees."""

    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)


class ClaimBody(WriteBody):
    """A node by id or label, and the light point it stands at by id or as the nearest that waits for one."""

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [
                {"oneOf": [{"required": ["node"]}, {"required": ["qr"]}]},
                {"oneOf": [{"required": ["light_point"]}, {"required": ["nearest"]}]},
            ]
        }
    )

    node: NodeText | None = None
    qr: LabelText | None = None
    light_point: Name | None = None
    nearest: PlaceBody | None = None
    channel: int = Field(0, ge=0, le=65_535)

    @model_validator(mode="after")
    def _one_of_each(self) -> ClaimBody:
        _exactly_one(self, "node", "qr")
        _exactly_one(self, "light_point", "nearest")
        return self


class ReplaceBody(WriteBody):
    """The node that leaves and the one that comes, by id or label; profile and address where nothing tells them."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["new"]}, {"required": ["qr"]}]})

    old: NodeText
    new: NodeText | None = None
    qr: LabelText | None = None
    profile: Name | None = None
    address: Name | None = None
    reason: Reasoned

    @model_validator(mode="after")
    def _one_new(self) -> ReplaceBody:
        _exactly_one(self, "new", "qr")
        return self


class SelfTestBody(WriteBody):
    """A node, or the light point whose lamp is meant, and how many seconds each trial takes."""

    name: Name
    step_s: float = Field(20.0, ge=2, le=600)


def _exactly_one(body: Strict, *names: str) -> None:
    if sum(getattr(body, name) is not None for name in names) != 1 or len(body.model_fields_set & set(names)) != 1:
        raise ValueError(f"give exactly one of {' and '.join(names)}")


@router.get("/maintenances", response_model=list[MaintenanceView], responses=READ_PROBLEMS)
async def maintenance_list(
    call: Calling,
    *,
    ended: Annotated[bool, Query(description="also those that are over")] = False,
    limit: Limit = 100,
) -> Response:
    """List maintenances that run, the newest first."""
    return await call.answer(lambda ops, actor: ops.maintenance_list(actor, ended=ended, limit=limit), _MAINTENANCES)


@router.post("/maintenances", response_model=ChangeView, responses=WRITE_PROBLEMS)
async def maintenance_start(call: Calling, body: MaintenanceBody) -> Response:
    """Begin a maintenance; `change` in the answer is its name."""
    until: dt.datetime | None = body.until
    return await call.answer(
        lambda ops, actor: ops.maintenance_start(
            actor, body.target.target(), body.level, until, body.guard(), below_protection=body.below_protection
        ),
        CHANGE,
    )


@router.post("/maintenances/stop", response_model=ChangeView, responses=WRITE_PROBLEMS)
async def maintenance_stop(call: Calling, body: StopBody) -> Response:
    """End maintenances before their time."""
    return await call.answer(lambda ops, actor: ops.maintenance_stop(actor, body.ids, body.guard()), CHANGE)


@router.post("/nodes/claim", response_model=ChangeView, responses=WRITE_PROBLEMS)
async def node_claim(call: Calling, body: ClaimBody) -> Response:
    """Give a node the light point it stands at."""
    nearest = None if body.nearest is None else (body.nearest.lat, body.nearest.lon)
    return await call.answer(
        lambda ops, actor: ops.node_claim(
            actor,
            node=body.node,
            qr=body.qr,
            light_point=body.light_point,
            nearest=nearest,
            channel=body.channel,
            guard=body.guard(),
        ),
        CHANGE,
    )


@router.post("/nodes/replace", response_model=ChangeView, responses=WRITE_PROBLEMS)
async def node_replace(call: Calling, body: ReplaceBody) -> Response:
    """Put another node in place of one; its light points keep everything else."""
    return await call.answer(
        lambda ops, actor: ops.node_replace(
            actor,
            body.old,
            new=body.new,
            qr=body.qr,
            profile=body.profile or "",
            address=body.address or "",
            guard=body.guard(),
        ),
        CHANGE,
    )


@router.post("/nodes/self-test", response_model=SelfTestView, responses=WRITE_PROBLEMS)
async def node_self_test(call: Calling, body: SelfTestBody) -> Response:
    """Drive the lamps of a node on, dimmed and off; ask for what came of it by the answer's `test`."""
    return await call.answer(
        lambda ops, actor: ops.node_self_test(actor, body.name, body.step_s, body.guard()), _SELF_TEST
    )


@router.get("/self-tests/{id}", response_model=SelfTestView, responses=READ_PROBLEMS | ONE)
async def self_test(call: Calling, id: Id) -> Response:  # noqa: A002 - the word of the address
    """Say what came of a self-test so far."""
    return await call.answer(lambda ops, actor: ops.self_test(actor, id), _SELF_TEST)


@router.get("/lights/{id}/nodes", response_model=list[MountingView], responses=READ_PROBLEMS | ONE)
async def light_nodes(call: Calling, id: Id) -> Response:  # noqa: A002
    """List the nodes that switched a light point, the present one last."""
    return await call.answer(lambda ops, actor: ops.light_nodes(actor, id), _MOUNTINGS)
