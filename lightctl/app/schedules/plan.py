"""Schedule plans: what files would do to the street, worked out before anything is changed.

Three steps, so that a city's year is not computed on the thread that records what the street says: `draft` reads what
is needed from the store, `make` is pure and may run anywhere, and `scheduling.commit` puts a plan in force if nothing
it was built on has changed meanwhile. A plan's id names base version, files and broken guard rails together: whoever
approves it approves exactly that. What somebody allows by name (more lamps, losses) is no part of it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lightctl.app.asking import Guard
from lightctl.app.desk import Desk
from lightctl.app.energy.luminaires import luminaire_types
from lightctl.app.schedules.guards import broken_rules, naming_rules
from lightctl.app.schedules.losses import ModelLosses, broken_by_losses, loss_views, losses_by_model, models_of
from lightctl.app.schedules.views import (
    ApplyView,
    DifferenceView,
    FindingView,
    GuardView,
    LintView,
    ModelLossesView,
    NightsView,
    PlanEnergyView,
    PlanView,
)
from lightctl.app.schedules.words import summary_of
from lightctl.devices.losses import NodeModel
from lightctl.domain.assets import LifeCycle, LightPoint
from lightctl.domain.programs import Intent
from lightctl.files.findings import Finding
from lightctl.files.schedules import read_schedules
from lightctl.files.settings import Settings
from lightctl.planning.cells import outermost
from lightctl.planning.differences import Difference, differences
from lightctl.planning.impact import NIGHTS_NAMED, YEAR, Impact, NightsChange, impact
from lightctl.planning.lint import LintFinding, lint
from lightctl.planning.night import night_date
from lightctl.store.base import BrokenRule

HALF_A_YEAR = dt.timedelta(days=183)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a plan is made from. models: by node. cause: what history calls it."""

    files: Mapping[str, str]
    base_version: int
    before: Intent
    points: tuple[LightPoint, ...]
    settings: Settings
    now: dt.datetime
    models: Mapping[str, NodeModel]
    cause: str = "apply"


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan: what it would put in force, what that does, and the guard rails it breaks.

    touched: light points with any different night, by id. named: the guard rails its name stands for, those raised by
    name among them: what a second person says yes to. lost: the models of nodes whose lamps do not do all of it.
    """

    draft: Draft
    intent: Intent
    touched: frozenset[str]
    broken: tuple[BrokenRule, ...]
    named: tuple[BrokenRule, ...]
    view: ApplyView
    lost: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The plan's name; empty where the files have errors."""
        return self.view.plan.id if self.view.plan is not None else ""

    @property
    def affected(self) -> int:
        """How many light points it touches."""
        return len(self.touched)


def draft(desk: Desk, files: Mapping[str, str], cause: str = "apply") -> Draft:
    """Read what a plan needs; on the store's thread."""
    ordered = {name: files[name] for name in sorted(files)}
    version = desk.store.schedules().version
    points = tuple(desk.fleet.points.values())
    return Draft(ordered, version, desk.intent, points, desk.settings, desk.now(), models_of(desk), cause)


def make(drafted: Draft, guard: Guard) -> Planned:
    """Work a plan out; with errors in the files nothing but them."""
    read = read_schedules(drafted.files)
    errors, warnings = tuple(map(finding_view, read.errors)), tuple(map(finding_view, read.warnings))
    if errors or not drafted.files:
        empty = ApplyView(False, False, guard.dry_run, 0, 0, 0, (), errors, warnings)
        return Planned(drafted, read.intent, frozenset(), (), (), empty)
    time_zone = drafted.settings.site.time_zone
    first = night_date(drafted.now, time_zone)
    changed = differences(drafted.before, read.intent)
    types = luminaire_types(drafted.settings)
    found = impact(drafted.before, read.intent, drafted.points, time_zone, first, luminaires=types)
    nights = drafted.settings.delivery.nights
    lost = losses_by_model(read.intent, drafted.points, drafted.models, time_zone, first, nights)
    to_accept = tuple(broken_by_losses(lost))
    rails = broken_rules(found, drafted.settings.safety, guard)
    broken = rails if guard.accept_losses else (*rails, *to_accept)
    named = (*naming_rules(found, drafted.settings.safety, guard), *to_accept)
    plan = PlanView(
        id=_name(drafted, named),
        base_version=drafted.base_version,
        first_night=first,
        nights_ahead=YEAR,
        changes=tuple(map(_difference, changed)),
        nights=tuple(map(_nights, found.changes)),
        energy=_energy(found),
        guards=guard_views(broken),
        findings=tuple(map(_lint, _findings(drafted, read.intent, first))),
        losses=tuple(map(_losses, lost)),
    )
    view = ApplyView(
        ok=True,
        applied=False,
        dry_run=guard.dry_run,
        affected=found.touched,
        programs=len(read.intent.programs),
        calendars=len(read.intent.calendars),
        summary=summary_of(plan, found.touched),
        errors=(),
        warnings=warnings,
        plan=plan,
    )
    lossy = tuple(each.model for each in lost if each.changes_light)
    return Planned(drafted, read.intent, found.touched_ids, broken, named, view, lossy)


def _name(drafted: Draft, broken: Sequence[BrokenRule]) -> str:
    content = [drafted.base_version, dict(drafted.files), [(each.rule, each.value) for each in broken]]
    return "plan-" + hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


def _findings(drafted: Draft, intent: Intent, first: dt.date) -> tuple[LintFinding, ...]:
    used = [point for point in drafted.points if point.state is LifeCycle.IN_USE]
    if not used:
        return ()
    year = (first + HALF_A_YEAR).year
    return lint(intent, outermost(used, drafted.settings.site.time_zone), year, used)


def finding_view(finding: Finding) -> FindingView:
    """Show a finding."""
    return FindingView(
        finding.file, finding.line, finding.column, finding.code, finding.message, finding.hint, finding.snippet
    )


def guard_views(broken: Sequence[BrokenRule]) -> tuple[GuardView, ...]:
    """Show broken guard rails."""
    return tuple(GuardView(each.rule, each.limit, each.value, each.detail) for each in broken)


def _difference(difference: Difference) -> DifferenceView:
    return DifferenceView(difference.kind, difference.name, difference.verb, difference.words)


def _nights(change: NightsChange) -> NightsView:
    return NightsView(
        group=change.group,
        before=change.before,
        after=change.after,
        light_points=change.light_points,
        nights=len(change.nights),
        first_nights=change.nights[:NIGHTS_NAMED],
        dark_minutes_before=round(change.dark_before_s / 60, 1),
        dark_minutes_after=round(change.dark_after_s / 60, 1),
        most_added_minutes=round(change.most_added_s / 60, 1),
    )


def _energy(found: Impact) -> PlanEnergyView:
    return PlanEnergyView(round(found.kwh_before, 1), round(found.kwh_after, 1), found.without_power)


def _losses(lost: ModelLosses) -> ModelLossesView:
    return ModelLossesView(lost.model, lost.light_points, loss_views(lost.losses), lost.changes_light, lost.refused)


def _lint(finding: LintFinding) -> LintView:
    return LintView(
        code=str(finding.code),
        program=finding.program or None,
        calendar=finding.calendar or None,
        nights=finding.nights,
        count=finding.count,
        message=finding.message,
        file=finding.source.file or None,
        line=finding.source.line or None,
    )
