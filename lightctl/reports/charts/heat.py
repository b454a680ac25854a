"""The heat map of a lamp's nights: nights downwards, hours from noon to noon across, light as colour, gaps as gaps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from lightctl.reports.charts import frame as framing
from lightctl.reports.charts.picture import Anchor, Ink, Line, Picture, Rect, Shape, Text
from lightctl.reports.charts.values import HeatMap, Tone
from lightctl.reports.shades import as_hex, shade

HOURS = 24
_LEFT = 92.0
_TOP = 70.0
_ROW = 15.0
_SHADES = 6
NOT_KNOWN = "not known"


def draw(chart: HeatMap) -> Picture:
    """Draw a heat map."""
    bottom = _TOP + _ROW * len(chart.dates)
    shapes: list[Shape] = [framing.title(chart.title), *framing.legend(_legend(chart))]
    for hour in range(0, HOURS + 1, 2):
        name = f"{(12 + hour) % 24:02}"
        shapes += (Text(_x(hour), y, name, framing.SMALL, anchor=Anchor.MIDDLE) for y in (_TOP - 6, bottom + 14))
    for at, (date, cells) in enumerate(zip(chart.dates, chart.cells, strict=True)):
        y = _TOP + at * _ROW
        shapes.append(Text(_LEFT - 8, y + 11, f"{date:%a %Y-%m-%d}", framing.SMALL, anchor=Anchor.END))
        shapes += _row(chart, f"{date:%a %Y-%m-%d}", cells, y)
    for hour in range(0, HOURS + 1, 6):
        shapes.append(Line(((_x(hour), _TOP), (_x(hour), bottom)), Ink.SOFT, 0.5))
    middle = (_LEFT + framing.RIGHT) / 2
    shapes.append(Text(middle, bottom + 31, "hour of the night, local time", framing.SMALL, anchor=Anchor.MIDDLE))
    return Picture(chart.title, bottom + 38, tuple(shapes))


def _x(hour: float) -> float:
    return _LEFT + hour * (framing.RIGHT - _LEFT) / HOURS


def _row(chart: HeatMap, date: str, cells: Sequence[float | None], y: float) -> Iterator[Shape]:
    """Draw a night: neighbours of one level are one rectangle."""
    at = 0
    for level, run in groupby(cells):
        count = len(list(run))
        start, end = at / chart.columns_per_hour, (at + count) / chart.columns_per_hour
        at += count
        tip = f"{date} {_clock(start)} to {_clock(end)}: {NOT_KNOWN if level is None else f'{level:.0f} %'}"
        if level is None:
            # A gap is a thin line on empty ground: nothing that could be taken for a level.
            yield Rect(_x(start), y + _ROW / 2 - 1, _x(end) - _x(start), 2, Tone.UNKNOWN, tip)
        else:
            yield Rect(_x(start), y + 0.5, _x(end) - _x(start), _ROW - 1, as_hex(shade(level)), tip)


def _legend(chart: HeatMap) -> list[tuple[str, str]]:
    levels = sorted({round(level) for row in chart.cells for level in row if level is not None}, reverse=True)
    told = levels if len(levels) <= _SHADES else [100, 75, 50, 25, 0]
    entries = [(f"{level} %" if level else "off", as_hex(shade(level))) for level in told]
    return [*entries, (NOT_KNOWN, Tone.UNKNOWN)]


def _clock(hour: float) -> str:
    minutes = round(hour * 60)
    return f"{(12 + minutes // 60) % 24:02}:{minutes % 60:02}"
