"""Charts told as tables: every figure they show, with its unit. Charts over the same labels share one table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from lightctl.reports.charts.values import Bars, Chart, HeatMap, Lines, Ranking, Series, Values
from lightctl.reports.document import Column, Table
from lightctl.reports.numbers import number, percent

_Labels = tuple[str, tuple[str, ...]]
_Told = tuple[Series, str]


def figures_of(charts: Iterable[Chart]) -> list[Table]:
    """Tell charts as tables, in the order of the first of each."""
    shared: dict[_Labels, list[_Told]] = {}
    titles: dict[_Labels, list[str]] = {}
    found: list[Table | _Labels] = []
    for chart in charts:
        if isinstance(chart, HeatMap):
            found.append(_nights(chart))
            continue
        labels = ("" if isinstance(chart, Ranking) else chart.axis, chart.labels)
        if labels not in shared:
            found.append(labels)
        shared.setdefault(labels, []).extend(_series(chart))
        titles.setdefault(labels, []).append(chart.title)
    return [each if isinstance(each, Table) else _table(each, shared[each], titles[each]) for each in found]


def _series(chart: Bars | Lines | Ranking) -> Iterator[_Told]:
    steps = [chart.steps] if isinstance(chart, Bars) and chart.steps is not None else []
    return ((each, chart.unit) for each in (*chart.series, *steps))


def _table(labels: _Labels, told: Sequence[_Told], titles: Sequence[str]) -> Table:
    axis, names = labels
    title = titles[0] if len(titles) == 1 else f"By {axis}"
    columns = (Column(axis.capitalize()), *(Column(_title(*each), right=True) for each in told))
    rows = tuple((name, *(_written(series.values[at], unit) for series, unit in told)) for at, name in enumerate(names))
    return Table(title, columns, rows)


def _title(series: Series, unit: str) -> str:
    return series.name if series.name == unit else f"{series.name} ({unit})"


def _written(value: float | None, unit: str) -> str:
    return percent(value).removesuffix(" %") if unit == "%" else number(value)


def _nights(chart: HeatMap) -> Table:
    columns = (Column("Night"), Column("Levels from noon to noon (%), each from the time before it", share=5))
    rows = tuple(
        (_date(date), _levels(cells, chart.columns_per_hour))
        for date, cells in zip(chart.dates, chart.cells, strict=True)
    )
    return Table(chart.title, columns, rows)


def _date(date: dt.date) -> str:
    return f"{date:%a %Y-%m-%d}"


def _levels(cells: Values, columns_per_hour: int) -> str:
    parts, at = [], 0
    for level, run in groupby(cells):
        minutes = round(at * 60 / columns_per_hour)
        clock = f"{(12 + minutes // 60) % 24:02}:{minutes % 60:02}"
        parts.append(f"{clock} {'not known' if level is None else f'{level:.0f}'}")
        at += len(list(run))
    return ", ".join(parts)
