"""What a kWh costs, as far as settings say."""

from __future__ import annotations

import datetime as dt

from lightctl.app.energy.tariffs import Tariffs
from lightctl.files.settings import Settings


def price_per_kwh(settings: Settings, day: dt.date) -> float | None:
    """Give the price of a kWh on a day, by the tariff in force; None where settings name none."""
    price = Tariffs(settings.tariffs).price(day)
    return None if price is None else price.value
