"""Papers: a report in the format that is asked for, whichever report it is."""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

from lightctl.reports import lamp, street_document
from lightctl.reports.document import Document
from lightctl.reports.lamp import LampReport
from lightctl.reports.street import StreetReport


class Paper(StrEnum):
    """A format of a report for people, by the ending of its files."""

    HTML = "html"
    PDF = "pdf"
    SVG = "svg"

    @property
    def media_type(self) -> str:
        """Its name in HTTP."""
        return {
            Paper.HTML: "text/html; charset=utf-8",
            Paper.PDF: "application/pdf",
            Paper.SVG: "image/svg+xml",
        }[self]


def document_of(report: StreetReport | LampReport) -> Document:
    """Lay a report out."""
    return lamp.document(report) if isinstance(report, LampReport) else street_document.document(report)


def written(report: StreetReport | LampReport, paper: Paper) -> bytes:
    """Write a report. As SVG it is its picture alone, which only that of a light point has."""
    match paper:
        case Paper.HTML:
            from lightctl.reports import page  # noqa: PLC0415 - a daemon writes few reports or none

            return page.page(document_of(report)).encode("utf-8", "replace")
        case Paper.PDF:
            from lightctl.reports import pdf  # noqa: PLC0415 - its library costs a start a third of a second

            return pdf.pdf(document_of(report), report.made_at)
        case Paper.SVG:
            from lightctl.reports.charts.drawing import draw  # noqa: PLC0415
            from lightctl.reports.charts.svg import svg  # noqa: PLC0415

            assert isinstance(report, LampReport), "only the report of a light point is one picture"
            return svg(draw(lamp.heat_map(report)), alone=True).encode("ascii")
        case _:
            assert_never(paper)
