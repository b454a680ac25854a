"""What operations answer about faults, in the shapes that scripts rely on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FaultView:
    """One fault. `state` is open, acknowledged, silenced, suppressed or cleared; the first two are alarms.

    `cleared_at` is null while it is open; `suppressed_by` names a maintenance that keeps it from being an alarm.
    `members` counts the light points or nodes that it explains, `age_s` is how long it has been there, or was. `watts`
    is what it draws for nothing, `kwh` and `cost` what that came to so far, at today's price; null where it is not
    known. `acknowledged_by` is who took it on, `silenced_until` the end of its silence.
    """

    id: int
    event: str
    subject_kind: str
    subject: str
    severity: str
    opened_at: dt.datetime
    cleared_at: dt.datetime | None
    detail: str
    suppressed_by: str = ""
    state: str = "open"
    members: int = 0
    age_s: int = 0
    watts: float | None = None
    kwh: float | None = None
    cost: float | None = None
    acknowledged_by: str = ""
    silenced_until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class MarkView:
    """What somebody said about a fault: `kind` is acknowledged, silenced (until an instant) or unsilenced."""

    kind: str
    at: dt.datetime
    user: str
    note: str
    until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class SilenceView:
    """Faults of an event are no alarms at a target until an instant; `faults` are those it keeps quiet now.

    `running` until it is over by itself or was ended (`ended_at`, `ended_by`). `light_points` counts them today.
    """

    id: str
    event: str
    target: str
    light_points: int
    start: dt.datetime
    until: dt.datetime
    reason: str
    user: str
    running: bool
    ended_at: dt.datetime | None = None
    ended_by: str = ""
    faults: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class FaultDetailView(FaultView):
    """One fault with all that is known: what it explains, where, what people said, and what to do about it.

    `explains` are the members by id, `light_points` those it concerns, `silences` the ones that keep it quiet;
    `work_order` is the number of the one under way for it, null where there is none.
    """

    explains: tuple[str, ...] = ()
    light_points: tuple[str, ...] = ()
    marks: tuple[MarkView, ...] = ()
    silences: tuple[SilenceView, ...] = ()
    remedy: str = ""
    work_order: int | None = None


@dataclass(frozen=True, slots=True)
class UnmarkedView:
    """A fault that was left as it is, and why."""

    id: int
    why: str


@dataclass(frozen=True, slots=True)
class MarkedView:
    """What became of faults that somebody marked: as they stand now, and those that take no such mark.

    `silence` is the one that was set, `ended` are those that were ended by name.
    """

    faults: tuple[FaultView, ...]
    unchanged: tuple[UnmarkedView, ...] = ()
    silence: SilenceView | None = None
    ended: tuple[SilenceView, ...] = ()
    dry_run: bool = False
