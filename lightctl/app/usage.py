"""Usage, up to date: what came since is added up before anybody reads it.

Lives on the store's own thread, like every operation.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from lightctl.app.desk import Desk
from lightctl.app.steps import Steps
from lightctl.domain.usage import MeterUsage, Resolution, Usage
from lightctl.store.retention import Keep


@dataclass(frozen=True, slots=True)
class Upkeeping:
    """By which terms measurements are added up and old things go."""

    zone: str
    hold_s: float
    journal_before: dt.datetime
    keep: Keep


def upkeeping(desk: Desk) -> Upkeeping:
    """Give what settings, the clock and the fleet say: a level holds for as long as its node counts as reachable."""
    kept, delivery, now = desk.settings.store, desk.settings.delivery, desk.now()
    profiles = {node.profile for node in desk.fleet.nodes.values()} & desk.profiles.keys()
    heartbeat_s = max([delivery.heartbeat_s, *(desk.profiles[name].heartbeat_s for name in profiles)])
    days = (kept.telemetry_days, kept.quarter_days, kept.night_days, kept.month_days)
    telemetry, quarters, nights, months = (now - dt.timedelta(days=number) for number in days)
    return Upkeeping(
        desk.settings.site.time_zone,
        heartbeat_s * delivery.lease_factor,
        now - dt.timedelta(days=kept.journal_days),
        Keep(telemetry, quarters, nights, months),
    )


def roll_up(desk: Desk) -> None:
    """Add up what came since the last time."""
    terms = upkeeping(desk)
    desk.store.roll_up(terms.zone, terms.hold_s)


def rolled_up(desk: Desk) -> Steps[None]:
    """Add up what was measured since the last time, slice by slice: a report is of all there is."""
    terms = upkeeping(desk)
    while desk.store.roll_up_slice(terms.zone, terms.hold_s):
        yield


def usage(
    desk: Desk, resolution: Resolution, since: dt.datetime, until: dt.datetime, nodes: Collection[str] | None = None
) -> Iterator[Usage]:
    """Give the usage of light points up to now, in spans that begin from `since` to before `until`."""
    roll_up(desk)
    return desk.store.usage(resolution, since, until, nodes)


def meter_usage(
    desk: Desk, resolution: Resolution, since: dt.datetime, until: dt.datetime, nodes: Collection[str] | None = None
) -> Iterator[MeterUsage]:
    """Give what meters counted up to now, in spans that begin from `since` to before `until`."""
    roll_up(desk)
    return desk.store.meter_usage(resolution, since, until, nodes)
