"""Schedules become the intent: plans, guard rails, the second person, history and the way back."""

import sqlite3

import pytest

from lightctl.app.asking import Actor, Guard, Role
from lightctl.app.schedules.plan import make
from lightctl.domain.errors import InvalidInput, NotPermitted, SafetyRefused, StoreError, UnknownTarget
from lightctl.domain.events import IntentChanged
from lightctl.files.settings_model import SafetySettings, Settings
from tests.support.desk import OPERATOR, SCHEDULES, SETTINGS, TECHNICIAN, VIEWER, Office
from tests.support.stores import draft

CITY = SCHEDULES["city.yaml"]
SECOND = Actor("sven", Role.OPERATOR)
NO_GUARD = Guard()
BRIGHTER = {"city.yaml": CITY.replace("level: 50", "level: 90")}
DARK = {"city.yaml": CITY.replace("level: 50", "level: 0")}
FREE = {"city.yaml": CITY.partition("protections:")[0]}


def strict(**limits):
    """An office in which schedules may not ask for less than a protection keeps."""
    made = Office(settings=Settings(safety=SafetySettings(**limits)))
    made.operations.inventory_import(
        OPERATOR, "id,lat,lon,kind\nZEBRA,51.4,6.7,crossing\n", format="csv", name="i.csv", mapping=None,
        skip_bad_rows=False, guard=Guard(),
    )  # fmt: skip
    return made


def planned(office, files, guard=NO_GUARD):
    return make(office.operations.schedule_draft(VIEWER, files), guard)


def rules(refused):
    return [each.rule for each in refused.value.view.plan.guards]


def test_a_plan_says_what_would_change_and_changes_nothing(office):
    entries = len(office.verbs)
    view = planned(office, BRIGHTER).view
    assert (view.ok, view.applied, view.affected) == (True, False, 3)
    assert [(each.kind, each.name, each.verb) for each in view.plan.changes] == [("program", "street", "changed")]
    assert {(each.group, each.after, each.light_points) for each in view.plan.nights} == {
        ("street", "street", 2),
        ("", "street", 1),
    }
    assert view.plan.energy.kwh_after > view.plan.energy.kwh_before > 0
    assert (view.plan.guards, view.plan.base_version) == ((), 1)
    assert office.told == []
    assert len(office.verbs) == entries


def test_a_plan_has_the_doubts_of_a_year_in_it(office):
    (found,) = [each for each in planned(office, SCHEDULES).view.plan.findings if each.code == "LC-L009"]
    assert (found.program, found.calendar, found.count) == ("street", "street", 366)


def test_a_plan_is_put_in_force_as_it_was_shown(office):
    ready = planned(office, BRIGHTER)
    view = office.operations.schedule_commit(OPERATOR, ready, Guard(reason="more light"), ready.id)
    assert (view.applied, view.version) == (True, 2)
    assert office.store.schedules().files == BRIGHTER
    assert [type(event) for event in office.told] == [IntentChanged]
    assert office.verbs[-1] == "schedule apply"


def test_a_plan_is_stale_when_the_schedules_changed_since(office):
    ready = planned(office, BRIGHTER)
    office.operations.schedule_apply(OPERATOR, {"other.yaml": CITY}, Guard())
    office.told.clear()
    with pytest.raises(SafetyRefused, match="version 2 is in force, this builds on 1"):
        office.operations.schedule_commit(OPERATOR, ready, Guard(), ready.id)
    again = planned(office, BRIGHTER)
    with pytest.raises(SafetyRefused, match=r"stale"):
        office.operations.schedule_commit(OPERATOR, again, Guard(), ready.id)
    assert office.told == []
    assert office.store.schedules().version == 2


def test_a_plan_is_stale_when_lamps_that_came_since_make_it_break_a_guard_rail(office):
    ready = planned(office, BRIGHTER, Guard(max_affected=3))
    office.operations.inventory_import(
        OPERATOR, "id,lat,lon\nLP9,51.4,6.7\n", format="csv", name="i.csv", mapping=None, skip_bad_rows=False,
        guard=Guard(),
    )  # fmt: skip
    with pytest.raises(SafetyRefused, match="stale"):
        office.operations.schedule_commit(
            OPERATOR, planned(office, BRIGHTER, Guard(max_affected=3)), Guard(max_affected=3), ready.id
        )


def test_darkness_beyond_the_limit_is_refused_and_kept_for_a_second_person(office):
    with pytest.raises(SafetyRefused, match="minutes of darkness") as refused:
        office.operations.schedule_apply(OPERATOR, DARK, Guard(reason="save"))
    assert rules(refused) == ["dark_minutes"]
    assert office.told == []
    assert office.store.schedules().files == SCHEDULES
    assert office.verbs[-1] == "schedule refused"
    (waiting,) = office.operations.schedule_proposals(VIEWER)
    assert (waiting.user, waiting.reason, waiting.approved_by) == ("olga", "save", "")
    assert waiting.guards[0].value > waiting.guards[0].limit == 30


def test_what_the_second_person_approves_is_put_in_force_and_both_are_in_history_and_audit(office):
    with pytest.raises(SafetyRefused) as refused:
        office.operations.schedule_apply(OPERATOR, DARK, Guard())
    plan = refused.value.view.plan.id
    assert office.operations.schedule_approve(SECOND, plan, Guard(reason="council")).approved_by == "sven"
    view = office.operations.schedule_apply(OPERATOR, DARK, Guard())
    assert (view.applied, view.version, view.plan.approved_by) == (True, 2, "sven")
    newest = office.operations.schedule_history(VIEWER, limit=1)[0]
    assert (newest.version, newest.user, newest.approved_by, newest.in_force) == (2, "olga", "sven", True)
    assert office.verbs[-3:] == ["schedule refused", "schedule approve", "schedule apply"]
    assert "approved by sven" in office.operations.audit_list(VIEWER, limit=1)[0].detail
    assert office.operations.audit_verify(VIEWER).ok


def test_nobody_approves_what_he_proposed(office):
    with pytest.raises(SafetyRefused) as refused:
        office.operations.schedule_apply(OPERATOR, DARK, Guard())
    plan = refused.value.view.plan.id
    with pytest.raises(NotPermitted, match="second person"):
        office.operations.schedule_approve(OPERATOR, plan, Guard())
    with pytest.raises(NotPermitted):
        office.operations.schedule_approve(TECHNICIAN, plan, Guard())
    with pytest.raises(SafetyRefused):
        office.operations.schedule_apply(OPERATOR, DARK, Guard())
    with pytest.raises(StoreError, match="CHECK"):
        office.store.approve(plan, draft(user="olga"))


def test_an_approval_is_for_this_plan_alone(office):
    with pytest.raises(SafetyRefused) as refused:
        office.operations.schedule_apply(OPERATOR, DARK, Guard())
    plan = refused.value.view.plan.id
    office.operations.schedule_approve(SECOND, plan, Guard())
    darker = {"city.yaml": DARK["city.yaml"].replace('"22:00"', '"21:00"')}
    with pytest.raises(SafetyRefused):
        office.operations.schedule_apply(OPERATOR, darker, Guard())
    office.operations.schedule_apply(OPERATOR, BRIGHTER, Guard())
    with pytest.raises(SafetyRefused, match="darkness"):
        office.operations.schedule_apply(OPERATOR, DARK, Guard())
    with pytest.raises(SafetyRefused, match="stale"):
        office.operations.schedule_approve(SECOND, plan, Guard())
    assert plan not in {each.plan for each in office.operations.schedule_proposals(VIEWER)}


def test_an_approved_plan_is_never_changed_or_deleted(office):
    with pytest.raises(SafetyRefused) as refused:
        office.operations.schedule_apply(OPERATOR, DARK, Guard())
    plan = refused.value.view.plan.id
    office.operations.schedule_approve(SECOND, plan, Guard())
    for statement in ("UPDATE proposals SET approved_by = 'eve'", "DELETE FROM proposals"):
        with pytest.raises(sqlite3.IntegrityError):
            office.store._main.db.conn.execute(statement)
    assert office.operations.schedule_approve(SECOND, plan, Guard()).approved_by == "sven"
    assert office.verbs[-1] == "schedule approve"
    assert office.verbs.count("schedule approve") == 1


def test_a_dry_run_tells_what_would_stop_it_and_keeps_nothing(office):
    view = office.operations.schedule_apply(OPERATOR, DARK, Guard(dry_run=True))
    assert [each.rule for each in view.plan.guards] == ["dark_minutes"]
    assert any(line.startswith("needs a second person") for line in view.summary)
    assert office.operations.schedule_proposals(VIEWER) == ()
    assert "schedule refused" not in office.verbs


def test_taking_a_protection_away_needs_a_second_person(office):
    with pytest.raises(SafetyRefused, match="is taken away") as refused:
        office.operations.schedule_apply(OPERATOR, FREE, Guard())
    assert rules(refused) == ["protection"]


def test_asking_for_less_than_a_protection_needs_a_second_person_unless_settings_allow_it():
    office = strict()
    try:
        with pytest.raises(SafetyRefused, match="asks for less than the 80 %") as refused:
            office.operations.schedule_apply(OPERATOR, SCHEDULES, Guard())
        assert rules(refused) == ["protection"]
        assert office.operations.schedule_apply(OPERATOR, BRIGHTER, Guard()).applied
    finally:
        office.store.close()
    lenient = strict(allow_below_protection=True)
    try:
        assert lenient.operations.schedule_apply(OPERATOR, SCHEDULES, Guard()).applied
    finally:
        lenient.store.close()


@pytest.fixture
def crowded():
    """An office with three lamps, of which two may be touched at once."""
    made = Office(settings=replace_safety(max_affected=2))
    made.operations.inventory_import(
        OPERATOR, "id,lat,lon\nA,51,7\nB,51,7\nC,51,7\n", format="csv", name="i.csv", mapping=None,
        skip_bad_rows=False, guard=Guard(),
    )  # fmt: skip
    yield made
    made.store.close()


def test_too_many_lamps_are_allowed_by_name_or_by_a_second_person(crowded):
    with pytest.raises(SafetyRefused, match="--max-affected 3 if you mean it") as refused:
        crowded.operations.schedule_apply(OPERATOR, SCHEDULES, Guard())
    crowded.operations.schedule_approve(SECOND, refused.value.view.plan.id, Guard())
    assert crowded.operations.schedule_apply(OPERATOR, SCHEDULES, Guard()).applied
    assert crowded.operations.schedule_apply(OPERATOR, BRIGHTER, Guard(max_affected=3)).applied


def test_a_plan_made_without_the_option_can_be_put_in_force_with_it_and_the_other_way_round(crowded):
    shown, raised = planned(crowded, SCHEDULES), planned(crowded, SCHEDULES, Guard(max_affected=3))
    with pytest.raises(SafetyRefused, match="--max-affected 3 if you mean it"):
        crowded.operations.schedule_commit(OPERATOR, shown, Guard(), raised.id)
    assert crowded.operations.schedule_commit(OPERATOR, raised, Guard(max_affected=3), shown.id).applied


def test_who_approves_a_plan_is_shown_also_the_limits_its_author_raised_by_name(crowded):
    crowded.operations.schedule_apply(OPERATOR, SCHEDULES, Guard(max_affected=3))
    with pytest.raises(SafetyRefused):
        crowded.operations.schedule_commit(
            OPERATOR, planned(crowded, DARK, Guard(max_affected=3)), Guard(max_affected=3)
        )
    (waiting,) = crowded.operations.schedule_proposals(VIEWER)
    assert {each.rule for each in waiting.guards} == {"max_affected", "dark_minutes"}


def replace_safety(**limits):
    return SETTINGS.model_copy(update={"safety": SETTINGS.safety.model_copy(update=limits)})


def test_undo_puts_the_version_before_in_force_and_undoing_that_brings_the_later_one_back(office):
    office.operations.schedule_apply(OPERATOR, BRIGHTER, Guard())
    view = undone(office)
    assert (view.version, office.store.schedules().files) == (3, SCHEDULES)
    assert undone(office).version == 4
    assert office.store.schedules().files == BRIGHTER
    causes = [each.cause for each in office.operations.schedule_history(VIEWER, limit=9)]
    assert causes == ["undo of 3", "undo of 2", "apply", "apply"]
    assert office.verbs[-1] == "schedule undo"


def undone(office, to=None):
    ready = make(office.operations.schedule_undo_draft(OPERATOR, to), NO_GUARD)
    return office.operations.schedule_commit(OPERATOR, ready, NO_GUARD)


def test_undo_goes_back_to_any_version_under_the_same_guard_rails(office):
    with pytest.raises(SafetyRefused) as refused:
        office.operations.schedule_apply(OPERATOR, DARK, Guard())
    office.operations.schedule_approve(SECOND, refused.value.view.plan.id, Guard())
    office.operations.schedule_apply(OPERATOR, DARK, Guard())
    office.operations.schedule_apply(OPERATOR, BRIGHTER, Guard())
    with pytest.raises(SafetyRefused, match="darkness"):
        undone(office)
    assert undone(office, to=1).version == 4
    assert office.operations.schedule_history(VIEWER, limit=1)[0].cause == "back to 1"


def test_there_is_no_way_back_to_what_never_was(office):
    with pytest.raises(UnknownTarget, match="no earlier version"):
        office.operations.schedule_undo_draft(OPERATOR, None)
    with pytest.raises(UnknownTarget, match="no version 7"):
        office.operations.schedule_undo_draft(OPERATOR, 7)
    with pytest.raises(InvalidInput, match="in force already"):
        office.operations.schedule_undo_draft(OPERATOR, 1)
    with pytest.raises(UnknownTarget):
        office.operations.schedule_export(VIEWER, 7)
    with pytest.raises(UnknownTarget, match="no plan"):
        office.operations.schedule_approve(SECOND, "plan-0", Guard())
