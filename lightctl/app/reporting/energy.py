"""The energy part of a street report, as the books of energy have it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import fields

from lightctl.app.desk import Desk
from lightctl.app.energy import report as books
from lightctl.app.energy import views
from lightctl.domain.assets import LightPoint
from lightctl.reports.energy import EnergyRow
from lightctl.reports.light_time import Span
from lightctl.reports.numbers import plural
from lightctl.reports.street import EnergyOfStreet

_BASELINES = {
    books.ALL_NIGHT: "all lamps at full power all night",
    books.BEFORE_RETROFIT: "the lamps before the retrofit",
}
_WORDS = {"price_per_kwh": "Price: {} {} a kWh", "co2_kg_per_kwh": "Carbon dioxide: {} kg a kWh"}


def energy_of(
    desk: Desk, points: Sequence[LightPoint], bounds: Span
) -> tuple[EnergyOfStreet, Mapping[dt.date, EnergyRow]]:
    """Give what light points used in the nights that begin in a span: the total, and by the date of the night."""
    view = books.report(desk, *bounds, "night", points=points)
    energy = EnergyOfStreet(
        total=_row(view.total),
        baseline=_BASELINES[view.baseline],
        currency=view.currency,
        notes=tuple(_notes(view)),
    )
    return energy, {dt.date.fromisoformat(row.key): _row(row) for row in view.rows}


def _row(row: views.EnergyRow) -> EnergyRow:
    return EnergyRow(**{field.name: getattr(row, field.name) for field in fields(EnergyRow)})


def _notes(view: views.EnergyView) -> list[str]:
    notes = []
    for figure in view.figures:
        said = _WORDS[figure.figure].format(*([figure.value, view.currency][: _WORDS[figure.figure].count("{}")]))
        source = f", {figure.source}" if figure.source else ""
        notes.append(f"{said} from {figure.valid_from} ({figure.year}{source}).")
    if not any(figure.figure == "price_per_kwh" for figure in view.figures):
        notes.append("There is no price in settings, so there is no cost.")
    missing = view.total.without_power
    if missing:
        notes.append(f"Nobody knows what {plural(missing, 'light point')} draw: they are left out of the energy.")
    return notes
