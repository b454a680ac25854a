"""Lines over labels in order; a line breaks where nothing is known, and a mark goes across with its name."""

from __future__ import annotations

from collections.abc import Iterator

from lightctl.reports.charts import frame as framing
from lightctl.reports.charts.frame import Frame
from lightctl.reports.charts.picture import Anchor, Dot, Ink, Line, Picture, Shape, Text
from lightctl.reports.charts.scale import scale_of
from lightctl.reports.charts.values import Lines, Series
from lightctl.reports.numbers import with_unit

_DOTS_UP_TO = 40


def draw(chart: Lines) -> Picture:
    """Draw lines."""
    known = [value for series in chart.series for value in series.values if value is not None]
    if chart.mark is not None:
        known.append(chart.mark.value)
    scale = scale_of(
        min(known, default=0.0), max([*known, *([chart.most] if chart.most else [])], default=1.0), chart.most
    )
    several = len(chart.series) > 1
    frame = framing.frame_of(scale, legend=several)
    shapes: list[Shape] = [framing.title(chart.title)]
    if several:
        shapes += _legend(chart)
    shapes += [*framing.axes(frame, chart.unit, chart.labels, chart.axis), *_mark(chart, frame)]
    for number, series in enumerate(chart.series):
        shapes += _line(series, frame, chart, dashed=number > 0)
    return Picture(chart.title, framing.height_of(frame), tuple(shapes))


def _legend(chart: Lines) -> Iterator[Shape]:
    x = 0.0
    for number, series in enumerate(chart.series):
        yield from framing.line_key(series.name, series.tone, x, dashed=number > 0)
        x += framing.end_of([(series.name, series.tone)]) + 14


def _mark(chart: Lines, frame: Frame) -> Iterator[Shape]:
    if chart.mark is None:
        return
    y = frame.y(chart.mark.value)
    yield Line(((frame.left, y), (frame.right, y)), Ink.INK, 1.0, dashed=True)
    yield Text(frame.right, y - 5, chart.mark.name, framing.SMALL, Ink.INK, Anchor.END)


def _line(series: Series, frame: Frame, chart: Lines, *, dashed: bool) -> list[Shape]:
    pieces: list[list[tuple[float, float]]] = [[]]
    dots: list[Shape] = []
    for at, value in enumerate(series.values):
        if value is None:
            pieces.append([])
            continue
        begin, slot = frame.slot(at, len(chart.labels))
        point = (begin + slot / 2, frame.y(value))
        pieces[-1].append(point)
        tip = f"{chart.labels[at]}: {series.name} {with_unit(value, chart.unit)}"
        if len(chart.labels) <= _DOTS_UP_TO or dashed is False:
            dots.append(Dot(*point, 2.6, series.tone, tip))
    return [*(Line(tuple(each), series.tone, 2.0, dashed) for each in pieces if len(each) > 1), *dots]
