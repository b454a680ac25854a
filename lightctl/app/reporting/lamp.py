"""One light point's last nights, gathered from quarters of an hour, faults and what was planned."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from lightctl.app.desk import Desk
from lightctl.app.reporting.maintenances import maintenances_of
from lightctl.app.reporting.outages import FaultsOfPeriod, address_of
from lightctl.app.reporting.planned import PlannedLight, PlannedNight
from lightctl.domain.assets import LightPoint
from lightctl.domain.states import Fault
from lightctl.domain.usage import Resolution, Usage
from lightctl.planning.wall import ONE_DAY, night_bounds, night_date, wall_instant
from lightctl.reports.charts.values import Values
from lightctl.reports.lamp import COLUMNS_PER_HOUR, FaultOfLamp, LampReport, NightOfLamp
from lightctl.reports.light_time import NOTHING, light_time
from lightctl.store.base import Mounting

MOST_NIGHTS = 400
_QUARTERS = 24 * COLUMNS_PER_HOUR
_QUARTER_S = 900
_DAY_S = 86_400
_KNOWN_SHARE = 0.5
"""A quarter of an hour of which less is known is shown as not known."""


def lamp_report(desk: Desk, light_id: str, nights: int) -> LampReport:
    """Give the last nights of a light point, the present one included; raises UnknownTarget."""
    point, now, zone = desk.point(light_id), desk.now(), desk.settings.site.time_zone
    last = night_date(now, zone)
    dates = [last - ONE_DAY * back for back in reversed(range(nights))]
    spans = [(date, night_bounds(date, zone)) for date in dates]
    planned_nights = [PlannedNight(date, span, (min(span[1], now) - span[0]).total_seconds()) for date, span in spans]
    planned = PlannedLight(desk, planned_nights, now).of(point) if point.node else [()] * nights
    since = spans[0][1][0]
    out = FaultsOfPeriod(desk, [point], since, now).out().get(point.id, [])
    apart = maintenances_of(desk, [point], (since, now)).get(point.id, [])
    quarters = _quarters(desk, point, since, now)
    sums = _nights(desk, point, since, now)
    found = []
    for night, lit in zip(planned_nights, planned, strict=True):
        said = sums.get(night.span[0], ())
        known_s, lit_s = sum(each.known_s for each in said), sum(each.lit_s for each in said)
        counted = [each.energy_wh for each in said if each.energy_wh is not None]
        light = light_time(lit, night.over_s, known_s, lit_s, lamps=point.lamps, out=out, apart=apart)
        kwh = sum(counted) / 1000 if counted else None
        found.append(NightOfLamp(night.date, _cells(night.date, quarters, zone), light, lit_s, kwh))
    return LampReport(
        site=desk.settings.site.name,
        light_point=point.id,
        address=address_of(point),
        kind=point.kind,
        cabinet=point.cabinet,
        node=point.node,
        lamps=point.lamps,
        time_zone=zone,
        made_at=now,
        light=sum((night.light for night in found), NOTHING),
        nights=tuple(found),
        faults=tuple(_faults(desk, point, since, now)),
    )


def _mountings(desk: Desk, point: LightPoint) -> list[Mounting]:
    found = list(desk.store.mountings(point.id))
    return found or [Mounting(point.id, point.node, point.channel, None, None)]


def _usage(
    desk: Desk, point: LightPoint, resolution: Resolution, since: dt.datetime, until: dt.datetime
) -> Iterable[Usage]:
    """Give what the nodes of a light point said while they were mounted there."""
    for mounting in _mountings(desk, point):
        begin = since if mounting.since is None else max(since, mounting.since - dt.timedelta(days=1))
        end = until if mounting.until is None else min(until, mounting.until)
        if mounting.node and begin < end:
            for usage in desk.store.usage(resolution, begin, end, {mounting.node}):
                if usage.channel == mounting.channel:
                    yield usage


def _quarters(desk: Desk, point: LightPoint, since: dt.datetime, until: dt.datetime) -> Mapping[dt.datetime, Usage]:
    return {usage.start: usage for usage in _usage(desk, point, Resolution.QUARTER, since, until)}


def _nights(desk: Desk, point: LightPoint, since: dt.datetime, until: dt.datetime) -> Mapping[dt.datetime, list[Usage]]:
    found: dict[dt.datetime, list[Usage]] = {}
    for usage in _usage(desk, point, Resolution.NIGHT, since, until):
        found.setdefault(usage.start, []).append(usage)
    return found


def _cells(date: dt.date, quarters: Mapping[dt.datetime, Usage], time_zone: str) -> Values:
    """Lay a night out by the wall clock, so that columns stay the same hours all year: a repeated hour shows once."""
    zone = ZoneInfo(time_zone)
    cells = []
    for at in range(_QUARTERS):
        days, seconds = divmod(12 * 3600 + at * _QUARTER_S, _DAY_S)
        usage = quarters.get(wall_instant(date + ONE_DAY * days, seconds, zone))
        cells.append(None if usage is None else _level(usage))
    return tuple(cells)


def _level(usage: Usage) -> float | None:
    """Give the level it had longest; a mean would be one that it never had. Of two as long the lower."""
    if usage.known_s < _QUARTER_S * _KNOWN_SHARE:
        return None
    return float(min(usage.level_s, key=lambda level: (-usage.level_s[level], level)))


def _faults(desk: Desk, point: LightPoint, since: dt.datetime, now: dt.datetime) -> Iterable[FaultOfLamp]:
    for number, fault in desk.store.faults():
        if _concerns(fault, point) and (fault.cleared_at is None or fault.cleared_at >= since):
            seconds = ((fault.cleared_at or now) - fault.opened_at).total_seconds()
            yield FaultOfLamp(number, str(fault.event), fault.opened_at, fault.cleared_at, seconds, fault.detail)


def _concerns(fault: Fault, point: LightPoint) -> bool:
    if point.id in fault.members or (point.node and point.node in fault.members):
        return True
    match fault.subject_kind:
        case "light point":
            return fault.subject == point.id
        case "node":
            return bool(point.node) and fault.subject == point.node
        case "cabinet":
            return bool(point.cabinet) and fault.subject == point.cabinet
        case _:
            return False
