"""Why: the whole chain of reasons for one lamp's level at an instant, past or to come, and what changes next.

A past instant is read with the schedules and the overrides of then, which the store keeps for ever: an override that
was taken back counts up to that moment, later versions of the schedules from theirs on, those of a roll-out from when
the lamp moved. Light points are known only as they are today, and what sensors said is not kept: the chain says both.
An instant to come is read with what is known now.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from zoneinfo import ZoneInfo

from lightctl.app.desk import Desk
from lightctl.app.reading import reported
from lightctl.app.reasons.reigns import Reign, reigns_of
from lightctl.app.reasons.views import ComingView, VerdictView, WhyView
from lightctl.app.rollouts.words import verdict_on
from lightctl.app.views import ReportedView
from lightctl.domain.assets import LifeCycle, LightPoint
from lightctl.domain.sensors import SILENT, Readings
from lightctl.domain.states import Override
from lightctl.planning.explain import Verdict, local_text
from lightctl.planning.resolve import Plan

CHANGES_SHOWN = 3
NIGHTS_SEARCHED = 8
HEARTBEATS = 2


def why(desk: Desk, light_id: str, at: dt.datetime | None) -> WhyView:
    """Explain a level at an instant, now if none is given; raises UnknownTarget."""
    point = desk.point(light_id)
    now = desk.now()
    instant = now if at is None else at
    lives = (
        record.lived for record in desk.store.overrides_since(instant) if point.selected_by(record.override.select)
    )
    overrides = [lived for lived in lives if lived is not None]
    reigns = reigns_of(desk, point, instant, now)
    reign = next(reigns)
    readings = SILENT if instant < now else desk.readings(point)
    found = reign.plan.resolve(point, overrides, instant, readings)
    coming = tuple(_coming(chain([reign], reigns), point, overrides, instant, readings))
    return WhyView(
        id=point.id,
        at=instant,
        level=found.level,
        reason=found.reason,
        until=coming[0].at if coming else None,
        chain=(
            *(VerdictView(v.layer, v.verdict, v.detail, str(v.source)) for v in found.chain),
            _of_schedule(desk, reign, instant, now),
            *_of_rollout(desk, point, reign, past=instant < now),
            *_of_sensors(found.chain, past=instant < now),
            *_of_inventory(point, past=instant < now),
        ),
        schedule=reign.used,
        next=coming,
        reported=_reported(desk, point, instant, now),
    )


def _coming(
    reigns: Iterable[Reign],
    point: LightPoint,
    overrides: Sequence[Override],
    instant: dt.datetime,
    readings: Readings,
) -> Iterator[ComingView]:
    """Give the first changes of level or reason after an instant, whether time, people or new schedules bring them."""
    begin, shown = instant, 0
    present = None
    for reign in reigns:
        for at in (begin, *reign.plan.changes(point, overrides, begin, NIGHTS_SEARCHED, readings)):
            if reign.until is not None and at >= reign.until:
                break
            due = reign.plan.level_at(point, overrides, at, readings)
            if present is not None and due != present:
                yield _change(reign.plan, point, overrides, at, readings)
                shown += 1
            present = due
            if shown == CHANGES_SHOWN:
                return
        begin = max(begin, reign.until or begin)
        if begin - instant > dt.timedelta(days=NIGHTS_SEARCHED):
            return


def _change(
    plan: Plan, point: LightPoint, overrides: Sequence[Override], at: dt.datetime, readings: Readings
) -> ComingView:
    found = plan.resolve(point, overrides, at, readings)
    deciding = next(verdict for verdict in found.chain if verdict.verdict == "decides")
    return ComingView(at, found.level, found.reason, found.ref, deciding.detail, str(deciding.source))


def _of_schedule(desk: Desk, reign: Reign, instant: dt.datetime, now: dt.datetime) -> VerdictView:
    if reign.used is None:
        when = "had been applied by then" if instant < now else "have been applied"
        return VerdictView("schedule", "none", f"no schedules {when}: full light from sunset to sunrise")
    applied = local_text(reign.used.applied_at, ZoneInfo(desk.settings.site.time_zone))
    detail = f"version {reign.used.version}, applied {applied}"
    if reign.unreadable:
        return VerdictView("schedule", "none", f"{detail}, is no longer understood: full light from sunset to sunrise")
    if instant > now:
        detail += "; as schedules and overrides stand now, both may change until then"
    return VerdictView("schedule", "chosen", detail)


def _of_rollout(desk: Desk, point: LightPoint, reign: Reign, *, past: bool) -> Iterator[VerdictView]:
    if reign.rollout is not None:
        yield from verdict_on(reign.rollout, point)
    elif not past and desk.plans.rollout is not None:
        yield from verdict_on(desk.plans.rollout, point)


def _of_sensors(verdicts: Iterable[Verdict], *, past: bool) -> Iterator[VerdictView]:
    if past and any(each.layer == "sensor" for each in verdicts):
        yield VerdictView("sensor", "assumed", "taken as silent; what sensors said then is not kept")


def _of_inventory(point: LightPoint, *, past: bool) -> Iterator[VerdictView]:
    if past:
        detail = "position, kind, tags and node as they are today; those of then are not kept"
        yield VerdictView("inventory", "assumed", detail)
    if point.state is not LifeCycle.IN_USE:
        detail = f"the light point is {point.state}: only in_use is commanded, so this is what would be due"
        yield VerdictView("inventory", "idle", detail)


def _reported(desk: Desk, point: LightPoint, instant: dt.datetime, now: dt.datetime) -> ReportedView | None:
    """Give what the lamp's node said last by an instant, None if that was too long before it."""
    profile = desk.profiles.get(point.profile)
    if profile is None or not point.node or instant > now:
        return None
    heartbeat = dt.timedelta(seconds=max(profile.heartbeat_s, desk.settings.delivery.heartbeat_s))
    just_after = instant + dt.timedelta(microseconds=1)
    heard = desk.store.reports(point.node, instant - HEARTBEATS * heartbeat, just_after)
    last = next((each for each in reversed(heard) if point.channel in each.channels), None)
    return reported(last, point.channel)
