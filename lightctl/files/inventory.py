"""Inventories to light points: every row becomes a light point or at least one error that names row, column and value.

Must hold: nothing is passed over in silence; the light points given make a Fleet together; a file that cannot be read
as a whole raises InvalidInput and nothing else does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from lightctl.domain.assets import LifeCycle, LightPoint
from lightctl.domain.errors import InvalidInput
from lightctl.files.findings import did_you_mean, quoted
from lightctl.files.inventory_changes import (
    FieldChange,
    InventoryDiff,
    PointChange,
    diff_inventory,
    merge_inventory,
)
from lightctl.files.inventory_export import inventory_lines, unguarded, write_inventory
from lightctl.files.mapping import FIELDS, OTHERWISE, InventoryMapping, check_tag_name, fill, read_mapping
from lightctl.files.points import read_point
from lightctl.files.rows import Format, RawRow, RawTable, read_rows

__all__ = [
    "FieldChange", "InventoryDiff", "InventoryMapping", "InventoryRead", "PointChange", "RowError", "diff_inventory",
    "inventory_lines", "merge_inventory", "read_inventory", "read_mapping", "write_inventory",
]  # fmt: skip

_REQUIRED = ("id", "lat", "lon")
_NATIVE = InventoryMapping(all_tags=True)


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row (numbered as in the file; in GeoJSON the feature from 1) is no light point, or deserves a look."""

    row: int
    column: str
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class InventoryRead:
    """What a file holds: light points of the good rows, errors of the others, and notes on rows that are good but odd.

    columns: the light-point fields and tags (as `tags.NAME`) the file speaks of.
    """

    points: tuple[LightPoint, ...]
    errors: tuple[RowError, ...]
    rows: int
    notes: tuple[RowError, ...] = ()
    columns: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Taken:
    ids: dict[str, int] = field(default_factory=dict)
    channels: dict[tuple[str, int], tuple[str, int]] = field(default_factory=dict)
    nodes: dict[str, tuple[tuple[str, str, str], int]] = field(default_factory=dict)
    places: dict[tuple[float, float], tuple[str, int]] = field(default_factory=dict)


def read_inventory(
    text: str,
    *,
    format: Format,  # noqa: A002 - the word of the command line
    mapping: InventoryMapping | None = None,
    name: str = "inventory",
    profiles: Collection[str] | None = None,
    links: Collection[str] | None = None,
) -> InventoryRead:
    """Read an inventory; names of profiles and links are checked where the known ones are given.

    Raises InvalidInput when the file as a whole, or its columns, cannot be read.
    """
    chosen = mapping or _NATIVE
    table = read_rows(text, format, name, delimiter=chosen.delimiter)
    columns, tags = _columns(table, chosen, name)
    taken = _Taken()
    points: list[LightPoint] = []
    errors: list[RowError] = []
    notes: list[RowError] = []
    for row in table.rows:
        if row.problem:
            errors.append(RowError(row.number, "", "", row.problem))
            continue
        values, row_errors = _values(row, chosen, columns, native=mapping is None and format == "csv")
        tag_values = _tags(row, chosen, tags, native=mapping is None and format == "csv")
        point, problems = read_point(values, tag_values, chosen)
        for one, why in problems:
            column = columns.get(one) or tags.get(one) or one
            row_errors.append(RowError(row.number, column, row.cells.get(column, values.get(one, "")), why))
        if point is not None and not row_errors:
            row_errors += _unknown_names(row.number, point, profiles, links)
            row_errors += _conflicts(row.number, point, taken)
        errors += row_errors
        if point is not None and not row_errors:
            notes += _take(row.number, point, taken)
            points.append(point)
    spoken = {*columns, *chosen.constants, *chosen.templates, *(f"tags.{tag}" for tag in tags)}
    return InventoryRead(tuple(points), tuple(errors), len(table.rows), tuple(notes), frozenset(spoken))


def _columns(table: RawTable, mapping: InventoryMapping, name: str) -> tuple[dict[str, str], dict[str, str]]:
    for column in sorted(mapping.source_columns()):
        if column not in table.columns:
            hint = did_you_mean(column, table.columns)
            raise InvalidInput(name, f"there is no column {quoted(column)}, which the mapping reads", hint=hint)
    given = {*mapping.constants, *mapping.templates}
    columns = {one: mapping.columns.get(one, one) for one in FIELDS if one not in given}
    columns = {one: column for one, column in columns.items() if column in table.columns}
    for one in _REQUIRED:
        if one not in columns and one not in given:
            raise InvalidInput(name, f"there is no column {one}", hint=f"Add it, or name theirs: [columns] {one} = ...")
    tags = dict(mapping.tags)
    if mapping.all_tags:
        used = {*columns.values()}
        tags = {column: column for column in table.columns if column not in used}
        for tag in tags:
            check_tag_name(tag, name)
    return columns, tags


def _values(
    row: RawRow, mapping: InventoryMapping, columns: Mapping[str, str], *, native: bool
) -> tuple[dict[str, str], list[RowError]]:
    values = dict(mapping.constants)
    errors: list[RowError] = []
    for one, column in columns.items():
        text = row.cells.get(column, "")
        text = "" if text in mapping.null else unguarded(text) if native else text
        table = mapping.values.get(one)
        if table is not None and text:
            ours = table.get(text, table.get(OTHERWISE))
            if ours is None:
                errors.append(RowError(row.number, column, text, f"the mapping has no value for it in [values.{one}]"))
            text = ours or ""
        values[one] = text
    if not mapping.templates:
        return values, errors
    # The id first: other templates may use it.
    known = {column: "" if text in mapping.null else text for column, text in row.cells.items()}
    for one, template in sorted(mapping.templates.items(), key=lambda entry: entry[0] != "id"):
        values[one], empty = fill(template, {**known, **values})
        errors += [RowError(row.number, name, "", f"empty, but the template of {one} needs it") for name in empty]
    return values, errors


def _tags(row: RawRow, mapping: InventoryMapping, tags: Mapping[str, str], *, native: bool) -> Mapping[str, str]:
    found = {tag: row.cells.get(column, "") for tag, column in tags.items()}
    kept = {tag: text for tag, text in found.items() if text and text not in mapping.null}
    return MappingProxyType({tag: unguarded(text) for tag, text in kept.items()} if native else kept)


def _unknown_names(
    row: int, point: LightPoint, profiles: Collection[str] | None, links: Collection[str] | None
) -> list[RowError]:
    errors = []
    for column, value, known in (("profile", point.profile, profiles), ("link", point.link, links)):
        if known is not None and value not in known:
            why = f"there is no such {column}. {did_you_mean(value, known)}".strip()
            errors.append(RowError(row, column, value, why))
    return errors


def _conflicts(row: int, point: LightPoint, taken: _Taken) -> list[RowError]:
    errors = []
    if point.id in taken.ids:
        errors.append(RowError(row, "id", point.id, f"the id is already used in row {taken.ids[point.id]}"))
    if not _has_node(point):
        return errors
    other = taken.channels.get((point.node, point.channel))
    if other is not None:
        why = f"channel {point.channel} of node {point.node} already switches {other[0]} in row {other[1]}"
        errors.append(RowError(row, "channel", str(point.channel), why))
    speaks = (point.profile, point.link, point.address)
    known, first = taken.nodes.get(point.node, (speaks, row))
    for column, ours, theirs in zip(("profile", "link", "address"), speaks, known, strict=True):
        if ours != theirs:
            why = f"node {point.node} has {column} {quoted(theirs)} in row {first}; all its light points share one"
            errors.append(RowError(row, column, ours, why))
    return errors


def _take(row: int, point: LightPoint, taken: _Taken) -> list[RowError]:
    taken.ids[point.id] = row
    if _has_node(point):
        taken.channels[point.node, point.channel] = (point.id, row)
        taken.nodes.setdefault(point.node, ((point.profile, point.link, point.address), row))
    place = (point.latitude, point.longitude)
    other = taken.places.setdefault(place, (point.id, row))
    if other[0] == point.id:
        return []
    why = f"{point.id} stands where {other[0]} of row {other[1]} stands"
    return [RowError(row, "lat", f"{point.latitude:.6f},{point.longitude:.6f}", why)]


def _has_node(point: LightPoint) -> bool:
    return bool(point.node) and point.state not in (LifeCycle.PLANNED, LifeCycle.RETIRED)
