"""The few shapes pictures are made of, on a page that is white, or dark where its reader prefers that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from lightctl.cli.output import clean
from lightctl.reports.shades import DAYLIGHT, DAYLIGHT_ON_DARK, SUN, SUN_ON_DARK, Colour, as_hex

WIDTH = 960.0
MARGIN = 24.0
LINE = 19.0
_FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif"
Box = tuple[float, float, float, float]
# What each tone is on white paper and on dark.
_TONES = {
    "paper": ("#ffffff", "#161923"),
    "ink": ("#1c1f2e", "#eceef4"),
    "soft": ("#5b6172", "#a3aabc"),
    "day": (as_hex(DAYLIGHT), as_hex(DAYLIGHT_ON_DARK)),
}


@dataclass(frozen=True, slots=True)
class Words:
    """How words are set: size in pixels, tone, where `x` is (start, middle, end) and whether they are bold."""

    size: int = 13
    tone: str = "ink"
    anchor: str = "start"
    bold: bool = False


PLAIN = Words()
SOFT = Words(tone="soft")
HEADER = Words(size=12, tone="soft", bold=True)
TITLE = Words(size=19, bold=True)


class Page:
    """A picture that grows downwards; `finish` closes it at its height."""

    def __init__(self) -> None:
        """Start an empty page."""
        self._root = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "img", "font-family": _FONT})
        self._titles: list[str] = []
        self._name = ET.SubElement(self._root, "title")
        dark = [f".{tone} {{ fill: {on_dark} }}" for tone, (_, on_dark) in _TONES.items()]
        dark.append(f".sun {{ stroke: {as_hex(SUN_ON_DARK)} }}")
        ET.SubElement(self._root, "style").text = f"@media (prefers-color-scheme: dark) {{ {' '.join(dark)} }}"
        self._paper = self.rect(0, 0, WIDTH, 0, "paper")

    def finish(self, height: float) -> str:
        """Give the text of the picture, closed at a height; in ASCII, so that it can be piped anywhere."""
        self._name.text = "; ".join(self._titles)
        self._paper.set("height", _number(height))
        self._root.set("viewBox", f"0 0 {_number(WIDTH)} {_number(height)}")
        self._root.set("width", _number(WIDTH))
        self._root.set("height", _number(height))
        ET.indent(self._root)
        return str(ET.tostring(self._root, encoding="us-ascii"), "ascii")

    def title(self, y: float, words: str, *below: str) -> float:
        """Set a panel's title and the lines below it; gives the y where it goes on."""
        self._titles.append(clean(words))
        y += TITLE.size
        self.words(MARGIN, y, words, TITLE)
        for line in below:
            y += LINE
            self.words(MARGIN, y, line, SOFT)
        return y + LINE

    def words(self, x: float, y: float, words: str, how: Words = PLAIN) -> None:
        """Set words on a baseline."""
        if not words:
            return
        found = self._shape("text", x=x, y=y, font_size=how.size, **_tone(how.tone))
        if how.anchor != "start":
            found.set("text-anchor", how.anchor)
        if how.bold:
            found.set("font-weight", "bold")
        found.text = clean(words)

    def rect(self, x: float, y: float, width: float, height: float, tone: str, tip: str = "") -> ET.Element:
        """Draw a rectangle in a tone or colour; the tip shows where a pointer rests on it."""
        found = self._shape("rect", x=x, y=y, width=width, height=height, **_tone(tone))
        return _tipped(found, tip)

    def pane(self, x: float, y: float, width: float, height: float, tip: str) -> None:
        """Lay a clear pane over a part of the picture, with a tip."""
        _tipped(self._shape("rect", x=x, y=y, width=width, height=height, fill_opacity="0"), tip)

    def dot(self, x: float, y: float, tip: str) -> None:
        """Mark a point, with a tip."""
        dark, light = _TONES["ink"][0], _TONES["paper"][0]
        _tipped(self._shape("circle", cx=x, cy=y, r=4, fill=dark, stroke=light, stroke_width="1.5"), tip)

    def boxes(self, boxes: Iterable[Box], colour: str) -> None:
        """Fill many boxes (x, y, width, height) in one colour with sharp edges."""
        d = "".join(f"M{_number(x)} {_number(y)}h{_number(w)}v{_number(h)}h-{_number(w)}z" for x, y, w, h in boxes)
        if d:
            self._shape("path", d=d, shape_rendering="crispEdges", **_tone(colour))

    def area(self, points: Sequence[tuple[float, float]], colour: Colour) -> None:
        """Fill what a closed line of points goes around."""
        self._shape("polygon", points=_points(points), fill=as_hex(colour))

    def curve(self, points: Sequence[tuple[float, float]], *, dashed: bool = False) -> None:
        """Draw the line of the sun through points."""
        stroke = {"class_": "sun", "stroke": as_hex(SUN), "stroke_width": "1.5"}
        found = self._shape("polyline", points=_points(points), fill="none", **stroke)
        if dashed:
            found.set("stroke-dasharray", "5 4")

    def grid(self, x1: float, y1: float, x2: float, y2: float) -> None:
        """Draw a faint line, seen on any ground."""
        self._shape("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke="#80869a", stroke_opacity="0.35")

    def _shape(self, name: str, /, **attributes: float | str) -> ET.Element:
        written = {
            key.removesuffix("_").replace("_", "-"): value if isinstance(value, str) else _number(value)
            for key, value in attributes.items()
        }
        return ET.SubElement(self._root, name, written)


def _tone(name: str) -> dict[str, str]:
    return {"class_": name, "fill": _TONES[name][0]} if name in _TONES else {"fill": name}


def _tipped(shape: ET.Element, tip: str) -> ET.Element:
    if tip:
        ET.SubElement(shape, "title").text = clean(tip, lines=True)
    return shape


def _points(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{_number(x)},{_number(y)}" for x, y in points)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
