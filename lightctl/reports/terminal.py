"""Charts as lines of text: sparklines, lying bars, and a heat map of nights.

A line is made of parts with a style (a colour, or "" for none). Without colours and without block signs the same lines
are still told apart: by signs of four densities, and a sign of its own for what is not known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from lightctl.reports.charts.tones import COLOURS
from lightctl.reports.charts.values import Bars, Chart, HeatMap, Lines, Ranking, Series, Tone, Values
from lightctl.reports.document import clipped
from lightctl.reports.numbers import number, with_unit
from lightctl.reports.shades import as_hex, shade

Part = tuple[str, str]
TextLine = tuple[Part, ...]

HOURS = 24
_COLUMNS_PER_HOUR = (4, 2, 1)
_NAME = 24
_DATE = 15
_SUM = 14
_FEW = 16
_LEAST_BAR = 8


@dataclass(frozen=True, slots=True)
class Signs:
    """What a terminal can show. heights: from nothing to full, of a sparkline; bars: of the parts of a lying bar."""

    heights: str
    bars: str
    shades: str
    unknown: str


BLOCKS = Signs(" ▁▂▃▄▅▆▇█", "█▓▒", " ░▒▓█", "·")
PLAIN = Signs(" .:-=+*##", "#=-", " .:+#", "?")


def lines(chart: Chart, width: int, signs: Signs, *, colours: bool) -> list[TextLine]:
    """Draw a chart in so many columns."""
    match chart:
        case Bars() if len(chart.labels) <= _FEW:
            return _lying(chart, width, signs)
        case Bars() | Lines():
            return _sparklines(chart, signs)
        case Ranking():
            return _lying(chart, width, signs)
        case HeatMap():
            return _heat(chart, width, signs, colours=colours)
        case _:
            assert_never(chart)


def sparkline(values: Values, signs: Signs, low: float, high: float) -> str:
    """Draw values as one line of signs, the lowest sign at `low` and the highest at `high`; unknown ones apart."""
    steps = len(signs.heights) - 2
    span = high - low
    found = []
    for value in values:
        if value is None:
            found.append(signs.unknown)
        else:
            share = min(1.0, max(0.0, (value - low) / span)) if span > 0 else 1.0
            found.append(signs.heights[1 + round(share * steps)] if value or low else signs.heights[0])
    return "".join(found)


def _sparklines(chart: Bars | Lines, signs: Signs) -> list[TextLine]:
    first, last = chart.labels[:1], chart.labels[-1:]
    found: list[TextLine] = [((chart.title, "bold"),)]
    series = [*chart.series, *([chart.steps] if isinstance(chart, Bars) and chart.steps else [])]
    width = max(len(each.name) for each in series)
    shared = max((value for each in series for value in each.values if value is not None), default=0.0)
    for each in series:
        known = [value for value in each.values if value is not None]
        if not known:
            found.append(((f"  {each.name.ljust(width)}  nothing is known", ""),))
            continue
        low, high = (0.0, shared) if isinstance(chart, Bars) else (min(known), max(known))
        drawn = sparkline(each.values, signs, low, high)
        told = f"{_least(min(known), chart.unit)} to {with_unit(max(known), chart.unit)}"
        found.append(((f"  {each.name.ljust(width)}  ", ""), (drawn, _colour(each.tone)), (f"  {told}", "")))
    if first:
        found.append(((f"  {' ' * width}  {first[0]} to {last[0]}", "dim"),))
    if isinstance(chart, Lines) and chart.mark is not None:
        found.append(((f"  {' ' * width}  {chart.mark.name}", "dim"),))
    return found


def _lying(chart: Bars | Ranking, width: int, signs: Signs) -> list[TextLine]:
    names = [clipped(label, _NAME) for label in chart.labels]
    series: Sequence[Series] = chart.series
    sums = [sum(each.values[at] or 0.0 for each in series) for at in range(len(names))]
    longest = max(map(len, names), default=0)
    room = max(_LEAST_BAR, min(60, width - longest - _SUM - 4))
    most = max(sums, default=0.0)
    found: list[TextLine] = [((chart.title, "bold"),)]
    for at, name in enumerate(names):
        parts: list[Part] = [(f"  {name.rjust(longest)} ", "")]
        drawn, before = 0, 0.0
        for index, each in enumerate(series):
            before += each.values[at] or 0.0
            end = round(before / most * room) if most else 0
            parts.append((signs.bars[index % len(signs.bars)] * (end - drawn), _colour(each.tone)))
            drawn = max(drawn, end)
        known = any(each.values[at] is not None for each in series)
        parts.append((f" {number(sums[at]) if known else f'{signs.unknown} not known'}", ""))
        found.append(tuple(parts))
    key: list[Part] = [("  " + " " * longest, "")]
    if len(series) > 1:
        for index, each in enumerate(series):
            key += [(" " + signs.bars[index % len(signs.bars)] * 2, _colour(each.tone)), (f" {each.name} ", "dim")]
    key.append((f" {chart.unit}" + (f" by {chart.axis}" if chart.axis else ""), "dim"))
    return [*found, tuple(key)]


def _heat(chart: HeatMap, width: int, signs: Signs, *, colours: bool) -> list[TextLine]:
    columns = next((each for each in _COLUMNS_PER_HOUR if _DATE + each * HOURS <= width), 1)
    found: list[TextLine] = [((chart.title, "bold"),), ((_hours(columns), "dim"),)]
    for date, cells in zip(chart.dates, chart.cells, strict=True):
        parts: list[Part] = [(f"{date:%a %Y-%m-%d} ", "")]
        parts += [_cell(each, signs, colours=colours) for each in _thinned(cells, chart.columns_per_hour, columns)]
        found.append(tuple(parts))
    return [*found, _heat_key(chart, signs, colours=colours)]


def _thinned(cells: Values, there: int, wanted: int) -> Values:
    """Give so many cells an hour; of several the lowest level, because a dark quarter of an hour must not be missed."""
    count = there // wanted
    groups = [cells[at : at + count] for at in range(0, len(cells), count)]
    return tuple(min((each for each in group if each is not None), default=None) for group in groups)


def _cell(level: float | None, signs: Signs, *, colours: bool) -> Part:
    if level is None:
        return signs.unknown, "dim"
    if colours:
        return " ", f"on {as_hex(shade(level))}"
    return signs.shades[math.ceil(level / 25)], ""


def _hours(columns: int) -> str:
    line = [" "] * (_DATE + HOURS * columns + 2)
    for hour in range(0, HOURS + 1, 2 if columns > 1 else 4):
        at = _DATE + hour * columns
        line[at : at + 2] = f"{(12 + hour) % 24:02}"
    return "".join(line).rstrip()


def _heat_key(chart: HeatMap, signs: Signs, *, colours: bool) -> TextLine:
    levels = sorted({level for row in chart.cells for level in row if level is not None}, reverse=True)
    told = levels if len(levels) <= 6 else [100.0, 75.0, 50.0, 25.0, 0.0]  # noqa: PLR2004 - as many as fit a line
    parts: list[Part] = [(" " * _DATE, "")]
    if colours:
        for level in told:
            parts += [("  ", f"on {as_hex(shade(level))}"), (f" {level:.0f} %  " if level else " off  ", "dim")]
    else:
        by_sign: dict[str, list[float]] = {}
        for level in told:
            by_sign.setdefault(signs.shades[math.ceil(level / 25)], []).append(level)
        for sign, same in by_sign.items():
            words = ", ".join(f"{level:.0f}" for level in same)
            parts.append((f"{sign} {words} %   " if sign != " " else "blank: off   ", ""))
    parts.append((f"{signs.unknown} not known", "dim"))
    return tuple(parts)


def _least(value: float, unit: str) -> str:
    return with_unit(value, unit).removesuffix(f" {unit}")


def _colour(tone: Tone) -> str:
    return COLOURS[tone][1]
