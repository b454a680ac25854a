"""What a kWh costs, as far as settings say."""

from __future__ import annotations

import datetime as dt
from typing import Any

from lightctl.files.settings import Settings


def price_per_kwh(settings: Settings, day: dt.date) -> float | None:
    """Give the price of a kWh on a day, by the tariff in force; None where settings name none."""
    tariffs: dict[str, Any] = getattr(settings, "tariffs", {})
    begun = [each for each in tariffs.values() if each.price_per_kwh is not None and each.valid_from <= day]
    return max(begun, key=lambda each: each.valid_from).price_per_kwh if begun else None
