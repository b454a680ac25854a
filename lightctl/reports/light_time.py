"""Lamps in light: how much of the light that was planned was there, by what nodes said, and how much nobody knows.

For one light point and one night of N seconds let P be the spans in which it should have been lit at any level (its
program, protections and people's overrides, as `why` tells them), and M the spans of maintenances, which are kept
apart. Its node said of K seconds which level was in force, and that it was lit in L of them. O are the spans of faults
that mean darkness whatever a node says of its level (`lampFailure`, `supplyLoss`, ...). With |X| the seconds of X:

    planned = |P without M|
    lit     = min(L, planned - |P and O, without M|)
    unknown = min(planned - |P and O, without M| - lit, N - K)
    dark    = planned - lit - unknown

so dark is what is known to have been dark, and the rest cannot be told. Lamps in light is lit / planned: what is not
known is no light. A gap of up to SWITCHING_S a night is the time switching takes, not darkness. Time lit beyond |P| by
more than BEYOND_S is burning that nobody planned, by day above all. A light point of many lamps counts as many lamps;
a `lampFailure` of it counts as one of them, because it does not say of how many.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

Span = tuple[dt.datetime, dt.datetime]
SWITCHING_S = 120.0
BEYOND_S = 900.0
IN_LIGHT_THRESHOLD = 93.0
"""Percent of lamps in light below which the model contract of the UK's street-lighting PFIs can be ended."""


@dataclass(frozen=True, slots=True)
class LightTime:
    """Lamp-seconds: planned = lit + unknown + dark; those in maintenance and those lit beyond the plan apart."""

    planned_s: float = 0.0
    lit_s: float = 0.0
    unknown_s: float = 0.0
    dark_s: float = 0.0
    maintenance_s: float = 0.0
    beyond_s: float = 0.0

    def __add__(self, other: LightTime) -> LightTime:
        """Add two up."""
        return LightTime(
            self.planned_s + other.planned_s,
            self.lit_s + other.lit_s,
            self.unknown_s + other.unknown_s,
            self.dark_s + other.dark_s,
            self.maintenance_s + other.maintenance_s,
            self.beyond_s + other.beyond_s,
        )

    @property
    def in_light_percent(self) -> float | None:
        """Lamps in light; None where nothing was planned."""
        return _share(self.lit_s, self.planned_s)

    @property
    def unknown_percent(self) -> float | None:
        """What is not known of the light planned."""
        return _share(self.unknown_s, self.planned_s)

    @property
    def dark_percent(self) -> float | None:
        """What is known to have been dark of the light planned."""
        return _share(self.dark_s, self.planned_s)


NOTHING = LightTime()


def light_time(
    planned: Sequence[Span],
    length_s: float,
    known_s: float,
    lit_s: float,
    *,
    lamps: int = 1,
    out: Sequence[tuple[Span, float]] = (),
    apart: Sequence[Span] = (),
) -> LightTime:
    """Weigh one light point in one night of `length_s` seconds; the spans of `planned` do not overlap.

    known_s, lit_s: what its node said of it. out: spans of darkness, each with the share of its lamps that is out.
    apart: spans of maintenances.
    """
    whole = seconds(planned)
    counted = planned if not apart else without(planned, apart)
    due = whole if not apart else seconds(counted)
    lost = min(due, _lost(counted, out)) if out else 0.0
    most = due - lost
    lit = min(lit_s, most)
    gap = most - lit
    if gap <= SWITCHING_S:
        lit, gap = most, 0.0
    unknown = min(gap, max(0.0, length_s - known_s))
    beyond = lit_s - whole
    return LightTime(
        due * lamps,
        lit * lamps,
        unknown * lamps,
        (lost + gap - unknown) * lamps,
        (whole - due) * lamps,
        beyond * lamps if beyond > BEYOND_S else 0.0,
    )


def seconds(spans: Sequence[Span]) -> float:
    """Add spans up."""
    return sum((until - since).total_seconds() for since, until in spans)


def without(spans: Sequence[Span], holes: Sequence[Span]) -> tuple[Span, ...]:
    """Give what is left of spans outside of holes."""
    left = list(spans)
    for begin, end in holes:
        left = [
            part
            for since, until in left
            for part in ((since, min(until, begin)), (max(since, end), until))
            if part[0] < part[1]
        ]
    return tuple(left)


def within(spans: Sequence[Span], bounds: Span) -> tuple[Span, ...]:
    """Give what of spans lies between two instants."""
    cut = ((max(since, bounds[0]), min(until, bounds[1])) for since, until in spans)
    return tuple(span for span in cut if span[0] < span[1])


def _lost(planned: Sequence[Span], out: Sequence[tuple[Span, float]]) -> float:
    """Give the planned seconds lost: the greatest share of what is out at each instant."""
    marks = sorted({edge for span, _ in out for edge in span})
    found = 0.0
    for since, until in pairwise(marks):
        share = max((part for span, part in out if span[0] <= since and until <= span[1]), default=0.0)
        if share:
            found += share * seconds(within(planned, (since, until)))
    return found


def _share(part: float, whole: float) -> float | None:
    return None if whole <= 0 else part / whole * 100
