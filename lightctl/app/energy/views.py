"""What energy operations answer. kWh, W, hours; money in the settings' currency, carbon dioxide in kg.

None stands for what nobody can know: cost without a price, saving without a baseline. It is never 0 instead.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from lightctl.app.schedules.views import FindingView


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
    """An energy report: one row a key, and the total, in which every light point counts once.

    baseline: all_night or before_retrofit. figures: the prices and emission factors it used.
    """

    site: str
    time_zone: str
    made_at: dt.datetime
    since: dt.datetime
    until: dt.datetime
    by: str
    baseline: str
    currency: str
    figures: tuple[FigureView, ...]
    rows: tuple[EnergyRow, ...]
    total: EnergyRow


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """A cabinet's meter against the sum of its lamps, over the time the meter counted. difference: meter less lamps.

    within: whether the difference is no more than the tolerance; None where nothing can be compared.
    """

    cabinet: str
    meter_kwh: float | None
    lamps_kwh: float
    lamps_metered_kwh: float
    difference_kwh: float | None
    difference_percent: float | None
    within: bool | None
    verdict: str
    light_points: int
    without_power: int


@dataclass(frozen=True, slots=True)
class BalanceView:
    """What cabinets took in against what their lamps used."""

    since: dt.datetime
    until: dt.datetime
    tolerance_percent: float
    rows: tuple[BalanceRow, ...]


@dataclass(frozen=True, slots=True)
class HalfHour:
    """What was used in half an hour; `local` is the clock at its beginning."""

    start: dt.datetime
    local: str
    kwh: float
    kwh_metered: float
    kwh_estimated: float
    label: Label


@dataclass(frozen=True, slots=True)
class ProfileView:
    """A half-hourly profile: 48 half hours a local day, 46 or 50 where clocks change."""

    since: dt.datetime
    until: dt.datetime
    light_points: int
    kwh: float
    rows: tuple[HalfHour, ...]


@dataclass(frozen=True, slots=True)
class ForecastRow:
    """What some light points will use by the schedules in force, and by those looked at. saving: before less after."""

    key: str
    kwh_before: float
    kwh_after: float
    saving_kwh: float
    saving_percent: float | None
    cost_before: float | None
    cost_after: float | None
    cost_saving: float | None
    co2_saving_kg: float | None
    hours_before: float
    hours_after: float
    light_points: int
    without_power: int


@dataclass(frozen=True, slots=True)
class ForecastView:
    """What schedules would use; with errors in the files (ok False) nothing but them."""

    ok: bool
    errors: tuple[FindingView, ...]
    warnings: tuple[FindingView, ...]
    since: dt.datetime
    until: dt.datetime
    by: str
    currency: str
    figures: tuple[FigureView, ...]
    rows: tuple[ForecastRow, ...]
    total: ForecastRow | None


@dataclass(frozen=True, slots=True)
class OperatingPeriod:
    """How long light points hold a level in a year (hours of one of them, on average), and what they use then."""

    level: int
    hours: float
    kwh: float


@dataclass(frozen=True, slots=True)
class IndicatorRow:
    """EN 13201-5 indicators of some light points, with what they are made of.

    power_w, standby_w: of all of them, at full level and off. lux_m2: the sum of illuminance times area. pdi: power
    density indicator; aeci: annual energy consumption indicator. without_area: light points that say no area or
    illuminance or whose power is not known, left out of everything.
    """

    key: str
    light_points: int
    without_area: int
    area_m2: float
    lux_m2: float
    power_w: float
    standby_w: float
    annual_kwh: float
    pdi_w_per_lx_m2: float | None
    aeci_kwh_per_m2: float | None
    periods: tuple[OperatingPeriod, ...]


@dataclass(frozen=True, slots=True)
class IndicatorsView:
    """Energy performance indicators of a year by the schedules in force."""

    year: int
    by: str
    rows: tuple[IndicatorRow, ...]


@dataclass(frozen=True, slots=True)
class EstimateView:
    """Energy on paper, of all lamps together in a year; hours: how long one lamp burns."""

    kwh: float
    baseline_kwh: float
    saving_percent: float | None
    cost: float | None
    co2_kg: float | None
    hours: float
    saving_kwh: float
    saving_cost: float | None
    saving_co2_kg: float | None
