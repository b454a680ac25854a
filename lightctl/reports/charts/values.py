"""What charts show, as values; how they look is decided elsewhere. Each can be told as a table of figures."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

Values = tuple[float | None, ...]


class Tone(StrEnum):
    """What a colour stands for; the colours themselves are those every eye tells apart, in grey too."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"
    METERED = "metered"
    ESTIMATED = "estimated"
    OTHER = "other"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Series:
    """Figures of one kind, one for each label of the chart; None where nothing is known."""

    name: str
    values: Values
    tone: Tone


@dataclass(frozen=True, slots=True)
class Mark:
    """A value drawn across a chart, such as a threshold."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Bars:
    """Upright bars from zero, the series of a label on top of each other; `steps` are drawn as a line over them."""

    title: str
    unit: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    axis: str = ""
    steps: Series | None = None


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines over labels in order; the scale shows from `least` to `most` where they are given, else what there is."""

    title: str
    unit: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    axis: str = ""
    mark: Mark | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """Lying bars from zero, one a label, in the order given; the series of a label one behind the other."""

    title: str
    unit: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    axis: str = ""


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Levels by night and hour: a row a night from noon to noon, each cell a level (percent) or None for not known.

    cells: a row of `columns_per_hour` x 24 for each date.
    """

    title: str
    dates: tuple[dt.date, ...]
    cells: tuple[Values, ...]
    columns_per_hour: int
    unit: str = "%"


Chart = Bars | Lines | Ranking | HeatMap
