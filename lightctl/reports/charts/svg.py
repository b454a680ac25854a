"""A picture as SVG: well-formed, without scripts and without anything from elsewhere.

Colours stand in the elements, for readers that know no style sheets; tones are classes too, so that the page around
can give them others on a dark screen.
"""

from __future__ import annotations

from typing import assert_never
from xml.etree import ElementTree as ET

from lightctl.reports.charts.picture import WIDTH, Anchor, Dot, Line, Picture, Rect, Shape, Text
from lightctl.reports.charts.tones import COLOURS, on_paper
from lightctl.reports.document import clipped

_FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif"
DARK = "".join(f".{tone}{{fill:{dark}}}.{tone}-line{{stroke:{dark}}}" for tone, (_, dark) in COLOURS.items())


def svg(picture: Picture, *, alone: bool = False) -> str:
    """Write a picture; `alone` brings its own ground and its colours for dark screens, else the page gives both."""
    height = _n(picture.height)
    attributes = {"viewBox": f"0 0 {_n(WIDTH)} {height}", "role": "img", "font-family": _FONT}
    if alone:
        attributes |= {"xmlns": "http://www.w3.org/2000/svg", "width": _n(WIDTH), "height": height}
    root = ET.Element("svg", attributes)
    ET.SubElement(root, "title").text = clipped(picture.title)
    if alone:
        ground = ".ground{fill:#161923}"
        ET.SubElement(root, "style").text = f"@media (prefers-color-scheme: dark){{{ground}{DARK}}}"
        ET.SubElement(root, "rect", {"class": "ground", "width": "100%", "height": "100%", "fill": "#ffffff"})
    for shape in picture.shapes:
        root.append(_element(shape))
    return str(ET.tostring(root, encoding="us-ascii", xml_declaration=False), "ascii")


def _element(shape: Shape) -> ET.Element:
    match shape:
        case Rect(x, y, width, height, tone, tip):
            box = {"x": _n(x), "y": _n(y), "width": _n(width), "height": _n(height)}
            return _tipped(ET.Element("rect", box | _fill(tone)), tip)
        case Dot(x, y, radius, tone, tip):
            return _tipped(ET.Element("circle", {"cx": _n(x), "cy": _n(y), "r": _n(radius)} | _fill(tone)), tip)
        case Line(points, tone, width, dashed):
            drawn = {"points": " ".join(f"{_n(x)},{_n(y)}" for x, y in points), "fill": "none"}
            drawn |= {"stroke": on_paper(tone), "stroke-width": _n(width)}
            drawn |= {"class": f"{tone}-line"} if tone in COLOURS else {}
            return ET.Element("polyline", drawn | ({"stroke-dasharray": "5 4"} if dashed else {}))
        case Text(x, y, text, size, tone, anchor, bold):
            set_ = {"x": _n(x), "y": _n(y), "font-size": _n(size)} | _fill(tone)
            set_ |= {"text-anchor": str(anchor)} if anchor is not Anchor.START else {}
            found = ET.Element("text", set_ | ({"font-weight": "bold"} if bold else {}))
            found.text = clipped(text)
            return found
        case _:
            assert_never(shape)


def _fill(tone: str) -> dict[str, str]:
    return {"fill": on_paper(tone)} | ({"class": tone} if tone in COLOURS else {})


def _tipped(shape: ET.Element, tip: str) -> ET.Element:
    if tip:
        ET.SubElement(shape, "title").text = clipped(tip)
    return shape


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
