"""The light points of an inventory CSV, as far as a simulator needs them: who hangs on which node, where, how big."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

from lightctl.domain.errors import InvalidInput

ABSENT_STATES = frozenset({"planned", "retired"})


@dataclass(frozen=True, slots=True)
class Mounted:
    """One light point as mounted; powers (W) are None where the inventory does not say."""

    id: str
    node: str
    channel: int
    area: str
    latitude: float
    longitude: float
    lamps: int
    rated_power_w: float | None
    standby_power_w: float | None


def read_mounted(text: str, name: str, *, profile: str, where: Mapping[str, str]) -> tuple[Mounted, ...]:
    """Read the rows of a profile (empty: native) whose columns equal `where`; raises InvalidInput.

    Rows without a node and planned or retired ones hang on no pole yet and are passed over.
    """
    rows = csv.DictReader(io.StringIO(text))
    missing = {"id", "node", "lat", "lon"} - set(rows.fieldnames or ())
    if missing:
        raise InvalidInput(f"{name}:1", f"columns are missing: {', '.join(sorted(missing))}")
    found = []
    for row in rows:
        if not row["node"] or row.get("state") in ABSENT_STATES or (row.get("profile") or "native") != profile:
            continue
        if all(row.get(column) == value for column, value in where.items()):
            found.append(_mounted(row, f"{name}:{rows.line_num}"))
    return tuple(found)


def _mounted(row: Mapping[str, str | None], where: str) -> Mounted:
    def number(column: str) -> float | None:
        text = row.get(column) or ""
        try:
            return float(text) if text else None
        except ValueError as error:
            raise InvalidInput(where, f"{column} is {text!r}", hint="A number is expected.") from error

    return Mounted(
        id=row["id"] or "",
        node=row["node"] or "",
        channel=int(number("channel") or 0),
        area=row.get("address") or "main",
        latitude=number("lat") or 0.0,
        longitude=number("lon") or 0.0,
        lamps=int(number("lamps") or 1),
        rated_power_w=number("rated_power_w"),
        standby_power_w=number("standby_power_w"),
    )
