"""Self-tests: drive the lamps of a node on, dimmed and off, and say from its reports what followed.

Stores a plan of overrides, each of which ends by itself; the daemon delivers them like all others. A protection that is
asked for while the test runs is kept: the trial below it is skipped and says so, unless a crew's maintenance goes below
that protection by name.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from lightctl.app.asking import Actor, Guard
from lightctl.app.crews.views import CheckView, SelfTestView
from lightctl.app.desk import Desk, new_id
from lightctl.app.reading import LEVEL_TOLERANCE, capabilities_of
from lightctl.control.self_test import TRIALS, Verdict, judge_restored, judge_trial, plan_trials
from lightctl.devices.fit import fit_level
from lightctl.domain.assets import Capabilities, LifeCycle, LightPoint, Node
from lightctl.domain.crews import SelfTest
from lightctl.domain.errors import InvalidInput, LinkDown, UnknownTarget
from lightctl.domain.events import OverrideSet
from lightctl.domain.selectors import Operator, Selector, Term
from lightctl.domain.states import CommandState, Override, ReportedState, Scope
from lightctl.planning.overrides import in_force

SHORTEST_STEP_S, LONGEST_STEP_S = 2.0, 600.0
DELIVERED, RESTORED = "delivery", "restored"


def start(desk: Desk, actor: Actor, name: str, step_s: float, guard: Guard) -> SelfTestView:
    """Begin a self-test of a node, or of the lamp of a light point; each trial takes `step_s` seconds.

    Raises UnknownTarget, InvalidInput where nothing can be driven or a test runs already, LinkDown without a daemon.
    """
    if not SHORTEST_STEP_S <= step_s <= LONGEST_STEP_S:
        raise InvalidInput("step", f"{step_s:g} s is not within {SHORTEST_STEP_S:g} to {LONGEST_STEP_S:g} s")
    node, lamps = _under_test(desk, name)
    desk.check_reach(len(lamps), guard)
    if desk.live is None:
        raise LinkDown("No daemon runs that could drive the lamps; nothing was changed. Start `lightctl serve`.")
    now = desk.now()
    running = desk.store.running_self_test(node.id, now)
    if running is not None:
        raise InvalidInput(
            f"node {node.id}", f"{running.id} runs until {running.until:%H:%M:%SZ}", hint="Wait for its end."
        )
    latest = now + dt.timedelta(seconds=step_s * len(TRIALS))
    lifted = {lamp.id for lamp in lamps if _lifted(desk, lamp, now, latest)}
    floors = {lamp.id: 0 if lamp.id in lifted else desk.plan_of(lamp).floor_within(lamp, now, latest) for lamp in lamps}
    trials = plan_trials(lamps, _capabilities(desk, node), floors, now, step_s)
    test = SelfTest(new_id("self-test"), node.id, now, max(trial.end for trial in trials), trials)
    if guard.dry_run:
        return _view(desk, test, dry_run=True)
    overrides = tuple(_overrides(test, guard.reason, actor.user, lifted))
    said = "; ".join(f"{each.name} {each.light_point} skipped: {each.skipped}" for each in trials if each.skipped)
    with desk.store.transaction():
        desk.store.add_overrides(overrides, test.id, None)
        desk.store.add_self_test(test, desk.audit(actor, "node self-test", node.id, guard, said))
    desk.notify([OverrideSet(override) for override in overrides])
    return _view(desk, test)


def shown(desk: Desk, test_id: str) -> SelfTestView:
    """Say what came of a self-test so far; raises UnknownTarget."""
    test = desk.store.self_test(test_id)
    if test is None:
        raise UnknownTarget(f"no self-test {test_id!r} is known. `lightctl node self-test NODE` begins one.")
    return _view(desk, test)


def _under_test(desk: Desk, name: str) -> tuple[Node, tuple[LightPoint, ...]]:
    """Give the node of that name and its lamps, else the one lamp of a light point and its node."""
    node = desk.fleet.nodes.get(name)
    if node is not None:
        lamps = [desk.fleet.points[light] for light in node.channels.values()]
    else:
        point = desk.point(name)
        node = desk.fleet.nodes.get(point.node)
        if node is None:
            raise InvalidInput(f"light point {name}", "no node switches it", hint="`lightctl node claim` gives it one.")
        lamps = [point]
    used = tuple(lamp for lamp in lamps if lamp.state is LifeCycle.IN_USE)
    if not used:
        raise InvalidInput(name, f"nothing there is in use ({lamps[0].state})", hint="Only in_use is commanded.")
    return node, used


def _lifted(desk: Desk, lamp: LightPoint, now: dt.datetime, until: dt.datetime) -> bool:
    """Say whether a crew went below the lamp's protection by name, for longer than the test takes."""
    strongest = in_force(lamp, desk.store.overrides(now), now)
    return bool(strongest) and strongest[0].below_protection and strongest[0].until >= until


def _overrides(test: SelfTest, reason: str, user: str, lifted: set[str]) -> Iterator[Override]:
    for number, trial in enumerate((trial for trial in test.trials if not trial.skipped), 1):
        select = Selector((Term("id", Operator.EQUALS, (trial.light_point,)),))
        yield Override(
            f"{test.id}-{number}",
            Scope.MAINTENANCE,
            select,
            trial.level,
            trial.start,
            test.until,
            reason or "self-test",
            user,
            below_protection=trial.light_point in lifted,
        )


def _view(desk: Desk, test: SelfTest, *, dry_run: bool = False) -> SelfTestView:
    checks = tuple(_planned(test)) if dry_run else tuple(_checks(desk, test))
    pending = any(check.ok is None and not check.skipped for check in checks)
    return SelfTestView(
        test=test.id,
        node=test.node,
        at=test.at,
        until=test.until,
        finished=not pending,
        ok=None if pending else all(check.ok is not False for check in checks),
        checks=checks,
        dry_run=dry_run,
    )


def _planned(test: SelfTest) -> Iterator[CheckView]:
    for trial in test.trials:
        detail = trial.skipped or f"would be at {trial.level} % for {(trial.end - trial.start).total_seconds():g} s"
        yield CheckView(trial.name, trial.light_point, None, detail, skipped=bool(trial.skipped))


def _checks(desk: Desk, test: SelfTest) -> Iterator[CheckView]:
    now, patience_s = desk.now(), desk.settings.delivery.settle_s
    heard_until = test.until + dt.timedelta(seconds=patience_s)
    reports = desk.store.reports(test.node, test.at, heard_until)
    delivered = _delivery(desk, test, now, heard_until)
    yield CheckView(DELIVERED, "", delivered.ok, delivered.detail)
    node = desk.fleet.nodes.get(test.node)
    for light in test.light_points:
        if node is None or light not in node.channels.values():
            yield CheckView(RESTORED, light, False, f"node {test.node} switches it no longer")
            continue
        lamp = desk.fleet.points[light]
        for trial in (trial for trial in test.trials if trial.light_point == light):
            if trial.skipped:
                yield CheckView(trial.name, light, None, trial.skipped, skipped=True)
                continue
            found = judge_trial(trial, lamp, reports, now, LEVEL_TOLERANCE)
            yield CheckView(trial.name, light, found.ok, found.detail)
        due = _due(desk, node, lamp, reports, test, min(now, heard_until))
        found = judge_restored(lamp, reports, due, test.until, patience_s, now, LEVEL_TOLERANCE)
        yield CheckView(RESTORED, light, found.ok, found.detail)


def _delivery(desk: Desk, test: SelfTest, now: dt.datetime, given_up_at: dt.datetime) -> Verdict:
    """Say whether the node confirmed any of the test's orders; only its own word counts."""
    commands = [each for each in desk.store.commands(node=test.node, limit=100) if each.created_at >= test.at]
    confirmed = next((each for each in commands if each.state is CommandState.CONFIRMED), None)
    if confirmed is not None:
        return Verdict(True, f"node {test.node} confirmed revision {confirmed.revision}")
    detail = next((each.detail for each in commands if each.detail), "") or "no word of the node yet"
    return Verdict(None if now < given_up_at else False, detail)


def _due(
    desk: Desk, node: Node, lamp: LightPoint, reports: Sequence[ReportedState], test: SelfTest, now: dt.datetime
) -> tuple[int, ...]:
    """Give the levels the lamp may be due after the test: at the end, when it last spoke, and now."""
    spoke = max((report.received_at for report in reports), default=now)
    instants = {max(at, test.until) for at in (test.until, spoke, now)}
    can = _capabilities(desk, node)
    return tuple(
        fit_level(desk.plan_of(lamp).level_at(lamp, desk.store.overrides(at), at)[0], can, lamp.min_level)
        for at in instants
    )


def _capabilities(desk: Desk, node: Node) -> Capabilities:
    return capabilities_of(desk, node.profile, desk.store.nodes_seen((node.id,)).get(node.id))
