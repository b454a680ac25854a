"""The addresses of open formats: documents of a whole city, sent in parts as they are read."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from lightctl.api.bodies import SelectorText
from lightctl.api.calls import Call, Calling
from lightctl.api.reads import READ_PROBLEMS
from lightctl.app.exports.exporting import OpenFormat

router = APIRouter(prefix="/v1/export", responses=READ_PROBLEMS)
Select = Annotated[SelectorText, Query(description="a selector; * is everything")]


@router.get(
    "/ngsi-ld",
    response_class=StreamingResponse,
    responses={200: {"description": "A list of entities", "content": {OpenFormat.NGSI_LD.media_type: {}}}},
)
async def export_ngsi_ld(call: Calling, select: Select = "*") -> Response:
    """Write light points as NGSI-LD entities of the Smart Data Models, as they are now."""
    return await _written(call, OpenFormat.NGSI_LD, select)


@router.get(
    "/geojson",
    response_class=StreamingResponse,
    responses={200: {"description": "A feature collection", "content": {OpenFormat.GEOJSON.media_type: {}}}},
)
async def export_geojson(call: Calling, select: Select = "*") -> Response:
    """Write light points as GeoJSON with what is due and what is reported, as they are now."""
    return await _written(call, OpenFormat.GEOJSON, select)


async def _written(call: Call, format: OpenFormat, select: str) -> Response:  # noqa: A002 - the CLI's word
    return await call.in_parts(lambda ops, actor: ops.export(actor, format, select), format.media_type)
