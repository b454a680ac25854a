"""What an import would change: the difference between the known light points and those of a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType

from lightctl.domain.assets import LightPoint

_COLUMN_OF = {"latitude": "lat", "longitude": "lon"}
_FIELDS = tuple(one.name for one in fields(LightPoint) if one.name != "tags")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field (a tag as `tags.NAME`) that gets another value; "" where there is none."""

    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class PointChange:
    """A known light point whose fields change."""

    id: str
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class InventoryDiff:
    """added and unchanged: ids; changed: with each field; absent: known ids the file does not name (they stay)."""

    added: tuple[str, ...]
    changed: tuple[PointChange, ...]
    unchanged: tuple[str, ...]
    absent: tuple[str, ...]


def diff_inventory(before: Mapping[str, LightPoint], after: Iterable[LightPoint]) -> InventoryDiff:
    """Compare known light points with those to be upserted."""
    added: list[str] = []
    changed: list[PointChange] = []
    unchanged: list[str] = []
    seen: set[str] = set()
    for point in after:
        seen.add(point.id)
        known = before.get(point.id)
        if known is None:
            added.append(point.id)
        elif changes := _changes(known, point):
            changed.append(PointChange(point.id, changes))
        else:
            unchanged.append(point.id)
    absent = tuple(known_id for known_id in before if known_id not in seen)
    return InventoryDiff(tuple(added), tuple(changed), tuple(unchanged), absent)


def merge_inventory(
    before: Mapping[str, LightPoint], points: Iterable[LightPoint], columns: frozenset[str]
) -> tuple[LightPoint, ...]:
    """Upsert: of a known light point only what the file speaks of changes (`InventoryRead.columns`), the rest stays."""
    return tuple(_merged(before[point.id], point, columns) if point.id in before else point for point in points)


def _merged(known: LightPoint, point: LightPoint, columns: frozenset[str]) -> LightPoint:
    spoken = {name: getattr(point, name) for name in _FIELDS if _COLUMN_OF.get(name, name) in columns}
    tags = {tag: text for tag, text in known.tags.items() if f"tags.{tag}" not in columns}
    return replace(known, **spoken, tags=MappingProxyType({**tags, **point.tags}))


def _changes(known: LightPoint, point: LightPoint) -> tuple[FieldChange, ...]:
    changes = [
        FieldChange(_COLUMN_OF.get(name, name), _shown(getattr(known, name)), _shown(getattr(point, name)))
        for name in _FIELDS
        if getattr(known, name) != getattr(point, name)
    ]
    for tag in sorted({*known.tags, *point.tags}):
        old, new = known.tags.get(tag, ""), point.tags.get(tag, "")
        if old != new:
            changes.append(FieldChange(f"tags.{tag}", old, new))
    return tuple(changes)


def _shown(value: object) -> str:
    return "" if value is None else str(value)
