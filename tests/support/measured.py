"""What tests of usage start from: reports of a node, and all that was added up from them."""

from __future__ import annotations

import datetime as dt

from lightctl.domain.states import ChannelReport, ReportedState
from lightctl.domain.usage import MeterUsage, Resolution, Usage

ZONE = "Europe/Berlin"
HOLD_S = 750.0
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
LONG_AGO, FAR_AHEAD = dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
EVENING = dt.datetime(2026, 11, 23, 16, 0, tzinfo=dt.UTC)


def report(at, seq, energy_wh=None, level=70, *, boot="b", received=None, power_w=60.0, node="n-1", channel=0):
    said = ChannelReport(level, level, None, power_w, energy_wh)
    return ReportedState(node, received or at, {channel: said}, boot, seq, at, 1)


def all_usage(store, resolution=Resolution.QUARTER, **which) -> list[Usage]:
    return list(store.usage(resolution, LONG_AGO, FAR_AHEAD, **which))


def meter_usage(store, resolution=Resolution.QUARTER) -> list[MeterUsage]:
    return list(store.meter_usage(resolution, LONG_AGO, FAR_AHEAD))
