"""When light points should have been lit: the schedules of then, protections, and people's overrides.

Light points that stand alike in every schedule of the period have the same planned light, so it is worked out once for
all of them. Overrides are those of then, as long as they held; only lamps that had one are looked at by themselves.
What sensors asked for is not kept, and not counted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from lightctl.app.desk import Desk
from lightctl.app.reasons.reigns import Reign, reigns_of
from lightctl.domain.assets import LightPoint
from lightctl.domain.states import Override
from lightctl.planning.floors import raised
from lightctl.planning.resolve import Plan
from lightctl.reports.light_time import Span, within


@dataclass(frozen=True, slots=True)
class PlannedNight:
    """A night of the calendar: its date, its span, and how much of it is over (seconds)."""

    date: dt.date
    span: Span
    over_s: float


class PlannedLight:
    """The planned light of a period; asks the store while it is made, and for each light point's roll-outs once."""

    def __init__(self, desk: Desk, nights: Sequence[PlannedNight], now: dt.datetime) -> None:
        """Read the overrides and roll-outs of the nights."""
        self._desk = desk
        self._nights = nights
        self._now = now
        self._since = nights[0].span[0]
        until = nights[-1].span[1]
        self._rollouts = desk.store.rollouts_since(self._since)
        lived = (record.lived for record in desk.store.overrides_since(self._since))
        self._overrides: dict[str, list[Override]] = {}
        for override in lived:
            if override is not None and override.start < until:
                for point in desk.fleet.select(override.select):
                    self._overrides.setdefault(point.id, []).append(override)
        self._reigns: dict[Hashable, tuple[Reign, ...]] = {}
        self._known: dict[Hashable, tuple[tuple[Span, ...], ...]] = {}

    def of(self, point: LightPoint) -> tuple[tuple[Span, ...], ...]:
        """Give the spans in which a light point should have been lit, night by night, up to now."""
        reigns = self._reigns_of(point)
        standing = tuple(
            (id(each.plan), id(each.plan.assignment(point)), each.plan.floor(point), each.plan.place(point))
            for each in reigns
        )
        found = self._known.get(standing)
        if found is None:
            found = self._known[standing] = tuple(self._night(point, each, reigns) for each in self._nights)
        overrides = self._overrides.get(point.id)
        if not overrides:
            return found
        return tuple(
            self._overridden(point, night, reigns, overrides) if _touch(overrides, night.span) else spans
            for night, spans in zip(self._nights, found, strict=True)
        )

    def _reigns_of(self, point: LightPoint) -> tuple[Reign, ...]:
        key = tuple((each.id, each.place_of(point.node)) for each in self._rollouts if point.node)
        found = self._reigns.get(key)
        if found is None:
            found = self._reigns[key] = tuple(reigns_of(self._desk, point, self._since, self._now))
        return found

    def _night(self, point: LightPoint, night: PlannedNight, reigns: Sequence[Reign]) -> tuple[Span, ...]:
        spans: list[Span] = []
        for plan, part in _parts(reigns, self._over(night)):
            switches = raised(plan.night(point, night.date).night, plan.floor(point))
            ends = [*(switch.at for switch in switches[1:]), night.span[1]]
            lit = [(each.at, end) for each, end in zip(switches, ends, strict=True) if each.level]
            spans += within(lit, part)
        return _joined(spans)

    def _overridden(
        self, point: LightPoint, night: PlannedNight, reigns: Sequence[Reign], overrides: Sequence[Override]
    ) -> tuple[Span, ...]:
        spans: list[Span] = []
        for plan, part in _parts(reigns, self._over(night)):
            begin = part[0]
            marks = [begin]
            for mark in plan.changes(point, overrides, begin, 1):
                if mark >= part[1]:
                    break
                marks.append(mark)
            ends = [*marks[1:], part[1]]
            spans += [
                (at, end) for at, end in zip(marks, ends, strict=True) if plan.level_at(point, overrides, at)[0] > 0
            ]
        return _joined(spans)

    def _over(self, night: PlannedNight) -> Span:
        return night.span[0], night.span[0] + dt.timedelta(seconds=night.over_s)


def _parts(reigns: Sequence[Reign], bounds: Span) -> list[tuple[Plan, Span]]:
    """Cut a span at the instants at which other schedules came."""
    found, begin = [], bounds[0]
    for reign in reigns:
        end = bounds[1] if reign.until is None else min(bounds[1], reign.until)
        if begin < end:
            found.append((reign.plan, (begin, end)))
            begin = end
    return found


def _touch(overrides: Sequence[Override], span: Span) -> bool:
    return any(each.start < span[1] and each.until > span[0] for each in overrides)


def _joined(spans: Sequence[Span]) -> tuple[Span, ...]:
    found: list[Span] = []
    for since, until in spans:
        if found and found[-1][1] == since:
            found[-1] = (found[-1][0], until)
        else:
            found.append((since, until))
    return tuple(found)
