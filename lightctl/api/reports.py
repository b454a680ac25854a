"""The addresses of reports: a night, a month, a light point; as values, as a page, as a PDF.

A report of a city takes a while. It is gathered a piece at a time, so that recording and other calls go on in between,
and laid out on a thread of its own.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from lightctl.api.calls import Call, Calling
from lightctl.api.reads import ONE, READ_PROBLEMS, Id, Select
from lightctl.api.shapes import Shape
from lightctl.app.reporting.operations import EVERYTHING
from lightctl.app.reporting.periods import PeriodKind
from lightctl.reports.lamp import LampReport
from lightctl.reports.papers import Paper, written
from lightctl.reports.street import StreetReport

STREET = Shape(StreetReport)
LAMP = Shape(LampReport)
_FILES: dict[str, object] = {"text/html": {}, "application/pdf": {}}
_SEVERAL: dict[int | str, dict[str, Any]] = {
    200: {"description": "The report in the format asked for", "content": _FILES}
}
_SEVERAL_OR_SVG: dict[int | str, dict[str, Any]] = {
    200: {"description": "The report in the format asked for", "content": _FILES | {"image/svg+xml": {}}}
}
# A page of ours has no scripts; should one ever get in, no browser runs it.
_SAFE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}

StreetFormat = Annotated[Literal["json", "html", "pdf"], Query(description="how the report is written")]
LampFormat = Annotated[Literal["json", "html", "pdf", "svg"], Query(description="how the report is written")]
router = APIRouter(prefix="/v1/reports", responses=READ_PROBLEMS)


@router.get("/night", response_model=StreetReport, responses=ONE | _SEVERAL)
async def report_night(
    call: Calling,
    date: Annotated[str | None, Query(description="YYYY-MM-DD; without it the last night that is over")] = None,
    select: Select = EVERYTHING,
    format: StreetFormat = "json",  # noqa: A002 - the word of the address
) -> Response:
    """Report a night: lamps in light, outages, burning hours, energy, the worst cabinets."""
    return await _street(call, PeriodKind.NIGHT, date, select, format)


@router.get("/month", response_model=StreetReport, responses=ONE | _SEVERAL)
async def report_month(
    call: Calling,
    month: Annotated[str | None, Query(description="YYYY-MM; without it the last month that is over")] = None,
    select: Select = EVERYTHING,
    format: StreetFormat = "json",  # noqa: A002
) -> Response:
    """Report a month: the same over all its nights."""
    return await _street(call, PeriodKind.MONTH, month, select, format)


@router.get("/lights/{id}", response_model=LampReport, responses=ONE | _SEVERAL_OR_SVG)
async def report_lamp(
    call: Calling,
    id: Id,  # noqa: A002
    nights: Annotated[int, Query(ge=1, le=400, description="how many, the present one included")] = 30,
    format: LampFormat = "json",  # noqa: A002
) -> Response:
    """Report a light point: its levels quarter by quarter of the last nights, and its faults."""
    report = await call.value(lambda ops, actor: ops.report_lamp(actor, id, nights))
    if format == "json":
        return Response(LAMP.json(report), media_type="application/json")
    return await _paper(call, report, Paper(format))


async def _street(call: Call, kind: PeriodKind, when: str | None, select: str, form: str) -> Response:
    gathering = await call.value(lambda ops, actor: ops.report_begin(actor, kind, when, select))
    while await call.run(gathering.step):
        pass
    report = gathering.report()
    if form == "json":
        return Response(await call.away(lambda: STREET.json(report)), media_type="application/json")
    return await _paper(call, report, Paper(form))


async def _paper(call: Call, report: StreetReport | LampReport, paper: Paper) -> Response:
    body = await call.away(lambda: written(report, paper))
    return Response(body, media_type=paper.media_type, headers=_SAFE)
