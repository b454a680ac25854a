"""Overrides with a life, over a real store and a real controller: they begin, count or not, end, and are told truly."""

import datetime as dt
from dataclasses import replace

import pytest

from lightctl.app.asking import Guard, Role, Target
from lightctl.app.running.boot import boot_events
from lightctl.app.steps import finish
from lightctl.control.controller import Controller
from lightctl.control.policy import Policy
from lightctl.devices.profile import shipped_profiles
from lightctl.domain.errors import InvalidInput, NotPermitted, SafetyRefused, UnknownTarget
from lightctl.domain.events import OverrideEnded, OverrideSet
from lightctl.domain.states import Command, CommandState, DesiredState
from lightctl.files.settings import Settings
from lightctl.store.base import Recorded
from tests.support.desk import NOW, OPERATOR, SETTINGS, TECHNICIAN, VIEWER, Office, fleet_of

HOUR = dt.timedelta(hours=1)
MINUTE = dt.timedelta(minutes=1)
LP1, STREET, ALL = Target(id="LP1"), Target(group="street"), Target(select="*")


def hold(office: Office, target: Target, level: int, begins=None, hours: float = 1, **guard: object) -> str:
    """Hold a level from now or later; gives the override's id."""
    start = None if begins is None else office.now + begins
    until = (start or office.now) + hours * HOUR
    view = office.operations.set_level(TECHNICIAN, target, level, until, Guard(**guard), start)
    (override,) = view.overrides
    return override


def listed(office: Office, **which: object) -> dict[str, str]:
    return {view.id: view.state for view in office.operations.override_list(VIEWER, **which)}


def confirmed(office: Office, node: str, revision: int) -> None:
    done = Command(
        node, revision, CommandState.CONFIRMED, "test", office.now, office.now + HOUR, finished_at=office.now
    )
    office.store.commit(Recorded(commands=(done,)))


# -- beginning later ----------------------------------------------------------------------------------------------


def test_a_level_that_begins_later_says_so_until_then_and_is_answered_for_from_then_on(office):
    start = NOW + 2 * HOUR
    view = office.operations.set_level(TECHNICIAN, STREET, 30, start + HOUR, Guard(), start)
    assert (view.start, view.until, view.pending) == (start, start + HOUR, 2)
    assert {point.detail for point in view.points} == {"begins at 2026-12-04T20:00:00Z"}
    confirmed(office, "n-1", 1)
    early = finish(office.operations.change(VIEWER, view.change))
    assert early.confirmed == 0, "a command of before says nothing about it"
    office.now = start
    assert {p.detail for p in finish(office.operations.change(VIEWER, view.change)).points} == {"accepted"}
    confirmed(office, "n-1", 2)
    assert finish(office.operations.change(VIEWER, view.change)).confirmed == 1
    office.now = start + HOUR
    late = {point.id: point for point in finish(office.operations.change(VIEWER, view.change)).points}["LP2"]
    assert (late.state, late.detail) == ("expired", "no command went out while it lasted")


def test_an_end_counts_from_the_beginning(office):
    start = NOW + 2 * HOUR
    view = office.operations.set_level(TECHNICIAN, LP1, 30, None, Guard(), start)
    assert view.until == start + 30 * MINUTE
    longest = dt.timedelta(hours=office.settings.safety.max_override_h)
    office.operations.set_level(TECHNICIAN, LP1, 30, start + longest, Guard(), start)


@pytest.mark.parametrize(
    ("start", "until", "where"),
    [
        (NOW - MINUTE, None, "start"),
        (NOW + 169 * HOUR, None, "start"),
        (NOW + 2 * HOUR, NOW + HOUR, "until"),
        (NOW + 2 * HOUR, NOW + 2 * HOUR, "until"),
        (NOW + 2 * HOUR, NOW + 15 * HOUR, "until"),
    ],
)
def test_a_beginning_or_end_that_cannot_be_is_refused_and_changes_nothing(office, start, until, where):
    before = office.verbs
    with pytest.raises(InvalidInput) as refused:
        office.operations.set_level(TECHNICIAN, LP1, 30, until, Guard(), start)
    assert refused.value.where == where
    assert (office.verbs, office.told) == (before, [])


def test_how_far_ahead_a_level_may_begin_is_a_setting():
    safety = SETTINGS.safety.model_copy(update={"max_override_ahead_h": 0.0})
    office = Office(settings=SETTINGS.model_copy(update={"safety": safety}))
    office.furnish()
    with pytest.raises(InvalidInput, match="max_override_ahead_h"):
        office.operations.set_level(TECHNICIAN, LP1, 30, None, Guard(), NOW + MINUTE)
    assert office.operations.set_level(TECHNICIAN, LP1, 30, None, Guard()).affected == 1
    office.store.close()


def test_the_audit_and_a_dry_run_tell_when_it_begins(office):
    tried = office.operations.set_level(TECHNICIAN, LP1, 30, None, Guard(dry_run=True), NOW + HOUR)
    assert (tried.start, tried.until, tried.overrides) == (NOW + HOUR, NOW + 1.5 * HOUR, ())
    hold(office, LP1, 30, begins=HOUR)
    (entry,) = office.operations.audit_list(VIEWER, limit=1)
    assert entry.detail == "30 % from 2026-12-04T19:00:00Z until 2026-12-04T20:00:00Z"


def test_asking_again_replaces_what_holds_or_the_plan_with_the_same_beginning_and_leaves_other_plans(office):
    now, later, latest = (
        hold(office, LP1, 10),
        hold(office, LP1, 20, begins=HOUR),
        hold(office, LP1, 30, begins=2 * HOUR),
    )
    again = hold(office, LP1, 11)
    assert listed(office) == {again: "in_force", latest: "waiting", later: "waiting"}
    corrected = hold(office, LP1, 21, begins=HOUR)
    assert listed(office) == {corrected: "waiting", again: "in_force", latest: "waiting"}
    assert listed(office, ended=True)[now] == "ended"


def run(office: Office, controller: Controller, until: dt.datetime, told: list | None = None) -> list[DesiredState]:
    """Ring the controller's alarms up to an instant; gives the documents it issued."""
    issued: list[DesiredState] = []
    effects = controller.step(office.told if told is None else told, office.now)
    while True:
        office.store.commit(Recorded(desired=effects.desired, commands=effects.commands))
        issued += effects.desired
        if effects.review_at is None or effects.review_at > until:
            office.now = until
            return issued
        office.now = effects.review_at
        effects = controller.step((), office.now)


def test_a_plan_survives_a_restart_and_a_restart_past_its_beginning(office):
    hold(office, LP1, 30, begins=HOUR)
    office.told.clear()
    boot = list(boot_events(office.store.replay(office.now), "Europe/Berlin"))
    issued = run(office, Controller(Policy(), shipped_profiles(), "Europe/Berlin"), NOW + 0.9 * HOUR, boot)
    assert {document.node for document in issued} == {"n-1", "n-2", "n-3"}
    assert not any(document.channels[0].override for document in issued)
    boot = list(boot_events(office.store.replay(office.now), "Europe/Berlin"))
    issued = run(office, Controller(Policy(), shipped_profiles(), "Europe/Berlin"), NOW + 1.1 * HOUR, boot)
    (document,) = [each for each in issued if each.channels[0].override]
    assert document.node == "n-1"
    assert (document.issued_at, document.channels[0].override.level) == (NOW + HOUR, 30)
    boot = list(boot_events(office.store.replay(office.now), "Europe/Berlin"))
    assert run(office, Controller(Policy(), shipped_profiles(), "Europe/Berlin"), office.now, boot) == []
    office.now = NOW + 3 * HOUR
    assert not any(
        isinstance(each, OverrideSet) for each in boot_events(office.store.replay(office.now), "Europe/Berlin")
    )


# -- which one counts ---------------------------------------------------------------------------------------------


def test_the_list_says_what_each_is_whom_it_concerns_and_which_one_counts(office):
    site = hold(office, ALL, 10, reason="storm")
    street = hold(office, STREET, 20, hours=2)
    one, two = hold(office, LP1, 30), hold(office, Target(id="LP2"), 40, begins=HOUR)
    views = {view.id: view for view in office.operations.override_list(VIEWER)}
    assert list(views) == [two, one, street, site], "the newest first"
    told = {
        name: (view.scope, view.target, view.select, view.state, view.lamps, view.deciding)
        for name, view in views.items()
    }
    assert told == {
        site: ("site", "*", "*", "in_force", 3, 1),
        street: ("group", "group:street", "group=street", "in_force", 2, 1),
        one: ("light_point", "LP1", "id=LP1", "in_force", 1, 1),
        two: ("light_point", "LP2", "id=LP2", "waiting", 1, 0),
    }
    assert (views[site].user, views[site].reason, views[site].outvoted_by) == (
        "timo",
        "storm",
        tuple(sorted((one, street))),
    )
    office.now += HOUR
    again = {view.id: view for view in office.operations.override_list(VIEWER)}
    assert {name: view.state for name, view in again.items()} == {two: "in_force", street: "in_force"}
    three = hold(office, LP1, 50)
    outvoted = office.operations.override_show(VIEWER, street)
    assert (outvoted.state, outvoted.deciding, outvoted.outvoted_by) == ("outvoted", 0, tuple(sorted((two, three))))


def test_the_list_keeps_what_is_over_with_how_it_ended_for_those_who_ask(office):
    by_itself, taken_back = hold(office, LP1, 10, hours=0.5), hold(office, STREET, 20, hours=2)
    replaced = hold(office, ALL, 30, hours=2)
    office.now += 10 * MINUTE
    office.operations.override_clear(OPERATOR, [taken_back], Guard())
    newest = hold(office, ALL, 40, hours=2)
    office.now += 0.5 * HOUR
    assert listed(office) == {newest: "in_force"}
    views = {view.id: view for view in office.operations.override_list(VIEWER, ended=True)}
    assert {name: view.state for name, view in views.items()} == {
        newest: "in_force",
        replaced: "ended",
        taken_back: "ended",
        by_itself: "expired",
    }
    assert {name: (view.ended_at, view.ended_by) for name, view in views.items()} == {
        newest: (None, None),
        replaced: (NOW + 10 * MINUTE, "timo"),
        taken_back: (NOW + 10 * MINUTE, "olga"),
        by_itself: (None, None),
    }
    assert list(office.operations.override_list(VIEWER, ended=True, limit=2)) == [views[newest], views[replaced]]


def test_the_list_of_a_target_holds_whatever_concerns_one_of_its_lamps(office):
    site, street, one, zebra = (hold(office, target, 10) for target in (ALL, STREET, LP1, Target(id="ZEBRA")))
    assert set(listed(office, target=LP1)) == {site, street, one}
    assert set(listed(office, target=Target(select="kind=crossing"))) == {site, zebra}
    assert set(listed(office, target=STREET)) == {site, street, one}
    with pytest.raises(UnknownTarget):
        listed(office, target=Target(id="NOPE"))


def test_what_comes_after_is_told_lamp_by_lamp_those_alike_together(office):
    site = hold(office, ALL, 10, hours=1)
    street = hold(office, STREET, 20, hours=2)
    planned = hold(office, LP1, 55, begins=1.5 * HOUR, hours=2)
    shown = {group.sample: group for group in office.operations.override_show(VIEWER, site).outcomes}
    assert {sample: (g.count, g.now.level, g.now.reason, g.now.ref) for sample, g in shown.items()} == {
        ("LP1", "LP2"): (2, 20, "override", street),
        ("ZEBRA",): (1, 80, "protection", "zebra crossings stay lit"),
    }
    assert (shown["ZEBRA",].after.level, shown["ZEBRA",].after.reason) == (100, "program")
    assert shown["LP1", "LP2"].after.ref == street
    after = {group.sample: group.after for group in office.operations.override_show(VIEWER, street).outcomes}
    assert {sample: (due.level, due.reason, due.ref) for sample, due in after.items()} == {
        ("LP1",): (55, "override", planned),
        ("LP2",): (100, "program", "street"),
    }
    waiting = office.operations.override_show(VIEWER, planned).outcomes
    assert [(group.now.level, group.after.level) for group in waiting] == [(20, 50)], "21:00Z is the step's"
    office.operations.override_clear(TECHNICIAN, [site], Guard())
    assert [group.after for group in office.operations.override_show(VIEWER, site).outcomes] == [None, None]
    with pytest.raises(UnknownTarget, match="override list"):
        office.operations.override_show(VIEWER, "override-none")


# -- ending -------------------------------------------------------------------------------------------------------


def test_clearing_ends_overrides_by_id_in_one_entry_and_is_confirmed_by_the_nodes(office):
    site, street, one = hold(office, ALL, 10), hold(office, STREET, 20), hold(office, LP1, 30)
    office.told.clear()
    entries = len(office.verbs)
    office.now += MINUTE
    view = office.operations.override_clear(TECHNICIAN, [street, one, street], Guard(reason="done"))
    assert (view.affected, view.pending) == (2, 2)
    assert office.told == [OverrideEnded(street), OverrideEnded(one)]
    assert office.verbs[entries:] == ["override clear"]
    (entry,) = office.operations.audit_list(VIEWER, limit=1)
    assert (entry.target, entry.reason, entry.detail) == (f"{street},{one}", "done", "2 overrides ended")
    confirmed(office, "n-1", 1)
    assert finish(office.operations.change(VIEWER, view.change)).confirmed == 1
    assert listed(office) == {site: "in_force"}


def test_clearing_all_ends_also_what_has_yet_to_begin_and_says_that_nothing_had_to_be_switched(office):
    hold(office, LP1, 30, hours=2)
    hold(office, Target(id="LP2"), 30, begins=HOUR)
    view = office.operations.override_clear(TECHNICIAN, None, Guard())
    assert {point.id: (point.state, point.detail) for point in view.points} == {
        "LP1": ("pending", "accepted"),
        "LP2": ("confirmed", "it had not begun; nothing had to be switched"),
    }
    assert office.operations.audit_list(VIEWER, limit=1)[0].target == "all"
    assert listed(office) == {}


def test_a_plan_taken_back_is_told_as_one_that_never_began(office):
    view = office.operations.set_level(TECHNICIAN, LP1, 30, None, Guard(), NOW + HOUR)
    office.operations.override_clear(OPERATOR, view.overrides, Guard())
    (point,) = finish(office.operations.change(VIEWER, view.change)).points
    assert (point.state, point.detail) == ("failed", "taken back by olga before it began")


def test_clearing_what_is_over_or_nothing_changes_nothing(office):
    held = hold(office, LP1, 30)
    office.operations.override_clear(TECHNICIAN, [held], Guard())
    before = office.verbs
    assert office.operations.override_clear(TECHNICIAN, [held], Guard()).affected == 0
    assert office.operations.override_clear(TECHNICIAN, None, Guard()).affected == 0
    other = hold(office, LP1, 40)
    with pytest.raises(UnknownTarget):
        office.operations.override_clear(TECHNICIAN, [other, "override-none"], Guard())
    assert listed(office) == {other: "in_force"}
    assert office.verbs == [*before, "set level"]
    assert office.operations.override_clear(TECHNICIAN, None, Guard(dry_run=True)).dry_run
    assert listed(office) == {other: "in_force"}


def test_clearing_more_lamps_than_the_limit_needs_their_number_said():
    office = Office()
    office.furnish()
    hold(office, ALL, 30)
    office.operations._desk.settings = Settings.model_validate({"safety": {"max_affected": 2}})
    with pytest.raises(SafetyRefused, match="touches 3 light points"):
        office.operations.override_clear(TECHNICIAN, None, Guard())
    assert office.operations.override_clear(TECHNICIAN, None, Guard(max_affected=3)).affected == 3
    office.store.close()


def test_looking_is_open_to_viewers_and_ending_to_technicians(office):
    held = hold(office, LP1, 30)
    office.operations.override_show(VIEWER, held)
    with pytest.raises(NotPermitted):
        office.operations.override_clear(VIEWER, [held], Guard())
    assert VIEWER.role is Role.VIEWER
    assert listed(office) == {held: "in_force"}


def test_resuming_one_lamp_ends_its_own_plans_and_leaves_those_of_its_street(office):
    own, street = hold(office, LP1, 30, begins=HOUR), hold(office, STREET, 20, begins=2 * HOUR)
    assert office.operations.resume(TECHNICIAN, LP1, Guard()).confirmed == 1
    assert listed(office) == {street: "waiting"}
    office.now += 2 * HOUR
    with pytest.raises(InvalidInput, match="group=street"):
        office.operations.resume(TECHNICIAN, LP1, Guard())
    assert listed(office, ended=True)[own] == "ended"


def test_a_lamp_out_of_use_counts_for_nothing(office):
    held = hold(office, STREET, 30)
    retired = replace(office.store.points()[0], state="retired")
    office.store.put_points([retired], office.operations._desk.audit(OPERATOR, "edit", "LP1", Guard()))
    office.operations._desk.take(fleet_of(office.operations._desk))
    shown = office.operations.override_show(VIEWER, held)
    assert (shown.lamps, shown.deciding, [group.sample for group in shown.outcomes]) == (1, 1, [("LP2",)])
