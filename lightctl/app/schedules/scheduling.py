"""Scheduling: plans become the intent, with guard rails, a second person where one is needed, history and undo."""

from __future__ import annotations

from dataclasses import replace

from lightctl.app.asking import Actor, Guard
from lightctl.app.desk import Desk
from lightctl.app.schedules.guards import MAX_AFFECTED
from lightctl.app.schedules.losses import LOSSES
from lightctl.app.schedules.plan import Draft, Planned, draft, guard_views
from lightctl.app.schedules.views import ApplyView, ProposalView, SchedulesView, VersionView
from lightctl.domain.errors import InvalidInput, NotPermitted, SafetyRefused, UnknownTarget
from lightctl.domain.events import IntentChanged
from lightctl.store.base import Proposal, ScheduleVersion


class PlanRefused(SafetyRefused):
    """A guard rail stands in the way of a plan; a second person may approve it. `view` is the plan."""

    def __init__(self, why: str, view: ApplyView) -> None:
        self.view = view
        super().__init__(why)


def in_force(desk: Desk, version: int | None) -> SchedulesView:
    """Show the schedules in force, or an earlier version of them; raises UnknownTarget."""
    found = desk.store.schedules(version)
    if version is not None and found.applied_at is None:
        raise UnknownTarget(f"there is no version {version} of the schedules. `lightctl schedule history` lists them.")
    return SchedulesView(found.version, found.applied_at, found.user, found.files)


def commit(desk: Desk, actor: Actor, planned: Planned, guard: Guard, plan: str | None = None) -> ApplyView:
    """Put a plan in force; raises SafetyRefused where it is stale (`plan` is the id that was promised) or guarded."""
    view = admit(desk, actor, planned, guard, plan, again="apply again")
    if guard.dry_run or view.plan is None:
        return view
    approved_by = view.plan.approved_by
    detail = f"{planned.affected} light points affected" + (f", approved by {approved_by}" if approved_by else "")
    if guard.accept_losses and planned.lost:
        detail += f", losses accepted on {', '.join(planned.lost)}"
    cause = planned.draft.cause
    verb = "schedule apply" if cause == "apply" else "schedule undo"
    audit = desk.audit(actor, verb, ", ".join(planned.draft.files), guard, detail)
    version = desk.store.put_schedules(
        planned.draft.files, audit, cause=cause, affected=planned.affected, approved_by=approved_by
    )
    desk.notify([IntentChanged(planned.intent, f"schedule version {version}")])
    return replace(view, applied=True, version=version)


def admit(desk: Desk, actor: Actor, planned: Planned, guard: Guard, plan: str | None, *, again: str) -> ApplyView:
    """Let a plan pass, with its second person where there is one; one with errors in its files has no plan.

    Raises SafetyRefused where a roll-out is under way or the plan is stale, PlanRefused at a guard rail, which keeps it
    for a second person; `again` is what to do once they said yes.
    """
    if planned.view.plan is None:
        return planned.view
    refuse_beside_rollout(desk)
    _refuse_stale(desk, planned, plan)
    proposal = desk.store.proposal(planned.id)
    approved_by = proposal.approved_by if proposal is not None else ""
    view = replace(planned.view, plan=replace(planned.view.plan, approved_by=approved_by))
    if planned.broken and not approved_by and not guard.dry_run:
        _propose(desk, actor, planned, guard)
        raise PlanRefused(_refusal(planned, again), view)
    return view


def refuse_beside_rollout(desk: Desk) -> None:
    """Refuse to change schedules while a roll-out brings others to the street; raises SafetyRefused."""
    rollout = desk.plans.rollout
    if rollout is not None:
        raise SafetyRefused(
            f"roll-out {rollout.id} is {rollout.state}: some lamps follow its schedules, the others version "
            f"{rollout.base_version}; nothing was changed. Wait for its end (`lightctl rollout status`), or take it "
            "back with `lightctl rollout undo`."
        )


def _refuse_stale(desk: Desk, planned: Planned, plan: str | None) -> None:
    base, current = planned.draft.base_version, desk.store.schedules().version
    if current != base:
        raise SafetyRefused(
            f"the schedules changed meanwhile: version {current} is in force, this builds on {base}; nothing was "
            "changed. Plan again."
        )
    if plan is not None and plan != planned.id:
        raise SafetyRefused(
            f"the plan {plan} is stale: applied now, its files would do something else ({planned.id} on version "
            f"{current}), because schedules, lamps or limits changed since; nothing was changed. Plan again."
        )


def _refusal(planned: Planned, again: str) -> str:
    why = "; ".join(each.detail for each in planned.broken)
    options = {MAX_AFFECTED: f"--max-affected {planned.affected}", LOSSES: "--accept-losses"}
    rules = dict.fromkeys(each.rule for each in planned.broken)
    by_name = ""
    if rules.keys() <= options.keys():
        by_name = f", or say {' '.join(options[rule] for rule in rules)} if you mean it"
    return (
        f"{why}; nothing was changed. A second person can approve it: `lightctl schedule approve {planned.id}`, then "
        f"{again}{by_name}."
    )


def _propose(desk: Desk, actor: Actor, planned: Planned, guard: Guard) -> None:
    rules = ", ".join(f"{each.rule} {each.value} over {each.limit}" for each in planned.broken)
    proposal = Proposal(
        plan=planned.id,
        base_version=planned.draft.base_version,
        proposed_at=desk.now(),
        user=actor.user,
        reason=guard.reason,
        files=planned.draft.files,
        broken=planned.named,
        summary=planned.view.summary,
    )
    desk.store.propose(proposal, desk.audit(actor, "schedule refused", planned.id, guard, rules))


def approve(desk: Desk, actor: Actor, plan: str, guard: Guard) -> ProposalView:
    """Approve another person's plan; raises NotPermitted for one's own, SafetyRefused for one that is stale."""
    found = desk.store.proposal(plan)
    if found is None:
        raise UnknownTarget(f"no plan {plan!r} waits for approval. `lightctl schedule proposals` lists them.")
    if found.user == actor.user:
        raise NotPermitted(
            f"{actor.user!r} proposed this plan; approval needs a second person with a token of their own "
            "(`lightctl token create`)."
        )
    current = desk.store.schedules().version
    if found.base_version != current:
        raise SafetyRefused(
            f"the plan {plan} is stale: it builds on version {found.base_version} and {current} is in force. "
            "Plan again."
        )
    if not found.approved_by and not guard.dry_run:
        desk.store.approve(plan, desk.audit(actor, "schedule approve", plan, guard, f"proposed by {found.user}"))
        found = desk.store.proposal(plan) or found
    return _proposal(found)


def proposals(desk: Desk) -> tuple[ProposalView, ...]:
    """Give the plans that guard rails stopped and that still build on what is in force, newest first."""
    return tuple(_proposal(each) for each in desk.store.proposals(desk.store.schedules().version))


def history(desk: Desk, limit: int) -> tuple[VersionView, ...]:
    """Give the versions of the schedules, newest first."""
    current = desk.store.schedules().version
    return tuple(_version(each, current) for each in desk.store.schedule_versions(limit))


def undo_draft(desk: Desk, version: int | None) -> Draft:
    """Read what a way back to an earlier version (None: the one before) needs; raises UnknownTarget, InvalidInput."""
    current = desk.store.schedules().version
    target = current - 1 if version is None else version
    if current == 0 or (version is None and target < 1):
        raise UnknownTarget("there is no earlier version to go back to. `lightctl schedule history` lists them.")
    found = desk.store.schedules(target)
    if found.applied_at is None:
        raise UnknownTarget(f"there is no version {target}. `lightctl schedule history` lists them.")
    if target == current:
        raise InvalidInput("--to", f"version {target} is in force already", hint="Name an earlier one.")
    cause = f"undo of {current}" if target == current - 1 else f"back to {target}"
    return draft(desk, found.files, cause)


def _proposal(found: Proposal) -> ProposalView:
    return ProposalView(
        plan=found.plan,
        base_version=found.base_version,
        proposed_at=found.proposed_at,
        user=found.user,
        reason=found.reason,
        guards=guard_views(found.broken),
        summary=found.summary,
        approved_at=found.approved_at,
        approved_by=found.approved_by,
    )


def _version(found: ScheduleVersion, current: int) -> VersionView:
    return VersionView(
        version=found.version,
        applied_at=found.applied_at,
        user=found.user,
        cause=found.cause,
        reason=found.reason,
        affected=found.affected,
        approved_by=found.approved_by,
        in_force=found.version == current,
    )
