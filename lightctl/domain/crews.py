"""Crews: what people on site need of a street while they work on it: maintenances and self-tests.

Instants are aware UTC; levels integer percent.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from lightctl.domain.selectors import Selector
from lightctl.domain.states import Override, Scope


@dataclass(frozen=True, slots=True)
class Maintenance:
    """A crew works on the selected light points from start until (excluded) until; their faults are no alarms.

    level: what the lamps are held at, None to leave the light as it is. below_protection: the level was asked for by
    name below every protection.
    """

    id: str
    select: Selector
    start: dt.datetime
    until: dt.datetime
    level: int | None = None
    below_protection: bool = False
    reason: str = ""
    user: str = ""

    @property
    def override(self) -> Override | None:
        """The override that holds its level; None where it leaves the light as it is."""
        if self.level is None:
            return None
        return Override(
            self.id,
            Scope.MAINTENANCE,
            self.select,
            self.level,
            self.start,
            self.until,
            self.reason,
            self.user,
            below_protection=self.below_protection,
        )


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing a self-test tries on one lamp: the level it is driven to from start until (excluded) end.

    name: `on`, `dimmed` or `off`. skipped: why it is not tried, or "".
    """

    light_point: str
    name: str
    level: int
    start: dt.datetime
    end: dt.datetime
    skipped: str = ""


@dataclass(frozen=True, slots=True)
class SelfTest:
    """The lamps of a node are driven through their trials, one after the other, and at `until` left as they were."""

    id: str
    node: str
    at: dt.datetime
    until: dt.datetime
    trials: tuple[Trial, ...]

    @property
    def light_points(self) -> tuple[str, ...]:
        """The lamps under test, in order."""
        return tuple(dict.fromkeys(trial.light_point for trial in self.trials))
