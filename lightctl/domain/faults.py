"""Faults as people deal with them: acknowledged, silenced for a while, and over when the street says so.

That a fault is there is a verdict and nobody's to change (`control`); what people say about it are marks, and the state
follows from both, at any instant, by one order: cleared, suppressed, silenced, acknowledged, open. Marks hang on one
fault, not on its cause: they stay in its history, and what opens anew starts without any. A Silence names event and
light points instead, so it also keeps quiet what opens while it holds. Nothing is silent without an end.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from lightctl.domain.selectors import Selector
from lightctl.domain.states import Fault, FaultEvent


class FaultState(StrEnum):
    """Where a fault stands. Only `open` and `acknowledged` are alarms."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    SUPPRESSED = "suppressed"
    CLEARED = "cleared"

    @property
    def alarm(self) -> bool:
        """Whether it counts as an alarm."""
        return self in (FaultState.OPEN, FaultState.ACKNOWLEDGED)


class MarkKind(StrEnum):
    """What people say about a fault."""

    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    UNSILENCED = "unsilenced"


_QUIET_OR_NOT = frozenset({FaultState.OPEN, FaultState.ACKNOWLEDGED, FaultState.SILENCED})
MOVES: Mapping[FaultState, Mapping[MarkKind, frozenset[FaultState]]] = MappingProxyType(
    {
        FaultState.OPEN: {
            MarkKind.ACKNOWLEDGED: frozenset({FaultState.ACKNOWLEDGED}),
            MarkKind.SILENCED: frozenset({FaultState.SILENCED}),
        },
        FaultState.ACKNOWLEDGED: {  # a second word is another note: somebody else takes it on
            MarkKind.ACKNOWLEDGED: frozenset({FaultState.ACKNOWLEDGED}),
            MarkKind.SILENCED: frozenset({FaultState.SILENCED}),
        },
        FaultState.SILENCED: {  # what it goes back to is what was said of it before, unless a Silence holds as well
            MarkKind.ACKNOWLEDGED: frozenset({FaultState.SILENCED}),
            MarkKind.SILENCED: frozenset({FaultState.SILENCED}),
            MarkKind.UNSILENCED: _QUIET_OR_NOT,
        },
        FaultState.SUPPRESSED: {},  # no alarm yet; what is still wrong after the maintenance opens anew
        FaultState.CLEARED: {},
    }
)


@dataclass(frozen=True, slots=True)
class FaultMark:
    """What somebody said about a fault, when, and why; a silence has an end (`until`, excluded)."""

    kind: MarkKind
    at: dt.datetime
    user: str
    note: str = ""
    until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """Faults of an event are no alarms from start until (excluded) until, where all their lamps are among the selected.

    ended_at, ended_by: when and by whom it was ended before its time.
    """

    id: str
    event: FaultEvent
    select: Selector
    start: dt.datetime
    until: dt.datetime
    reason: str = ""
    user: str = ""
    ended_at: dt.datetime | None = None
    ended_by: str = ""

    @property
    def over_at(self) -> dt.datetime:
        """When it ends or ended."""
        return self.until if self.ended_at is None else min(self.until, self.ended_at)

    def holds(self, at: dt.datetime) -> bool:
        """Say whether it is in force at an instant."""
        return self.start <= at < self.over_at


@dataclass(frozen=True, slots=True)
class FaultRecord:
    """A fault by its number, with its marks, oldest first, and the Silences that name it and its lamps."""

    id: int
    fault: Fault
    marks: tuple[FaultMark, ...] = ()
    silences: tuple[Silence, ...] = ()

    def state(self, at: dt.datetime) -> FaultState:
        """Give where it stands at an instant after it opened."""
        if self.fault.cleared_at is not None and self.fault.cleared_at <= at:
            return FaultState.CLEARED
        if self.fault.suppressed_by:
            return FaultState.SUPPRESSED
        if self.silenced_until(at) is not None:
            return FaultState.SILENCED
        return FaultState.OPEN if self.acknowledged(at) is None else FaultState.ACKNOWLEDGED

    def acknowledged(self, at: dt.datetime) -> FaultMark | None:
        """Give the last word of who took it on, None where nobody did."""
        return self._last((MarkKind.ACKNOWLEDGED,), at)

    def silenced(self, at: dt.datetime) -> FaultMark | None:
        """Give the mark that silences this one fault at an instant, None where none does."""
        last = self._last((MarkKind.SILENCED, MarkKind.UNSILENCED), at)
        return None if last is None or last.until is None or last.until <= at else last

    def silenced_until(self, at: dt.datetime) -> dt.datetime | None:
        """Give until when it is silent at an instant, by its own mark or a Silence; None where it is not."""
        mark = self.silenced(at)
        ends = [each.over_at for each in self.silences if each.holds(at)]
        if mark is not None and mark.until is not None:
            ends.append(mark.until)
        return max(ends, default=None)

    def lasted(self, now: dt.datetime) -> dt.timedelta:
        """Give how long it has been there, or was."""
        end = now if self.fault.cleared_at is None else min(now, self.fault.cleared_at)
        return max(dt.timedelta(0), end - self.fault.opened_at)

    def wasted_kwh(self, now: dt.datetime, off_s: float | None = None) -> float | None:
        """Give the energy drawn for nothing so far; None where nobody knows the watts.

        off_s: for how many seconds of that time the lamp was to be off, None where nobody counted: then all of it. A
        lamp that burns by day is to burn by night, and that fault stays open overnight.
        """
        if self.fault.watts is None:
            return None
        lasted_s = self.lasted(now).total_seconds()
        return self.fault.watts * (lasted_s if off_s is None else min(off_s, lasted_s)) / 3_600_000

    def _last(self, kinds: tuple[MarkKind, ...], at: dt.datetime) -> FaultMark | None:
        found = [mark for mark in self.marks if mark.kind in kinds and mark.at <= at]
        return found[-1] if found else None
