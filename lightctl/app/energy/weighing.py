"""What one light point used in one span: metered as far as a counter counted, else estimated, and always said which.

Of a span of L seconds a counter counted M, and the node's reports say at which level the lamp was for K of them:

    estimate = unknown x mean power of what the plan has beyond what was seen + the rest x mean power of what was seen

for the L - M seconds that nothing counted. Seconds nobody reported are taken to be the uncounted ones first: a node
that says nothing is not read either. A counter that counted all of the span leaves nothing to estimate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
    metered_wh, metered_s, levels = _seen(seen)
    counted = metered_wh is not None
    metered_wh = metered_wh or 0.0
    known_s = sum(levels.values())
    lit_s = known_s - levels.get(0, 0.0)
    unknown_s = max(0.0, length_s - known_s)
    unknown_w = 0.0
    if unknown_s > NO_GAP_S:
        unlit_share, unknown_w = _beyond(planned, levels, watts)
        lit_s += unknown_s * (1 - unlit_share)
    uncounted_s = max(0.0, length_s - metered_s)
    if watts is None or uncounted_s <= NO_GAP_S:
        return Weighed(metered_wh, 0.0, lit_s, counted)
    silent_s = min(uncounted_s, unknown_s)
    known_w = sum([watts[level] * seconds for level, seconds in levels.items()]) / known_s if known_s else 0.0
    estimated_wh = (silent_s * unknown_w + (uncounted_s - silent_s) * known_w) / SECONDS_PER_HOUR
    return Weighed(metered_wh, estimated_wh, lit_s, counted)


def _seen(seen: Sequence[tuple[Usage, float]]) -> tuple[float | None, float, Mapping[int, float]]:
    """Add up what was counted (Wh, None by no counter), for how long, and the seconds at each level."""
    if len(seen) == 1 and seen[0][1] == 1.0:
        (usage, _), *_ = seen
        return usage.energy_wh, usage.metered_s, usage.level_s
    metered_wh: float | None = None
    metered_s = 0.0
    levels: dict[int, float] = {}
    for usage, share in seen:
        if usage.energy_wh is not None:
            metered_wh = (metered_wh or 0.0) + usage.energy_wh * share
            metered_s += usage.metered_s * share
        for level, seconds in usage.level_s.items():
            levels[level] = levels.get(level, 0.0) + seconds * share
    return metered_wh, metered_s, levels


def _beyond(planned: Planned, seen: Mapping[int, float], watts: Watts | None) -> tuple[float, float]:
    """Give what the plan has beyond what was seen: the share of it that is off, and its mean power (W)."""
    total = off = energy = 0.0
    for level, seconds in planned.levels.items():
        left = seconds - seen.get(level, 0.0)
        if left > 0:
            total += left
            if not level:
                off = left
            if watts is not None:
                energy += watts[level] * left
    if total:
        return off / total, energy / total
    # All of the plan was seen already: of what is beyond it the plan is as good a guess as any.
    total = sum(planned.levels.values())
    if not total:
        return 1.0, watts[0] if watts is not None else 0.0
    mean = sum([watts[level] * seconds for level, seconds in planned.levels.items()]) / total if watts else 0.0
    return planned.levels.get(0, 0.0) / total, mean
