"""Light points to CSV and GeoJSON that read back as the same light points."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence

from lightctl.domain.assets import LightPoint
from lightctl.files.mapping import FIELDS
from lightctl.files.rows import Format

_NUMERIC = frozenset({"lat", "lon", "lamps", "rated_power_w", "standby_power_w", "min_level", "channel"})
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")


def write_inventory(points: Iterable[LightPoint], format: Format) -> str:  # noqa: A002 - the word of the command line
    """Write light points in the native columns, tags last; a CSV text a spreadsheet would run gets a leading '."""
    return "".join(inventory_lines(tuple(points), format))


def inventory_lines(points: Sequence[LightPoint], format: Format) -> Iterator[str]:  # noqa: A002 - the same
    """Write light points as `write_inventory` does, each when it is asked for."""
    return _csv(points) if format == "csv" else _geojson(points)


def unguarded(text: str) -> str:
    """Take off the ' that write_inventory puts before a text that a spreadsheet would run as a formula."""
    return text[1:] if _GUARDED.match(text) else text


def _csv(points: Sequence[LightPoint]) -> Iterator[str]:
    tags = sorted({tag for point in points for tag in point.tags})
    yield _row([*FIELDS, *tags])
    for point in points:
        values = _values(point)
        row = [_number(values[name]) if name in _NUMERIC else _guarded(str(values[name])) for name in FIELDS]
        yield _row([*row, *(_guarded(point.tags.get(tag, "")) for tag in tags)])


def _row(values: Sequence[str]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerow(values)
    return out.getvalue()


def _geojson(points: Sequence[LightPoint]) -> Iterator[str]:
    yield '{"type": "FeatureCollection", "features": ['
    for number, point in enumerate(points):
        values = _values(point)
        position = [values.pop("lon"), values.pop("lat")]
        feature = {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": position},
            "properties": {**{name: value for name, value in values.items() if value is not None}, **point.tags},
        }
        yield (",\n" if number else "\n") + json.dumps(feature, ensure_ascii=False)
    yield "\n]}\n"


def _values(point: LightPoint) -> dict[str, str | int | float | None]:
    values = {name: getattr(point, name) for name in FIELDS if name not in ("lat", "lon", "state")}
    return {**values, "lat": point.latitude, "lon": point.longitude, "state": point.state.value}


def _number(value: str | float | None) -> str:
    return "" if value is None else repr(value)


def _guarded(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text
