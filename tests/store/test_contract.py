"""What every store promises, on disk and in memory."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from lightctl.domain.assets import Capabilities, LifeCycle
from lightctl.domain.errors import InvalidInput, StoreError, UnknownTarget
from lightctl.domain.events import ActionFinished, MessageQuarantined, NodeAnnounced, NodeDiscovered
from lightctl.domain.states import ActionKind, CommandState, DesiredState, NodeAction, Reading
from lightctl.store import strangers
from lightctl.store.base import Make, Recorded, Schedules, Snapshot
from tests.support.stores import HOUR, NOW, command, desired, draft, fault, override, point, report


def test_an_empty_store_replays_nothing(store):
    assert store.replay(NOW) == Snapshot((), {}, (), (), ())
    assert store.schedules() == Schedules(0, {})
    assert store.counts().open_commands == 0


def test_points_are_upserted_by_id_and_keep_their_order(store):
    store.put_points([point("B"), point("A")], draft())
    store.put_points([point("B", lamps=42), point("C")], draft())
    assert [(p.id, p.lamps) for p in store.replay(NOW).points] == [("B", 42), ("A", 1), ("C", 1)]


def test_a_value_that_would_not_come_back_as_it_is_is_refused(store):
    with pytest.raises(StoreError, match="not a number"):
        store.put_points([point("A"), point("B", standby_power_w=float("nan"))], draft())
    assert store.points() == ()
    assert store.audit() == ()


def test_text_that_is_no_text_is_refused_without_a_trace(store):
    with pytest.raises(StoreError, match="cannot be stored"):
        store.put_points([point("A", kind="\ud800")], draft())
    assert store.points() == ()


def test_schedules_are_replaced_as_a_whole_and_history_is_kept(store):
    assert store.put_schedules({"b.yaml": "1", "a.yaml": "2"}, draft()) == 1
    assert store.put_schedules({"c.yaml": "3"}, draft()) == 2
    assert store.schedules() == Schedules(2, {"c.yaml": "3"}, NOW, "ada")
    assert list(store.schedules(1).files.items()) == [("a.yaml", "2"), ("b.yaml", "1")]
    assert store.schedules(3) == Schedules(3, {})
    assert store.put_schedules({}, draft()) == 3
    assert store.replay(NOW).schedule_files == {}


def test_an_override_is_in_force_until_its_end_or_until_it_is_ended(store):
    store.add_overrides([override("O1"), override("O2", until=NOW + 2 * HOUR)], "c1", draft())
    assert [o.id for o in store.overrides(NOW)] == ["O1", "O2"]
    assert [o.id for o in store.overrides(NOW + HOUR)] == ["O2"]
    store.end_overrides(["O2", "unknown"], NOW, "c2", draft())
    assert store.replay(NOW).overrides == (override("O1"),)


def test_an_override_id_is_never_used_twice(store):
    store.add_overrides([override("O1")], "c1", draft())
    with pytest.raises(StoreError, match="overrides"):
        store.add_overrides([override("O2"), override("O1")], "c2", draft())
    assert [o.id for o in store.overrides(NOW)] == ["O1"]


def test_an_override_remembers_its_life_and_who_ended_it(store):
    store.add_overrides([override("O1"), override("O2", start=NOW + HOUR, until=NOW + 2 * HOUR)], "c1", draft())
    with store.transaction():
        store.record_change("c2", "resume", NOW, ["LP1"], None, None, draft(user="bob"))
        store.end_overrides(["O2"], NOW + HOUR / 2, "c2", None)
    ended, held = store.override_records()
    assert (ended.override.id, ended.change, ended.ended_by, ended.ended_user) == ("O2", "c1", "c2", "bob")
    assert (ended.over_at, ended.lived) == (NOW + HOUR / 2, None), "taken back before it began"
    assert (held.ended_at, held.ended_user, held.over_at, held.lived) == (None, "", NOW + HOUR, override("O1"))
    assert store.override_record("O2") == ended
    assert store.override_record("O9") is None
    assert store.override_records(open_at=NOW) == (held,)
    assert store.override_records(open_at=NOW + HOUR) == ()
    assert set(store.overrides_of_change("c1")) == {held, ended}
    assert store.overrides_of_change("c2") == (ended,)


def test_what_held_at_an_instant_is_found_also_when_it_was_ended_later(store):
    store.add_overrides([override("O1", until=NOW + 3 * HOUR), override("O2", until=NOW + 3 * HOUR)], "c1", draft())
    store.end_overrides(["O2"], NOW + HOUR, "c2", draft())
    assert [r.override.id for r in store.overrides_since(NOW)] == ["O2", "O1"]
    assert [r.lived.until for r in store.overrides_since(NOW)] == [NOW + HOUR, NOW + 3 * HOUR]
    assert [r.override.id for r in store.overrides_since(NOW + HOUR)] == ["O1"]
    assert store.overrides_since(NOW + 3 * HOUR) == ()


def test_a_change_remembers_what_it_touched(store):
    store.add_overrides([override("O1")], "c1", draft())
    store.record_change("c1", "dim", NOW, ["LP2", "LP1"], 70, NOW + HOUR, draft())
    found = store.change("c1")
    assert found is not None
    assert (found.kind, found.at, found.light_points, found.level) == ("dim", NOW, ("LP2", "LP1"), 70)
    assert (found.until, found.overrides) == (NOW + HOUR, ("O1",))
    assert store.change("c2") is None


def test_changes_of_one_transaction_share_one_audit_entry(store):
    with store.transaction():
        store.end_overrides([], NOW, "c1", None)
        store.add_overrides([override()], "c1", None)
        store.record_change("c1", "dim", NOW, ["LP1"], 70, None, draft())
    assert len(store.audit()) == 1


def test_a_change_without_any_audit_entry_is_undone(store):
    with pytest.raises(StoreError, match="audit"):
        store.add_overrides([override()], "c1", None)
    with pytest.raises(StoreError, match="audit"), store.transaction():
        store.add_overrides([override()], "c1", None)
    assert store.overrides(NOW) == ()
    store.add_overrides([override()], "c1", draft())
    assert len(store.overrides(NOW)) == 1


def test_every_audited_write_adds_exactly_one_entry(store):
    writes = [
        lambda: store.put_points([point()], draft()),
        lambda: store.put_schedules({"a.yaml": ""}, draft()),
        lambda: store.add_overrides([override()], "c", draft()),
        lambda: store.end_overrides(["O1"], NOW, "c", draft()),
        lambda: store.record_change("c", "on", NOW, [], None, None, draft()),
        lambda: store.add_token("t", "viewer", "hash", NOW, None, draft()),
        lambda: store.revoke_token("t", NOW, draft()),
    ]
    for count, write in enumerate(writes, start=1):
        write()
        assert len(store.audit()) == count
    store.commit(Recorded(desired=(desired(),), commands=(command(),), faults=(fault(),)))
    assert len(store.audit()) == len(writes)
    assert store.verify_audit().ok


def put_and_fail(store, point_id):
    with store.transaction():
        store.put_points([point(point_id)], draft())
        store.commit(Recorded(desired=(desired(),)))
        raise ZeroDivisionError


def test_a_failing_transaction_keeps_nothing(store):
    with pytest.raises(ZeroDivisionError):
        put_and_fail(store, "A")
    assert (store.points(), store.audit(), store.desired_of("N1")) == ((), (), None)


def test_an_inner_failure_that_is_caught_undoes_only_the_inner_part(store):
    with store.transaction():
        store.put_points([point("A")], draft())
        with pytest.raises(ZeroDivisionError):
            put_and_fail(store, "B")
    assert [p.id for p in store.points()] == ["A"]
    assert (len(store.audit()), store.desired_of("N1")) == (1, None)


def test_a_commit_is_replayed_whole(store):
    hello = NodeAnnounced("N1", "boot-1", Capabilities(nights=7, slots=48), 1, NOW, NOW, "Lux 3", "1.2")
    store.commit(
        Recorded(
            desired=(desired(),),
            commands=(command(state=CommandState.SENT),),
            reported=(report(),),
            announced=(hello,),
            faults=(fault(),),
            seen=(("N2", NOW),),
        )
    )
    first, second = store.replay(NOW).nodes
    assert (first.node, first.highest_revision, first.boot_id) == ("N1", 1, "boot-1")
    assert (first.desired, first.reported, first.capabilities) == (desired(), report(), hello.capabilities)
    assert first.command == command(state=CommandState.SENT)
    assert (second.node, second.highest_revision, second.desired) == ("N2", 0, None)
    assert store.replay(NOW).open_faults == (fault(),)
    seen = store.nodes_seen()["N1"]
    assert (seen.model, seen.firmware, seen.announced_at, seen.last_seen) == ("Lux 3", "1.2", NOW, NOW)


def test_nodes_that_said_they_are_the_same_are_one_make_and_who_said_nothing_is_none(store):
    can, versions = Capabilities(nights=7), {"N1": "1.2", "N2": "1.2", "N3": "2.0"}
    hellos = [NodeAnnounced(name, "boot-1", can, 0, NOW, NOW, "Lux", version) for name, version in versions.items()]
    store.commit(Recorded(announced=tuple(hellos), seen=(("N9", NOW),)))
    makes = store.makes()
    assert makes == {name: Make(can, "Lux", version) for name, version in versions.items()}
    assert makes["N1"] is makes["N2"]


def test_documents_that_share_their_channels_keep_their_own_instants(store):
    channels = desired().channels
    states = tuple(
        DesiredState(f"N{number}", 1, NOW + number % 2 * HOUR, NOW + 48 * number * HOUR, channels)
        for number in range(4)
    )
    store.commit(Recorded(desired=states))
    assert tuple(store.desired_of(state.node) for state in states) == states


def test_committing_the_same_decision_again_changes_nothing(store):
    decision = Recorded(desired=(desired(),), commands=(command(),), reported=(report(),), faults=(fault(),))
    store.commit(decision)
    before = store.replay(NOW)
    store.commit(decision)
    assert store.replay(NOW) == before
    assert len(store.commands()) == 1


def test_the_highest_revision_is_the_highest_ever_used_or_seen(store):
    store.commit(Recorded(desired=(desired(revision=5),)))
    store.commit(Recorded(reported=(report(applied_revision=9),)))
    store.commit(Recorded(reported=(report(applied_revision=2),)))
    (node,) = store.replay(NOW).nodes
    assert node.highest_revision == 9
    assert node.reported is not None
    assert node.reported.applied_revision == 2


def test_a_revision_no_integer_can_hold_does_not_stop_the_others(store):
    store.commit(Recorded(reported=(report("N1", applied_revision=2**63), report("N2"))))
    assert [n.highest_revision for n in store.replay(NOW).nodes] == [0, 1]


def test_last_seen_never_goes_back(store):
    store.commit(Recorded(seen=(("N1", NOW),)))
    store.commit(Recorded(seen=(("N1", NOW - HOUR),)))
    assert store.nodes_seen()["N1"].last_seen == NOW


def test_commands_are_listed_newest_first_by_state_and_node(store):
    store.commit(Recorded(commands=(command("N1", 1, CommandState.SUPERSEDED), command("N1", 2), command("N2", 1))))
    assert [c.id for c in store.commands()] == ["N2/1", "N1/2", "N1/1"]
    assert [c.id for c in store.commands(limit=1)] == ["N2/1"]
    assert [c.id for c in store.commands(state=CommandState.QUEUED)] == ["N2/1", "N1/2"]
    assert [c.id for c in store.commands(node="N1", state=CommandState.QUEUED)] == ["N1/2"]
    assert {node: c.revision for node, c in store.latest_commands().items()} == {"N1": 2, "N2": 1}
    assert store.counts().commands == {"queued": 2, "superseded": 1}


def test_what_is_known_of_some_nodes_is_read_without_the_others(store):
    hello = NodeAnnounced("N1", "boot-1", Capabilities(nights=7), 0, NOW)
    store.commit(
        Recorded(
            commands=(command("N1", 1, CommandState.SUPERSEDED), command("N1", 2), command("N2", 1)),
            reported=(report("N1"), report("N2")),
            announced=(hello,),
        )
    )
    for nodes in ({"N1"}, ("N2", "N1"), (), {"nobody"}):
        wanted = set(nodes)
        for read in (store.latest_commands, store.last_reports, store.nodes_seen):
            assert read(nodes) == {node: known for node, known in read().items() if node in wanted}
    assert store.latest_commands({"N1"})["N1"].revision == 2


def test_a_fault_opens_once_is_closed_once_and_may_open_again(store):
    store.commit(Recorded(faults=(fault(), fault(detail="now 1 W"))))
    ((number, opened),) = store.faults(open_only=True)
    assert opened == fault(detail="now 1 W")
    store.commit(Recorded(faults=(fault(cleared_at=NOW + HOUR),)))
    assert store.faults(open_only=True) == ()
    assert store.faults() == ((number, fault(cleared_at=NOW + HOUR)),)
    again = fault(opened_at=NOW + 2 * HOUR)
    store.commit(Recorded(faults=(again,)))
    assert [f for _, f in store.faults()] == [again, fault(cleared_at=NOW + HOUR)]


def test_a_cleared_fault_whose_opening_was_lost_is_kept_once(store):
    closed = fault(cleared_at=NOW + HOUR)
    store.commit(Recorded(faults=(closed,)))
    store.commit(Recorded(faults=(closed,)))
    assert [f for _, f in store.faults()] == [closed]


def test_an_action_is_answered_once_and_only_by_its_own_node(store):
    action = NodeAction("A1", "N1", ActionKind.IDENTIFY, NOW + HOUR, {"seconds": "10"})
    store.commit(Recorded(actions=(action,)))
    store.commit(Recorded(action_results=(ActionFinished("N2", "A1", "done", NOW),)))
    found = store.action("A1")
    assert found is not None
    assert (found.action, found.status) == (action, "")
    answers = (ActionFinished("N1", "A1", "rejected", NOW, "busy"), ActionFinished("N1", "A1", "done", NOW))
    store.commit(Recorded(action_results=answers))
    found = store.action("A1")
    assert found is not None
    assert (found.status, found.detail, found.finished_at) == ("rejected", "busy", NOW)
    assert store.action("A2") is None


def test_the_quarantine_is_capped_and_still_counted(store, monkeypatch):
    monkeypatch.setattr(strangers, "QUARANTINE_ROWS", 3)
    for i in range(5):
        refused = MessageQuarantined("mqtt", f"topic/{i}", "not JSON", NOW, b"\x00\xff")
        store.commit(Recorded(quarantined=(refused,)))
    assert [m.source for m in store.quarantine()] == ["topic/4", "topic/3", "topic/2"]
    assert store.quarantine(limit=1)[0].payload == b"\x00\xff"
    assert store.quarantined_total() == 5


def test_an_unclaimed_node_is_listed_until_the_inventory_names_it(store):
    heard = NodeDiscovered("N-LP1", "mqtt", "lightctl/v1/main/N-LP1/hello", NOW, "Lux 3")
    store.commit(Recorded(discovered=(heard, replace(heard, at=NOW + HOUR, model=""))))
    (found,) = store.unclaimed()
    assert (found.node, found.model, found.times) == ("N-LP1", "Lux 3", 2)
    assert (found.first_seen, found.last_seen) == (NOW, NOW + HOUR)
    store.put_points([point("LP1", state=LifeCycle.PLANNED)], draft())
    assert store.counts().unclaimed == 1
    store.put_points([point("LP1")], draft())
    assert store.unclaimed() == ()


def test_unclaimed_nodes_are_capped_and_the_longest_silent_goes_first(store, monkeypatch):
    monkeypatch.setattr(strangers, "UNCLAIMED_ROWS", 2)
    for i in (2, 0, 1):
        store.commit(Recorded(discovered=(NodeDiscovered(f"N{i}", "mqtt", "", NOW + i * HOUR),)))
    assert [n.node for n in store.unclaimed()] == ["N1", "N2"]


def test_a_repeated_report_is_kept_once(store):
    later = report(received_at=NOW + HOUR)
    store.add_reports([report(), later, report(seq=2, received_at=NOW + 2 * HOUR)])
    store.add_reports([report()])
    assert [r.seq for r in store.reports("N1", NOW, NOW + 3 * HOUR)] == [1, 2]
    assert store.reports("N1", NOW + HOUR, NOW + 2 * HOUR) == ()


def test_reports_of_makes_that_number_nothing_are_all_kept(store):
    store.add_reports([report(boot_id="", seq=0, received_at=NOW + i * HOUR) for i in range(3)])
    assert len(store.reports("N1", NOW, NOW + 3 * HOUR)) == 3


def test_one_nonsense_report_does_not_keep_the_others_out(store):
    store.add_reports([report(seq=2**63), report(seq=-1), report(applied_revision=2**64), report(seq=7)])
    assert [r.seq for r in store.reports("N1", NOW, NOW + HOUR)] == [7]


def test_readings_leave_out_what_is_no_number(store):
    store.add_readings([Reading("M1", NOW, {"power_w": 1.5, "voltage_l1_v": float("nan")})])
    store.add_readings([Reading("M1", NOW, {"power_w": 9.0})])
    assert store.readings("M1", NOW, NOW + HOUR) == (Reading("M1", NOW, {"power_w": 1.5}),)


def test_a_token_lives_from_adding_to_revoking(store):
    store.add_token("ada", "operator", "h1", NOW, NOW + HOUR, draft())
    found = store.token_by_hash("h1")
    assert found is not None
    assert (found.name, found.role, found.expires_at, found.revoked_at) == ("ada", "operator", NOW + HOUR, None)
    assert store.token_by_hash("h2") is None
    store.revoke_token("ada", NOW, draft())
    store.revoke_token("ada", NOW + HOUR, draft())
    assert [t.revoked_at for t in store.tokens()] == [NOW]


def test_a_token_name_is_never_used_twice_and_an_unknown_one_cannot_be_revoked(store):
    store.add_token("ada", "viewer", "h1", NOW, None, draft())
    with pytest.raises(InvalidInput, match="exists"):
        store.add_token("ada", "viewer", "h2", NOW, None, draft())
    with pytest.raises(UnknownTarget, match="bob"):
        store.revoke_token("bob", NOW, draft())
    assert len(store.audit()) == 1


def test_the_use_of_a_token_is_noted_to_the_minute(store):
    store.add_token("ada", "viewer", "h1", NOW, None, draft())
    seconds = dt.timedelta(seconds=1)
    for at in (NOW, NOW + 59 * seconds):
        store.touch_token("ada", at)
        assert store.tokens()[0].last_used_at == NOW
    store.touch_token("ada", NOW + 60 * seconds)
    assert store.tokens()[0].last_used_at == NOW + 60 * seconds
    store.touch_token("nobody", NOW)


def test_pruning_keeps_what_still_matters(store):
    old, later = NOW, NOW + 2 * HOUR
    commands = (
        command("N1", 1, CommandState.SUPERSEDED),
        command("N1", 2, CommandState.CONFIRMED),
        command("N2", 1),
        replace(command("N3", 1, CommandState.FAILED), created_at=later),
        replace(command("N3", 2), created_at=later),
    )
    store.commit(Recorded(desired=(desired("N1", 1),)))
    store.commit(Recorded(desired=(desired("N1", 2, steps=9), desired("N2", 1)), commands=commands))
    store.commit(Recorded(desired=(desired("N2", 2, steps=1),)))
    store.commit(Recorded(faults=(fault("A", cleared_at=old), fault("B"), fault("C", cleared_at=later))))
    store.add_reports([report(seq=1), report(seq=2, received_at=later)])
    assert store.prune(NOW + HOUR, NOW + HOUR) == 3  # a command, a fault, the plan of five steps
    store.roll_up("Europe/Berlin")
    assert store.prune(NOW + HOUR, NOW + HOUR) == 1  # a report, now that it was added up
    assert [c.id for c in store.commands()] == ["N3/2", "N3/1", "N2/1", "N1/2"]
    assert {f.subject for _, f in store.faults()} == {"B", "C"}
    assert len(store.reports("N1", old, later + HOUR)) == 1
    assert store.desired_of("N1") == desired("N1", 2, steps=9)
    assert store.prune(NOW + HOUR, NOW + HOUR) == 0


def test_an_instant_without_a_zone_is_refused(store):
    with pytest.raises(StoreError, match="time zone"):
        store.commit(Recorded(seen=(("N1", dt.datetime(2026, 1, 1)),)))  # noqa: DTZ001 - the mistake under test


def test_a_closed_store_says_so_and_closes_twice(store):
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.points()
    with pytest.raises(StoreError, match="closed"):
        store.put_points([point()], draft())
