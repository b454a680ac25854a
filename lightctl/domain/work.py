"""Work orders: what somebody is to repair, how far that got, and how long it took.

One table says which move there is, for operations and, word for word, the database:

    open -> assigned -> done | cancelled

An order is given to a crew as often as need be; it may be done or cancelled without ever having been given to one. Its
end is never left. Instants are aware UTC.
"""

from __future__ import annotations

import datetime as dt
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

MAX_EVENT = 64
MAX_ASSIGNEE = 100
MAX_NOTE = 2000
MAX_PHOTO = 1000


class WorkState(StrEnum):
    """Where an order stands; the last two are its end."""

    OPEN = "open"
    ASSIGNED = "assigned"
    DONE = "done"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether the order is over."""
        return not MOVES[self]


MOVES: Mapping[WorkState, frozenset[WorkState]] = MappingProxyType(
    {
        WorkState.OPEN: frozenset({WorkState.ASSIGNED, WorkState.DONE, WorkState.CANCELLED}),
        WorkState.ASSIGNED: frozenset({WorkState.ASSIGNED, WorkState.DONE, WorkState.CANCELLED}),
        WorkState.DONE: frozenset(),
        WorkState.CANCELLED: frozenset(),
    }
)
UNDER_WAY = (WorkState.OPEN, WorkState.ASSIGNED)


class Cause(StrEnum):
    """What was wrong, as the crew found it."""

    LAMP = "lamp"
    CONTROL_GEAR = "control_gear"
    CONTROLLER = "controller"
    FUSE = "fuse"
    CABLE = "cable"
    POLE = "pole"
    VANDALISM = "vandalism"
    PLANNED = "planned"
    NO_FAULT_FOUND = "no_fault_found"
    OTHER = "other"

    @property
    def repair(self) -> bool:
        """Whether something that was broken was repaired: what was planned or never broken says nothing of repairs."""
        return self not in (Cause.PLANNED, Cause.NO_FAULT_FOUND)


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """One thing to repair on one subject (`light point`, `node`, `cabinet` or `site`, as with faults).

    event: TALQ's name of the fault, or the words of whoever opened it. fault: the number of the fault it mends, with
    when that was first opened and last cleared (None: not cleared). A fault that comes back belongs to the same order.
    """

    id: int
    state: WorkState
    event: str
    subject_kind: str
    subject: str
    opened_at: dt.datetime
    opened_by: str
    fault: int | None = None
    fault_opened_at: dt.datetime | None = None
    fault_cleared_at: dt.datetime | None = None
    assignee: str = ""
    cause: Cause | None = None
    closed_at: dt.datetime | None = None
    closed_by: str = ""

    @property
    def fault_open(self) -> bool:
        """Whether it mends a fault that is still there."""
        return self.fault is not None and self.fault_cleared_at is None

    @property
    def repair_time(self) -> RepairTime | None:
        """How long the repair took; None while it is not done, or where nothing was repaired."""
        if self.state is not WorkState.DONE or self.closed_at is None or self.cause is None or not self.cause.repair:
            return None
        if self.fault_opened_at is not None and self.fault_cleared_at is not None:
            return RepairTime(self.fault_cleared_at - self.fault_opened_at, by_fault=True)
        return RepairTime(self.closed_at - self.opened_at, by_fault=False)


@dataclass(frozen=True, slots=True)
class RepairTime:
    """How long a repair took: from the fault's opening to its clearing (`by_fault`), else the order's to its close."""

    duration: dt.timedelta
    by_fault: bool


@dataclass(frozen=True, slots=True)
class WorkNote:
    """What somebody wrote down on an order; photo: where a picture is (path or address), never the picture itself."""

    at: dt.datetime
    user: str
    text: str
    photo: str = ""


def median_s(times: Sequence[RepairTime]) -> float | None:
    """Give the median of repair times (s), the mean of the middle two where they are even; None of none."""
    return statistics.median(_seconds(times)) if times else None


def p90_s(times: Sequence[RepairTime]) -> float | None:
    """Give the time (s) within which nine of ten repairs were done: the nearest rank, a time that was; None of none."""
    ranked = sorted(_seconds(times))
    return ranked[math.ceil(0.9 * len(ranked)) - 1] if ranked else None


def _seconds(times: Sequence[RepairTime]) -> list[float]:
    return [each.duration.total_seconds() for each in times]
