"""Switching: levels set by hand, always with an end, and lamps that show themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from lightctl.app.asking import Actor, Guard, Target
from lightctl.app.desk import Desk, new_id
from lightctl.app.overrides import progress
from lightctl.app.overrides.progress import instant
from lightctl.app.views import ChangeView, PointResult
from lightctl.domain.assets import FULL_LEVEL, LifeCycle, LightPoint
from lightctl.domain.errors import InvalidInput, SafetyRefused, UnknownTarget
from lightctl.domain.events import ActionRequested, Event, OverrideEnded, OverrideSet
from lightctl.domain.states import ActionKind, NodeAction, Override, Scope
from lightctl.store.base import AuditDraft

DEFAULT_FOR = dt.timedelta(minutes=30)
ACTION_LIFETIME = dt.timedelta(minutes=2)


def set_level(
    desk: Desk,
    actor: Actor,
    target: Target,
    level: int,
    until: dt.datetime | None,
    guard: Guard,
    start: dt.datetime | None = None,
) -> ChangeView:
    """Set overrides on a target; raises InvalidInput for a level, a beginning or an end that cannot be."""
    now = desk.now()
    if not 0 <= level <= FULL_LEVEL:
        raise InvalidInput("level", f"{level} is no level", hint="Levels are whole percent, 0 to 100.")
    begin, end = _span(desk, now, start, until)
    selected = desk.select(target)
    points = commandable(desk, target)
    desk.check_reach(len(points), guard)
    change = new_id("change")
    if guard.dry_run:
        return dry_view(change, points, f"would hold {level} %", level, begin, end)
    overrides = tuple(
        Override(new_id("override"), scope, selector, level, begin, end, guard.reason, actor.user)
        for selector, scope in selected
    )
    lasting = f"until {instant(end)}" if begin == now else f"from {instant(begin)} until {instant(end)}"
    audit = desk.audit(actor, "set level", name_of(target), guard, f"{level} % {lasting}")
    replaced = _of_same_targets(desk, overrides, now)
    with desk.store.transaction():
        desk.store.record_change(change, "level", now, [p.id for p in points], level, end, audit)
        desk.store.end_overrides(replaced, now, change, None)
        desk.store.add_overrides(overrides, change, None)
    desk.notify([*(OverrideEnded(known) for known in replaced), *(OverrideSet(override) for override in overrides)])
    return progress.progress(desk, change)


def _span(
    desk: Desk, now: dt.datetime, start: dt.datetime | None, until: dt.datetime | None
) -> tuple[dt.datetime, dt.datetime]:
    """Give from when to when a level shall hold; by default from now, and for half an hour."""
    begin = start or now
    if begin < now:
        raise InvalidInput("start", f"{instant(begin)} has passed", hint="Leave it out to begin now.")
    ahead = desk.settings.safety.max_override_ahead_h
    if begin - now > dt.timedelta(hours=ahead):
        raise InvalidInput(
            "start",
            f"a level set by hand begins within {ahead:g} h (safety.max_override_ahead_h)",
            hint="For later, write it into the schedules.",
        )
    end = until or begin + DEFAULT_FOR
    if end <= begin:
        why = "has passed" if begin == now else f"is not after its beginning, {instant(begin)}"
        raise InvalidInput("until", f"{instant(end)} {why}", hint="Give a later instant.")
    longest = desk.settings.safety.max_override_h
    if end - begin > dt.timedelta(hours=longest):
        raise InvalidInput(
            "until",
            f"a level set by hand ends within {longest:g} h (safety.max_override_h)",
            hint="For longer, write it into the schedules.",
        )
    return begin, end


def _of_same_targets(desk: Desk, overrides: Sequence[Override], now: dt.datetime) -> list[str]:
    """Give the overrides that new ones of the same targets replace: asked again, the old level is nobody's wish.

    What holds now is replaced by what begins now, a plan by another one with the same beginning.
    """

    def begins(override: Override) -> dt.datetime:
        return max(override.start, now)

    asked = {(override.scope, override.select, begins(override)) for override in overrides}
    return [each.id for each in desk.store.overrides(now) if (each.scope, each.select, begins(each)) in asked]


def resume(desk: Desk, actor: Actor, target: Target, guard: Guard) -> ChangeView:
    """End the target's overrides, those yet to begin too; one that also holds others must be resumed as a whole.

    A single lamp cannot end what was asked of its street, and silence about it would be a lie: such a target is
    refused with the name of the wider one. A wider one that has not begun holds nothing and stays.
    """
    now = desk.now()
    points = commandable(desk, target)
    chosen = {point.id for point in points}
    ending: dict[str, set[str]] = {}
    for override in desk.store.overrides(now):
        members = {point.id for point in desk.fleet.select(override.select)}
        if members & chosen:
            leave_to_crew(override)
        if members & chosen and not members <= chosen:
            if override.start > now:
                continue
            raise InvalidInput(
                name_of(target),
                f"the override of {override.select} holds these lamps and others too",
                hint="Resume that target as a whole, or set this lamp's own level with dim.",
            )
        if members & chosen:
            ending[override.id] = members
    held = [point for point in points if any(point.id in members for members in ending.values())]
    desk.check_reach(len(held), guard)
    change = new_id("change")
    if guard.dry_run:
        return dry_view(change, tuple(held), f"would end {len(ending)} overrides")
    if not held:
        results = tuple(PointResult(p.id, "confirmed", "nothing holds it; its program rules") for p in points)
        return ChangeView(change, len(points), len(points), 0, 0, 0, results)
    audit = desk.audit(actor, "resume", name_of(target), guard, f"{len(ending)} overrides ended")
    return end(desk, "resume", change, now, held, list(ending), audit)


def end(
    desk: Desk,
    kind: str,
    change: str,
    now: dt.datetime,
    held: Sequence[LightPoint],
    ending: Sequence[str],
    audit: AuditDraft,
) -> ChangeView:
    """End overrides before their time, under the name of a change that frees the light points they held."""
    with desk.store.transaction():
        desk.store.record_change(change, kind, now, [p.id for p in held], None, None, audit)
        desk.store.end_overrides(ending, now, change, None)
    desk.notify([OverrideEnded(override) for override in ending])
    return progress.progress(desk, change)


def leave_to_crew(override: Override) -> None:
    """Refuse to end what a crew on site asked for; only `maintenance stop` does that, alarms and all."""
    if override.scope is Scope.MAINTENANCE:
        raise SafetyRefused(
            f"{override.id} holds lamps of {override.select} for a crew until {instant(override.until)}; "
            "nothing was changed. It ends by itself; a maintenance (`lightctl maintenance list` says whose) is ended "
            "by `lightctl maintenance stop`."
        )


def identify(desk: Desk, actor: Actor, target: Target, guard: Guard) -> ChangeView:
    """Ask the nodes of a target to blink; worthless after two minutes, never repeated."""
    now = desk.now()
    points = commandable(desk, target)
    desk.check_reach(len(points), guard)
    change = new_id("change")
    if guard.dry_run:
        return dry_view(change, points, "would blink")
    actions = [
        NodeAction(
            progress.action_id(change, point.id),
            point.node,
            ActionKind.IDENTIFY,
            now + ACTION_LIFETIME,
            {"channel": str(point.channel), "light_point": point.id},
        )
        for point in points
        if point.node
    ]
    audit = desk.audit(actor, "identify", name_of(target), guard)
    desk.store.record_change(change, "identify", now, [p.id for p in points], None, now + ACTION_LIFETIME, audit)
    events: list[Event] = [ActionRequested(action) for action in actions]
    desk.notify(events)
    return progress.progress(desk, change)


def commandable(desk: Desk, target: Target) -> tuple[LightPoint, ...]:
    """Give the light points in use a target names; raises UnknownTarget or InvalidInput where there are none."""
    found: dict[str, LightPoint] = {}
    for selector, _ in desk.select(target):
        found.update({point.id: point for point in desk.fleet.select(selector)})
    if not found:
        raise UnknownTarget(
            f"{name_of(target)} selects no light point. `lightctl light list -l SELECTOR` tries it out."
        )
    usable = tuple(point for point in found.values() if point.state is LifeCycle.IN_USE)
    if not usable:
        states = ", ".join(sorted({point.state for point in found.values()}))
        raise InvalidInput(name_of(target), f"nothing there is in use ({states})", hint="Only in_use is commanded.")
    return usable


def dry_view(
    change: str,
    points: tuple[LightPoint, ...],
    detail: str,
    level: int | None = None,
    start: dt.datetime | None = None,
    until: dt.datetime | None = None,
) -> ChangeView:
    """Show what a change would act on."""
    results = tuple(PointResult(point.id, "pending", detail) for point in points)
    total = len(points)
    return ChangeView(change, total, 0, 0, 0, total, results, dry_run=True, level=level, start=start, until=until)


def name_of(target: Target) -> str:
    """Say a target as the operator did."""
    if target.group is not None:
        return f"group:{target.group}"
    if target.select is not None:
        return f"-l {target.select}"
    return target.id or ",".join(target.ids)
