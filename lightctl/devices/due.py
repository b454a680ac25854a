"""Due: the one level a live node is given now, out of its desired state."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from lightctl.domain.assets import FULL_LEVEL
from lightctl.domain.errors import NodeRefused
from lightctl.domain.states import DesiredState


@dataclass(frozen=True, slots=True)
class SetLevel:
    """What a live node is told: a level (percent) and how long to fade (seconds)."""

    level: int
    ramp_s: int = 0


def level_due(desired: DesiredState, channel: int, now: dt.datetime) -> SetLevel:
    """Give what a channel is told at an instant; full light before the first switch, as nothing said it may be dark.

    Raises NodeRefused for a channel the desired state does not name.
    """
    wanted = desired.channels.get(channel)
    if wanted is None:
        raise NodeRefused(f"the desired state of node {desired.node} says nothing for channel {channel}")
    level = wanted.level_at(now)
    held = wanted.override if wanted.override is not None and now < wanted.override.until else None
    source = held or wanted.switch_at(now)
    return SetLevel(FULL_LEVEL if level is None else level, source.ramp_s if source else 0)
