"""The energy part of a street report: what the energy report says of the same light points, night by night."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import fields

from lightctl.app.energy.report import ALL_NIGHT, BEFORE_RETROFIT
from lightctl.app.energy.views import EnergyRow as EnergyRowView
from lightctl.app.energy.views import EnergyView, FigureView
from lightctl.reports.energy import EnergyRow
from lightctl.reports.numbers import number, plural
from lightctl.reports.street import EnergyOfStreet

BY = "night"
_BASELINES = {
    ALL_NIGHT: "all lamps at full power all night",
    BEFORE_RETROFIT: "the lamps before the retrofit",
}
_PRICE = "price_per_kwh"


def energy_of(view: EnergyView) -> EnergyOfStreet:
    """Give the total of an energy report by night, with what it rests on."""
    return EnergyOfStreet(_row(view.total), _BASELINES[view.baseline], view.currency, tuple(_notes(view)))


def nights_of(view: EnergyView) -> Mapping[dt.date, EnergyRow]:
    """Give the rows of an energy report by night, by the date of the night."""
    return {dt.date.fromisoformat(row.key): _row(row) for row in view.rows}


def _row(row: EnergyRowView) -> EnergyRow:
    return EnergyRow(**{field.name: getattr(row, field.name) for field in fields(EnergyRow)})


def _notes(view: EnergyView) -> list[str]:
    notes = [_note(figure, view.currency) for figure in view.figures]
    if not any(figure.figure == _PRICE for figure in view.figures):
        notes.append("There is no price in settings, so there is no cost.")
    missing = view.total.without_power
    if missing:
        notes.append(f"Nobody knows what {plural(missing, 'light point')} draw: they are left out of the energy.")
    return notes


def _note(figure: FigureView, currency: str) -> str:
    price = figure.figure == _PRICE
    what = f"Price: {number(figure.value, 4)} {currency}" if price else f"Carbon dioxide: {number(figure.value, 3)} kg"
    source = f", {figure.source}" if figure.source else ""
    return f"{what} a kWh from {figure.valid_from} ({figure.year}{source})."
