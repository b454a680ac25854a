"""Upright bars: the series of a label on top of each other, from zero; a stepped line over them where one is given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lightctl.reports.charts import frame as framing
from lightctl.reports.charts.frame import Frame
from lightctl.reports.charts.picture import Anchor, Ink, Line, Picture, Rect, Shape, Text
from lightctl.reports.charts.scale import scale_of
from lightctl.reports.charts.values import Bars
from lightctl.reports.numbers import number, with_unit

_FILLED = 0.72
_WIDEST = 64.0
_TOLD = 16


def draw(chart: Bars) -> Picture:
    """Draw bars."""
    tops = [sum(each.values[at] or 0.0 for each in chart.series) for at in range(len(chart.labels))]
    line = [value for value in (chart.steps.values if chart.steps else ()) if value is not None]
    several = len(chart.series) > 1 or chart.steps is not None
    frame = framing.frame_of(scale_of(0.0, max([*tops, *line, 0.0])), legend=several)
    shapes = [
        framing.title(chart.title),
        *(_legend(chart) if several else ()),
        *framing.axes(frame, chart.unit, chart.labels, chart.axis),
        *_bars(chart, frame),
        *_steps(chart, frame),
        *(_tops(tops, frame) if not several and len(tops) <= _TOLD else ()),
    ]
    return Picture(chart.title, framing.height_of(frame), tuple(shapes))


def _legend(chart: Bars) -> Iterator[Shape]:
    entries = [(series.name, series.tone) for series in chart.series]
    yield from framing.legend(entries)
    if chart.steps is not None:
        yield from framing.line_key(chart.steps.name, chart.steps.tone, framing.end_of(entries))


def _bars(chart: Bars, frame: Frame) -> Iterator[Shape]:
    for at, label in enumerate(chart.labels):
        begin, slot = frame.slot(at, len(chart.labels))
        width = min(slot * _FILLED, _WIDEST)
        x, below = begin + (slot - width) / 2, 0.0
        for series in chart.series:
            value = series.values[at]
            if value is None or value <= 0:
                continue
            top, bottom = frame.y(below + value), frame.y(below)
            tip = f"{label}: {series.name} {with_unit(value, chart.unit)}"
            yield Rect(x, top, width, bottom - top, series.tone, tip)
            below += value


def _tops(tops: Sequence[float], frame: Frame) -> Iterator[Shape]:
    """Write few bars' values on top of them: the least of them may be too low to be seen."""
    for at, value in enumerate(tops):
        begin, slot = frame.slot(at, len(tops))
        if value:
            yield Text(begin + slot / 2, frame.y(value) - 4, number(value), framing.SMALL, Ink.INK, Anchor.MIDDLE)


def _steps(chart: Bars, frame: Frame) -> Iterator[Shape]:
    if chart.steps is None:
        return
    points: list[tuple[float, float]] = []
    for at, value in enumerate(chart.steps.values):
        begin, slot = frame.slot(at, len(chart.labels))
        if value is None:
            if points:
                yield Line(tuple(points), chart.steps.tone, 1.5)
            points = []
            continue
        points += [(begin, frame.y(value)), (begin + slot, frame.y(value))]
    if points:
        yield Line(tuple(points), chart.steps.tone, 1.5)
