"""A document as a page: one HTML file without scripts and without anything from elsewhere, for a screen and for A4.

Everything that comes from outside goes through the template's escaping; the charts are our own well-formed SVG.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from lightctl.reports.charts.drawing import draw
from lightctl.reports.charts.figures import figures_of
from lightctl.reports.charts.svg import DARK, svg
from lightctl.reports.document import Block, Document, Figures, Heading, Table, Words, clipped

if TYPE_CHECKING:
    from jinja2 import Template


@dataclass(frozen=True, slots=True)
class _Drawn:
    svg: str


def page(document: Document) -> str:
    """Write a document as HTML."""
    figures = figures_of(document.charts_to_tell)
    return _template().render(document=document, blocks=list(_blocks(document)), figures=figures, dark=DARK)


def _blocks(document: Document) -> Iterator[tuple[str, Block | _Drawn]]:
    for block in document.blocks:
        match block:
            case Heading() | Words() | Figures() | Table():
                yield type(block).__name__, block
            case _:
                yield "Chart", _Drawn(svg(draw(block)))


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - most daemons draw no page

    loader = PackageLoader("lightctl.reports", "templates")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["clipped"] = clipped
    return environment.get_template("document.html.j2")
