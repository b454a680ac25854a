"""Mapping files (TOML): how somebody else's inventory columns become lightctl's fields.

Must hold: everything is named; an unknown table, field or unit is refused, never passed over.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from lightctl.domain.errors import InvalidInput
from lightctl.files.findings import did_you_mean, quoted

FIELDS = (
    "id", "lat", "lon", "kind", "road_class", "lamps", "rated_power_w", "standby_power_w", "min_level", "node",
    "channel", "cabinet", "profile", "link", "address", "state",
)  # fmt: skip
POWER_FIELDS = ("rated_power_w", "standby_power_w")
WATTS_PER_UNIT = {"W": 1, "kW": 1000}
TAG_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")  # what a selector can name
DELIMITERS = (",", ";", "\t", "|")
OTHERWISE = "*"
MAX_BYTES = 1_000_000
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_TABLES = ("columns", "constants", "templates", "values", "units", "null", "csv", "tags")
_NO_TEXTS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class InventoryMapping:
    """How a foreign inventory reads.

    columns: field -> their column. constants: field -> value. templates: field -> text with {field} or {THEIR COLUMN}.
    values: field -> their value -> ours ("*" for all others). units: power field -> W or kW. null: values that mean
    nothing is known. tags: tag -> their column; all_tags: every other column becomes a tag of its own name.
    delimiter ("" finds it) and decimal ("." or ",") are those of a CSV file.
    """

    columns: Mapping[str, str] = field(default_factory=lambda: _NO_TEXTS)
    constants: Mapping[str, str] = field(default_factory=lambda: _NO_TEXTS)
    templates: Mapping[str, str] = field(default_factory=lambda: _NO_TEXTS)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    units: Mapping[str, str] = field(default_factory=lambda: _NO_TEXTS)
    null: frozenset[str] = frozenset()
    tags: Mapping[str, str] = field(default_factory=lambda: _NO_TEXTS)
    all_tags: bool = False
    delimiter: str = ""
    decimal: str = "."

    def source_columns(self) -> set[str]:
        """Give their columns that the mapping reads by name."""
        in_templates = {name for text in self.templates.values() for name in _PLACEHOLDER.findall(text)} - {*FIELDS}
        return {*self.columns.values(), *self.tags.values(), *in_templates}


def read_mapping(text: str, name: str) -> InventoryMapping:
    """Read a mapping file; raises InvalidInput that names the file and what is wrong in it."""
    if len(text) > MAX_BYTES:
        raise InvalidInput(name, "the mapping file is larger than 1 MB", hint="Is it the inventory itself?")
    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise InvalidInput(
            name, f"not TOML: {error}", hint='Write tables such as [columns] and lines id = "ID".'
        ) from None
    _known(tables, _TABLES, name, "table")
    tags = tables.get("tags", [])
    csv = _csv(tables.get("csv", {}), name)
    mapping = InventoryMapping(
        columns=_texts(tables.get("columns", {}), name, "columns", FIELDS),
        constants=_constants(tables.get("constants", {}), name),
        templates=_texts(tables.get("templates", {}), name, "templates", FIELDS),
        values=_value_tables(tables.get("values", {}), name),
        units=_units(tables.get("units", {}), name),
        null=_null(tables.get("null", {}), name),
        tags={} if tags == OTHERWISE else _tags(tags, name),
        all_tags=tags == OTHERWISE,
        delimiter=csv.get("delimiter", ""),
        decimal=csv.get("decimal", "."),
    )
    _check_once(mapping, name)
    return mapping


def fill(template: str, values: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Put values into a template's {names}; also gives the names that have none."""
    empty = tuple(name for name in _PLACEHOLDER.findall(template) if not values.get(name))
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], ""), template), empty


def _known(table: Iterable[str], known: Sequence[str], name: str, what: str) -> None:
    for key in table:
        if key not in known:
            raise InvalidInput(name, f"there is no {what} {quoted(key)}", hint=did_you_mean(key, known))


def _table(value: object, name: str, what: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise InvalidInput(name, f"{what} must be a table", hint=f"Write [{what}] and lines below it.")
    return value


def _texts(value: object, name: str, what: str, known: Sequence[str]) -> dict[str, str]:
    table = _table(value, name, what)
    _known(table, known, name, f"key in [{what}]")
    return {key: _text(entry, name, f"{what}.{key}") for key, entry in table.items()}


def _text(value: object, name: str, what: str) -> str:
    if not isinstance(value, str):
        raise InvalidInput(name, f"{what} must be a text", hint=f'Write it in quotes: "{value}".')
    return value


def _constants(value: object, name: str) -> dict[str, str]:
    table = _table(value, name, "constants")
    _known(table, FIELDS, name, "key in [constants]")
    for key, entry in table.items():
        if isinstance(entry, bool) or not isinstance(entry, str | int | float):
            raise InvalidInput(name, f"constants.{key} must be a text or a number", hint="Put it in quotes.")
    return {key: str(entry) for key, entry in table.items()}


def _value_tables(value: object, name: str) -> dict[str, Mapping[str, str]]:
    table = _table(value, name, "values")
    _known(table, FIELDS, name, "key in [values]")
    tables = {key: _table(entry, name, f"values.{key}") for key, entry in table.items()}
    return {
        key: {theirs: _text(ours, name, f"values.{key}.{theirs}") for theirs, ours in entries.items()}
        for key, entries in tables.items()
    }


def _units(value: object, name: str) -> dict[str, str]:
    units = _texts(value, name, "units", POWER_FIELDS)
    for key, unit in units.items():
        if unit not in WATTS_PER_UNIT:
            raise InvalidInput(name, f"units.{key}: {quoted(unit)} is not a unit of power", hint="Write W or kW.")
    return units


def _null(value: object, name: str) -> frozenset[str]:
    table = _table(value, name, "null")
    _known(table, ("values",), name, "key in [null]")
    values = table.get("values", [])
    if not isinstance(values, list):
        raise InvalidInput(name, "null.values must be a list", hint='Write values = ["N/A"].')
    return frozenset(_text(entry, name, "null.values") for entry in values)


def _tags(value: object, name: str) -> dict[str, str]:
    if isinstance(value, list):
        value = {_text(entry, name, "tags"): entry for entry in value}
    if not isinstance(value, dict):
        raise InvalidInput(name, "tags must be a list, a table or *", hint='Write tags = ["WARD"] above all tables.')
    for tag in value:
        check_tag_name(tag, name)
    return {tag: _text(column, name, f"tags.{tag}") for tag, column in value.items()}


def _csv(value: object, name: str) -> dict[str, str]:
    table = _texts(value, name, "csv", ("delimiter", "decimal"))
    if table.get("delimiter", ",") not in DELIMITERS:
        raise InvalidInput(name, "csv.delimiter must be a comma, a semicolon, a tab or a bar")
    if table.get("decimal", ".") not in (".", ","):
        raise InvalidInput(name, "csv.decimal must be a point or a comma")
    return table


def check_tag_name(tag: str, where: str) -> None:
    """Refuse a tag that a selector cannot name or that would hide a field; raises InvalidInput."""
    if tag in FIELDS:
        raise InvalidInput(
            where, f"the tag {quoted(tag)} would hide the field of that name", hint="Give the tag another name."
        )
    if not TAG_NAME.fullmatch(tag):
        raise InvalidInput(
            where,
            f"the column {quoted(tag)} cannot be a tag: selectors could not name it",
            hint='Rename it, or give it a name in a mapping file: [tags] street = "Street Name".',
        )


def _check_once(mapping: InventoryMapping, name: str) -> None:
    for one, other in (("columns", "constants"), ("columns", "templates"), ("constants", "templates")):
        for key in getattr(mapping, one).keys() & getattr(mapping, other).keys():
            raise InvalidInput(name, f"{key} stands in [{one}] and in [{other}]", hint="Keep one of the two.")
    for key, text in mapping.templates.items():
        names = _PLACEHOLDER.findall(text)
        if any(inner in mapping.templates and inner != "id" for inner in names) or (key == "id" and "id" in names):
            raise InvalidInput(name, f"templates.{key} uses another template", hint="Use {id} or their columns.")
