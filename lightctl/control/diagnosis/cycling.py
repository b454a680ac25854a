"""Cycling: how often a lamp that should be lit went out and came back. Bounded: only the latest changes are kept."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from lightctl.control.diagnosis.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class Cycling:
    """Whether a lamp that should be lit was when it was last seen, and when it unexpectedly changed."""

    lit: bool = True
    changes: tuple[dt.datetime, ...] = ()

    def seen(self, at: dt.datetime, thresholds: Thresholds, *, lit: bool) -> Cycling:
        """Take note of it as seen at an instant, while it should be lit."""
        within = dt.timedelta(seconds=thresholds.cycling_window_s)
        changes = tuple(each for each in self.changes if at - each < within)
        if lit is not self.lit:
            changes = (*changes, at)[-thresholds.cycling_changes :]
        return Cycling(lit, changes)

    def cycles(self, thresholds: Thresholds) -> bool:
        """Say whether it changed so often that it counts as cycling."""
        return len(self.changes) >= thresholds.cycling_changes


STEADY = Cycling()
