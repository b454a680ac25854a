"""Exporting: a document of a whole city in parts, so that neither memory nor the store's thread is held by it.

Each part is read on the store's thread and shows the street of the instant the export began; between two parts others
get their turn. A document is whole when its closing bracket has come, and no JSON before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import msgspec

from lightctl.app import reading
from lightctl.app.desk import Desk
from lightctl.app.exports import geojson, ngsi_ld
from lightctl.app.reading import Street
from lightctl.app.views import LightView
from lightctl.domain.assets import LightPoint
from lightctl.domain.selectors import Selector

PART = 250  # light points in one go: some tens of milliseconds


class OpenFormat(StrEnum):
    """What can be written."""

    NGSI_LD = "ngsi-ld"
    GEOJSON = "geojson"

    @property
    def media_type(self) -> str:
        """Its name on the web."""
        return "application/ld+json" if self is OpenFormat.NGSI_LD else "application/geo+json"


@dataclass(frozen=True, slots=True)
class Export:
    """An export that began: the light points it is of, and what is the same for all of them."""

    format: OpenFormat
    points: Sequence[LightPoint]
    street: Street

    @property
    def opening(self) -> bytes:
        """What stands before the first light point."""
        return b"[\n" if self.format is OpenFormat.NGSI_LD else b'{"type":"FeatureCollection","features":[\n'

    @property
    def closing(self) -> bytes:
        """What stands after the last one."""
        return b"\n]\n" if self.format is OpenFormat.NGSI_LD else b"\n]}\n"

    @property
    def starts(self) -> range:
        """Where each part starts."""
        return range(0, len(self.points), PART)


def begin(desk: Desk, format: OpenFormat, selector: Selector) -> Export:  # noqa: A002 - the CLI's word
    """Look at the street, for the light points a selector names."""
    return Export(format, desk.fleet.select(selector), reading.look(desk, ()))


def part(desk: Desk, export: Export, start: int) -> bytes:
    """Write the part that starts there, one light point a line, with the comma that parts it from what was before."""
    points = export.points[start : start + PART]
    nodes = {point.node for point in points if point.node}
    street = replace(
        export.street,
        reports=desk.store.last_reports(nodes),
        commands=desk.store.latest_commands(nodes),
        seen=desk.store.nodes_seen(nodes),
    )
    lights = reading.seen(desk, street, points)
    lines = b",\n".join(map(msgspec.json.encode, _written(export.format, street, points, lights)))
    return (b",\n" if start else b"") + lines


def _written(
    format: OpenFormat,  # noqa: A002 - the CLI's word
    street: Street,
    points: Sequence[LightPoint],
    lights: Sequence[LightView],
) -> Iterator[dict[str, object]]:
    for point, light in zip(points, lights, strict=True):
        if format is OpenFormat.GEOJSON:
            yield geojson.feature(point, light)
        else:
            report = street.reports.get(point.node) if point.node else None
            yield ngsi_ld.entity(point, light, report.channels.get(point.channel) if report is not None else None)
