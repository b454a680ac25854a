"""What one light point used in one span: metered as far as a counter counted, else estimated, and always said which.

Of a span of L seconds a counter counted M, and the node's reports say at which level the lamp was for K of them:

    estimate = unknown x mean power of what the plan has beyond what was seen + the rest x mean power of what was seen

for the L - M seconds that nothing counted. Seconds nobody reported are taken to be the uncounted ones first: a node
that says nothing is not read either. A counter that counted all of the span leaves nothing to estimate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lightctl.domain.assets import FULL_LEVEL
from lightctl.domain.usage import Usage
from lightctl.planning.forecast import NightSum

SECONDS_PER_HOUR = 3600.0
# Spans are cut at a second by clocks that are not; less than this is no gap.
NO_GAP_S = 1.0

Watts = Sequence[float]
"""The power at every whole percent, 0 to 100 (W)."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What the plan in force has a light point do in a span: seconds by level, the energy of it, the time lit."""

    levels: Mapping[int, float]
    energy_wh: float
    lit_s: float

    @classmethod
    def of(cls, planned: NightSum, energy_wh: float) -> Planned:
        """Give a planned span with fades at their middle level."""
        levels = dict(planned.steady)
        for begin, end, seconds in planned.fades:
            middle = round((begin + end) / 2)
            levels[middle] = levels.get(middle, 0.0) + seconds
        return cls(levels, energy_wh, planned.lit_s)


@dataclass(frozen=True, slots=True)
class Weighed:
    """Energy of one light point in one span (Wh), seconds lit, and whether a counter has any part in it."""

    metered_wh: float
    estimated_wh: float
    lit_s: float
    counted: bool


def weigh(length_s: float, seen: Sequence[tuple[Usage, float]], watts: Watts | None, planned: Planned) -> Weighed:
    """Weigh one span; `seen` are usages with the share of each that falls to it, `watts` None where unknown."""
    if not seen:
        return Weighed(0.0, 0.0 if watts is None else planned.energy_wh, planned.lit_s, counted=False)
    metered_wh = metered_s = lit_s = known_s = known_ws = 0.0
    counted = False
    levels: dict[int, float] = {}
    for usage, share in seen:
        if usage.energy_wh is not None:
            counted = True
            metered_wh += usage.energy_wh * share
            metered_s += usage.metered_s * share
        for level, seconds in usage.level_s.items():
            spent = seconds * share
            known_s += spent
            if level:
                lit_s += spent
            if watts is not None:
                known_ws += watts[level] * spent
            levels[level] = levels.get(level, 0.0) + spent
    unknown_s = max(0.0, length_s - known_s)
    unknown_w = 0.0
    if unknown_s > NO_GAP_S:
        unlit_share, unknown_w = _beyond(planned, levels, watts)
        lit_s += unknown_s * (1 - unlit_share)
    uncounted_s = max(0.0, length_s - metered_s)
    if watts is None or uncounted_s <= NO_GAP_S:
        return Weighed(metered_wh, 0.0, lit_s, counted)
    silent_s = min(uncounted_s, unknown_s)
    known_w = known_ws / known_s if known_s else 0.0
    estimated_wh = (silent_s * unknown_w + (uncounted_s - silent_s) * known_w) / SECONDS_PER_HOUR
    return Weighed(metered_wh, estimated_wh, lit_s, counted)


def _beyond(planned: Planned, seen: Mapping[int, float], watts: Watts | None) -> tuple[float, float]:
    """Give what the plan has beyond what was seen: the share of it that is off, and its mean power (W)."""
    left = {level: seconds - seen.get(level, 0.0) for level, seconds in planned.levels.items()}
    left = {level: seconds for level, seconds in left.items() if seconds > 0} or dict(planned.levels)
    total = sum(left.values())
    if not total:
        return 1.0, watts[0] if watts is not None else 0.0
    off = left.get(0, 0.0) / total
    if watts is None:
        return off, 0.0
    return off, sum(watts[min(level, FULL_LEVEL)] * seconds for level, seconds in left.items()) / total
