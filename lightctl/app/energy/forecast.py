"""The energy forecast: what schedules would use before they are applied, against those in force.

Like a plan it is drafted on the store's thread and worked out anywhere. Lamps do what the schedules say, all of them,
every night; overrides and sensors are nobody's to foresee.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from lightctl.app.desk import Desk
from lightctl.app.energy.lamps import BURNING, WH_PER_KWH, is_lamp
from lightctl.app.energy.luminaires import curve_of, luminaire_types
from lightctl.app.energy.parts import parts_of
from lightctl.app.energy.report import BY_TIME, TOTAL, check_by, keys_of
from lightctl.app.energy.tariffs import Tariffs
from lightctl.app.energy.views import FigureView, ForecastRow, ForecastView
from lightctl.app.energy.weighing import SECONDS_PER_HOUR
from lightctl.app.schedules.plan import finding_view
from lightctl.domain.assets import LightPoint
from lightctl.domain.errors import InvalidInput
from lightctl.domain.luminaires import PowerCurve
from lightctl.domain.programs import Intent
from lightctl.files.schedules import read_schedules
from lightctl.files.settings import Settings
from lightctl.planning.forecast import NightSum
from lightctl.planning.use import PlannedUse, Suns

A_YEAR = dt.timedelta(days=365)
LONGEST = dt.timedelta(days=3660)


@dataclass(frozen=True, slots=True)
class ForecastDraft:
    """What a forecast is made from; `files` empty for the schedules in force alone."""

    files: Mapping[str, str]
    before: Intent
    points: tuple[LightPoint, ...]
    settings: Settings
    since: dt.datetime
    until: dt.datetime
    by: str


@dataclass(slots=True)
class _Cohort:
    """So many light points that are alike; `point` is one of them, no keys stand for the months."""

    point: LightPoint
    curve: PowerCurve | None
    keys: tuple[str, ...]
    light_points: int


@dataclass(slots=True)
class _Side:
    wh: float = 0.0
    lit_s: float = 0.0
    cost: float | None = 0.0
    co2_kg: float | None = 0.0

    def add(self, cohort: _Cohort, planned: NightSum, price: FigureView | None, factor: FigureView | None) -> None:
        kwh = 0.0 if cohort.curve is None else planned.curve_kwh(cohort.curve) * cohort.light_points
        self.wh += kwh * WH_PER_KWH
        self.lit_s += planned.lit_s * cohort.light_points
        self.cost = None if price is None or self.cost is None else self.cost + kwh * price.value
        self.co2_kg = None if factor is None or self.co2_kg is None else self.co2_kg + kwh * factor.value


@dataclass(slots=True)
class _Sum:
    before: _Side = field(default_factory=_Side)
    after: _Side = field(default_factory=_Side)
    light_points: int = 0
    without_power: int = 0


def draft(
    desk: Desk, files: Mapping[str, str], since: dt.datetime | None, until: dt.datetime | None, by: str
) -> ForecastDraft:
    """Read what a forecast needs, of the coming year where nothing is said; on the store's thread."""
    check_by(by)
    if by in BY_TIME and by != "month":
        raise InvalidInput(
            "by", "a forecast is not made night by night", hint="Write group, cabinet, tag:KEY or month."
        )
    first = desk.now() if since is None else since
    last = first + A_YEAR if until is None else until
    if not dt.timedelta() < last - first <= LONGEST:
        raise InvalidInput(
            "until", "the period is empty or longer than ten years", hint="Give --from and a later --to."
        )
    lamps = (point for point in desk.fleet.points.values() if point.state in BURNING and is_lamp(desk, point))
    return ForecastDraft(files, desk.intent, tuple(lamps), desk.settings, first, last, by)


def make(drafted: ForecastDraft) -> ForecastView:
    """Work a forecast out; pure."""
    read = read_schedules(drafted.files)
    errors, warnings = tuple(map(finding_view, read.errors)), tuple(map(finding_view, read.warnings))
    settings = drafted.settings
    if errors:
        return ForecastView(
            False, errors, warnings, drafted.since, drafted.until, drafted.by, settings.energy.currency, (), (), None
        )
    intents = (drafted.before, read.intent if drafted.files else drafted.before)
    rows, total, figures = _added(drafted, intents)
    return ForecastView(
        ok=True,
        errors=(),
        warnings=warnings,
        since=drafted.since,
        until=drafted.until,
        by=drafted.by,
        currency=settings.energy.currency,
        figures=tuple(figures),
        rows=tuple(_row(key, rows[key]) for key in sorted(rows)),
        total=_row(TOTAL, total),
    )


def _added(
    drafted: ForecastDraft, intents: tuple[Intent, Intent]
) -> tuple[dict[str, _Sum], _Sum, dict[FigureView, None]]:
    zone = ZoneInfo(drafted.settings.site.time_zone)
    tariffs = Tariffs(drafted.settings.tariffs)
    suns = Suns(zone.key)
    uses = (PlannedUse(intents[0], suns), PlannedUse(intents[1], suns))
    cohorts = _cohorts(drafted, uses)
    rows: dict[str, _Sum] = {}
    total = _Sum()
    figures: dict[FigureView, None] = {}
    for part in parts_of(drafted.since, drafted.until, drafted.since, zone.key, tariffs.beginnings):
        date = part.since.astimezone(zone).date()
        price, factor = tariffs.price(date), tariffs.factor(date)
        figures.update(dict.fromkeys(each for each in (price, factor) if each is not None))
        month = (part.since.astimezone(zone).strftime("%Y-%m"),)
        for cohort in cohorts:
            before, after = (use.of(cohort.point, part.since, part.until) for use in uses)
            for found in (total, *(rows.setdefault(key, _Sum()) for key in cohort.keys or month)):
                found.before.add(cohort, before, price, factor)
                found.after.add(cohort, after, price, factor)
    for cohort in cohorts:
        for found in (total, *(rows[key] for key in cohort.keys or rows)):
            found.light_points += cohort.light_points
            found.without_power += cohort.light_points if cohort.curve is None else 0
    return rows, total, figures


def _cohorts(drafted: ForecastDraft, uses: tuple[PlannedUse, PlannedUse]) -> Collection[_Cohort]:
    """Put together what does the same before and after, draws the same and belongs to the same rows."""
    types = luminaire_types(drafted.settings)
    found: dict[Hashable, _Cohort] = {}
    for point in drafted.points:
        curve = curve_of(point, types)
        keys = () if drafted.by == "month" else keys_of(point, drafted.by)
        alike = (uses[0].standing(point), uses[1].standing(point), curve, keys)
        cohort = found.get(alike)
        if cohort is None:
            found[alike] = _Cohort(point, curve, keys, 1)
        else:
            cohort.light_points += 1
    return found.values()


def _row(key: str, found: _Sum) -> ForecastRow:
    before, after = found.before, found.after
    saving = (before.wh - after.wh) / WH_PER_KWH
    return ForecastRow(
        key=key,
        kwh_before=round(before.wh / WH_PER_KWH, 3),
        kwh_after=round(after.wh / WH_PER_KWH, 3),
        saving_kwh=round(saving, 3),
        saving_percent=round(100 * (1 - after.wh / before.wh), 2) if before.wh else None,
        cost_before=_rounded(before.cost, 2),
        cost_after=_rounded(after.cost, 2),
        cost_saving=None if before.cost is None or after.cost is None else round(before.cost - after.cost, 2),
        co2_saving_kg=None if before.co2_kg is None or after.co2_kg is None else round(before.co2_kg - after.co2_kg, 3),
        hours_before=round(before.lit_s / SECONDS_PER_HOUR, 2),
        hours_after=round(after.lit_s / SECONDS_PER_HOUR, 2),
        light_points=found.light_points,
        without_power=found.without_power,
    )


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
