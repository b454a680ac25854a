"""The register of settlement: what control files say of light points is kept in their tags, and written from them.

A light point's unit reference is its tag `settlement_unit`, else its id where that is one. A control file is the whole
of its sub-meter: units it no longer names leave it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from lightctl.app.asking import Actor, Guard
from lightctl.app.desk import Desk
from lightctl.app.settlement.views import ControlView
from lightctl.app.views import ImportView, RowErrorView
from lightctl.domain.assets import Fleet, LightPoint
from lightctl.domain.errors import InvalidInput, UnknownTarget
from lightctl.domain.events import FleetChanged
from lightctl.domain.selectors import Selector
from lightctl.domain.settlement import CHARGE_CODE, MAX_ITEMS, REGIMES, UNIT, ControlFile, ControlUnit
from lightctl.files.inventory_changes import FieldChange, diff_inventory
from lightctl.files.settlement import ControlRead, read_control, write_control

UNIT_TAG, SUB_METER_TAG = "settlement_unit", "settlement_sub_meter"
CODE_TAG, REGIME_TAG, ITEMS_TAG = "settlement_charge_code", "settlement_regime", "settlement_items"
KEPT = (SUB_METER_TAG, CODE_TAG, REGIME_TAG, ITEMS_TAG)
MAX_NAMED = 20


def unit_of(point: LightPoint) -> str:
    """Give a light point's unit reference, or "" where it has none."""
    return point.tags.get(UNIT_TAG, "") or (point.id if UNIT.fullmatch(point.id) else "")


def import_control(desk: Desk, actor: Actor, text: str, *, name: str, skip_unknown: bool, guard: Guard) -> ImportView:
    """Put what a control file says into the tags of its light points; with errors nothing changes.

    skip_unknown: units that no light point has are listed and passed over.
    """
    read = read_control(text)
    if read.control is None:
        errors = tuple(RowErrorView(e.line, str(e.column), "", f"{e.why}. {e.hint}") for e in read.errors)
        return ImportView(text.count("\n"), (), {}, 0, (), errors, applied=False, dry_run=guard.dry_run)
    tagged, unknown, errors = _tagged(desk, read.control, read)
    errors = errors if skip_unknown else tuple(sorted((*errors, *unknown), key=lambda each: each.row))
    points = tuple(tagged.values()) + tuple(_left(desk.fleet, read.control, tagged))
    diff = diff_inventory(desk.fleet.points, points)
    applied = not guard.dry_run and not errors and bool(diff.changed)
    if applied:
        desk.check_reach(len(diff.changed), guard)
        merged = Fleet.of({**desk.fleet.points, **{p.id: p for p in points}}.values(), desk.settings.site.time_zone)
        detail = f"sub-meter {read.control.sub_meter}, version {read.control.version}, {len(diff.changed)} changed"
        desk.store.put_points(points, desk.audit(actor, "settlement import", name, guard, detail))
        desk.take(merged)
        desk.notify([FleetChanged(merged)])
    return ImportView(
        rows=len(read.control.units),
        added=(),
        changed={each.id: tuple(_change(field) for field in each.fields) for each in diff.changed},
        unchanged=len(diff.unchanged),
        skipped=unknown if skip_unknown else (),
        errors=errors,
        applied=applied,
        dry_run=guard.dry_run,
    )


def export_control(
    desk: Desk, sub_meter: str, effective: dt.date, version: int, selector: Selector | None
) -> ControlView:
    """Write the control file of a sub-meter: of the light points tagged with it, or of those a selector names."""
    points = members(desk, sub_meter) if selector is None else desk.fleet.select(selector)
    if not points:
        raise UnknownTarget("the selector names no light point.")
    units, wrong, taken = [], [], dict[str, str]()
    for point in points:
        problem = _problem(point, sub_meter)
        unit = unit_of(point)
        if not problem and (other := taken.setdefault(unit, point.id)) != point.id:
            problem = f"has the unit reference {unit}, as {other} has"
        if problem:
            wrong.append(f"{point.id} {problem}")
            continue
        items = int(point.tags.get(ITEMS_TAG, point.lamps))
        units.append(ControlUnit(unit, items, point.tags[REGIME_TAG], point.tags[CODE_TAG]))
    if wrong:
        more = f"; and {len(wrong) - MAX_NAMED} more" if len(wrong) > MAX_NAMED else ""
        raise InvalidInput(
            "settlement export",
            "; ".join(wrong[:MAX_NAMED]) + more,
            hint="Nothing was written. Put these tags right with `inventory import` or `settlement import`.",
        )
    units.sort(key=lambda each: each.unit)
    control = ControlFile(sub_meter, effective, version, tuple(units))
    return ControlView(control.name, write_control(control), len(units))


def members(desk: Desk, sub_meter: str) -> tuple[LightPoint, ...]:
    """Give the light points of a sub-meter; raises UnknownTarget where there is none."""
    found = tuple(p for p in desk.fleet.points.values() if p.tags.get(SUB_METER_TAG) == sub_meter)
    if not found:
        known = sorted({p.tags[SUB_METER_TAG] for p in desk.fleet.points.values() if SUB_METER_TAG in p.tags})
        raise UnknownTarget(
            f"no light point has the tag {SUB_METER_TAG}={sub_meter} (known: {', '.join(known[:20]) or 'none'}). "
            "`lightctl settlement import FILE` gives it."
        )
    return found


def _tagged(
    desk: Desk, control: ControlFile, read: ControlRead
) -> tuple[dict[str, LightPoint], tuple[RowErrorView, ...], tuple[RowErrorView, ...]]:
    """Give the light points with what the file says of them, the units nobody has, and what is wrong."""
    by_unit: dict[str, list[LightPoint]] = {}
    for point in desk.fleet.points.values():
        if unit := unit_of(point):
            by_unit.setdefault(unit, []).append(point)
    tagged: dict[str, LightPoint] = {}
    unknown: list[RowErrorView] = []
    errors: list[RowErrorView] = []
    lines: dict[str, int] = {}
    for said, line in zip(control.units, read.lines, strict=True):
        found = by_unit.get(said.unit, [])
        first = lines.setdefault(said.unit, line)
        if not found:
            why = f"no light point has this unit reference, as its id or in its tag {UNIT_TAG}"
            unknown.append(RowErrorView(line, "unit", said.unit, why))
        elif len(found) > 1:
            names = ", ".join(point.id for point in found[:MAX_NAMED])
            errors.append(RowErrorView(line, "unit", said.unit, f"{len(found)} light points have it: {names}"))
        elif first != line:
            why = f"line {first} has this unit with another charge code; a light point holds one"
            errors.append(RowErrorView(line, "unit", said.unit, why))
        else:
            tags = {**found[0].tags, **_tags(control.sub_meter, said)}
            tagged[found[0].id] = replace(found[0], tags=MappingProxyType(tags))
    return tagged, tuple(unknown), tuple(errors)


def _tags(sub_meter: str, unit: ControlUnit) -> Mapping[str, str]:
    said = (sub_meter, unit.charge_code, unit.regime, str(unit.items))
    return dict(zip(KEPT, said, strict=True))


def _left(fleet: Fleet, control: ControlFile, tagged: Mapping[str, LightPoint]) -> Iterator[LightPoint]:
    """Give the light points that the sub-meter had and the file names no more, without what it said of them."""
    for point in fleet.points.values():
        if point.tags.get(SUB_METER_TAG) == control.sub_meter and point.id not in tagged:
            kept = {tag: value for tag, value in point.tags.items() if tag not in KEPT}
            yield replace(point, tags=MappingProxyType(kept))


def _problem(point: LightPoint, sub_meter: str) -> str:
    """Say why a light point cannot stand in a control file, or nothing."""
    other = point.tags.get(SUB_METER_TAG, sub_meter)
    if other != sub_meter:
        return f"belongs to sub-meter {other}"
    if not UNIT.fullmatch(unit_of(point)):
        return f"has no unit reference of 12 letters and digits (tag {UNIT_TAG})"
    if not CHARGE_CODE.fullmatch(point.tags.get(CODE_TAG, "")):
        return f"has no charge code of 13 digits (tag {CODE_TAG})"
    if point.tags.get(REGIME_TAG) not in REGIMES:
        return f"has no switch regime {' or '.join(REGIMES)} (tag {REGIME_TAG})"
    items = point.tags.get(ITEMS_TAG, str(point.lamps))
    if not (items.isascii() and items.isdigit() and 1 <= int(items) <= MAX_ITEMS):
        return f"has {items!r} items (tag {ITEMS_TAG})"
    return ""


def _change(change: FieldChange) -> str:
    return f"{change.field}: {change.old or '-'} -> {change.new or '-'}"
