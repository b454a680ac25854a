"""The table of a node that keeps no dates: the first night or week of what it was given, gone through again and again.

Switches that follow the sun are moved to the sun of their own night, by the node's own reckoning, and to its grid.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

from lightctl.domain.assets import Capabilities, Place
from lightctl.domain.states import ChannelDesired, DesiredState, Switch
from lightctl.planning.sun import SunNight, SunState
from lightctl.planning.wall import night_date

DAY = dt.timedelta(days=1)
SECOND = dt.timedelta(seconds=1)
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def held(desired: DesiredState, capabilities: Capabilities) -> DesiredState:
    """Give what of a document the node keeps: all of it where it holds dates, else the first round of its table."""
    days = capabilities.dates.days
    if not days:
        return desired
    return replace(desired, channels={number: _first(it, days) for number, it in desired.channels.items()})


def around(
    document: ChannelDesired, shown: dt.datetime, capabilities: Capabilities, place: Place | None
) -> ChannelDesired:
    """Give a kept document as it is at an instant of the node's clock: this round of its table and the next."""
    days = capabilities.dates.days
    if not days or not document.switches:
        return document
    turn = max(0, (shown - document.switches[0].at) // (days * DAY))
    rounds = (switch for each in (turn, turn + 1) for switch in _round(document, each * days, capabilities, place))
    return replace(document, switches=tuple(sorted(rounds, key=lambda switch: switch.at)))


def _first(document: ChannelDesired, days: int) -> ChannelDesired:
    switches = document.switches
    return replace(document, switches=tuple(it for it in switches if it.at < switches[0].at + days * DAY))


def _round(document: ChannelDesired, later: int, capabilities: Capabilities, place: Place | None) -> Iterator[Switch]:
    before = 0
    for switch in document.switches:
        at: dt.datetime | None = switch.at + later * DAY
        if switch.sun is not None and place is not None and later:
            date = night_date(switch.at, place.time_zone) + later * DAY
            passed = SunNight.of(place, date).passes(switch.sun.altitude_deg, downwards=switch.sun.event.downwards)
            at = None if isinstance(passed, SunState) else passed + switch.sun.offset_s * SECOND
            grid = capabilities.resolution_s
            if at is not None:  # more light earlier, less light later
                seconds = (at - EPOCH) // SECOND
                at = EPOCH + (seconds if switch.level > before else seconds + grid - 1) // grid * grid * SECOND
        if at is not None:
            yield replace(switch, at=at)
        before = switch.level
