"""A chart as a picture, whichever kind it is."""

from __future__ import annotations

from typing import assert_never

from lightctl.reports.charts import bars, heat, lines, ranking
from lightctl.reports.charts.picture import Picture
from lightctl.reports.charts.values import Bars, Chart, HeatMap, Lines, Ranking


def draw(chart: Chart) -> Picture:
    """Draw a chart."""
    match chart:
        case Bars():
            return bars.draw(chart)
        case Lines():
            return lines.draw(chart)
        case Ranking():
            return ranking.draw(chart)
        case HeatMap():
            return heat.draw(chart)
        case _:
            assert_never(chart)
