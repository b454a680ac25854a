"""What a kWh costs, as far as settings say."""

from __future__ import annotations

from lightctl.files.settings import Settings


def price_per_kwh(settings: Settings) -> float | None:
    """Give the price of a kWh, None where settings name none."""
    price: float | None = getattr(getattr(settings, "energy", None), "price_per_kwh", None)
    return price
