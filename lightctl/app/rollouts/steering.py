"""Steering roll-outs: people start, pause, resume and undo them, wave by wave; the controller does the rest.

A roll-out needs what `schedule apply` needs: a plan that is not stale, and a second person where a guard rail stands in
its way. While it is under way the version it builds on stays in force, and nobody else changes schedules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from lightctl.app.asking import Actor, Guard
from lightctl.app.desk import Desk
from lightctl.app.rollouts import words as rollout_words
from lightctl.app.rollouts.views import RolloutView
from lightctl.app.schedules.plan import Planned
from lightctl.app.schedules.scheduling import admit, refuse_beside_rollout
from lightctl.control.waves import members_of, waves_of
from lightctl.domain.errors import InvalidInput, SafetyRefused, UnknownTarget
from lightctl.domain.events import Event, IntentChanged, RolloutChanged
from lightctl.domain.rollouts import (
    Figures,
    OnFailure,
    Rollout,
    RolloutState,
    parse_percent,
    parse_portion,
    parse_window,
)
from lightctl.files.schedules import read_schedules
from lightctl.store.sqlite import SqliteStore


@dataclass(frozen=True, slots=True)
class Manner:
    """How a roll-out shall go, as people write it: shares are `10%` or a number of nodes, a window is `22:00-05:00`.

    soak_s: how long a wave is watched. pace: nodes a second and feeder.
    """

    canary: str = "1%"
    waves: tuple[str, ...] = ("10%", "50%", "100%")
    window: str | None = None
    max_failures: str = "5%"
    on_failure: OnFailure = OnFailure.PAUSE
    soak_s: float = 600.0
    pace: int = 10


def start(
    desk: Desk, actor: Actor, planned: Planned, manner: Manner, guard: Guard, plan: str | None = None
) -> RolloutView:
    """Begin to bring a plan, of files without errors, to the street.

    Raises SafetyRefused as `scheduling.commit` does, InvalidInput for a manner that cannot be.
    """
    refuse_beside_rollout(desk)
    rollout = _drafted(desk, actor, planned, manner, guard)
    view = admit(desk, actor, planned, guard, plan, again="start again")
    assert view.plan is not None, "the files have errors"
    rollout = replace(rollout, approved_by=view.plan.approved_by)
    if guard.dry_run:
        return rollout_words.tried(_shown(desk, rollout))
    waves = ", ".join(str(sum(map(len, wave))) for wave in rollout.waves)
    detail = f"{planned.id}: {rollout.nodes} nodes in waves of {waves}"
    if rollout.approved_by:
        detail += f", approved by {rollout.approved_by}"
    if guard.accept_losses and planned.lost:
        detail += f", losses accepted on {', '.join(planned.lost)}"
    desk.store.start_rollout(rollout, desk.audit(actor, "rollout start", _name(rollout), guard, detail))
    desk.notify([RolloutChanged(rollout, planned.intent)])
    return _shown(desk, rollout)


def _drafted(desk: Desk, actor: Actor, planned: Planned, manner: Manner, guard: Guard) -> Rollout:
    members = members_of(desk.fleet, planned.touched)
    if not members:
        raise InvalidInput(
            "files",
            "no node has a different night under these schedules, so there is nothing to roll out",
            hint="`lightctl schedule apply` puts them in force.",
        )
    canary = parse_portion(manner.canary, "canary")
    portions = [parse_portion(text, "waves") for text in manner.waves]
    now = desk.now()
    return Rollout(
        id=desk.store.next_rollout(),
        plan=planned.id,
        base_version=planned.draft.base_version,
        files=planned.draft.files,
        waves=waves_of(members, canary, portions, manner.pace),
        light_points=planned.affected,
        started_at=now,
        changed_at=now,
        user=actor.user,
        reason=guard.reason,
        window=None if manner.window is None else parse_window(manner.window, "window"),
        on_failure=manner.on_failure,
        soak_s=manner.soak_s,
        pace=manner.pace,
        max_failures_percent=parse_percent(manner.max_failures, "max_failures"),
    )


def pause(desk: Desk, actor: Actor, rollout_id: str, guard: Guard) -> RolloutView:
    """Move nobody further; those that have moved stay."""
    rollout = _under_way(desk, rollout_id)
    if rollout.state is RolloutState.PAUSED:
        raise InvalidInput("rollout", f"roll-out {rollout.id} is paused already", hint="`resume` or `undo` it.")
    detail = f"by {actor.user}" + (f": {guard.reason}" if guard.reason else "")
    return _tell(desk, actor, replace(rollout, state=RolloutState.PAUSED, detail=detail), guard, "rollout pause")


def resume(desk: Desk, actor: Actor, rollout_id: str, max_failures: str | None, guard: Guard) -> RolloutView:
    """Go on, the wave at work being watched anew; raises SafetyRefused while more nodes failed than it allows."""
    rollout = _under_way(desk, rollout_id)
    if rollout.state is RolloutState.RUNNING:
        raise InvalidInput("rollout", f"roll-out {rollout.id} is running already")
    allowed = rollout.max_failures_percent
    if max_failures is not None:
        allowed = parse_percent(max_failures, "max_failures")
    view = _shown(desk, rollout)
    if Figures(view.moved, view.followed, view.failed, view.gone).fail(allowed):
        share = 100 * view.failed / view.moved
        raise SafetyRefused(
            f"{view.failed:,} of {view.moved:,} nodes that moved failed ({share:.3g} %) and roll-out {rollout.id} "
            f"allows {allowed:g} %; nothing was changed. `lightctl rollout status` names them. Say --max-failures to "
            "go on all the same, or undo it."
        )
    soaks_from = None if rollout.soaks_from is None else desk.now()
    resumed = replace(
        rollout, state=RolloutState.RUNNING, max_failures_percent=allowed, soaks_from=soaks_from, detail=""
    )
    return _tell(desk, actor, resumed, guard, "rollout resume")


def undo(desk: Desk, actor: Actor, rollout_id: str, guard: Guard) -> RolloutView:
    """Take everybody who has moved back to the version in force."""
    rollout = _under_way(desk, rollout_id)
    moved = len(rollout.moved)
    who = "1 node goes" if moved == 1 else f"{moved:,} nodes go"
    detail = f"{who} back to version {rollout.base_version}"
    return _tell(desk, actor, replace(rollout, state=RolloutState.UNDONE, detail=detail), guard, "rollout undo")


def rollouts(desk: Desk, limit: int) -> tuple[RolloutView, ...]:
    """Give roll-outs, newest first."""
    return tuple(_shown(desk, rollout) for rollout in desk.store.rollouts(limit))


def status(desk: Desk, rollout_id: str) -> RolloutView:
    """Give a roll-out with the nodes that failed; raises UnknownTarget."""
    rollout = _known(desk, rollout_id)
    standings = desk.store.standings(rollout.id)
    view = rollout_words.shown(rollout, standings, desk.now(), desk.settings.site.time_zone)
    return replace(view, failures=rollout_words.failures(rollout, standings, desk.fleet))


def now_in_force(store: SqliteStore, moved: Iterable[Rollout]) -> Iterator[Event]:
    """Tell of the schedules that roll-outs have put in force by being done."""
    for rollout in moved:
        kept = store.rollout(rollout.id) if rollout.state is RolloutState.DONE else None
        if kept is not None and kept.version is not None:
            yield IntentChanged(read_schedules(dict(kept.files)).intent, f"schedule version {kept.version}")


def _tell(desk: Desk, actor: Actor, told: Rollout, guard: Guard, verb: str) -> RolloutView:
    told = replace(told, edition=told.edition + 1, changed_at=desk.now())
    if guard.dry_run:
        return replace(_shown(desk, told), dry_run=True)
    coming = desk.plans.staged.coming
    assert coming is not None
    desk.store.tell_rollout(told, desk.audit(actor, verb, _name(told), guard, told.detail))
    desk.notify([RolloutChanged(told, coming.intent)])
    return _shown(desk, told)


def _shown(desk: Desk, rollout: Rollout) -> RolloutView:
    return rollout_words.shown(rollout, desk.store.standings(rollout.id), desk.now(), desk.settings.site.time_zone)


def _known(desk: Desk, rollout_id: str) -> Rollout:
    found = desk.store.rollout(rollout_id)
    if found is None:
        raise UnknownTarget(f"no roll-out {rollout_id!r} is known. `lightctl rollout list` shows them.")
    return found


def _under_way(desk: Desk, rollout_id: str) -> Rollout:
    found = _known(desk, rollout_id)
    if found.state.ended:
        instead = " `lightctl schedule undo` takes its schedules back." if found.version is not None else ""
        raise InvalidInput("rollout", f"roll-out {found.id} is {found.state}, it is over.{instead}")
    return found


def _name(rollout: Rollout) -> str:
    return f"rollout {rollout.id}"
