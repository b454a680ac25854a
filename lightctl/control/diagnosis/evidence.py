"""Evidence: for how long a node's reports have disagreed with the faults that stand. Nothing here decides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lightctl.control.diagnosis.thresholds import Thresholds

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Evidence:
    """So many reports in a row, since an instant, showed what is no fault yet, or were well where a fault stands."""

    count: int
    since: dt.datetime

    def confirms(self, at: dt.datetime, thresholds: Thresholds, patience_s: float = 0.0) -> bool:
        """Say whether it is enough to open a fault at the report of an instant."""
        long_enough = (at - self.since).total_seconds() >= max(thresholds.confirm_s, patience_s)
        return long_enough and self.count >= thresholds.confirm_reports


NO_EVIDENCE: Mapping[Key, Evidence] = MappingProxyType({})


def seen_again(before: Evidence | None, at: dt.datetime) -> Evidence:
    """Count one more report."""
    return Evidence(1, at) if before is None else Evidence(before.count + 1, before.since)
