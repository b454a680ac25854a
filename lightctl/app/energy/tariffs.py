"""Tariffs: what a kilowatt-hour cost and emitted on a day, by the settings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from lightctl.app.energy.views import FigureView
from lightctl.files.settings_energy import TariffSettings


class Tariffs:
    """Prices and emission factors, each from a day on until the next of its kind."""

    def __init__(self, tariffs: Mapping[str, TariffSettings]) -> None:
        """Sort figures by the day they begin."""
        begun = sorted(tariffs.values(), key=lambda each: each.valid_from)
        self._prices = [
            FigureView("price_per_kwh", each.price_per_kwh, each.valid_from, each.price_year, each.price_source)
            for each in begun
            if each.price_per_kwh is not None and each.price_year is not None
        ]
        self._factors = [
            FigureView("co2_kg_per_kwh", each.co2_kg_per_kwh, each.valid_from, each.co2_year, each.co2_source)
            for each in begun
            if each.co2_kg_per_kwh is not None and each.co2_year is not None
        ]

    def price(self, date: dt.date) -> FigureView | None:
        """Give the price of a day."""
        return _of(self._prices, date)

    def factor(self, date: dt.date) -> FigureView | None:
        """Give the emission factor of a day."""
        return _of(self._factors, date)

    @property
    def beginnings(self) -> frozenset[dt.date]:
        """The days on which a figure changes."""
        return frozenset(each.valid_from for each in (*self._prices, *self._factors))


def _of(figures: list[FigureView], date: dt.date) -> FigureView | None:
    return next((each for each in reversed(figures) if each.valid_from <= date), None)
