"""An energy report as the HTTP door gives it, as a value for paper, and what its figures rest on in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from lightctl.cli.output import Json, count

if TYPE_CHECKING:
    from lightctl.reports.energy import EnergyReport, EnergyRow

_BASELINES = {
    "all_night": "the lamps of today at full power all night",
    "before_retrofit": "the lamps before the retrofit at full power all night; today's where those are not known",
}
_FIGURES = {"price_per_kwh": "Price", "co2_kg_per_kwh": "Carbon dioxide"}


def energy_report(view: Json) -> EnergyReport:
    """Give a report for paper."""
    from lightctl.reports.energy import EnergyReport  # noqa: PLC0415 - start-up stays short

    zone = ZoneInfo(view["time_zone"])
    since, until = (dt.datetime.fromisoformat(view[key]).astimezone(zone) for key in ("since", "until"))
    return EnergyReport(
        site=view["site"],
        title="Energy report",
        period=f"{since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M}",
        by=view["by"].removeprefix("tag:"),
        rows=tuple(_row(each) for each in view["rows"]),
        total=_row(view["total"]),
        made_at=dt.datetime.fromisoformat(view["made_at"]),
        time_zone=view["time_zone"],
        currency=view["currency"],
        notes=tuple(notes(view)),
    )


def notes(view: Json) -> Iterator[str]:
    """Say what the figures rest on: baseline, price, factor, and what is not known."""
    yield f"Savings are measured against {_BASELINES[view['baseline']]}."
    for each in view["figures"]:
        unit = view["currency"] if each["figure"] == "price_per_kwh" else "kg"
        yield (
            f"{_FIGURES[each['figure']]}: {each['value']:g} {unit}/kWh from {each['valid_from']} on "
            f"({each['year']}, {each['source']})."
        )
    total = view["total"]
    if not total["light_points"]:
        yield "No light point was known in this period: they came later, or are not in use."
        return
    if total["cost"] is None:
        yield "There is no cost: settings give no price for all of the period ([tariffs.NAME])."
    if total["co2_kg"] is None:
        yield "There is no carbon dioxide: settings give no factor for all of the period ([tariffs.NAME])."
    if total["without_power"]:
        yield f"{count(total['without_power'], 'light point')} of unknown power: left out of the energy."


def _row(row: Json) -> EnergyRow:
    from lightctl.reports.energy import EnergyRow  # noqa: PLC0415 - start-up stays short

    names = ("key", "kwh", "kwh_metered", "kwh_estimated", "baseline_kwh", "saving_percent", "cost", "co2_kg", "hours")
    return EnergyRow(*(row[name] for name in names))
