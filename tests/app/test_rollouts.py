"""Roll-outs as people meet them: started under the guard rails of schedules, told of truthfully, and the way back."""

import asyncio
import datetime as dt
import sqlite3
from dataclasses import replace

import pytest

from lightctl.app.asking import Actor, Guard, Role
from lightctl.app.live import Live
from lightctl.app.rollouts.steering import Manner
from lightctl.app.running.boot import boot_events
from lightctl.app.running.recorder import Recorder
from lightctl.app.schedules.plan import make
from lightctl.app.steps import finish
from lightctl.control.controller import Controller
from lightctl.control.policy import Policy
from lightctl.devices.profile import shipped_profiles
from lightctl.domain import events as ev
from lightctl.domain.errors import InvalidInput, NotPermitted, SafetyRefused, StoreError, UnknownTarget
from lightctl.domain.rollouts import MemberState, OnFailure, RolloutState, Standing
from lightctl.domain.states import ChannelReport, DesiredState, Reason, ReportedState
from lightctl.store.base import Recorded
from tests.support.desk import INVENTORY, NOW, OPERATOR, SCHEDULES, TECHNICIAN, VIEWER, Office
from tests.support.stores import draft

CITY = SCHEDULES["city.yaml"]
BRIGHTER = {"city.yaml": CITY.replace("level: 50", "level: 90")}
DARK = {"city.yaml": CITY.replace("level: 50", "level: 0")}
SECOND = Actor("sven", Role.OPERATOR)
NO_GUARD = Guard()
ONE_BY_ONE = Manner(canary="1", waves=("2", "100%"), soak_s=60.0)
LATE = dt.datetime(2026, 12, 4, 23, 0, tzinfo=dt.UTC)


PLANS = {}


@pytest.fixture
def office():
    """The office, its first schedules put in force without a plan of a year."""
    office = Office()
    office.operations.inventory_import(
        OPERATOR, INVENTORY, format="csv", name="i.csv", mapping=None, skip_bad_rows=False, guard=NO_GUARD
    )
    office.store.put_schedules(SCHEDULES, draft(verb="schedule apply"))
    office.told.clear()
    yield office
    office.store.close()


def planned(office, files=BRIGHTER, guard=NO_GUARD, actor=OPERATOR):
    """Give the plan of files; the same draft always has the same, and a year of nights takes its time."""
    drafted = office.operations.schedule_draft(actor, files)
    key = (tuple(files.items()), drafted.base_version, drafted.now, guard, len(drafted.points))
    if key not in PLANS:
        PLANS[key] = make(drafted, guard)
    return PLANS[key]


def start(office, files=BRIGHTER, manner=ONE_BY_ONE, guard=NO_GUARD, plan=None, actor=OPERATOR):
    ready = planned(office, files, guard, actor)
    return office.operations.rollout_start(actor, ready, manner, guard, plan)


def the_only(office):
    return office.store.rollout_under_way()


def move(office, **changes):
    """Let the controller have moved it on."""
    moved = replace(the_only(office), **changes)
    office.store.commit(Recorded(rollouts=(moved,)))
    return moved


def test_a_roll_out_is_started_with_its_waves_and_nothing_is_in_force_yet(office):
    view = start(office, guard=Guard(reason="more light"))
    assert (view.id, view.state, view.base_version, view.version) == ("1", "running", 1, None)
    assert (view.nodes, view.light_points, view.moved) == (3, 3, 0)
    assert [wave.nodes for wave in view.waves] == [1, 1, 1]
    assert office.store.schedules().version == 1
    assert finish(office.operations.status(VIEWER)).notes == ("roll-out 1 is running: the canary, 0 of 3 nodes moved",)
    (told,) = office.told
    assert isinstance(told, ev.RolloutChanged)
    assert told.rollout.files == BRIGHTER
    entry = office.operations.audit_list(VIEWER, limit=1)[0]
    assert (entry.verb, entry.target, entry.reason) == ("rollout start", "rollout 1", "more light")


def test_a_dry_run_shows_the_waves_and_starts_nothing(office):
    view = start(office, guard=Guard(dry_run=True))
    assert (view.state, view.dry_run, [wave.nodes for wave in view.waves]) == ("planned", True, [1, 1, 1])
    assert office.store.rollouts() == ()
    assert office.told == []


def test_guard_rails_are_those_of_apply_and_one_approval_serves_both(office):
    with pytest.raises(SafetyRefused, match=r"schedule approve plan-\w+`, then start again") as refused:
        start(office, DARK)
    plan = refused.value.view.plan.id
    assert office.store.rollouts() == ()
    office.operations.schedule_approve(SECOND, plan, Guard())
    view = start(office, DARK, plan=plan)
    assert (view.state, view.plan, view.approved_by) == ("running", plan, "sven")


def test_a_stale_plan_is_refused(office):
    ready = planned(office)
    office.operations.schedule_apply(OPERATOR, {"other.yaml": CITY}, Guard())
    with pytest.raises(SafetyRefused, match="version 2 is in force, this builds on 1"):
        office.operations.rollout_start(OPERATOR, ready, ONE_BY_ONE, NO_GUARD)
    with pytest.raises(SafetyRefused, match="stale"):
        start(office, plan=ready.id)


def test_while_one_is_under_way_nobody_else_changes_schedules(office):
    start(office)
    refusals = [
        lambda: office.operations.schedule_commit(OPERATOR, planned(office), NO_GUARD),
        lambda: office.operations.schedule_commit(OPERATOR, planned(office), Guard(dry_run=True)),
        lambda: start(office),
    ]
    for state in ("running", "paused"):
        for refused in refusals:
            with pytest.raises(SafetyRefused, match=f"roll-out 1 is {state}"):
                refused()
        if state == "running":
            office.operations.rollout_pause(OPERATOR, "1", Guard())
    assert office.store.schedules().version == 1
    office.operations.rollout_undo(OPERATOR, "1", Guard())
    assert office.operations.schedule_apply(OPERATOR, BRIGHTER, Guard()).version == 2


def test_only_operators_move_it_and_everybody_may_look(office):
    for actor in (TECHNICIAN, VIEWER):
        with pytest.raises(NotPermitted):
            start(office, actor=actor)
    start(office)
    for verb in ("rollout_pause", "rollout_undo"):
        with pytest.raises(NotPermitted):
            getattr(office.operations, verb)(TECHNICIAN, "1", Guard())
    assert office.operations.rollout_status(VIEWER, "1").state == "running"
    assert [view.id for view in office.operations.rollout_list(VIEWER, limit=5)] == ["1"]


def test_what_changes_no_night_is_nothing_to_roll_out(office):
    with pytest.raises(InvalidInput, match="nothing to roll out"):
        start(office, {"other-name.yaml": CITY})


@pytest.mark.parametrize(
    "wrong",
    [{"canary": "0"}, {"waves": ("50%", "10%", "x")}, {"window": "late"}, {"max_failures": "5"}],
)
def test_a_manner_that_cannot_be_is_refused_by_name(office, wrong):
    with pytest.raises(InvalidInput):
        start(office, manner=replace(ONE_BY_ONE, **wrong))
    assert office.store.rollouts() == ()


def test_a_pause_a_resume_and_an_undo_are_told_and_in_the_audit(office):
    start(office)
    office.told.clear()
    assert office.operations.rollout_pause(OPERATOR, "1", Guard(reason="storm")).detail == "by olga: storm"
    with pytest.raises(InvalidInput, match="paused already"):
        office.operations.rollout_pause(OPERATOR, "1", Guard())
    assert office.operations.rollout_resume(OPERATOR, "1", None, Guard()).state == "running"
    with pytest.raises(InvalidInput, match="is running already"):
        office.operations.rollout_resume(OPERATOR, "1", None, Guard())
    assert office.operations.rollout_undo(OPERATOR, "1", Guard()).state == "undone"
    assert [event.rollout.state for event in office.told] == ["paused", "running", "undone"]
    assert [event.rollout.edition for event in office.told] == [2, 3, 4]
    assert office.verbs[-4:] == ["rollout start", "rollout pause", "rollout resume", "rollout undo"]
    with pytest.raises(InvalidInput, match="it is over"):
        office.operations.rollout_resume(OPERATOR, "1", None, Guard())
    with pytest.raises(UnknownTarget, match="no roll-out '7'"):
        office.operations.rollout_undo(OPERATOR, "7", Guard())


def test_trying_a_pause_or_an_undo_changes_nothing(office):
    start(office)
    office.told.clear()
    assert office.operations.rollout_undo(OPERATOR, "1", Guard(dry_run=True)).dry_run
    assert office.operations.rollout_pause(OPERATOR, "1", Guard(dry_run=True)).dry_run
    assert (the_only(office).state, office.told) == ("running", [])
    assert office.verbs[-1] == "rollout start"


def test_going_on_with_more_failures_than_allowed_has_to_be_said(office):
    start(office)
    (canary,) = the_only(office).waves[0][0]
    move(office, batches=1)
    office.store.commit(Recorded(standings=(Standing("1", canary, MemberState.FAILED, "no answer"),)))
    office.operations.rollout_pause(OPERATOR, "1", Guard())
    with pytest.raises(SafetyRefused, match=r"1 of 1 nodes that moved failed \(100 %\) and roll-out 1 allows 5 %"):
        office.operations.rollout_resume(OPERATOR, "1", None, Guard())
    view = office.operations.rollout_resume(OPERATOR, "1", "100%", Guard())
    assert (view.state, view.max_failures_percent) == ("running", 100.0)
    (failure,) = office.operations.rollout_status(VIEWER, "1").failures
    assert (failure.node, failure.wave, failure.detail) == (canary, 0, "no answer")
    assert failure.light_points == tuple(p.id for p in office.store.points() if p.node == canary)


def test_the_views_of_a_lamp_say_which_schedules_it_follows(office):
    office.now = LATE
    start(office)
    office.now = moved_at = LATE + dt.timedelta(minutes=2)
    move(office, batches=1, moved_at=LATE)
    move(office, wave=1, batches=1, moved_at=moved_at)
    points = {point.node: point.id for point in office.store.points() if point.kind == "lamp"}
    (canary,) = the_only(office).moved & points.keys()
    other = next(light for node, light in points.items() if node != canary)
    assert office.operations.light_show(VIEWER, points[canary]).desired.level == 90
    assert office.operations.light_show(VIEWER, other).desired.level == 50
    said = [office.operations.why(VIEWER, light) for light in (points[canary], other)]
    assert [why.level for why in said] == [90, 50]
    before = office.operations.why(VIEWER, points[canary], moved_at - dt.timedelta(seconds=1))
    assert (before.level, before.next[0].at, before.next[0].level) == (50, moved_at, 90)
    assert office.operations.why(VIEWER, points[canary], moved_at + dt.timedelta(days=1)).level == 90
    moved, waiting = (why.chain[-1] for why in said)
    assert (moved.layer, moved.verdict) == ("rollout", "chosen")
    assert "roll-out 1 (running), wave 1 of 2: moved" in moved.detail
    assert waiting.verdict == "none"
    assert "not moved yet, version 1 holds" in waiting.detail
    office.now = undone_at = moved_at + dt.timedelta(minutes=2)
    office.operations.rollout_undo(OPERATOR, "1", Guard())
    assert office.operations.light_show(VIEWER, points[canary]).desired.level == 50
    now, then = (office.operations.why(VIEWER, points[canary], at) for at in (None, moved_at))
    assert (now.level, then.level, then.until) == (50, 90, undone_at)
    assert [why.chain[-1].layer for why in (now, then)] == ["schedule", "inventory"]
    assert "roll-out 1 (undone), wave 1 of 2: moved" in then.chain[-2].detail


def test_the_end_puts_its_schedules_in_force_as_one_version_with_one_entry(office):
    office.operations.schedule_export(VIEWER)
    start(office, guard=Guard(reason="council 12"))
    entries = len(office.verbs)
    move(office, state=RolloutState.DONE, wave=2, batches=1, detail="3 of 3 nodes followed, 0 failed", changed_at=LATE)
    newest = office.operations.schedule_history(VIEWER, limit=1)[0]
    assert (newest.version, newest.cause, newest.user, newest.reason) == (2, "rollout 1", "olga", "council 12")
    assert (newest.affected, newest.applied_at) == (3, LATE)
    assert office.store.schedules().files == BRIGHTER
    assert office.verbs[entries:] == ["rollout done"]
    assert office.operations.audit_verify(VIEWER).ok
    view = office.operations.rollout_status(VIEWER, "1")
    assert (view.state, view.version, view.moved) == ("done", 2, 3)
    with pytest.raises(InvalidInput, match="schedule undo"):
        office.operations.rollout_undo(OPERATOR, "1", Guard())
    undo = make(office.operations.schedule_undo_draft(OPERATOR, None), NO_GUARD)
    assert office.operations.schedule_commit(OPERATOR, undo, NO_GUARD).version == 3
    assert office.store.schedules().files == SCHEDULES


def test_what_the_controller_decided_before_it_heard_of_people_is_not_kept(office):
    start(office)
    early = the_only(office)
    office.operations.rollout_pause(OPERATOR, "1", Guard())
    office.store.commit(Recorded(rollouts=(replace(early, batches=1, state=RolloutState.DONE, changed_at=NOW),)))
    kept = the_only(office)
    assert (kept.state, kept.batches, office.store.schedules().version) == ("paused", 0, 1)


def test_the_database_keeps_one_at_a_time_and_what_each_brings(office):
    start(office)
    with pytest.raises(StoreError, match="UNIQUE"):
        office.store.start_rollout(replace(the_only(office), id="2"), draft())
    for statement in ("DELETE FROM rollouts", "UPDATE rollouts SET doc = '{}'"):
        with pytest.raises(sqlite3.IntegrityError):
            office.store._main.db.conn.execute(statement)
    office.operations.rollout_undo(OPERATOR, "1", Guard())
    with pytest.raises(sqlite3.IntegrityError, match="ended stays"):
        office.store._main.db.conn.execute("UPDATE rollouts SET state = 'running'")
    start(office)
    assert the_only(office).id == "2"


# -- with a controller ------------------------------------------------------------------------------------------------


class Town:
    """The office with a controller and nodes that obey, those named dead apart; everything goes through the store."""

    def __init__(self, office, dead=()):
        self.office = office
        self.dead = set(dead)
        self.seq = 0
        self.wanted = {}
        self.boot()

    def boot(self):
        office = self.office
        self.controller = Controller(Policy(), shipped_profiles(), "Europe/Berlin")
        live = Live(office.now, lambda: office.now)
        self.recorder = Recorder(office.store, run_here, live, office.told.extend)
        office.told.clear()
        self.step(*boot_events(office.store.replay(office.now), "Europe/Berlin"))

    def step(self, *events):
        effects = self.controller.step(events, self.office.now)
        asyncio.run(self.recorder.record(effects))
        self.review_at = effects.review_at
        answers = []
        for submission in effects.submissions:
            if isinstance(submission.content, DesiredState) and submission.node.id not in self.dead:
                self.wanted[submission.node.id] = submission.content
                answers += self.answer(submission.content)
        told, self.office.told[:] = [*self.office.told], []
        if answers or told:
            self.step(*answers, *told)

    def answer(self, desired):
        self.seq += 1
        now = self.office.now
        level = desired.channels[0].level_at(now)
        said = {0: ChannelReport(level=level, commanded=level, reason=Reason.PROGRAM)}
        report = ReportedState(desired.node, now, said, "b1", self.seq, now, desired.revision)
        return ev.CommandSent(desired.node, desired.revision, now), ev.NodeReported(report)

    def live(self, seconds):
        until = self.office.now + dt.timedelta(seconds=seconds)
        while self.office.now < until:
            self.office.now = min(until, self.review_at or until, self.office.now + dt.timedelta(seconds=300))
            reports = (self.answer(wanted)[1] for wanted in self.wanted.values() if wanted.node not in self.dead)
            self.step(*reports)


async def run_here(work):
    return work()


def test_a_roll_out_goes_through_daemon_restarts_to_its_end_and_becomes_the_schedules(office):
    town = Town(office)
    start(office)
    town.step()
    assert office.operations.rollout_status(VIEWER, "1").followed == 1
    town.boot()
    town.live(70)
    view = office.operations.rollout_status(VIEWER, "1")
    assert (view.wave, view.moved, view.followed) == (1, 2, 2)
    town.boot()
    town.live(10)
    assert office.operations.rollout_status(VIEWER, "1").waits_for == "wave 1 of 2 to prove itself"
    town.live(200)
    view = office.operations.rollout_status(VIEWER, "1")
    assert (view.state, view.version, view.followed, view.failed, view.pending) == ("done", 2, 3, 0, 0)
    assert all(has_level(wanted, 90) for wanted in town.wanted.values())
    sent = {node: wanted.revision for node, wanted in town.wanted.items()}
    town.boot()
    town.live(60)
    assert {node: wanted.revision for node, wanted in town.wanted.items()} == sent, "the end changes nothing"
    assert office.operations.schedule_apply(OPERATOR, SCHEDULES, Guard()).version == 3


def has_level(desired, level):
    return any(switch.level == level for switch in desired.channels[0].switches)


def test_a_dead_canary_pauses_it_and_a_daemon_started_anew_leaves_it_paused(office):
    start(office)
    canary = the_only(office).waves[0][0][0]
    town = Town(office, dead={canary})
    town.live(1000)
    view = office.operations.rollout_status(VIEWER, "1")
    assert (view.state, view.moved, [failure.node for failure in view.failures]) == ("paused", 1, [canary])
    assert view.detail.startswith("0 of 1 nodes followed, 1 failed: 100 %")
    assert office.verbs[-1] == "rollout pause"
    assert office.operations.audit_list(VIEWER, limit=1)[0].user == "lightctl"
    town.boot()
    town.live(1000)
    assert office.operations.rollout_status(VIEWER, "1").state == "paused"
    town.dead.clear()
    office.operations.rollout_resume(OPERATOR, "1", "100%", Guard())
    town.live(2000)
    assert office.operations.rollout_status(VIEWER, "1").state == "done"


def test_one_that_undoes_itself_brings_the_moved_lamps_back(office):
    town = Town(office)
    before = {node: wanted.channels for node, wanted in town.wanted.items()}
    start(office, manner=replace(ONE_BY_ONE, on_failure=OnFailure.UNDO, canary="2", waves=("100%",)))
    town.dead = {the_only(office).waves[0][0][0]}
    town.live(1500)
    view = office.operations.rollout_status(VIEWER, "1")
    assert (view.state, view.moved) == ("undone", 2)
    assert {node: wanted.channels for node, wanted in town.wanted.items()} == before
    assert office.verbs[-1] == "rollout undo"
    assert office.store.schedules().version == 1
