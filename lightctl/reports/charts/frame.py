"""The frame of a chart: title, legend, the upright axis with its unit, and the names along the bottom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lightctl.reports.charts.picture import WIDTH, Anchor, Ink, Line, Rect, Shape, Text, width_of
from lightctl.reports.charts.scale import Scale, every

TITLE_Y = 15.0
LEGEND_Y = 36.0
TOP = 62.0
PLAIN_TOP = 44.0
PLOT_HEIGHT = 168.0
RIGHT = WIDTH - 14.0
SMALL = 11.0
_SWATCH = 10.0
_MOST_LEFT = 90.0


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a chart is drawn: the edges of its plot, and the scale of its upright axis."""

    left: float
    right: float
    top: float
    bottom: float
    scale: Scale

    def y(self, value: float) -> float:
        """Give the height of a value."""
        return self.bottom - self.scale.share(value) * (self.bottom - self.top)

    def slot(self, at: int, count: int) -> tuple[float, float]:
        """Give where the slot of one of so many labels begins, and its width."""
        width = (self.right - self.left) / max(count, 1)
        return self.left + at * width, width


def frame_of(scale: Scale, *, legend: bool) -> Frame:
    """Give the frame of a chart with a scale."""
    widest = max(width_of(name, SMALL) for name in scale.names)
    top = TOP if legend else PLAIN_TOP
    return Frame(min(_MOST_LEFT, widest + 14.0), RIGHT, top, top + PLOT_HEIGHT, scale)


def height_of(frame: Frame) -> float:
    """Give the height of a picture with a frame, names below it included."""
    return frame.bottom + 40.0


def title(words: str) -> Text:
    """Give the title of a chart."""
    return Text(0, TITLE_Y, words, 14, Ink.INK, bold=True)


def legend(entries: Iterable[tuple[str, str]], y: float = LEGEND_Y) -> Iterable[Shape]:
    """Give the swatches with their names; a name that starts with a dash mark stands for a line."""
    x = 0.0
    for name, tone in entries:
        yield Rect(x, y - _SWATCH + 1, _SWATCH, _SWATCH, tone)
        yield Text(x + _SWATCH + 5, y, name, SMALL)
        x += _SWATCH + 5 + width_of(name, SMALL) + 18


def line_key(name: str, tone: str, x: float, y: float = LEGEND_Y, *, dashed: bool = False) -> Iterable[Shape]:
    """Give the key of a line."""
    yield Line(((x, y - 4), (x + 18, y - 4)), tone, 2.0, dashed=dashed)
    yield Text(x + 23, y, name, SMALL)


def end_of(entries: Iterable[tuple[str, str]]) -> float:
    """Give where a legend of such entries ends."""
    return sum(_SWATCH + 5 + width_of(name, SMALL) + 18 for name, _ in entries)


def axes(frame: Frame, unit: str, labels: Sequence[str], axis: str) -> Iterable[Shape]:
    """Draw the upright axis with its unit, and as many of the labels along the bottom as there is room for."""
    yield Text(0, frame.top - 8, unit, SMALL)
    for tick, name in zip(frame.scale.ticks, frame.scale.names, strict=True):
        y = frame.y(tick)
        yield Line(((frame.left, y), (frame.right, y)), Ink.GRID)
        yield Text(frame.left - 6, y + 4, name, SMALL, anchor=Anchor.END)
    _, room = frame.slot(0, len(labels))
    pace = every(labels, room, SMALL)
    for at, label in enumerate(labels):
        if at % pace == 0:
            x, width = frame.slot(at, len(labels))
            yield Text(x + width / 2, frame.bottom + 15, label, SMALL, anchor=Anchor.MIDDLE)
    if axis:
        yield Text((frame.left + frame.right) / 2, frame.bottom + 32, axis, SMALL, anchor=Anchor.MIDDLE)
