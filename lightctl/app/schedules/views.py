"""What operations on schedules answer: plans, versions and proposals, in the shapes that scripts rely on.

Instants are aware UTC, levels integer percent, energy kWh, darkness minutes of one lamp in one night.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from lightctl.app.views import LossView


@dataclass(frozen=True, slots=True)
class FindingView:
    """One error or warning in a schedule file."""

    file: str
    line: int
    column: int
    code: str
    message: str
    hint: str
    snippet: str = ""


@dataclass(frozen=True, slots=True)
class LintView:
    """One doubt about a year of nights (docs/errors.md); `nights` are the first of `count`."""

    code: str
    program: str | None
    calendar: str | None
    nights: tuple[dt.date, ...]
    count: int
    message: str
    file: str | None
    line: int | None


@dataclass(frozen=True, slots=True)
class DifferenceView:
    """One program, calendar, assignment or protection (`kind`) that is `added`, `changed` or `removed`, and how."""

    kind: str
    name: str
    verb: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NightsView:
    """Nights of a group that change from program `before` to `after`, how many, and the first of them.

    Darkness is the time a lamp is off while the sun is more than 6 degrees down: the mean of a night, and the most that
    any one night gains.
    """

    group: str
    before: str
    after: str
    light_points: int
    nights: int
    first_nights: tuple[dt.date, ...]
    dark_minutes_before: float
    dark_minutes_after: float
    most_added_minutes: float


@dataclass(frozen=True, slots=True)
class PlanEnergyView:
    """What the light points in use take in a year of nights, estimated from what they draw by level."""

    kwh_before: float
    kwh_after: float
    light_points_without_power: int


@dataclass(frozen=True, slots=True)
class GuardView:
    """A guard rail that a plan runs into: `max_affected`, `dark_minutes`, `protection` or `losses`."""

    rule: str
    limit: int
    value: int
    detail: str


@dataclass(frozen=True, slots=True)
class ModelLossesView:
    """What the plan loses on nodes of one model, the most that any light point of it loses in a year, by kind.

    changes_light: lamps do something else than the plan says, which has to be accepted. refused: why some of its nodes
    cannot hold the plan at all, or empty.
    """

    model: str
    light_points: int
    losses: tuple[LossView, ...]
    changes_light: bool
    refused: str


@dataclass(frozen=True, slots=True)
class PlanView:
    """What a change of schedules would do in `nights_ahead` nights from `first_night` on.

    id: names the version it builds on, the files and the guard rails it runs into, all together. approved_by: the
    second person, where one said yes.
    """

    id: str
    base_version: int
    first_night: dt.date
    nights_ahead: int
    changes: tuple[DifferenceView, ...]
    nights: tuple[NightsView, ...]
    energy: PlanEnergyView
    guards: tuple[GuardView, ...]
    findings: tuple[LintView, ...]
    approved_by: str = ""
    losses: tuple[ModelLossesView, ...] = ()


@dataclass(frozen=True, slots=True)
class ApplyView:
    """What applying schedules changes or changed; `version` is the new one, once it is in force."""

    ok: bool
    applied: bool
    dry_run: bool
    affected: int
    programs: int
    calendars: int
    summary: tuple[str, ...]
    errors: tuple[FindingView, ...]
    warnings: tuple[FindingView, ...]
    plan: PlanView | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class SchedulesView:
    """A version of the schedules: its files, name to text. 0, with `applied_at` null, is the time before the first."""

    version: int
    applied_at: dt.datetime | None
    user: str
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version of the schedules and how it came: cause is `apply`, `undo of N`, `back to N` or `rollout N`."""

    version: int
    applied_at: dt.datetime
    user: str
    cause: str
    reason: str
    affected: int | None
    approved_by: str
    in_force: bool


@dataclass(frozen=True, slots=True)
class ProposalView:
    """A plan that a guard rail stopped: it waits for a second person, or has been approved by one."""

    plan: str
    base_version: int
    proposed_at: dt.datetime
    user: str
    reason: str
    guards: tuple[GuardView, ...]
    summary: tuple[str, ...]
    approved_at: dt.datetime | None
    approved_by: str
