"""Lying bars, one a label in the order given, with the name before and the sum behind each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lightctl.reports.charts import frame as framing
from lightctl.reports.charts.picture import Anchor, Ink, Line, Picture, Rect, Shape, Text, width_of
from lightctl.reports.charts.scale import scale_of
from lightctl.reports.charts.values import Ranking
from lightctl.reports.document import clipped
from lightctl.reports.numbers import number, with_unit

_ROW = 21.0
_BAR = 13.0
_LONGEST_NAME = 26
_FOR_SUMS = 74.0


def draw(chart: Ranking) -> Picture:
    """Draw a ranking."""
    names = [clipped(label, _LONGEST_NAME) for label in chart.labels]
    sums = [sum(each.values[at] or 0.0 for each in chart.series) for at in range(len(names))]
    scale = scale_of(0.0, max([*sums, 0.0]))
    left = min(220.0, max((width_of(name) for name in names), default=0.0) + 12)
    right = framing.RIGHT - _FOR_SUMS
    top = framing.TOP - 8 if len(chart.series) > 1 else framing.PLAIN_TOP - 14
    bottom = top + _ROW * max(len(names), 1)

    def x(value: float) -> float:
        return left + scale.share(value) * (right - left)

    shapes: list[Shape] = [framing.title(chart.title)]
    if len(chart.series) > 1:
        shapes += framing.legend([(series.name, series.tone) for series in chart.series])
    for tick, name in zip(scale.ticks, scale.names, strict=True):
        shapes.append(Line(((x(tick), top), (x(tick), bottom)), Ink.GRID))
        last = tick == scale.high
        shapes.append(
            Text(x(tick), bottom + 14, f"{name} {chart.unit}" if last else name, framing.SMALL, anchor=Anchor.MIDDLE)
        )
    for at, name in enumerate(names):
        y = top + at * _ROW
        shapes.append(Text(left - 8, y + 15, name, 12, Ink.INK, Anchor.END))
        shapes += _bar(chart, at, y + (_ROW - _BAR) / 2, x)
        shapes.append(Text(x(sums[at]) + 6, y + 15, number(sums[at]), framing.SMALL, Ink.INK))
    if chart.axis:
        shapes.append(Text((left + right) / 2, bottom + 31, chart.axis, framing.SMALL, anchor=Anchor.MIDDLE))
    return Picture(chart.title, bottom + (38.0 if chart.axis else 22.0), tuple(shapes))


def _bar(chart: Ranking, at: int, y: float, x: Callable[[float], float]) -> Iterator[Shape]:
    before = 0.0
    for series in chart.series:
        value = series.values[at]
        if value is None or value <= 0:
            continue
        tip = f"{clipped(chart.labels[at])}: {series.name} {with_unit(value, chart.unit)}"
        yield Rect(x(before), y, x(before + value) - x(before), _BAR, series.tone, tip)
        before += value
