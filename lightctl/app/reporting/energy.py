"""The energy part of a street report, as the books of energy have it: night by night, then added up.

The books of a whole city's month take half a minute; a night's take a second, and other calls go on in between.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from lightctl.app.desk import Desk
from lightctl.app.energy.accounts import Accounts, Entry
from lightctl.app.energy.lamps import WH_PER_KWH, lamps_of
from lightctl.app.energy.parts import Part
from lightctl.app.energy.report import ALL_NIGHT, BEFORE_RETROFIT
from lightctl.app.energy.tariffs import Tariffs
from lightctl.app.energy.views import FigureView
from lightctl.app.energy.weighing import SECONDS_PER_HOUR
from lightctl.domain.assets import LightPoint
from lightctl.domain.usage import Resolution
from lightctl.reports.energy import EnergyRow
from lightctl.reports.light_time import Span
from lightctl.reports.numbers import plural
from lightctl.reports.street import EnergyOfStreet

_BASELINES = {
    ALL_NIGHT: "all lamps at full power all night",
    BEFORE_RETROFIT: "the lamps before the retrofit",
}
_WORDS = {"price_per_kwh": "Price: {} {} a kWh", "co2_kg_per_kwh": "Carbon dioxide: {} kg a kWh"}


class EnergyOfNights:
    """What some light points used, as nights are added in order."""

    def __init__(self, desk: Desk, points: Sequence[LightPoint], since: dt.datetime, now: dt.datetime) -> None:
        """Open the books for light points, from `since` on and up to now."""
        self._settings = desk.settings.energy
        self._tariffs = Tariffs(desk.settings.tariffs)
        self._lamps = lamps_of(desk, points)
        self._accounts = Accounts(desk, self._lamps, since, now, self._settings.baseline)
        self._figures: dict[FigureView, None] = {}
        self.nights: dict[dt.date, EnergyRow] = {}

    def add(self, date: dt.date, span: Span) -> None:
        """Add the night of a date."""
        price, factor = self._tariffs.price(date), self._tariffs.factor(date)
        self._figures.update(dict.fromkeys(each for each in (price, factor) if each is not None))
        for _, entries in self._accounts.parts([Part(*span, Resolution.NIGHT)]):
            self.nights[date] = _row(date, entries, price, factor)

    def total(self) -> EnergyOfStreet | None:
        """Give all nights together; None before the first."""
        if not self.nights:
            return None
        currency = self._settings.currency
        unknown = sum(1 for lamp in self._lamps if lamp.present and lamp.watts is None and not lamp.counted)
        return EnergyOfStreet(
            total=added(tuple(self.nights.values())),
            baseline=_BASELINES[self._settings.baseline],
            currency=currency,
            notes=tuple(_notes(tuple(self._figures), currency, unknown)),
        )


def _row(date: dt.date, entries: Sequence[Entry], price: FigureView | None, factor: FigureView | None) -> EnergyRow:
    metered = sum(each.weighed.metered_wh for each in entries) / WH_PER_KWH
    estimated = sum(each.weighed.estimated_wh for each in entries) / WH_PER_KWH
    compared = [each for each in entries if each.baseline_wh is not None]
    baseline = sum(each.baseline_wh or 0.0 for each in compared) / WH_PER_KWH
    used = sum(each.weighed.metered_wh + each.weighed.estimated_wh for each in compared) / WH_PER_KWH
    return EnergyRow(
        key=date.isoformat(),
        kwh=metered + estimated,
        kwh_metered=metered,
        kwh_estimated=estimated,
        baseline_kwh=baseline or None,
        saving_percent=100 * (1 - used / baseline) if baseline else None,
        cost=None if price is None else (metered + estimated) * price.value,
        co2_kg=None if factor is None else (metered + estimated) * factor.value,
        hours=sum(each.weighed.lit_s for each in entries) / SECONDS_PER_HOUR,
    )


def added(rows: Sequence[EnergyRow]) -> EnergyRow:
    """Add rows up. Cost and carbon dioxide are known where each row's is; saving is over what has a baseline."""
    compared = [(row.baseline_kwh, row.saving_percent) for row in rows]
    baseline = sum(base for base, _ in compared if base is not None)
    saved = sum(base * saving / 100 for base, saving in compared if base is not None and saving is not None)
    return EnergyRow(
        key="total",
        kwh=round(sum(row.kwh for row in rows), 3),
        kwh_metered=round(sum(row.kwh_metered for row in rows), 3),
        kwh_estimated=round(sum(row.kwh_estimated for row in rows), 3),
        baseline_kwh=round(baseline, 3) if baseline else None,
        saving_percent=round(100 * saved / baseline, 2) if baseline else None,
        cost=_all([row.cost for row in rows], 2),
        co2_kg=_all([row.co2_kg for row in rows], 3),
        hours=_all([row.hours for row in rows], 2),
    )


def _all(values: Sequence[float | None], places: int) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known), places) if len(known) == len(values) else None


def _notes(figures: Sequence[FigureView], currency: str, missing: int) -> list[str]:
    notes = []
    for figure in figures:
        said = _WORDS[figure.figure].format(*([figure.value, currency][: _WORDS[figure.figure].count("{}")]))
        source = f", {figure.source}" if figure.source else ""
        notes.append(f"{said} from {figure.valid_from} ({figure.year}{source}).")
    if not any(figure.figure == "price_per_kwh" for figure in figures):
        notes.append("There is no price in settings, so there is no cost.")
    if missing:
        notes.append(f"Nobody knows what {plural(missing, 'light point')} draw: they are left out of the energy.")
    return notes
