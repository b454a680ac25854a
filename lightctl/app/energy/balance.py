"""The balance: what a cabinet's meter counted against the sum of its lamps. What is left over is loss, or theft.

Lamps have their own figures here, metered or estimated, never a share of the meter they are held against. Where the
meter counted only some of the time, the lamps are taken for the same share of it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from lightctl.app.desk import Desk
from lightctl.app.energy.accounts import Accounts, Entry
from lightctl.app.energy.lamps import WH_PER_KWH, Lamp, lamps_of
from lightctl.app.energy.parts import Part, parts_of
from lightctl.app.energy.report import ALL_NIGHT, ended
from lightctl.app.energy.seen import Counted, counted_in
from lightctl.app.energy.views import BalanceRow, BalanceView
from lightctl.app.steps import Steps
from lightctl.app.usage import rolled_up


@dataclass(slots=True)
class _Cabinet:
    meter_wh: float | None = None
    lamps_wh: float = 0.0
    metered_wh: float = 0.0
    lamps: dict[str, Lamp] = field(default_factory=dict)

    def add(self, part: Part, entries: list[Entry], counted: Counted | None) -> None:
        """Add a part: with a meter only as much of it as that counted."""
        share = 1.0
        if counted is not None:
            self.meter_wh = (self.meter_wh or 0.0) + counted.energy_wh
            share = min(1.0, counted.metered_s / part.length_s)
        for each in entries:
            self.lamps[each.lamp.point.id] = each.lamp
            self.metered_wh += each.weighed.metered_wh * share
            self.lamps_wh += (each.weighed.metered_wh + each.weighed.estimated_wh) * share


def balance_steps(desk: Desk, since: dt.datetime, until: dt.datetime) -> Steps[BalanceView]:
    """Balance every cabinet over a period that has been; raises InvalidInput."""
    now = desk.now()
    until = ended(since, until, now)
    yield from rolled_up(desk)
    lamps = [lamp for lamp in lamps_of(desk, desk.fleet.points.values()) if lamp.point.cabinet]
    accounts = Accounts(desk, lamps, since, now, ALL_NIGHT)
    with_meter: dict[str, _Cabinet] = {}
    without: dict[str, _Cabinet] = {}
    for part in parts_of(since, until, now, desk.settings.site.time_zone):
        fed: dict[str, list[Entry]] = {}
        for entries in accounts.entries(part, meters=False):
            for entry in entries:
                fed.setdefault(entry.lamp.point.cabinet, []).append(entry)
            yield
        meters = counted_in(desk, part)
        for cabinet in fed.keys() | meters.keys():
            counted = meters.get(cabinet)
            books = without if counted is None else with_meter
            books.setdefault(cabinet, _Cabinet()).add(part, fed.get(cabinet, []), counted)
    tolerance = desk.settings.energy.balance_tolerance_percent
    names = sorted(with_meter.keys() | without.keys())
    rows = tuple(_row(name, with_meter.get(name) or without[name], tolerance) for name in names)
    return BalanceView(since, until, tolerance, rows)


def _row(name: str, cabinet: _Cabinet, tolerance: float) -> BalanceRow:
    lamps_kwh = cabinet.lamps_wh / WH_PER_KWH
    meter_kwh = None if cabinet.meter_wh is None else cabinet.meter_wh / WH_PER_KWH
    difference = None if meter_kwh is None else meter_kwh - lamps_kwh
    percent = 100 * difference / meter_kwh if difference is not None and meter_kwh else None
    unknown = sum(lamp.watts is None and not lamp.counted for lamp in cabinet.lamps.values())
    within = None if percent is None else abs(percent) <= tolerance
    return BalanceRow(
        cabinet=name,
        meter_kwh=_rounded(meter_kwh),
        lamps_kwh=round(lamps_kwh, 3),
        lamps_metered_kwh=round(cabinet.metered_wh / WH_PER_KWH, 3),
        difference_kwh=_rounded(difference),
        difference_percent=None if percent is None else round(percent, 2),
        within=within,
        verdict=_verdict(meter_kwh, difference, within=within, unknown=unknown),
        light_points=len(cabinet.lamps),
        without_power=unknown,
    )


def _verdict(meter_kwh: float | None, difference: float | None, *, within: bool | None, unknown: int) -> str:
    if meter_kwh is None or difference is None:
        return "no meter counted here"
    missing = f"; {unknown} light points of unknown power are not in the sum" if unknown else ""
    if within is None:
        return f"the meter counted nothing{missing}"
    if within:
        return f"balances{missing}"
    if difference > 0:
        return f"more came in than the lamps used: losses, loads that are no lamps, or theft{missing}"
    return f"the lamps are said to use more than came in: check their watts, or the meter{missing}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
