"""Maintenance: a crew works on a circuit. Its lamps are lit, darkened or left as they are, their faults are no alarms.

A maintenance always ends by itself. Its level is an override that nodes carry like any other, stronger than all others;
change, maintenance and override have one name. A level below a protection is held at the protection while the sun is
down, unless it is asked for by name; the audit then says so in words.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from lightctl.app.asking import Actor, Guard, Target
from lightctl.app.crews.views import MaintenanceView
from lightctl.app.desk import Desk, new_id
from lightctl.app.overrides import progress
from lightctl.app.overrides.progress import instant
from lightctl.app.overrides.switching import commandable, dry_view, name_of
from lightctl.app.views import ChangeView
from lightctl.domain.assets import FULL_LEVEL, LightPoint
from lightctl.domain.crews import Maintenance
from lightctl.domain.errors import InvalidInput, UnknownTarget
from lightctl.domain.events import Event, MaintenanceEnded, MaintenanceSet, OverrideEnded, OverrideSet
from lightctl.store.base import MaintenanceRecord

DEFAULT_FOR = dt.timedelta(hours=4)


def start(
    desk: Desk,
    actor: Actor,
    target: Target,
    level: int | None,
    until: dt.datetime | None,
    guard: Guard,
    *,
    below_protection: bool = False,
) -> ChangeView:
    """Begin a maintenance; raises InvalidInput without a reason, or for a level or an end that cannot be."""
    now, longest = desk.now(), dt.timedelta(hours=desk.settings.safety.max_maintenance_h)
    end = until or now + min(DEFAULT_FOR, longest)
    _check(desk, level, now, end, guard, below_protection=below_protection)
    points = commandable(desk, target)
    desk.check_reach(len(points), guard)
    wanted = Maintenance(
        new_id("maintenance"), desk.selector(target), now, end, level, below_protection, guard.reason, actor.user
    )
    protected = _protected(desk, points, level)
    notes = _notes(protected, wanted)
    if guard.dry_run:
        does = "alarms would be kept back" if level is None else f"would be held at {level} %"
        return replace(dry_view(wanted.id, points, does, level, None, end), notes=notes)
    does = "light as it is" if level is None else f"{level} %"
    said = "; ".join((f"{does} until {instant(end)}", *notes))
    override = wanted.override
    audit = desk.audit(actor, "maintenance start", name_of(target), guard, said)
    with desk.store.transaction():
        desk.store.record_change(wanted.id, "maintenance", now, [p.id for p in points], level, end, audit)
        if override is not None:
            desk.store.add_overrides((override,), wanted.id, None)
        desk.store.add_maintenance(wanted, None)
    events: list[Event] = [MaintenanceSet(wanted)]
    desk.notify(events if override is None else [OverrideSet(override), *events])
    return replace(progress.progress(desk, wanted.id), notes=notes)


def _check(
    desk: Desk, level: int | None, now: dt.datetime, end: dt.datetime, guard: Guard, *, below_protection: bool
) -> None:
    if not guard.reason.strip():
        raise InvalidInput("reason", "a maintenance needs one", hint="Say who works on what: --reason TEXT.")
    if level is not None and not 0 <= level <= FULL_LEVEL:
        raise InvalidInput("level", f"{level} is no level", hint="Levels are whole percent, 0 to 100.")
    if below_protection and level is None:
        raise InvalidInput(
            "below_protection", "without a level there is nothing to go below with", hint="Give --off or --level N too."
        )
    if end <= now:
        raise InvalidInput("until", f"{instant(end)} has passed", hint="Give an instant to come.")
    longest = desk.settings.safety.max_maintenance_h
    if end - now > dt.timedelta(hours=longest):
        raise InvalidInput(
            "until",
            f"a maintenance ends within {longest:g} h (safety.max_maintenance_h)",
            hint="Start it anew when it is over, or take the light points out of use.",
        )


def _protected(desk: Desk, points: Sequence[LightPoint], level: int | None) -> dict[str, list[int]]:
    """Give the floors that a level goes below, by why they are there."""
    found: dict[str, list[int]] = {}
    for point in points:
        floors = [
            each for each in desk.plan_of(point).protections(point) if level is not None and each.min_level > level
        ]
        if floors:
            highest = max(floors, key=lambda each: each.min_level)
            found.setdefault(highest.reason, []).append(highest.min_level)
    return found


def _notes(protected: dict[str, list[int]], wanted: Maintenance) -> tuple[str, ...]:
    """Say in words what becomes of protections."""
    if wanted.below_protection and not protected:
        return ("no protection asks for more, so there is nothing to go below",)
    lamps = sum(map(len, protected.values()))
    if not lamps:
        return ()
    kept = ", ".join(
        f"at least {'/'.join(map(str, sorted(set(floors))))} %{f' ({why})' if why else ''}"
        for why, floors in protected.items()
    )
    of = "1 light point" if lamps == 1 else f"{lamps} light points"
    if wanted.below_protection:
        return (f"goes below the protection of {of} by name: {kept} while the sun is down",)
    return (f"the protection of {of} holds: {kept} while the sun is down (--below-protection goes below it by name)",)


def stop(desk: Desk, actor: Actor, ids: Sequence[str], guard: Guard) -> ChangeView:
    """End maintenances before their time; those over already stay over. Raises UnknownTarget.

    The answer names the light points that were held at a level: only they have anything to follow.
    """
    now = desk.now()
    found = [_found(desk, each) for each in dict.fromkeys(ids)]
    running = [record.maintenance for record in found if _running(record, now)]
    held = {p.id: p for each in running if each.level is not None for p in desk.fleet.select(each.select)}
    desk.check_reach(len({p.id for each in running for p in desk.fleet.select(each.select)}), guard)
    change = new_id("change")
    if guard.dry_run:
        return dry_view(change, tuple(held.values()), "would follow its program again")
    if not running:
        return ChangeView(change, 0, 0, 0, 0, 0, (), notes=("nothing of it was running",))
    names = [each.id for each in running]
    audit = desk.audit(actor, "maintenance stop", ", ".join(names), guard, "; ".join(map(_was, running)))
    levels = [each.id for each in running if each.level is not None]
    with desk.store.transaction():
        desk.store.record_change(change, "resume", now, list(held), None, None, audit)
        desk.store.end_overrides(levels, now, change, None)
        desk.store.end_maintenances(names, now, actor.user, None)
    desk.notify([*(OverrideEnded(each) for each in levels), *(MaintenanceEnded(each) for each in names)])
    return replace(progress.progress(desk, change), notes=tuple(map(_ended, running)))


def _found(desk: Desk, maintenance_id: str) -> MaintenanceRecord:
    record = desk.store.maintenance(maintenance_id)
    if record is None:
        raise UnknownTarget(f"no maintenance {maintenance_id!r} is known. `lightctl maintenance list` shows them.")
    return record


def _was(maintenance: Maintenance) -> str:
    return f"{maintenance.select}: {maintenance.reason}"


def _ended(maintenance: Maintenance) -> str:
    return f"{maintenance.id} is over: alarms of {maintenance.select} count again"


def listed(desk: Desk, *, ended: bool, limit: int) -> tuple[MaintenanceView, ...]:
    """Show the newest maintenances: those that run, and those that are over if asked."""
    now = desk.now()
    if ended:
        records = desk.store.maintenances(limit)
    else:
        running = reversed(desk.store.running_maintenances(now))
        records = tuple(MaintenanceRecord(each, None, "") for each in running)[:limit]
    return tuple(_view(desk, record, now) for record in records)


def _view(desk: Desk, record: MaintenanceRecord, now: dt.datetime) -> MaintenanceView:
    shown = record.maintenance
    return MaintenanceView(
        id=shown.id,
        target=str(shown.select),
        light_points=len(desk.fleet.select(shown.select)),
        start=shown.start,
        until=shown.until,
        level=shown.level,
        below_protection=shown.below_protection,
        reason=shown.reason,
        user=shown.user,
        running=_running(record, now),
        ended_at=record.ended_at,
        ended_by=record.ended_by,
    )


def _running(record: MaintenanceRecord, now: dt.datetime) -> bool:
    return record.ended_at is None and now < record.maintenance.until
