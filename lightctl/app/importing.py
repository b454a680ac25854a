"""Importing: the inventory in and out. All rows or none, unless the operator skips bad ones by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from lightctl.app.asking import Actor, Guard
from lightctl.app.desk import Desk
from lightctl.app.views import ImportView, RowErrorView
from lightctl.domain.assets import Fleet
from lightctl.domain.events import FleetChanged
from lightctl.domain.selectors import Selector
from lightctl.files.inventory import RowError, inventory_lines, read_inventory, read_mapping
from lightctl.files.inventory_changes import FieldChange, diff_inventory, merge_inventory


def import_inventory(
    desk: Desk,
    actor: Actor,
    text: str,
    *,
    format: Literal["csv", "geojson"],  # noqa: A002 - the CLI's word
    name: str,
    mapping: str | None,
    skip_bad_rows: bool,
    guard: Guard,
) -> ImportView:
    """Upsert light points by id; a file with bad rows changes nothing unless they are skipped."""
    read = read_inventory(
        text,
        format=format,
        mapping=read_mapping(mapping, "mapping") if mapping is not None else None,
        name=name,
        profiles=desk.profiles.keys(),
        links=desk.settings.links.keys() or None,
    )
    points = merge_inventory(desk.fleet.points, read.points, read.columns)
    diff = diff_inventory(desk.fleet.points, points)
    merged = Fleet.of(
        {**desk.fleet.points, **{point.id: point for point in points}}.values(), desk.settings.site.time_zone
    )
    refused = bool(read.errors) and not skip_bad_rows
    applied = not guard.dry_run and not refused and bool(diff.added or diff.changed)
    if applied:
        desk.check_reach(len(diff.changed), guard)
        detail = f"{len(diff.added)} added, {len(diff.changed)} changed, {len(read.errors)} rows skipped"
        desk.store.put_points(points, desk.audit(actor, "inventory import", name, guard, detail))
        desk.take(merged)
        desk.notify([FleetChanged(merged)])
    errors = tuple(map(_row, read.errors))
    return ImportView(
        rows=read.rows,
        added=tuple(diff.added),
        changed={each.id: tuple(_change(field) for field in each.fields) for each in diff.changed},
        unchanged=len(diff.unchanged),
        skipped=errors if skip_bad_rows else (),
        errors=() if skip_bad_rows else errors,
        applied=applied,
        dry_run=guard.dry_run,
        notes=tuple(map(_row, read.notes)),
    )


def _row(error: RowError) -> RowErrorView:
    return RowErrorView(error.row, error.column, error.value, error.why)


def _change(change: FieldChange) -> str:
    return f"{change.field}: {change.old or '-'} -> {change.new or '-'}"


def export(desk: Desk, format: Literal["csv", "geojson"], selector: Selector) -> Iterator[str]:  # noqa: A002 - the CLI's word
    """Write the selected light points as a file that imports again, a line of it at a time."""
    return inventory_lines(desk.fleet.select(selector), format)
