"""Exporting: a document of a whole city in parts, so that neither memory nor the store's thread is held by it.

Each part is read on the store's thread when it is asked for, and shows what people hold as it was at the beginning;
between two parts others get their turn. A document is whole when its closing bracket has come, and no JSON before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

import msgspec

from lightctl.app import reading
from lightctl.app.desk import Desk
from lightctl.app.exports import geojson, ngsi_ld
from lightctl.app.reading import Street
from lightctl.app.steps import in_parts
from lightctl.domain.assets import LightPoint
from lightctl.domain.selectors import Selector


class OpenFormat(StrEnum):
    """What can be written."""

    NGSI_LD = "ngsi-ld"
    GEOJSON = "geojson"

    @property
    def media_type(self) -> str:
        """Its name on the web."""
        return "application/ld+json" if self is OpenFormat.NGSI_LD else "application/geo+json"

    @property
    def brackets(self) -> tuple[bytes, bytes]:
        """What stands before the first light point, and after the last."""
        if self is OpenFormat.NGSI_LD:
            return b"[\n", b"\n]\n"
        return b'{"type":"FeatureCollection","features":[\n', b"\n]}\n"


def document(desk: Desk, format: OpenFormat, selector: Selector) -> Iterator[bytes]:  # noqa: A002 - the CLI's word
    """Write the light points that a selector names, one a line."""
    before, closing = format.brackets
    held = reading.held(desk)
    for points in in_parts(desk.fleet.select(selector)):
        street = reading.of_lights(desk, held, points)
        yield before + b",\n".join(map(msgspec.json.encode, _written(desk, format, street, points)))
        before = b",\n"
    yield closing if before == b",\n" else before + closing


def _written(
    desk: Desk,
    format: OpenFormat,  # noqa: A002 - the CLI's word
    street: Street,
    points: Sequence[LightPoint],
) -> Iterator[dict[str, object]]:
    for point in points:
        light = reading.light(desk, street, point)
        if format is OpenFormat.GEOJSON:
            yield geojson.feature(point, light)
        else:
            report = street.reports.get(point.node) if point.node else None
            yield ngsi_ld.entity(point, light, report.channels.get(point.channel) if report is not None else None)
