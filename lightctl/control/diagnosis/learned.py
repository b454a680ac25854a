"""Learned: what a lamp truly draws, as a factor on what it should, by channel and band of ten percent of its level.

The factor follows good reports slowly: each moves it by a twentieth of the way, and by one percent at most, so that a
single odd report counts for little. It starts at the curve and stays within its tolerance, so a failure is never
learned away. Where no curve is known it starts at the median of the first good reports, and stays within the tolerance
of that.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

FOLLOW, MOST_AT_ONCE = 0.05, 0.01
WORTH_LEARNING = 0.005
BANDS = 16


@dataclass(frozen=True, slots=True)
class Learned:
    """A factor on the expected power. base: where it started; count: the good reports it rests on, up to enough."""

    factor: float
    base: float
    count: int
    first: tuple[float, ...] = ()


UNLEARNED = Learned(1.0, 1.0, 0)


def band(channel: int, level: int) -> int:
    """Give the key under which a channel's factor at a level is kept."""
    return channel * BANDS + (level + 9) // 10


def learn(before: Learned | None, ratio: float, enough: int, tolerance: float, *, known: bool) -> Learned:
    """Take in the ratio of drawn to expected power of a good report; gives `before` itself where nothing changes."""
    if not known and (before is None or before.count < enough):
        first = (*(before.first if before is not None else ()), ratio)
        middle = median(first)
        return Learned(middle, middle, len(first), first if len(first) < enough else ())
    before = before or UNLEARNED
    away = ratio - before.factor
    if abs(away) <= WORTH_LEARNING * before.base and before.count >= enough:
        return before
    most = MOST_AT_ONCE * before.base
    low, high = before.base * (1 - tolerance), before.base * (1 + tolerance)
    factor = min(max(before.factor + min(max(FOLLOW * away, -most), most), low), high)
    return Learned(factor, before.base, min(before.count + 1, enough))
