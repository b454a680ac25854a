"""Cycling: how often a lamp that should be lit went out and came back. Bounded: only the latest changes are kept."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from lightctl.control.diagnosis.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class Cycling:
    """Whether a lamp that should be lit was when it was last seen, and when it unexpectedly changed.

    since: from when on it has been watched without a change; None while it is not to be lit, and nobody can tell.
    """

    lit: bool = True
    changes: tuple[dt.datetime, ...] = ()
    since: dt.datetime | None = None

    def seen(self, at: dt.datetime, thresholds: Thresholds, *, lit: bool) -> Cycling:
        """Take note of it as seen at an instant, while it should be lit."""
        within = dt.timedelta(seconds=thresholds.cycling_window_s)
        changes = tuple(each for each in self.changes if at - each < within)
        if lit is not self.lit:
            return Cycling(lit, (*changes, at)[-thresholds.cycling_changes :], at)
        return Cycling(lit, changes, self.since or at)

    def unwatched(self) -> Cycling:
        """Take note that it is not to be lit now."""
        return replace(self, since=None)

    @property
    def matters(self) -> bool:
        """Say whether there is anything to remember."""
        return bool(self.changes) or not self.lit

    def steady(self, at: dt.datetime, thresholds: Thresholds) -> bool:
        """Say whether it has been watched for as long as cycling is counted, and stayed as it was."""
        return self.since is not None and (at - self.since).total_seconds() >= thresholds.cycling_window_s

    def cycles(self, thresholds: Thresholds) -> bool:
        """Say whether it changed so often that it counts as cycling."""
        return len(self.changes) >= thresholds.cycling_changes


STEADY = Cycling()
