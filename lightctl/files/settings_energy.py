"""Settings of energy: what is compared with, and prices and emissions with their year and source."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field, field_validator, model_validator

from lightctl.domain.assets import ID_PATTERN
from lightctl.domain.errors import InvalidInput
from lightctl.domain.programs import ActivePeriod, Moment
from lightctl.files.expressions import parse_time_expression
from lightctl.files.settings_parts import Section

FIRST_YEAR, LAST_YEAR = 1990, 2100


class EnergySettings(Section):
    """Energy reports."""

    currency: str = Field(
        default="EUR", pattern="^[A-Z]{3}$", description="Currency of all prices, as ISO 4217 names it."
    )
    baseline: Literal["all_night", "before_retrofit"] = Field(
        default="all_night",
        description="What savings are measured against: `all_night` (the lamps of today at full power) or "
        "`before_retrofit` (former_power_w, where it is known).",
    )
    baseline_night: str = Field(
        default="sunset .. sunrise",
        description="The night of baselines, as `active` of schedules says it: `dusk(-3) .. dawn(-3)`.",
    )
    balance_tolerance_percent: float = Field(
        default=10.0,
        gt=0,
        le=100,
        description="How far a cabinet's meter may be off the sum of its lamps and still balance, in percent.",
    )

    @field_validator("baseline_night")
    @classmethod
    def _window(cls, text: str) -> str:
        night_window(text)
        return text


class TariffSettings(Section):
    """What a kilowatt-hour costs and emits from a day on; figures come with their year and source."""

    valid_from: dt.date = Field(strict=False, description="First day it counts, YYYY-MM-DD; until the next one begins.")
    price_per_kwh: float | None = Field(
        default=None, ge=0, le=1000, description="Price of a kilowatt-hour, in energy.currency."
    )
    price_year: int | None = Field(default=None, ge=FIRST_YEAR, le=LAST_YEAR, description="Year the price is of.")
    price_source: str = Field(
        default="", max_length=300, description="Where the price stands: a contract, a price list."
    )
    co2_kg_per_kwh: float | None = Field(
        default=None, ge=0, le=10, description="Carbon dioxide of a kilowatt-hour, in kg."
    )
    co2_year: int | None = Field(default=None, ge=FIRST_YEAR, le=LAST_YEAR, description="Year the factor is of.")
    co2_source: str = Field(default="", max_length=300, description="Who published the factor.")

    @model_validator(mode="after")
    def _with_source(self) -> TariffSettings:
        for name, value, year, source in (
            ("price", self.price_per_kwh, self.price_year, self.price_source),
            ("co2", self.co2_kg_per_kwh, self.co2_year, self.co2_source),
        ):
            if value is not None and (year is None or not source.strip()):
                raise ValueError(f"a figure needs its year and source. Give {name}_year and {name}_source")
        if self.price_per_kwh is None and self.co2_kg_per_kwh is None:
            raise ValueError("it has no figure. Give price_per_kwh or co2_kg_per_kwh, or both")
        return self


def one_at_a_time(tariffs: dict[str, TariffSettings]) -> dict[str, TariffSettings]:
    """Refuse names that are none, and two tariffs of one figure from the same day on; raises ValueError."""
    begun: dict[tuple[dt.date, str], str] = {}
    for name, tariff in tariffs.items():
        if not ID_PATTERN.fullmatch(name):
            raise ValueError(f"{name!r} cannot be a tariff's name. Use letters, digits, - and _")
        for figure in ("price_per_kwh", "co2_kg_per_kwh"):
            if getattr(tariff, figure) is None:
                continue
            other = begun.setdefault((tariff.valid_from, figure), name)
            if other != name:
                raise ValueError(f"{other} and {name} both give {figure} from {tariff.valid_from} on. Keep one of them")
    return tariffs


def night_window(text: str) -> ActivePeriod:
    """Read `EXPRESSION .. EXPRESSION`; raises ValueError, which settings show."""
    opens, between, closes = text.partition("..")
    if not between:
        raise ValueError(f"{text!r} is no window. Write two times with .. between: sunset .. sunrise")
    try:
        return ActivePeriod(Moment(parse_time_expression(opens.strip())), Moment(parse_time_expression(closes.strip())))
    except InvalidInput as error:
        raise ValueError(f"{error.why}. {error.hint}") from None
