"""The verdict: what the lamps really did against what the plan says they should have done.

The plan is compiled here from the same files, by the same pure functions as in the daemon, but for each lamp by itself;
the lamps' side comes from their own log and from nothing the daemon knows.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from lightctl.cli.demo.truth import LampTruth
from lightctl.devices.fit import fit_level
from lightctl.devices.profile import Profile
from lightctl.domain.assets import LightPoint
from lightctl.domain.states import Switch
from lightctl.planning.resolve import Plan
from lightctl.planning.wall import night_date

LEVEL_TOLERANCE = 2.0
Span = tuple[dt.datetime, dt.datetime]


@dataclass(frozen=True, slots=True)
class LampVerdict:
    """One lamp: its longest stretch of another light than planned, and of darkness where light was due (seconds)."""

    id: str
    wrong_s: float
    dark_s: float


@dataclass(slots=True)
class _Longest:
    """The longest unbroken stretch; a piece of no length breaks it."""

    seconds: float = 0.0
    running: float = 0.0

    def add(self, lasting: float) -> None:
        self.running = self.running + lasting if lasting else 0.0
        self.seconds = max(self.seconds, self.running)


def judge(
    points: Sequence[LightPoint],
    plan: Plan,
    profiles: Mapping[str, Profile],
    truth: Mapping[str, LampTruth],
    span: Span,
    excused: Mapping[str, Sequence[Span]],
) -> list[LampVerdict]:
    """Judge every lamp over a span; excused: by node, spans in which nothing counts against its lamps."""
    first = night_date(span[0], plan.time_zone)
    nights = (night_date(span[1], plan.time_zone) - first).days + 1
    found = []
    for point in points:
        planned = plan.switches(point, first, nights)
        capabilities = profiles[point.profile].capabilities
        wanted = [replace(each, level=fit_level(each.level, capabilities, point.min_level)) for each in planned]
        lamp = truth.get(point.id, LampTruth())
        found.append(judge_lamp(point.id, wanted, lamp, span, excused.get(point.node, ())))
    return found


def judge_lamp(
    light_point: str, wanted: Sequence[Switch], lamp: LampTruth, span: Span, excused: Sequence[Span] = ()
) -> LampVerdict:
    """Judge one lamp against the switches it should have followed; excused spans do not count."""
    wrong, dark = _Longest(), _Longest()
    for start, end, due, real in _compared(wanted, lamp, span):
        lasting = sum((b - a).total_seconds() for a, b in _outside((start, end), excused))
        wrong.add(lasting if abs(due - real) > LEVEL_TOLERANCE else 0.0)
        dark.add(lasting if real == 0 and due > 0 else 0.0)
    return LampVerdict(light_point, wrong.seconds, dark.seconds)


def _compared(
    planned: Sequence[Switch], lamp: LampTruth, span: Span
) -> Iterator[tuple[dt.datetime, dt.datetime, int, float]]:
    """Cut a span where plan or lamp change and give each piece with the level due and the real one (none: dark)."""
    marks = {span[0], span[1]}
    marks.update(switch.at for switch in planned if span[0] < switch.at < span[1])
    marks.update(at for at in lamp.at if span[0] < at < span[1])
    starts = [switch.at for switch in planned]
    for start, end in pairwise(sorted(marks)):
        due = planned[max(bisect_right(starts, start) - 1, 0)].level
        known = bisect_right(lamp.at, start)
        yield start, end, due, lamp.levels[known - 1] if known else 0.0


def _outside(span: Span, excuses: Sequence[Span]) -> list[Span]:
    rest = [span]
    for begin, over in excuses:
        cut: list[Span] = []
        for start, end in rest:
            cut += [(start, min(end, begin)), (max(start, over), end)]
        rest = [(start, end) for start, end in cut if start < end]
    return rest


def full_power_wh(points: Sequence[LightPoint], plan: Plan, span: Span) -> float:
    """Give the energy (Wh) if every lamp burned fully from sunset to sunrise and stood by otherwise."""
    total = 0.0
    for point in points:
        rated = (point.rated_power_w or 0.0) * point.lamps
        standby = point.standby_power_w * point.lamps
        lit = 0.0
        date = night_date(span[0], plan.time_zone)
        while date <= night_date(span[1], plan.time_zone):
            night = plan.night(point, date).night
            for begin, end in night.dark:
                lit += max(0.0, (min(end, span[1]) - max(begin, span[0])).total_seconds())
            date += dt.timedelta(days=1)
        hours = (span[1] - span[0]).total_seconds() / 3600
        total += rated * lit / 3600 + standby * (hours - lit / 3600)
    return total
