"""What `why` answers, in the shape that scripts rely on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from lightctl.app.views import ReportedView


@dataclass(frozen=True, slots=True)
class VerdictView:
    """One layer of a decision, with the file position it stands at."""

    layer: str
    verdict: str
    detail: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class ScheduleUsedView:
    """The version of the schedules an answer was read from, and the instant from which it counted."""

    version: int
    applied_at: dt.datetime


@dataclass(frozen=True, slots=True)
class ComingView:
    """A change of level or reason to come; `cause` and `source` are those of the layer that decides then."""

    at: dt.datetime
    level: int
    reason: str
    ref: str
    cause: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class WhyView:
    """Why a lamp has (had, will have) its level at an instant.

    `until` is the first of the `next` three changes, `schedule` what was read (null: none was applied by then).
    `reported` is what its node said last by then, if that was within two heartbeats; `at` is when that was heard.
    """

    id: str
    at: dt.datetime
    level: int
    reason: str
    until: dt.datetime | None
    chain: tuple[VerdictView, ...]
    schedule: ScheduleUsedView | None
    next: tuple[ComingView, ...]
    reported: ReportedView | None
