"""The half-hourly profile: what the street used through the day, as suppliers settle it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from lightctl.app.desk import Desk
from lightctl.app.energy.accounts import Accounts
from lightctl.app.energy.lamps import WH_PER_KWH, lamps_of
from lightctl.app.energy.parts import Part
from lightctl.app.energy.report import ALL_NIGHT, ended, label_of
from lightctl.app.energy.views import HalfHour, ProfileView
from lightctl.app.steps import Steps
from lightctl.app.usage import rolled_up
from lightctl.domain.assets import LightPoint
from lightctl.domain.errors import InvalidInput
from lightctl.domain.usage import Resolution

HALF_HOUR = dt.timedelta(minutes=30)
MAX_HALF_HOURS = 20_000_000  # of lamps together


def profile_steps(
    desk: Desk, since: dt.datetime, until: dt.datetime, points: Iterable[LightPoint] | None = None
) -> Steps[ProfileView]:
    """Give the profile of light points (None: all) over a period that has been; raises InvalidInput."""
    now = desk.now()
    until = ended(since, until, now)
    yield from rolled_up(desk)
    zone = ZoneInfo(desk.settings.site.time_zone)
    lamps = lamps_of(desk, desk.fleet.points.values() if points is None else points)
    if len(lamps) * ((until - since) / HALF_HOUR) > MAX_HALF_HOURS:
        hint = "Ask for fewer days, or for fewer light points with -l."
        raise InvalidInput("since", f"so many half hours of {len(lamps):,} light points take too long", hint=hint)
    accounts = Accounts(desk, lamps, since, now, ALL_NIGHT)
    rows: list[HalfHour] = []
    for part in _half_hours(since, until):
        metered = estimated = 0.0
        for entries in accounts.entries(part):
            metered += sum(entry.weighed.metered_wh for entry in entries) / WH_PER_KWH
            estimated += sum(entry.weighed.estimated_wh for entry in entries) / WH_PER_KWH
            yield
        rows.append(
            HalfHour(
                part.since,
                part.since.astimezone(zone).strftime("%Y-%m-%dT%H:%M"),
                round(metered + estimated, 4),
                round(metered, 4),
                round(estimated, 4),
                label_of(metered, estimated),
            )
        )
    present = sum(lamp.present for lamp in lamps)
    return ProfileView(since, until, present, round(sum(row.kwh for row in rows), 3), tuple(rows))


def _half_hours(since: dt.datetime, until: dt.datetime) -> Iterator[Part]:
    at = since
    while at < until:
        end = min(until, at + HALF_HOUR)
        yield Part(at, end, Resolution.QUARTER)
        at = end
