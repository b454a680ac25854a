"""What energy operations answer. kWh, W, hours; money in the settings' currency, carbon dioxide in kg.

None stands for what nobody can know: cost without a price, saving without a baseline. It is never 0 instead.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class Label(StrEnum):
    """Where a figure of energy comes from."""

    METERED = "metered"
    ESTIMATED = "estimated"
    MIXED = "mixed"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class EnergyRow:
    """What some light points used. hours: burning hours, of all its light points together.

    without_power: light points of which nobody knows what they draw and nothing is metered, left out of kwh.
    """

    key: str
    kwh: float
    kwh_metered: float
    kwh_estimated: float
    baseline_kwh: float | None
    saving_percent: float | None
    cost: float | None
    co2_kg: float | None
    hours: float
    label: Label
    light_points: int
    without_power: int


@dataclass(frozen=True, slots=True)
class FigureView:
    """A price or an emission factor that a report used."""

    figure: str
    value: float
    valid_from: dt.date
    year: int
    source: str


@dataclass(frozen=True, slots=True)
class EnergyView:
    """An energy report: one row a key, and the total, in which every light point counts once."""

    since: dt.datetime
    until: dt.datetime
    by: str
    baseline: str
    currency: str
    figures: tuple[FigureView, ...]
    rows: tuple[EnergyRow, ...]
    total: EnergyRow
