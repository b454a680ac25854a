"""What a fault costs: what a kWh costs, as far as settings say, and for how long it was drawn for nothing."""

from __future__ import annotations

import datetime as dt

from lightctl.app.desk import Desk
from lightctl.app.energy.tariffs import Tariffs
from lightctl.domain.states import Fault
from lightctl.domain.usage import Resolution
from lightctl.files.settings import Settings

QUARTER = dt.timedelta(minutes=15)


def price_per_kwh(settings: Settings, day: dt.date) -> float | None:
    """Give the price of a kWh on a day, by the tariff in force; None where settings name none."""
    price = Tariffs(settings.tariffs).price(day)
    return None if price is None else price.value


def off_s(desk: Desk, fault: Fault, now: dt.datetime) -> float | None:
    """Give for how many seconds of a fault its lamp said it was to be off, to a quarter of an hour.

    None where that was not added up: the fault is too young or too old, or is of no light point.
    """
    point = desk.fleet.points.get(fault.subject) if fault.subject_kind == "light point" else None
    if fault.watts is None or point is None or not point.node:
        return None
    end = now if fault.cleared_at is None else min(now, fault.cleared_at)
    quarters = desk.store.usage(Resolution.QUARTER, fault.opened_at - QUARTER, end, [point.node])
    found = [each.level_s.get(0, 0.0) for each in quarters if each.channel == point.channel]
    return sum(found) if found else None
