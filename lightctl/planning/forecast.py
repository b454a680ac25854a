"""What a night amounts to before it happens: light, darkness and energy of one lamp.

Energy follows the straight line P = standby + (rated - standby) x level, by day the standby alone. A fade counts as
the mean of the levels it runs between. Spans are seconds, levels percent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lightctl.domain.assets import FULL_LEVEL
from lightctl.planning.floors import Floor
from lightctl.planning.night import Night, Span

WATT_SECONDS = 3_600_000.0  # in one kWh


@dataclass(frozen=True, slots=True)
class NightSum:
    """A night added up. level_s: percent times seconds; lit_s: lit at any level; dark_s: off though it is dark."""

    length_s: float
    lit_s: float
    level_s: float
    dark_s: float

    def energy_kwh(self, rated_w: float, standby_w: float) -> float:
        """Give what a lamp, or so many as have these watts together, uses in it (kWh)."""
        return (self.length_s * standby_w + (rated_w - standby_w) * self.level_s / FULL_LEVEL) / WATT_SECONDS


def night_sum(night: Night, dark: Sequence[Span]) -> NightSum:
    """Add a night up; `dark` are the spans that count as dark."""
    lit = level_seconds = unlit = 0.0
    before = 0
    for index, (since, until, level) in enumerate(night.segments()):
        seconds = (until - since).total_seconds()
        level_seconds += level * seconds
        if level:
            lit += seconds
        else:
            unlit += overlap_s((since, until), dark)
        ramp = night.switches[index].ramp_s
        if ramp and index:
            fading = min(float(ramp), seconds)
            level_seconds += (before - level) * (fading - fading * fading / (2 * ramp))
        before = level
    return NightSum((night.end - night.start).total_seconds(), lit, level_seconds, unlit)


def below_s(night: Night, floor: Floor) -> float:
    """Give for how many seconds a night lies below a floor while the sun is down."""
    if not floor.level:
        return 0.0
    return sum(overlap_s((since, until), night.dark) for since, until, level in night.segments() if level < floor.level)


def overlap_s(span: Span, others: Iterable[Span]) -> float:
    """Give how many seconds of a span lie in others, which do not overlap each other."""
    nothing = dt.timedelta()
    return sum(
        (max(nothing, min(span[1], until) - max(span[0], since)) for since, until in others), nothing
    ).total_seconds()
