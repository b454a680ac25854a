"""What operations answer about work orders, in the shapes that scripts rely on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WorkNoteView:
    """What somebody wrote down on an order; `photo` says where a picture is: a path or address, nothing is uploaded."""

    at: dt.datetime
    user: str
    text: str
    photo: str


@dataclass(frozen=True, slots=True)
class WorkOrderView:
    """A work order; `id` is null in a try. `created` is false where one for the same was there and is answered with.

    `fault` is the number of the fault it mends, `fault_open` whether that is still there (null without one).
    `repair_s` is the time to repair in seconds, and `repair_by` from what: `fault` (its opening to its clearing) or
    `order` (its opening to its close); both are null before the order is done, and where nothing was repaired.
    `light_points` are those of its subject; plate, address, lat and lon those of the first. `reports` are citizens'.
    """

    id: int | None
    state: str
    event: str
    subject_kind: str
    subject: str
    light_points: tuple[str, ...]
    plate: str
    address: str
    lat: float | None
    lon: float | None
    assignee: str
    opened_at: dt.datetime
    opened_by: str
    fault: int | None
    fault_open: bool | None
    fault_opened_at: dt.datetime | None
    fault_cleared_at: dt.datetime | None
    cause: str | None
    closed_at: dt.datetime | None
    closed_by: str
    repair_s: float | None
    repair_by: str | None
    notes: tuple[WorkNoteView, ...] = ()
    reports: tuple[int, ...] = ()
    created: bool = False
    dry_run: bool = False
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkStatsRow:
    """Orders done under one key, and the times to repair (s) of those that were repairs.

    `orders` counts those done; `repaired` leaves out what was planned and where no fault was found. `by_fault` of
    them were measured from the fault's opening to its clearing, `by_order` from the order's opening to its close.
    """

    key: str
    orders: int
    repaired: int
    median_s: float | None
    p90_s: float | None
    by_fault: int
    by_order: int


@dataclass(frozen=True, slots=True)
class WorkStatsView:
    """Orders closed as done from `since` until (excluded) `until`, by a key, with all of them as `total`."""

    since: dt.datetime
    until: dt.datetime
    by: str
    rows: tuple[WorkStatsRow, ...]
    total: WorkStatsRow
