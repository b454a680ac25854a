"""EN 13201-5 energy performance indicators, by the schedules in force over a year.

    D_P = P / sum(E_i x A_i)        power density indicator, W/(lx m2)
    D_E = sum(P_j x t_j) / A        annual energy consumption indicator, Wh/(m2 a), shown as kWh/(m2 a)

P is the system power of the light points at full level, P_j their power in operating period j (level, and off) and t_j
its hours. A light point says the area it lights in its tag `area_m2` and the maintained illuminance on it in
`illuminance_lx`. Both indicators are only comparable for the same geometry and lighting class, and belong together.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from zoneinfo import ZoneInfo

from lightctl.app.desk import Desk
from lightctl.app.energy.lamps import BURNING, WH_PER_KWH, is_lamp
from lightctl.app.energy.luminaires import curve_of, luminaire_types
from lightctl.app.energy.report import BY_TIME, check_by, keys_of
from lightctl.app.energy.views import IndicatorRow, IndicatorsView, OperatingPeriod
from lightctl.app.energy.weighing import SECONDS_PER_HOUR
from lightctl.domain.assets import LightPoint
from lightctl.domain.errors import InvalidInput
from lightctl.domain.luminaires import PowerCurve
from lightctl.domain.programs import Intent
from lightctl.files.settings import Settings
from lightctl.planning.forecast import NightSum
from lightctl.planning.use import PlannedUse, Suns
from lightctl.planning.wall import wall_instant

AREA_TAG, ILLUMINANCE_TAG = "area_m2", "illuminance_lx"


@dataclass(frozen=True, slots=True)
class IndicatorsDraft:
    """What indicators are made from."""

    intent: Intent
    points: tuple[LightPoint, ...]
    settings: Settings
    year: int
    by: str


@dataclass(slots=True)
class _Sum:
    light_points: int = 0
    without: int = 0
    area_m2: float = 0.0
    lux_m2: float = 0.0
    power_w: float = 0.0
    standby_w: float = 0.0
    wh: float = 0.0
    seconds: dict[int, float] = field(default_factory=dict)
    level_wh: dict[int, float] = field(default_factory=dict)

    def add(self, area: float, lux: float, curve: PowerCurve, planned: NightSum) -> None:
        self.light_points += 1
        self.area_m2 += area
        self.lux_m2 += area * lux
        self.power_w += curve.full_w
        self.standby_w += curve.standby_w
        self.wh += planned.curve_kwh(curve) * WH_PER_KWH
        spent = [(level, seconds, curve.watts(level)) for level, seconds in planned.steady.items()]
        spent += [(round((a + b) / 2), seconds, curve.mean_watts(a, b)) for a, b, seconds in planned.fades]
        for level, seconds, watts in spent:
            self.seconds[level] = self.seconds.get(level, 0.0) + seconds
            self.level_wh[level] = self.level_wh.get(level, 0.0) + seconds * watts / SECONDS_PER_HOUR


def draft(desk: Desk, year: int | None, by: str) -> IndicatorsDraft:
    """Read what indicators need, of this year where none is said; on the store's thread; raises InvalidInput."""
    check_by(by)
    if by in BY_TIME:
        raise InvalidInput("by", "indicators are of places, not of times", hint="Write group, cabinet or tag:KEY.")
    here = ZoneInfo(desk.settings.site.time_zone)
    points = tuple(each for each in desk.fleet.points.values() if each.state in BURNING and is_lamp(desk, each))
    return IndicatorsDraft(desk.intent, points, desk.settings, year or desk.now().astimezone(here).year, by)


def make(drafted: IndicatorsDraft) -> IndicatorsView:
    """Work indicators out; pure."""
    zone = ZoneInfo(drafted.settings.site.time_zone)
    use = PlannedUse(drafted.intent, Suns(zone.key))
    types = luminaire_types(drafted.settings)
    since, until = (wall_instant(dt.date(drafted.year + ahead, 1, 1), 0, zone) for ahead in (0, 1))
    sums: dict[str, _Sum] = {}
    for point in drafted.points:
        area, lux, curve = _positive(point.tags, AREA_TAG), _positive(point.tags, ILLUMINANCE_TAG), None
        if area is not None and lux is not None:
            curve = curve_of(point, types)
        for key in keys_of(point, drafted.by):
            found = sums.setdefault(key, _Sum())
            if area is None or lux is None or curve is None:
                found.without += 1
            else:
                found.add(area, lux, curve, use.of(point, since, until))
    return IndicatorsView(drafted.year, drafted.by, tuple(_row(key, sums[key]) for key in sorted(sums)))


def _positive(tags: Mapping[str, str], name: str) -> float | None:
    try:
        value = float(tags.get(name, "").replace(",", "."))
    except ValueError:
        return None
    return value if isfinite(value) and value > 0 else None


def _row(key: str, found: _Sum) -> IndicatorRow:
    periods = tuple(
        OperatingPeriod(
            level,
            round(found.seconds[level] / found.light_points / SECONDS_PER_HOUR, 2),
            round(found.level_wh[level] / WH_PER_KWH, 3),
        )
        for level in sorted(found.seconds, reverse=True)
    )
    return IndicatorRow(
        key=key,
        light_points=found.light_points,
        without_area=found.without,
        area_m2=round(found.area_m2, 2),
        lux_m2=round(found.lux_m2, 2),
        power_w=round(found.power_w, 2),
        standby_w=round(found.standby_w, 2),
        annual_kwh=round(found.wh / WH_PER_KWH, 3),
        pdi_w_per_lx_m2=round(found.power_w / found.lux_m2, 6) if found.lux_m2 else None,
        aeci_kwh_per_m2=round(found.wh / WH_PER_KWH / found.area_m2, 5) if found.area_m2 else None,
        periods=periods,
    )
