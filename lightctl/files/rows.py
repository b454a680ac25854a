"""CSV and GeoJSON as rows of texts by column, each with the number people find it under."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from lightctl.domain.errors import InvalidInput
from lightctl.files.findings import quoted
from lightctl.files.mapping import DELIMITERS

MAX_CHARACTERS = 100_000_000
_WGS84 = ("CRS84", "EPSG::4326", "EPSG:4326")

Format = Literal["csv", "geojson"]


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row: its number in the file, its cells by column, and why it cannot be read at all ("" when it can)."""

    number: int
    cells: Mapping[str, str]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RawTable:
    """All rows, and every column that occurs."""

    columns: tuple[str, ...]
    rows: tuple[RawRow, ...]


def read_rows(text: str, format: Format, name: str, *, delimiter: str = "") -> RawTable:  # noqa: A002 - people's word
    """Read a file into rows; raises InvalidInput when it cannot be read as a whole."""
    if len(text) > MAX_CHARACTERS:
        raise InvalidInput(name, "the inventory is larger than 100 MB", hint="Import it in parts.")
    text = text.removeprefix("\ufeff")
    return _csv_rows(text, name, delimiter) if format == "csv" else _geojson_rows(text, name)


def _csv_rows(text: str, name: str, delimiter: str) -> RawTable:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter or _find_delimiter(text), strict=True)
    columns: tuple[str, ...] = ()
    rows: list[RawRow] = []
    number = 0
    try:
        # Rows count as in a spreadsheet: the header is row 1, a blank line counts, a line break in quotes does not.
        for number, cells in enumerate(reader, start=1):
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                columns = _header([cell.strip() for cell in cells], name)
            else:
                rows.append(_csv_row(number, columns, cells))
    except csv.Error as error:
        hint = "Look for a stray or missing quotation mark."
        raise InvalidInput(f"{name} row {number + 1}", f"not CSV: {error}", hint=hint) from None
    if not columns:
        raise InvalidInput(name, "the file is empty", hint="The first row must name the columns: id,lat,lon,...")
    return RawTable(columns, tuple(rows))


def _find_delimiter(text: str) -> str:
    header = text.lstrip().partition("\n")[0]
    return max(DELIMITERS, key=header.count)


def _header(names: Sequence[str], name: str) -> tuple[str, ...]:
    for index, column in enumerate(names):
        if not column:
            raise InvalidInput(name, f"column {index + 1} has no name", hint="Name it in the first row, or remove it.")
        if column in names[:index]:
            raise InvalidInput(name, f"the column {quoted(column)} is there twice", hint="Rename or remove one.")
    return tuple(names)


def _csv_row(number: int, columns: tuple[str, ...], cells: Sequence[str]) -> RawRow:
    problem = ""
    if len(cells) != len(columns):
        problem = f"the row has {len(cells)} cells, the header {len(columns)}"
    return RawRow(number, {column: cell.strip() for column, cell in zip(columns, cells, strict=False)}, problem)


class _Number(str):
    """A JSON number as written, so that 1 and 1.0 and 1e400 reach the schema as people wrote them."""

    __slots__ = ()


def _geojson_rows(text: str, name: str) -> RawTable:
    try:
        document: object = json.loads(
            text,
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=_no_constant,
            object_pairs_hook=_no_duplicates,
        )
    except (ValueError, RecursionError) as error:
        raise InvalidInput(name, f"not GeoJSON: {error}", hint="Check the file with a JSON tool.") from None
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        raise InvalidInput(name, "not a GeoJSON FeatureCollection", hint="Export point features in WGS 84.")
    crs = document.get("crs")
    if crs is not None and not str(crs).rstrip("'}\" ").endswith(_WGS84):
        raise InvalidInput(name, "the coordinates are not WGS 84", hint="Export the layer as EPSG:4326.")
    features = document.get("features")
    if not isinstance(features, list):
        raise InvalidInput(name, "the FeatureCollection has no list of features")
    rows = tuple(_feature_row(number, feature) for number, feature in enumerate(features, start=1))
    columns = dict.fromkeys(column for row in rows for column in row.cells)
    return RawTable(tuple(columns) or ("id", "lat", "lon"), rows)


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is not a number in JSON")


def _no_duplicates(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is used twice in one object")
    return found


def _feature_row(number: int, feature: object) -> RawRow:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        return RawRow(number, {}, "not a GeoJSON Feature")
    properties = feature.get("properties") or {}
    if not isinstance(properties, dict):
        return RawRow(number, {}, "the properties are not an object")
    cells: dict[str, str] = {}
    for key, value in properties.items():
        if isinstance(value, dict | list):
            return RawRow(number, {}, f"the property {quoted(key)} is not a plain value")
        cells[key] = _cell(value)
    if "id" not in cells and feature.get("id") is not None:
        cells["id"] = _cell(feature["id"])
    position = _position(feature.get("geometry"))
    if position is None:
        return RawRow(number, cells, "the geometry is not a Point with longitude and latitude")
    cells["lon"], cells["lat"] = position
    return RawRow(number, cells)


def _position(geometry: object) -> tuple[str, str] | None:
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        return None
    position = geometry.get("coordinates")
    if not isinstance(position, list) or len(position) not in (2, 3):
        return None
    if not all(isinstance(value, _Number) for value in position):
        return None
    return str(position[0]), str(position[1])


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip()
