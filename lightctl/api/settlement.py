"""The addresses of settlement: control files in and out, and what units did on a day."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BeforeValidator, Field

from lightctl.api.bodies import SelectorText, WriteBody
from lightctl.api.calls import Call, Calling
from lightctl.api.codes import Code
from lightctl.api.problems import Refused, documented
from lightctl.api.reads import READ_PROBLEMS
from lightctl.api.shapes import Shape
from lightctl.api.writes import WRITE_PROBLEMS
from lightctl.app.settlement import log
from lightctl.app.settlement.log import DayLog
from lightctl.app.settlement.views import ControlView, ProfileView
from lightctl.app.views import ImportView
from lightctl.domain.settlement import MAX_VERSION, UnitDay

router = APIRouter(prefix="/v1/settlement")
READING = {**READ_PROBLEMS, **documented(Code.UNKNOWN_TARGET)}
NDJSON = "application/x-ndjson"
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_IMPORT = Shape(ImportView)
_CONTROL = Shape(ControlView)
_PROFILE = Shape(ProfileView)


def _only_a_day(value: object) -> object:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("write a day as YYYY-MM-DD")
    return value


SubMeter = Annotated[str, Query(pattern="^[a-z0-9]{7}$", description="7 lower-case letters and digits")]
Day = Annotated[dt.date, BeforeValidator(_only_a_day), Field(ge=dt.date(1970, 1, 1), le=dt.date(2100, 12, 31))]


class ControlBody(WriteBody):
    """A control file to be taken in."""

    text: str = Field(max_length=10_000_000, description="the file's bytes as characters")
    name: str = Field("control file", max_length=500, description="what it is called in the audit")
    skip_unknown: bool = Field(False, description="pass over units that no light point has")


@router.post("/import", response_model=ImportView, responses=WRITE_PROBLEMS)
async def settlement_import(call: Calling, body: ControlBody) -> Response:
    """Put what a control file says into the tags of its light points; with errors nothing changes: 422."""
    view = await call.value(
        lambda ops, actor: ops.settlement_import(
            actor, body.text, name=body.name, skip_unknown=body.skip_unknown, guard=body.guard()
        )
    )
    if view.errors and not view.dry_run:
        raise Refused(
            f"{len(view.errors)} errors in the control file; nothing was changed",
            _IMPORT.plain(view),
        )
    return Response(_IMPORT.json(view), media_type="application/json")


@router.get("/control", response_model=ControlView, responses=READING)
async def settlement_export(
    call: Calling,
    sub_meter: SubMeter,
    effective: Annotated[Day, Query(description="the day it counts from")],
    version: Annotated[int, Query(ge=0, le=MAX_VERSION)],
    select: Annotated[SelectorText | None, Query(description="default: the light points tagged with it")] = None,
) -> Response:
    """Write the control file of a sub-meter."""
    return await call.answer(
        lambda ops, actor: ops.settlement_export(actor, sub_meter, effective, version, select), _CONTROL
    )


@router.get("/profile", response_model=ProfileView, responses=READING)
async def settlement_profile(call: Calling, sub_meter: SubMeter, date: Annotated[Day, Query()]) -> Response:
    """Add up the half hours of a sub-meter's day from levels and power curves."""
    day = await call.value(lambda ops, actor: ops.settlement_day(actor, sub_meter, date))
    days = [each async for part in _parts(call, day) for each in part]
    return Response(_PROFILE.json(log.profile(day, days)), media_type="application/json")


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={**READING, 200: {"description": "A line for the day, then a line per event", "content": {NDJSON: {}}}},
)
async def settlement_events(call: Calling, sub_meter: SubMeter, date: Annotated[Day, Query()]) -> StreamingResponse:
    """Give the switching events of a sub-meter's day by unit and instant, each a line, after a line on the day."""
    day = await call.value(lambda ops, actor: ops.settlement_day(actor, sub_meter, date))

    async def lines() -> AsyncIterator[bytes]:
        yield msgspec.json.encode(day.day) + b"\n"
        async for part in _parts(call, day):
            yield b"".join(msgspec.json.encode(event) + b"\n" for unit in part for event in unit.events)

    return StreamingResponse(lines(), media_type=NDJSON)


async def _parts(call: Call, day: DayLog) -> AsyncIterator[tuple[UnitDay, ...]]:
    for start in day.starts:
        yield await call.value(lambda ops, actor, at=start: ops.settlement_part(actor, day, at))  # type: ignore[misc]
