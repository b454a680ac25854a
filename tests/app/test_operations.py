"""An operator's verbs: who may, what is refused, what is stored, and what the daemon is told."""

import datetime as dt
from dataclasses import fields, replace

import pytest

from lightctl.app.asking import Guard, Role, Target
from lightctl.app.overrides import progress
from lightctl.app.steps import finish
from lightctl.domain.errors import InvalidInput, NotPermitted, SafetyRefused, UnknownTarget
from lightctl.domain.events import (
    ActionRequested,
    FleetChanged,
    IntentChanged,
    NodeDiscovered,
    OverrideEnded,
    OverrideSet,
)
from lightctl.domain.states import (
    ChannelReport,
    Command,
    CommandState,
    NodeAction,
    ReportedState,
    Scope,
)
from lightctl.files.settings import Settings
from lightctl.store.base import Recorded
from tests.support.desk import INVENTORY, NOW, OPERATOR, SCHEDULES, TECHNICIAN, VIEWER, Office

HOUR = dt.timedelta(hours=1)


def command(node: str, revision: int, at: dt.datetime, state: CommandState = CommandState.QUEUED) -> Command:
    return Command(node, revision, state, "test", at, at + HOUR)


@pytest.mark.parametrize(
    ("verb", "arguments", "needed"),
    [
        ("status", (), Role.VIEWER),
        ("light_list", (), Role.VIEWER),
        ("light_show", ("LP1",), Role.VIEWER),
        ("node_list", (), Role.VIEWER),
        ("why", ("LP1",), Role.VIEWER),
        ("audit_verify", (), Role.VIEWER),
        ("set_level", (Target(id="LP1"), 30, None, Guard()), Role.TECHNICIAN),
        ("resume", (Target(id="LP1"), Guard()), Role.TECHNICIAN),
        ("identify", (Target(id="LP1"), Guard()), Role.TECHNICIAN),
        ("schedule_apply", (SCHEDULES, Guard()), Role.OPERATOR),
        ("token_create", ("t", Role.VIEWER, None), Role.OPERATOR),
        ("token_list", (), Role.OPERATOR),
    ],
)
def test_each_verb_is_open_to_its_role_and_closed_below_it(office, verb, arguments, needed):
    for actor in (VIEWER, TECHNICIAN, OPERATOR):
        call = getattr(office.operations, verb)
        if actor.role.covers(needed):
            call(actor, *arguments)
        else:
            entries = len(office.store.audit())
            with pytest.raises(NotPermitted):
                call(actor, *arguments)
            assert len(office.store.audit()) == entries


def test_every_change_has_exactly_one_audit_entry_and_the_chain_holds(office):
    verbs = len(office.verbs)
    office.operations.set_level(TECHNICIAN, Target(id="LP1"), 30, None, Guard(reason="test"))
    office.operations.identify(TECHNICIAN, Target(id="LP1"), Guard())
    office.operations.resume(TECHNICIAN, Target(id="LP1"), Guard())
    office.operations.token_create(OPERATOR, "vera", Role.VIEWER, None)
    office.operations.token_revoke(OPERATOR, "vera")
    assert office.verbs[verbs:] == ["set level", "identify", "resume", "token create", "token revoke"]
    assert office.operations.audit_verify(VIEWER).ok
    assert office.operations.audit_list(VIEWER, limit=5)[-1].reason == "test"


def test_a_level_by_hand_is_stored_before_the_daemon_is_told(office):
    view = office.operations.set_level(TECHNICIAN, Target(group="street"), 30, None, Guard())
    (event,) = office.told
    assert isinstance(event, OverrideSet)
    assert event.override == office.store.overrides(NOW)[0]
    assert event.override.scope is Scope.GROUP
    assert event.override.until == NOW + dt.timedelta(minutes=30)
    assert (view.affected, view.pending) == (2, 2)


def test_trying_out_changes_nothing_and_tells_nobody(office):
    before = office.verbs
    guard = Guard(dry_run=True)
    assert office.operations.set_level(TECHNICIAN, Target(id="LP1"), 30, None, guard).dry_run
    assert office.operations.identify(TECHNICIAN, Target(id="LP1"), guard).dry_run
    assert office.operations.resume(TECHNICIAN, Target(id="LP1"), guard).dry_run
    assert office.operations.schedule_apply(OPERATOR, SCHEDULES, guard).dry_run
    assert office.verbs == before
    assert office.told == []
    assert office.store.overrides(NOW) == ()


@pytest.mark.parametrize(
    ("target", "level", "until", "error"),
    [
        (Target(id="LP1"), 101, None, InvalidInput),
        (Target(id="LP1"), -1, None, InvalidInput),
        (Target(id="LP1"), 50, NOW - HOUR, InvalidInput),
        (Target(id="LP1"), 50, NOW + 13 * HOUR, InvalidInput),
        (Target(id="NOPE"), 50, None, UnknownTarget),
        (Target(group="nope"), 50, None, UnknownTarget),
        (Target(select="kind=tree"), 50, None, UnknownTarget),
        (Target(select="kind=="), 50, None, InvalidInput),
        (Target(), 50, None, InvalidInput),
        (Target(id="LP1", group="street"), 50, None, InvalidInput),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(office, target, level, until, error):
    before = office.verbs
    with pytest.raises(error):
        office.operations.set_level(TECHNICIAN, target, level, until, Guard())
    assert office.verbs == before
    assert office.told == []


def test_more_lamps_than_the_limit_need_their_number_said(office):
    settings = Settings.model_validate({"safety": {"max_affected": 2}})
    small = Office(settings=settings)
    small.operations.inventory_import(
        OPERATOR, INVENTORY, format="csv", name="i", mapping=None, skip_bad_rows=False, guard=Guard()
    )
    with pytest.raises(SafetyRefused, match="touches 3 light points"):
        small.operations.set_level(TECHNICIAN, Target(select="*"), 0, None, Guard())
    with pytest.raises(SafetyRefused):
        small.operations.set_level(TECHNICIAN, Target(select="*"), 0, None, Guard(max_affected=2))
    assert small.operations.set_level(TECHNICIAN, Target(select="*"), 0, None, Guard(max_affected=3)).affected == 3
    with pytest.raises(SafetyRefused):
        small.operations.schedule_apply(OPERATOR, SCHEDULES, Guard())
    small.store.close()


def test_a_change_is_confirmed_only_by_the_command_that_came_after_it(office):
    old = command("n-1", 1, NOW - HOUR)
    office.store.commit(Recorded(commands=(old, replace(old, state=CommandState.CONFIRMED, finished_at=NOW))))
    change = office.operations.set_level(TECHNICIAN, Target(id="LP1"), 30, None, Guard()).change
    assert finish(office.operations.change(VIEWER, change)).pending == 1
    newer = command("n-1", 2, NOW)
    office.store.commit(Recorded(commands=(newer,)))
    assert finish(office.operations.change(VIEWER, change)).points[0].detail == "queued; not sent yet"
    sent = replace(newer, state=CommandState.SENT, sent_at=NOW, broker_acked_at=NOW)
    office.store.commit(Recorded(commands=(sent,)))
    assert finish(office.operations.change(VIEWER, change)).pending == 1
    office.store.commit(Recorded(commands=(replace(sent, state=CommandState.CONFIRMED, finished_at=NOW),)))
    assert finish(office.operations.change(VIEWER, change)).confirmed == 1


def test_a_change_is_gone_through_part_by_part_and_its_numbers_need_no_lamps(office, monkeypatch):
    change = office.operations.set_level(TECHNICIAN, Target(group="street"), 30, None, Guard()).change
    office.store.commit(Recorded(commands=(command("n-1", 1, NOW),)))
    whole = finish(office.operations.change(VIEWER, change))
    monkeypatch.setattr(progress, "AT_ONCE", 1)
    assert len(list(office.operations.change(VIEWER, change))) == whole.affected == 2
    assert finish(office.operations.change(VIEWER, change)) == whole
    assert finish(office.operations.change(VIEWER, change, points=False)) == replace(whole, points=())


@pytest.mark.parametrize("state", [CommandState.FAILED, CommandState.EXPIRED])
def test_a_command_that_ended_badly_is_told_with_its_reason(office, state):
    change = office.operations.set_level(TECHNICIAN, Target(id="LP1"), 30, None, Guard()).change
    ended = replace(command("n-1", 1, NOW), state=state, finished_at=NOW, detail="the reason")
    office.store.commit(Recorded(commands=(ended,)))
    (point,) = finish(office.operations.change(VIEWER, change)).points
    assert (point.state, point.detail) == (state, "the reason")


def test_resuming_what_nothing_holds_is_done_and_no_change(office):
    before = office.verbs
    assert office.operations.resume(TECHNICIAN, Target(id="LP1"), Guard()).confirmed == 1
    assert office.verbs == before


def test_asking_again_for_the_same_target_replaces_what_was_asked(office):
    first = office.operations.set_level(TECHNICIAN, Target(group="street"), 30, None, Guard())
    office.operations.set_level(TECHNICIAN, Target(id="LP1"), 70, None, Guard())
    office.told.clear()
    office.operations.set_level(TECHNICIAN, Target(group="street"), 40, None, Guard())
    assert sorted(override.level for override in office.store.overrides(NOW)) == [40, 70]
    assert [type(event) for event in office.told] == [OverrideEnded, OverrideSet]
    assert finish(office.operations.change(VIEWER, first.change)).affected == 2


def test_a_token_tried_out_is_not_made_and_a_reason_is_kept(office):
    tried = office.operations.token_create(OPERATOR, "x", Role.VIEWER, None, Guard(dry_run=True))
    assert tried.secret is None
    assert office.operations.token_list(OPERATOR) == ()
    office.operations.token_create(OPERATOR, "x", Role.VIEWER, None, Guard(reason="new colleague"))
    office.operations.token_revoke(OPERATOR, "x", Guard(dry_run=True))
    assert office.operations.token_list(OPERATOR)[0].revoked_at is None
    assert office.operations.audit_list(VIEWER, limit=1)[0].reason == "new colleague"


def test_one_lamp_cannot_end_what_was_asked_of_its_street(office):
    office.operations.set_level(TECHNICIAN, Target(group="street"), 30, None, Guard())
    with pytest.raises(InvalidInput, match="group=street"):
        office.operations.resume(TECHNICIAN, Target(id="LP1"), Guard())
    office.told.clear()
    office.operations.resume(TECHNICIAN, Target(group="street"), Guard())
    assert [type(event) for event in office.told] == [OverrideEnded]
    assert office.store.overrides(NOW) == ()


def test_identify_is_confirmed_by_the_nodes_answer_and_expires_without_one(office):
    change = office.operations.identify(TECHNICIAN, Target(group="street"), Guard()).change
    actions: list[NodeAction] = [event.action for event in office.told if isinstance(event, ActionRequested)]
    assert [action.args["light_point"] for action in actions] == ["LP1", "LP2"]
    office.store.commit(Recorded(actions=tuple(actions)))
    assert finish(office.operations.change(VIEWER, change)).pending == 2
    office.now += HOUR
    assert finish(office.operations.change(VIEWER, change)).expired == 2


def test_a_schedule_with_an_error_changes_nothing_and_names_the_place(office):
    before = office.store.schedules()
    answer = office.operations.schedule_apply(OPERATOR, {"bad.yaml": "version: 1\nprogramms: {}\n"}, Guard())
    assert not answer.ok
    assert (answer.errors[0].file, answer.errors[0].line) == ("bad.yaml", 2)
    assert office.store.schedules() == before
    assert office.told == []


def test_applying_counts_only_the_lamps_whose_nights_change(office):
    same = office.operations.schedule_apply(OPERATOR, SCHEDULES, Guard(dry_run=True))
    assert same.affected == 0
    brighter = {"city.yaml": SCHEDULES["city.yaml"].replace("level: 50", "level: 90")}
    changed = office.operations.schedule_apply(OPERATOR, brighter, Guard())
    assert changed.affected == 3
    assert "program street changed: step 22:00: 50 % -> 90 %" in changed.summary
    assert [type(event) for event in office.told] == [IntentChanged]


def test_an_import_with_a_bad_row_changes_nothing_unless_it_is_skipped(office):
    rows = INVENTORY + "LP9,95,6.7,lamp,n-9,0,native,mqtt,main,50,\n"
    arguments = {"format": "csv", "name": "i.csv", "mapping": None, "guard": Guard()}
    refused = office.operations.inventory_import(OPERATOR, rows, skip_bad_rows=False, **arguments)
    assert not refused.applied
    assert refused.errors[0].row == 5
    assert office.told == []
    taken = office.operations.inventory_import(
        OPERATOR, rows.replace("LP1,51.4344", "LP1,51.4340"), skip_bad_rows=True, **arguments
    )
    assert taken.applied
    assert [error.row for error in taken.skipped] == [5]
    assert taken.changed == {"LP1": ("lat: 51.4344 -> 51.434",)}
    assert [type(event) for event in office.told] == [FleetChanged]


def test_an_export_imports_again_without_a_difference(office):
    for form in ("csv", "geojson"):
        text = "".join(office.operations.inventory_export(VIEWER, form))
        again = office.operations.inventory_import(
            OPERATOR, text, format=form, name="again", mapping=None, skip_bad_rows=False, guard=Guard()
        )
        assert (again.added, dict(again.changed), again.unchanged, again.errors) == ((), {}, 3, ())


def test_a_lamp_is_settled_only_by_a_fresh_report_of_the_newest_revision_with_the_level_due(office):
    def shown():
        return office.operations.light_show(VIEWER, "LP1")

    assert (shown().settled, shown().reachable, shown().reported) == (False, False, None)
    confirmed = replace(command("n-1", 4, NOW), state=CommandState.CONFIRMED, finished_at=NOW)
    report = ReportedState("n-1", NOW, {0: ChannelReport(level=100, commanded=100)}, "b", 1, NOW, 4)
    office.store.commit(Recorded(commands=(confirmed,), reported=(report,), seen=(("n-1", NOW),)))
    assert (shown().settled, shown().reachable) == (True, True)
    dim = replace(report, seq=2, channels={0: ChannelReport(level=40, commanded=100)})
    office.store.commit(Recorded(reported=(dim,), seen=(("n-1", NOW),)))
    assert (shown().settled, shown().reported.level, shown().reported.commanded) == (False, 40, 100)
    office.store.commit(Recorded(reported=(replace(report, seq=3, applied_revision=3),), seen=(("n-1", NOW),)))
    assert not shown().settled
    office.store.commit(Recorded(reported=(replace(report, seq=4),), seen=(("n-1", NOW),)))
    assert shown().settled
    office.store.commit(Recorded(reported=(replace(report, seq=5, applied_revision=5),), seen=(("n-1", NOW),)))
    assert shown().settled, "a document that answered a hello needs no command"
    office.now += dt.timedelta(seconds=2.5 * 300)
    assert (shown().settled, shown().reachable) == (False, False)


def test_a_lamp_whose_node_keeps_its_nights_is_settled_only_while_they_read_back_whole(office):
    keeper = "id,lat,lon,node,profile,link,address\nK1,51.4,6.7,k-1,modbus-night-controller,line,5\n"
    office.operations.inventory_import(
        OPERATOR, keeper, format="csv", name="k.csv", mapping=None, skip_bad_rows=False, guard=Guard()
    )
    confirmed = replace(command("k-1", 4, NOW), state=CommandState.CONFIRMED, finished_at=NOW)
    whole = ReportedState("k-1", NOW, {0: ChannelReport(level=100)}, applied_revision=4, verified=True)
    for report, settled in ((whole, True), (replace(whole, verified=False), False), (whole, True)):
        office.store.commit(Recorded(commands=(confirmed,), reported=(report,), seen=(("k-1", NOW),)))
        assert office.operations.light_show(VIEWER, "K1").settled is settled


def test_a_node_is_shown_with_how_far_its_clock_is_ahead(office):
    assert office.operations.node_show(VIEWER, "n-1").clock_offset_s is None
    report = ReportedState("n-1", NOW, at=NOW - dt.timedelta(seconds=44.26))
    office.store.commit(Recorded(reported=(report,), seen=(("n-1", NOW),)))
    assert office.operations.node_show(VIEWER, "n-1").clock_offset_s == -44.3


def test_status_counts_a_silent_lamp_as_unreachable_and_one_never_heard_as_unknown(office):
    report = ReportedState("n-1", NOW, {0: ChannelReport(level=100, commanded=100)}, "b", 1, NOW, 4)
    office.store.commit(Recorded(reported=(report,), seen=(("n-1", NOW),)))
    office.now += HOUR
    status = finish(office.operations.status(VIEWER))
    assert (status.in_use, status.unreachable, status.unknown, status.settled, status.lit) == (3, 1, 2, 0, 0)


def test_status_one_light_and_the_whole_list_tell_the_same_of_every_lamp(office):
    office.operations.set_level(TECHNICIAN, Target(id="LP2"), 40, None, Guard())
    shown = {"n-1": 100, "n-2": 40, "n-3": 0}
    for number, (node, level) in enumerate(shown.items()):
        done = replace(command(node, 4 + number, NOW), state=CommandState.CONFIRMED, finished_at=NOW)
        report = ReportedState(node, NOW, {0: ChannelReport(level=level)}, "b", 1, NOW, 4 + number)
        office.store.commit(Recorded(commands=(done,), reported=(report,), seen=((node, NOW),)))
    lights = list(office.operations.light_list(VIEWER))
    assert {light.id: light.settled for light in lights} == {"LP1": True, "LP2": True, "ZEBRA": False}
    assert [office.operations.light_show(VIEWER, light.id) for light in lights] == lights
    for known in office.operations.node_list(VIEWER):
        alone = office.operations.node_show(VIEWER, known.id)
        assert {each.name: getattr(alone, each.name) for each in fields(known)} == {
            each.name: getattr(known, each.name) for each in fields(known)
        }
    status = finish(office.operations.status(VIEWER))
    assert (status.settled, status.unsettled, status.lit, status.unreachable, status.unknown) == (2, 1, 2, 0, 0)


def test_a_node_in_no_inventory_can_be_looked_at_and_one_nobody_knows_cannot(office):
    office.store.commit(Recorded(discovered=(NodeDiscovered("n-9", "mqtt", "main", NOW, "Lux 3"),)))
    assert not office.operations.node_show(VIEWER, "n-9").claimed
    with pytest.raises(UnknownTarget, match="n-8"):
        office.operations.node_show(VIEWER, "n-8")


def test_why_names_override_protection_program_calendar_and_assignment(office):
    office.operations.set_level(TECHNICIAN, Target(id="ZEBRA"), 10, None, Guard())
    found = office.operations.why(VIEWER, "ZEBRA")
    assert (found.level, found.reason) == (80, "protection")
    assert [verdict.layer for verdict in found.chain][:2] == ["override", "protection"]
    assert {verdict.layer for verdict in found.chain} >= {"program", "calendar", "assignment"}
    assert any(verdict.source.startswith("city.yaml:") for verdict in found.chain)


def test_a_token_opens_until_it_is_revoked_or_over(office):
    made = office.operations.token_create(OPERATOR, "timo", Role.TECHNICIAN, NOW + HOUR)
    assert made.secret
    actor = office.operations.authenticate(made.secret, "http")
    assert (actor.user, actor.role, actor.origin) == ("timo", Role.TECHNICIAN, "http")
    assert office.operations.authenticate(made.secret + "x", "http") is None
    assert all(token.secret is None for token in office.operations.token_list(OPERATOR))
    office.now += 2 * HOUR
    assert office.operations.authenticate(made.secret, "http") is None
    office.now -= 2 * HOUR
    office.operations.token_revoke(OPERATOR, "timo")
    assert office.operations.authenticate(made.secret, "http") is None
    with pytest.raises(InvalidInput, match="taken"):
        office.operations.token_create(OPERATOR, "timo", Role.VIEWER, None)


def test_no_secret_is_in_the_store(office):
    secret = office.operations.token_create(OPERATOR, "timo", Role.TECHNICIAN, None).secret
    assert secret is not None
    rows = office.store._main.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    kept = repr([office.store._main.rows(f"SELECT * FROM {table}") for (table,) in rows])
    assert "timo" in kept
    assert secret not in kept
