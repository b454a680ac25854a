"""Charts told as tables: every figure they show, with its unit."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from lightctl.reports.charts.values import Bars, Chart, HeatMap, Lines, Ranking, Series, Values
from lightctl.reports.document import Column, Table
from lightctl.reports.numbers import number


def figures_of(chart: Chart) -> Table:
    """Tell a chart as a table."""
    match chart:
        case HeatMap():
            rows = tuple((f"{date:%a %Y-%m-%d}", _told(cells, chart)) for date, cells in _nights(chart))
            return Table(chart.title, (Column("Night"), Column("Levels from noon to noon (%)", share=5)), rows)
        case Bars(steps=Series() as steps):
            return _table(chart, (*chart.series, steps))
        case Bars() | Lines() | Ranking():
            return _table(chart, chart.series)


def _table(chart: Bars | Lines | Ranking, series: Sequence[Series]) -> Table:
    columns = (
        Column(chart.axis.capitalize() if chart.axis and not isinstance(chart, Ranking) else "", share=2),
        *(Column(f"{each.name} ({chart.unit})", right=True) for each in series),
    )
    rows = tuple((label, *(number(each.values[at]) for each in series)) for at, label in enumerate(chart.labels))
    return Table(chart.title, columns, rows)


def _nights(chart: HeatMap) -> list[tuple[object, Values]]:
    return list(zip(chart.dates, chart.cells, strict=True))


def _told(cells: Values, chart: HeatMap) -> str:
    parts, at = [], 0
    for level, run in groupby(cells):
        minutes = round(at * 60 / chart.columns_per_hour)
        clock = f"{(12 + minutes // 60) % 24:02}:{minutes % 60:02}"
        parts.append(f"{clock} {'not known' if level is None else f'{level:.0f}'}")
        at += len(list(run))
    return ", ".join(parts)
