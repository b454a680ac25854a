"""The log of a sub-meter's day: switching events from the reports of its nodes, a part of its units at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lightctl.app.desk import Desk
from lightctl.app.energy.luminaires import curve_of, luminaire_types
from lightctl.app.settlement.register import members, unit_of
from lightctl.app.settlement.views import HalfHourView, ProfileView
from lightctl.control.reconcile import level_in_force
from lightctl.domain.assets import LightPoint
from lightctl.domain.errors import InvalidInput
from lightctl.domain.luminaires import LuminaireType
from lightctl.domain.settlement import UNIT, SettlementDay, UnitDay
from lightctl.reports.settlement import CLOCK_TRUSTED, HALF_HOUR, Said, day_bounds, energy, switching_events

PART = 50  # units in one go: each has some hundred reports a day
LOOK_BACK = dt.timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class DayLog:
    """A log that began: its day, its light points with the types of their luminaires, and whether the day is over."""

    day: SettlementDay
    points: Sequence[LightPoint]
    luminaires: Mapping[str, LuminaireType]
    complete: bool

    @property
    def starts(self) -> range:
        """Where each part starts."""
        return range(0, len(self.points), PART)


def begin(desk: Desk, sub_meter: str, date: dt.date) -> DayLog:
    """Find what the log of a local day is of; raises UnknownTarget, and InvalidInput for a day yet to come."""
    points = sorted(members(desk, sub_meter), key=unit_of)
    start, end = day_bounds(date, desk.settings.site.time_zone)
    now = desk.now()
    if start > now:
        raise InvalidInput("date", f"{date} is yet to come", hint="Ask for a day that began.")
    nameless = [point.id for point in points if not UNIT.fullmatch(unit_of(point))]
    if nameless:
        raise InvalidInput(
            "settlement_unit", f"{', '.join(nameless[:5])}: no unit reference", hint="Give it in the inventory."
        )
    units = {unit_of(point): point.id for point in points}
    day = SettlementDay(sub_meter, date, start, end, units)
    return DayLog(day, points, luminaire_types(desk.settings), end <= now)


def part(desk: Desk, log: DayLog, start: int) -> tuple[UnitDay, ...]:
    """Give the days of the units that start there."""
    return tuple(_unit_day(desk, log, point) for point in log.points[start : start + PART])


def profile(log: DayLog, days: Sequence[UnitDay]) -> ProfileView:
    """Add the half hours up, and name the units of which nothing is known."""
    found = energy(days, log.day.start, log.day.end)
    silent = tuple(day.unit for day in days if not day.events)
    return ProfileView(
        sub_meter=log.day.sub_meter,
        date=log.day.date.isoformat(),
        complete=log.complete,
        units=len(days),
        kwh=round(sum(found.half_hours), 6),
        unknown_h=round(found.unknown_s / 3600, 4),
        half_hours=tuple(
            HalfHourView(log.day.start + number * HALF_HOUR, round(kwh, 6))
            for number, kwh in enumerate(found.half_hours)
        ),
        units_without_events=silent,
        units_without_watts=tuple(unit_of(point) for point in log.points if curve_of(point, log.luminaires) is None),
    )


def _unit_day(desk: Desk, log: DayLog, point: LightPoint) -> UnitDay:
    unit, day = unit_of(point), log.day
    if not point.node:
        return UnitDay(unit, point.id, ())
    reports = desk.store.reports(point.node, day.start - LOOK_BACK, day.end + CLOCK_TRUSTED)
    said = [
        Said(report.received_at, report.at, level_in_force(report.channels[point.channel]))
        for report in reports
        if point.channel in report.channels
    ]
    delivery = desk.settings.delivery
    beat = max(desk.profiles[point.profile].heartbeat_s, delivery.heartbeat_s)
    lease = dt.timedelta(seconds=beat * delivery.lease_factor)
    curve = curve_of(point, log.luminaires)
    return UnitDay(unit, point.id, switching_events(unit, said, day.start, day.end, lease, curve))
