"""What a night, or a part of it, amounts to before it happens: light, darkness and energy of one lamp.

A lamp draws what its power curve says at its level, by day what it draws when off. A fade runs at a steady pace, so its
energy is its time times the mean of the curve between the levels it runs between; on a straight line
(P = standby + (rated - standby) x level) that is the mean of the two ends. Spans are seconds, levels percent.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lightctl.domain.assets import FULL_LEVEL
from lightctl.domain.luminaires import PowerCurve
from lightctl.planning.floors import Floor
from lightctl.planning.night import Night, Span

WATT_SECONDS = 3_600_000.0  # in one kWh

Fade = tuple[float, float, float]  # from a level, to a level, seconds


@dataclass(frozen=True, slots=True)
class NightSum:
    """A night added up. level_s: percent times seconds; lit_s: lit at any level; dark_s: off though it is dark.

    steady: seconds by level held; fades: how the rest of the time was spent.
    """

    length_s: float
    lit_s: float
    level_s: float
    dark_s: float
    steady: Mapping[int, float] = field(default_factory=dict)
    fades: tuple[Fade, ...] = ()

    def energy_kwh(self, rated_w: float, standby_w: float) -> float:
        """Give what a lamp, or so many as have these watts together, uses in it (kWh), on a straight line."""
        return (self.length_s * standby_w + (rated_w - standby_w) * self.level_s / FULL_LEVEL) / WATT_SECONDS

    def curve_kwh(self, curve: PowerCurve) -> float:
        """Give what a lamp with a power curve uses in it (kWh)."""
        held = sum(curve.watts(level) * seconds for level, seconds in self.steady.items())
        faded = sum(curve.mean_watts(begin, end) * seconds for begin, end, seconds in self.fades)
        return (held + faded) / WATT_SECONDS


def night_sum(night: Night, dark: Sequence[Span], part: Span | None = None) -> NightSum:
    """Add a night up, or the part of it that lies in a span; `dark` are the spans that count as dark."""
    since, until = (night.start, night.end) if part is None else (max(night.start, part[0]), min(night.end, part[1]))
    lit = level_seconds = unlit = 0.0
    steady: dict[int, float] = defaultdict(float)
    fades: list[Fade] = []
    for piece in _pieces(night):
        begin, end, level, fade = _cut(piece, since, until)
        seconds = (end - begin).total_seconds()
        if seconds <= 0:
            continue
        if level:
            lit += seconds
        else:
            unlit += overlap_s((begin, end), dark)
        if fade is None:
            level_seconds += level * seconds
            steady[level] += seconds
        else:
            level_seconds += (fade[0] + fade[1]) / 2 * seconds
            fades.append((*fade, seconds))
    length = max(0.0, (until - since).total_seconds())
    return NightSum(length, lit, level_seconds, unlit, dict(steady), tuple(fades))


def added(sums: Iterable[NightSum]) -> NightSum:
    """Add nights up, or parts of them, that follow one another."""
    length = lit = level_seconds = dark = 0.0
    steady: dict[int, float] = defaultdict(float)
    fades: dict[tuple[float, float], float] = defaultdict(float)
    for each in sums:
        length, lit, dark = length + each.length_s, lit + each.lit_s, dark + each.dark_s
        level_seconds += each.level_s
        for level, seconds in each.steady.items():
            steady[level] += seconds
        for begin, end, seconds in each.fades:
            fades[begin, end] += seconds
    return NightSum(length, lit, level_seconds, dark, dict(steady), tuple((*ends, s) for ends, s in fades.items()))


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


Piece = tuple[dt.datetime, dt.datetime, int, tuple[float, float] | None]


def _pieces(night: Night) -> Iterator[Piece]:
    """Give a night as (from, until, level due, the levels it fades between or None while it is held)."""
    before = 0
    for index, (since, until, level) in enumerate(night.segments()):
        ramp = night.switches[index].ramp_s if index else 0
        arrived = min(until, since + dt.timedelta(seconds=ramp))
        if ramp:
            share = (arrived - since).total_seconds() / ramp
            yield since, arrived, level, (float(before), before + (level - before) * share)
        yield arrived, until, level, None
        before = level


def _cut(piece: Piece, since: dt.datetime, until: dt.datetime) -> Piece:
    """Cut a piece to a span; of a fade the levels at the cuts."""
    begin, end, level, fade = piece
    first, last = max(begin, since), min(end, until)
    if fade is None or (first, last) == (begin, end) or last <= first:
        return first, last, level, fade
    low, pace = fade[0], (fade[1] - fade[0]) / (end - begin).total_seconds()
    return (
        first,
        last,
        level,
        (low + pace * (first - begin).total_seconds(), low + pace * (last - begin).total_seconds()),
    )
