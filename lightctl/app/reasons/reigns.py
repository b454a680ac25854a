"""Reigns: which schedules a light point followed, or will, from when to when: versions, and roll-outs between them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lightctl.app.desk import Desk
from lightctl.app.reasons.views import ScheduleUsedView
from lightctl.domain.assets import LightPoint
from lightctl.domain.programs import NO_INTENT
from lightctl.domain.rollouts import Rollout
from lightctl.files.schedules import read_schedules
from lightctl.planning.resolve import Plan


@dataclass(frozen=True, slots=True)
class Reign:
    """The schedules followed over some time: their plan, the version in force, and when others came (None: not yet).

    unreadable: they were applied once, but are no longer understood; what holds without schedules stands in for them.
    rollout: the one whose coming schedules these are.
    """

    plan: Plan
    used: ScheduleUsedView | None
    until: dt.datetime | None
    unreadable: bool = False
    rollout: Rollout | None = None


@dataclass(frozen=True, slots=True)
class _Span:
    """The time in which a light point had moved in a roll-out that was under way; `end` None: it still is."""

    rollout: Rollout
    begin: dt.datetime
    end: dt.datetime | None


def reigns_of(desk: Desk, point: LightPoint, instant: dt.datetime, now: dt.datetime) -> Iterator[Reign]:
    """Give the schedules a light point followed at an instant, then those after; from now on nothing changes them."""
    spans = tuple(_spans(desk, point, instant))
    for reign in _versions(desk, instant, now):
        yield from _parts(desk, reign, spans, instant)


def _versions(desk: Desk, instant: dt.datetime, now: dt.datetime) -> Iterator[Reign]:
    applied = [ScheduleUsedView(each.version, each.applied_at) for each in reversed(desk.store.schedule_versions())]
    known = (index for index, each in enumerate(applied) if each.applied_at <= instant or instant >= now)
    first = max(known, default=-1)
    present, later = applied[first] if first >= 0 else None, applied[first + 1 :]
    for used, following in zip([present, *later], [*later, None], strict=True):
        until = following.applied_at if following is not None else None
        if following is None:
            yield Reign(desk.plan, used, None)
        elif used is None:
            yield Reign(Plan(NO_INTENT, desk.settings.site.time_zone), None, until)
        else:
            read = read_schedules(desk.store.schedules(used.version).files)
            yield Reign(Plan(read.intent, desk.settings.site.time_zone), used, until, bool(read.errors))


def _spans(desk: Desk, point: LightPoint, instant: dt.datetime) -> Iterator[_Span]:
    for rollout in desk.store.rollouts_since(instant):
        place = rollout.place_of(point.node) if point.node else None
        if place is not None and place <= rollout.place:
            begin = desk.store.released_at(rollout.id, place) or rollout.started_at
            yield _Span(rollout, begin, rollout.changed_at if rollout.state.ended else None)


def _parts(desk: Desk, reign: Reign, spans: Sequence[_Span], instant: dt.datetime) -> Iterator[Reign]:
    """Give a version's time in parts: roll-outs that built on it began and ended within."""
    version = 0 if reign.used is None else reign.used.version
    for span in spans:
        if span.rollout.base_version != version:
            continue
        if span.begin > instant:
            yield replace(reign, until=span.begin)
        yield replace(reign, plan=_coming(desk, span.rollout), until=span.end, unreadable=False, rollout=span.rollout)
        if span.end is None or span.end == reign.until:
            return
    yield reign


def _coming(desk: Desk, rollout: Rollout) -> Plan:
    known = desk.plans.staged.coming
    if known is not None and desk.plans.rollout is not None and desk.plans.rollout.id == rollout.id:
        return known
    return Plan(read_schedules(dict(rollout.files)).intent, desk.settings.site.time_zone)
