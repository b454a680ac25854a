"""Scheduling: files become the intent, and come out again. With an error in any of them, nothing changes."""

from __future__ import annotations

from collections.abc import Mapping

from lightctl.app.asking import Actor, Guard
from lightctl.app.desk import Desk
from lightctl.app.views import ApplyView, FindingView, SchedulesView
from lightctl.domain.assets import LifeCycle
from lightctl.domain.errors import UnknownTarget
from lightctl.domain.events import IntentChanged
from lightctl.domain.programs import Intent
from lightctl.files.findings import Finding
from lightctl.files.schedules import read_schedules
from lightctl.planning.night import night_date
from lightctl.planning.resolve import Plan

COMPARED_NIGHTS = 7


def in_force(desk: Desk, version: int | None) -> SchedulesView:
    """Show the schedules in force, or an earlier version of them; raises UnknownTarget."""
    found = desk.store.schedules(version)
    if version is not None and found.applied_at is None:
        raise UnknownTarget(
            f"there is no version {version} of the schedules. `lightctl schedule export` says which is in force."
        )
    return SchedulesView(found.version, found.applied_at, found.user, found.files)


def apply(desk: Desk, actor: Actor, files: Mapping[str, str], guard: Guard) -> ApplyView:
    """Replace the schedules by these files."""
    ordered = {name: files[name] for name in sorted(files)}
    read = read_schedules(ordered)
    errors = tuple(map(view, read.errors))
    warnings = tuple(map(view, read.warnings))
    if errors or not files:
        return ApplyView(False, False, guard.dry_run, 0, 0, 0, (), errors, warnings)
    affected = _affected(desk, read.intent)
    summary = _summary(desk.intent, read.intent, affected)
    if not guard.dry_run:
        desk.check_reach(affected, guard)
        names = ", ".join(ordered)
        version = desk.store.put_schedules(
            ordered, desk.audit(actor, "schedule apply", names, guard, f"{affected} light points affected")
        )
        desk.forget()
        desk.notify([IntentChanged(read.intent, f"schedule version {version}")])
    return ApplyView(
        ok=True,
        applied=not guard.dry_run,
        dry_run=guard.dry_run,
        affected=affected,
        programs=len(read.intent.programs),
        calendars=len(read.intent.calendars),
        summary=summary,
        errors=(),
        warnings=warnings,
    )


def _affected(desk: Desk, intent: Intent) -> int:
    """Count the lamps in use whose coming week of nights changes."""
    before, after = desk.plan, Plan(intent, desk.settings.site.time_zone)
    first = night_date(desk.now(), desk.settings.site.time_zone)
    points = [point for point in desk.fleet.points.values() if point.state is LifeCycle.IN_USE]
    same: dict[tuple[int, int], bool] = {}
    changed = 0
    for point in points:
        old, new = before.switches(point, first, COMPARED_NIGHTS), after.switches(point, first, COMPARED_NIGHTS)
        key = (id(old), id(new))
        if key not in same:
            same[key] = old == new
        changed += not same[key]
    return changed


def _summary(before: Intent, after: Intent, affected: int) -> tuple[str, ...]:
    lines = [f"{affected} light points change in the coming {COMPARED_NIGHTS} nights"]
    for noun, old, new in (
        ("program", before.programs, after.programs),
        ("calendar", before.calendars, after.calendars),
    ):
        added, gone = sorted(new.keys() - old.keys()), sorted(old.keys() - new.keys())
        edited = sorted(name for name in new.keys() & old.keys() if new[name] != old[name])
        for verb, names in (("added", added), ("changed", edited), ("removed", gone)):
            if names:
                lines.append(f"{noun}s {verb}: {', '.join(names)}")
    if before.assignments != after.assignments:
        lines.append(f"assignments: {len(before.assignments)} -> {len(after.assignments)}")
    if before.protections != after.protections:
        lines.append(f"protections: {len(before.protections)} -> {len(after.protections)}")
    return tuple(lines)


def view(finding: Finding) -> FindingView:
    """Show a finding."""
    return FindingView(
        finding.file, finding.line, finding.column, finding.code, finding.message, finding.hint, finding.snippet
    )
