"""Operations: an operator's verbs, each with the role it needs. The one door to every change, whoever asks.

Sync, and run on the store's own thread by whoever calls: the daemon's HTTP door, or the command line when no daemon
runs. A change is durable, and in the audit, before its method returns; only then is the daemon told.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

from lightctl.app import access, fitting, glance, importing, reading
from lightctl.app.asking import NO_GUARD, Actor, Guard, Role, Target, require
from lightctl.app.citizens.operations import CitizenOperations
from lightctl.app.crews.field_operations import FieldOperations
from lightctl.app.desk import Desk, Notify
from lightctl.app.energy.operations import EnergyOperations
from lightctl.app.exports.operations import ExportOperations
from lightctl.app.faults.operations import FaultOperations
from lightctl.app.live import Live
from lightctl.app.metrics.operations import MetricsOperations
from lightctl.app.notices.operations import NotificationOperations
from lightctl.app.overrides import overriding, progress, switching
from lightctl.app.overrides.views import OverrideDetailView, OverrideView
from lightctl.app.reasons import why
from lightctl.app.reasons.views import WhyView
from lightctl.app.reporting.operations import ReportOperations
from lightctl.app.rollouts import steering
from lightctl.app.rollouts.steering import Manner
from lightctl.app.rollouts.views import RolloutView
from lightctl.app.schedules import plan as schedule_plan
from lightctl.app.schedules import scheduling
from lightctl.app.schedules.plan import Draft, Planned
from lightctl.app.schedules.views import ApplyView, ProposalView, SchedulesView, VersionView
from lightctl.app.settlement.operations import SettlementOperations
from lightctl.app.steps import Steps
from lightctl.app.usage import Upkeeping, upkeeping
from lightctl.app.views import (
    AuditVerdict,
    AuditView,
    ChangeView,
    CommandView,
    ImportView,
    LightView,
    NodeDetail,
    NodeView,
    StatusView,
    TokenView,
)
from lightctl.app.work.operations import WorkOperations
from lightctl.domain.assets import Fleet
from lightctl.domain.selectors import parse_selector
from lightctl.files.settings import Settings
from lightctl.store.sqlite import SqliteStore


class Operations(
    FieldOperations,
    FaultOperations,
    NotificationOperations,
    WorkOperations,
    CitizenOperations,
    EnergyOperations,
    ReportOperations,
    MetricsOperations,
    ExportOperations,
    SettlementOperations,
):
    """Every verb of lightctl over one store."""

    def __init__(
        self,
        store: SqliteStore,
        settings: Settings,
        now: Callable[[], dt.datetime],
        notify: Notify,
        live: Live | None = None,
    ) -> None:
        """Work on `store`; `notify` hands events to the daemon, `live` is None where none runs."""
        self._desk = Desk(store, settings, now, notify, live)

    def know(self, fleet: Fleet) -> None:
        """Share the fleet that the daemon read from the store."""
        self._desk.take(fleet)

    def upkeeping(self) -> Upkeeping:
        """Give the terms of the store's upkeep, for the daemon itself."""
        return upkeeping(self._desk)

    # -- reading: any role ----------------------------------------------------------------------------------------

    def status(self, actor: Actor) -> Steps[StatusView]:
        """Give the city at a glance."""
        require(actor, Role.VIEWER)
        return glance.status_steps(self._desk)

    def light_list(self, actor: Actor, select: str = "*") -> Iterator[LightView]:
        """Give the light points a selector names."""
        require(actor, Role.VIEWER)
        return reading.lights(self._desk, self._desk.fleet.select(parse_selector(select)))

    def light_show(self, actor: Actor, light_id: str) -> LightView:
        """Give one light point; raises UnknownTarget."""
        require(actor, Role.VIEWER)
        return next(reading.lights(self._desk, (self._desk.point(light_id),)))

    def node_list(self, actor: Actor, *, claimed: bool | None = None) -> Iterator[NodeView]:
        """Give every node, those in no inventory included; with `claimed` only those that are, or only the others."""
        require(actor, Role.VIEWER)
        return reading.nodes(self._desk, claimed=claimed)

    def node_show(self, actor: Actor, node_id: str) -> NodeDetail:
        """Give one node with what the plan in force loses on it; raises UnknownTarget."""
        require(actor, Role.VIEWER)
        return fitting.node(self._desk, node_id)

    def why(self, actor: Actor, light_id: str, at: dt.datetime | None = None) -> WhyView:
        """Say why a lamp has its level at an instant, now if none is given."""
        require(actor, Role.VIEWER)
        return why.why(self._desk, light_id, at)

    def command_list(self, actor: Actor, *, state: str | None, node: str | None, limit: int) -> Iterator[CommandView]:
        """Give the newest commands."""
        require(actor, Role.VIEWER)
        return reading.commands(self._desk, state, node, limit)

    def audit_list(self, actor: Actor, *, limit: int) -> tuple[AuditView, ...]:
        """Give the newest audit entries."""
        require(actor, Role.VIEWER)
        return reading.audit(self._desk, limit)

    def audit_verify(self, actor: Actor) -> AuditVerdict:
        """Check the whole audit chain."""
        require(actor, Role.VIEWER)
        return reading.audit_verdict(self._desk)

    def change(self, actor: Actor, change: str, *, points: bool = True) -> Steps[ChangeView]:
        """Say how far a lighting change got, lamp by lamp or in numbers alone; raises UnknownTarget."""
        require(actor, Role.VIEWER)
        return progress.in_steps(self._desk, change, points=points)

    def override_list(
        self, actor: Actor, target: Target | None = None, *, ended: bool = False, limit: int = 100
    ) -> tuple[OverrideView, ...]:
        """Give the newest overrides that concern a target (None: the city); those that are over only where asked."""
        require(actor, Role.VIEWER)
        return overriding.overrides(self._desk, target, ended=ended, limit=limit)

    def override_show(self, actor: Actor, override_id: str) -> OverrideDetailView:
        """Give one override with what it comes to at its lamps; raises UnknownTarget."""
        require(actor, Role.VIEWER)
        return overriding.override(self._desk, override_id)

    def inventory_export(
        self,
        actor: Actor,
        format: Literal["csv", "geojson"],  # noqa: A002 - the CLI's word
        select: str = "*",
    ) -> Iterator[str]:
        """Write light points as a file that imports again."""
        require(actor, Role.VIEWER)
        return importing.export(self._desk, format, parse_selector(select))

    def schedule_export(self, actor: Actor, version: int | None = None) -> SchedulesView:
        """Give the schedules in force, or an earlier version of them; raises UnknownTarget."""
        require(actor, Role.VIEWER)
        return scheduling.in_force(self._desk, version)

    def schedule_draft(self, actor: Actor, files: Mapping[str, str]) -> Draft:
        """Read what a plan of these files needs."""
        require(actor, Role.VIEWER)
        return schedule_plan.draft(self._desk, files)

    def schedule_history(self, actor: Actor, *, limit: int) -> tuple[VersionView, ...]:
        """Give the versions of the schedules, newest first."""
        require(actor, Role.VIEWER)
        return scheduling.history(self._desk, limit)

    def schedule_proposals(self, actor: Actor) -> tuple[ProposalView, ...]:
        """Give the plans that wait for a second person."""
        require(actor, Role.VIEWER)
        return scheduling.proposals(self._desk)

    def rollout_list(self, actor: Actor, *, limit: int) -> tuple[RolloutView, ...]:
        """Give roll-outs, newest first."""
        require(actor, Role.VIEWER)
        return steering.rollouts(self._desk, limit)

    def rollout_status(self, actor: Actor, rollout_id: str) -> RolloutView:
        """Give a roll-out with the nodes that failed; raises UnknownTarget."""
        require(actor, Role.VIEWER)
        return steering.status(self._desk, rollout_id)

    # -- switching: technicians -----------------------------------------------------------------------------------

    def set_level(
        self,
        actor: Actor,
        target: Target,
        level: int,
        until: dt.datetime | None,
        guard: Guard,
        start: dt.datetime | None = None,
    ) -> ChangeView:
        """Hold a level from one instant (None: now) until another (None: half an hour later)."""
        require(actor, Role.TECHNICIAN)
        return switching.set_level(self._desk, actor, target, level, until, guard, start)

    def resume(self, actor: Actor, target: Target, guard: Guard) -> ChangeView:
        """End the overrides that concern a target: its lamps go back to their program."""
        require(actor, Role.TECHNICIAN)
        return switching.resume(self._desk, actor, target, guard)

    def override_clear(self, actor: Actor, ids: Sequence[str] | None, guard: Guard) -> ChangeView:
        """End overrides by id, or all of them (None); raises UnknownTarget."""
        require(actor, Role.TECHNICIAN)
        return overriding.clear(self._desk, actor, ids, guard)

    def identify(self, actor: Actor, target: Target, guard: Guard) -> ChangeView:
        """Have lamps show themselves."""
        require(actor, Role.TECHNICIAN)
        return switching.identify(self._desk, actor, target, guard)

    # -- ruling: operators ----------------------------------------------------------------------------------------

    def inventory_import(
        self,
        actor: Actor,
        text: str,
        *,
        format: Literal["csv", "geojson"],  # noqa: A002 - the CLI's word
        name: str,
        mapping: str | None,
        skip_bad_rows: bool,
        guard: Guard,
    ) -> ImportView:
        """Bring light points in, all rows or none unless bad ones may be skipped."""
        require(actor, Role.OPERATOR)
        return importing.import_inventory(
            self._desk, actor, text, format=format, name=name, mapping=mapping, skip_bad_rows=skip_bad_rows, guard=guard
        )

    def schedule_commit(self, actor: Actor, planned: Planned, guard: Guard, plan: str | None = None) -> ApplyView:
        """Put a plan in force, unless it is stale or a guard rail stands in its way (SafetyRefused)."""
        require(actor, Role.OPERATOR)
        return scheduling.commit(self._desk, actor, planned, guard, plan)

    def schedule_apply(self, actor: Actor, files: Mapping[str, str], guard: Guard) -> ApplyView:
        """Plan and put in force at once; with an error in the files nothing changes."""
        require(actor, Role.OPERATOR)
        planned = schedule_plan.make(schedule_plan.draft(self._desk, files), guard)
        return scheduling.commit(self._desk, actor, planned, guard)

    def schedule_undo_draft(self, actor: Actor, version: int | None) -> Draft:
        """Read what a way back to an earlier version needs."""
        require(actor, Role.OPERATOR)
        return scheduling.undo_draft(self._desk, version)

    def schedule_approve(self, actor: Actor, plan: str, guard: Guard) -> ProposalView:
        """Say yes to another person's plan that a guard rail stopped."""
        require(actor, Role.OPERATOR)
        return scheduling.approve(self._desk, actor, plan, guard)

    def rollout_start(
        self, actor: Actor, planned: Planned, manner: Manner, guard: Guard, plan: str | None = None
    ) -> RolloutView:
        """Bring a plan to the street in waves, unless it is stale or a guard rail stands in its way (SafetyRefused)."""
        require(actor, Role.OPERATOR)
        return steering.start(self._desk, actor, planned, manner, guard, plan)

    def rollout_pause(self, actor: Actor, rollout_id: str, guard: Guard) -> RolloutView:
        """Move nobody further for now."""
        require(actor, Role.OPERATOR)
        return steering.pause(self._desk, actor, rollout_id, guard)

    def rollout_resume(self, actor: Actor, rollout_id: str, max_failures: str | None, guard: Guard) -> RolloutView:
        """Go on with a paused roll-out, with another limit if one is given."""
        require(actor, Role.OPERATOR)
        return steering.resume(self._desk, actor, rollout_id, max_failures, guard)

    def rollout_undo(self, actor: Actor, rollout_id: str, guard: Guard) -> RolloutView:
        """Take everybody who has moved back to the schedules in force."""
        require(actor, Role.OPERATOR)
        return steering.undo(self._desk, actor, rollout_id, guard)

    def token_create(
        self, actor: Actor, name: str, role: Role, expires_at: dt.datetime | None, guard: Guard = NO_GUARD
    ) -> TokenView:
        """Make a token; its secret is in the answer and nowhere else."""
        require(actor, Role.OPERATOR)
        return access.create(self._desk, actor, name, role, expires_at, guard)

    def token_list(self, actor: Actor) -> tuple[TokenView, ...]:
        """Give every token, without secrets."""
        require(actor, Role.OPERATOR)
        return access.tokens(self._desk)

    def token_revoke(self, actor: Actor, name: str, guard: Guard = NO_GUARD) -> TokenView:
        """End a token at once; raises UnknownTarget."""
        require(actor, Role.OPERATOR)
        return access.revoke(self._desk, actor, name, guard)

    def authenticate(self, secret: str, origin: str) -> Actor | None:
        """Give who holds a secret, or None when it is unknown, expired or revoked."""
        return access.authenticate(self._desk, secret, origin)
