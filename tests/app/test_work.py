"""Work orders: opened once for what is wrong, closed with what was found, and how long that took."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from lightctl.app.asking import Actor, Guard, Role
from lightctl.app.citizens.intake import Given
from lightctl.app.work.orders import Opening
from lightctl.app.work.views import WorkOrderView
from lightctl.domain.errors import InvalidInput, NotPermitted, SafetyRefused, StoreError, UnknownTarget
from lightctl.domain.states import Fault, FaultEvent
from lightctl.store.base import Recorded
from lightctl.store.work import NewOrder
from tests.support.desk import NOW, OPERATOR, TECHNICIAN, VIEWER, Office
from tests.support.stores import draft

HOUR = dt.timedelta(hours=1)
PUBLIC = Actor("public", Role.VIEWER, "open311")


@pytest.fixture
def office():
    made = Office()
    made.import_inventory()
    yield made
    made.store.close()


def break_lamp(office: Office, subject: str = "LP1", at: dt.datetime = NOW, **changes: object) -> Fault:
    fault = replace(Fault(FaultEvent.LAMP_FAILURE, "light point", subject, at, "0 W at 100 %"), **changes)
    office.store.commit(Recorded(faults=(fault,)))
    return fault


def mend(office: Office, fault: Fault, at: dt.datetime) -> None:
    office.store.commit(Recorded(faults=(replace(fault, cleared_at=at),)))


def opened(office: Office, **opening: object) -> WorkOrderView:
    return office.operations.work_open(TECHNICIAN, Opening(**opening))


def by_hand(office: Office, light: str = "LP1", event: str = "lampFailure") -> WorkOrderView:
    return opened(office, light_point=light, event=event)


def test_an_order_for_a_fault_says_what_is_wrong_and_where(office):
    break_lamp(office)
    order = opened(office, fault=1)
    assert (order.id, order.state, order.created, order.event) == (1, "open", True, "lampFailure")
    assert (order.fault, order.fault_open, order.fault_opened_at) == (1, True, NOW)
    assert (order.subject, order.light_points, order.plate, order.lat) == ("LP1", ("LP1",), "LP1", 51.4344)
    (entry,) = [each for each in office.store.audit() if each.verb.startswith("work")]
    assert (entry.user, entry.verb, entry.target) == ("timo", "work open", "work 1")
    assert entry.detail == "lampFailure of light point LP1, fault 1"


@pytest.mark.parametrize("again", [{"fault": 1}, {"light_point": "LP1", "event": "LampFailure"}])
def test_a_second_order_for_the_same_is_the_one_that_is_there(office, again):
    break_lamp(office)
    opened(office, fault=1)
    entries = len(office.store.audit())
    order = opened(office, **again)
    assert (order.id, order.created) == (1, False)
    assert "no second one was opened" in order.remarks[0]
    assert len(office.operations.work_list(VIEWER, state="all")) == 1
    assert len(office.store.audit()) == entries


def test_what_the_second_one_wrote_is_added_to_the_order_that_is_there(office):
    by_hand(office)
    again = office.operations.work_open(
        TECHNICIAN, Opening(light_point="LP1", event="lampFailure"), note="the door is jammed", photo="/photos/1.jpg"
    )
    assert [(note.text, note.photo) for note in again.notes] == [("the door is jammed", "/photos/1.jpg")]
    assert office.verbs[-2:] == ["work open", "work note"]


def test_the_database_itself_refuses_a_second_order(office):
    break_lamp(office)
    opened(office, fault=1)
    twice = NewOrder("other", "light point", "LP2", NOW, "x", 1, NOW)
    with pytest.raises(StoreError, match="UNIQUE"):
        office.store.open_work(twice, None, draft())
    same = NewOrder("LAMPFAILURE", "light point", "LP1", NOW, "x")
    with pytest.raises(StoreError, match="UNIQUE"):
        office.store.open_work(same, None, draft())
    assert office.store.open_work(replace(same, subject="LP2"), None, draft()) == 2


def test_when_an_order_is_over_the_next_one_can_be_opened(office):
    by_hand(office)
    office.operations.work_close(TECHNICIAN, 1, "lamp")
    assert by_hand(office).id == 2
    office.operations.work_cancel(OPERATOR, 2)
    assert by_hand(office).id == 3


def test_a_fault_that_cleared_or_nobody_knows_gets_no_order(office):
    mend(office, break_lamp(office), NOW + HOUR)
    with pytest.raises(InvalidInput, match="cleared at"):
        opened(office, fault=1)
    for number in (2, 0, 2**70):
        with pytest.raises(UnknownTarget, match="no fault"):
            opened(office, fault=number)
    with pytest.raises(UnknownTarget):
        by_hand(office, "LP9")
    for event in (" ", "x" * 65):
        with pytest.raises(InvalidInput, match="what is wrong"):
            by_hand(office, "LP1", event)
    with pytest.raises(InvalidInput, match="say what the order is for"):
        opened(office)


def test_an_order_opened_by_hand_meets_the_fault_that_comes_after_it(office):
    by_hand(office)
    fault = break_lamp(office, at=NOW + HOUR)
    order = office.operations.work_show(VIEWER, 1)
    assert (order.fault, order.fault_opened_at, order.fault_open) == (1, NOW + HOUR, True)
    mend(office, fault, NOW + 2 * HOUR)
    assert office.operations.work_show(VIEWER, 1).fault_cleared_at == NOW + 2 * HOUR


def test_a_fault_that_comes_back_belongs_to_the_same_order_and_the_repair_takes_as_long_as_both(office):
    mended = break_lamp(office)
    opened(office, fault=1)
    mend(office, mended, NOW + HOUR)
    again = break_lamp(office, at=NOW + 2 * HOUR)
    order = office.operations.work_show(VIEWER, 1)
    assert (order.fault, order.fault_open, order.fault_opened_at) == (2, True, NOW)
    assert opened(office, fault=2).id == 1
    mend(office, again, NOW + 5 * HOUR)
    office.now = NOW + 6 * HOUR
    done = office.operations.work_close(TECHNICIAN, 1, "control_gear")
    assert (done.repair_s, done.repair_by) == (5 * 3600, "fault")


def test_an_order_is_not_closed_as_repaired_while_its_fault_is_there_unless_that_is_said(office):
    break_lamp(office)
    opened(office, fault=1)
    with pytest.raises(SafetyRefused, match=r"fault 1, lampFailure of light point LP1, is still open"):
        office.operations.work_close(TECHNICIAN, 1, "lamp")
    assert office.operations.work_show(VIEWER, 1).state == "open"
    tried = office.operations.work_close(TECHNICIAN, 1, "lamp", despite_fault=True, guard=Guard(dry_run=True))
    assert (tried.state, tried.dry_run, office.operations.work_show(VIEWER, 1).state) == ("done", True, "open")
    done = office.operations.work_close(TECHNICIAN, 1, "lamp", note="driver swapped", despite_fault=True)
    assert (done.state, done.cause, done.closed_by) == ("done", "lamp", "timo")
    assert "closed all the same" in done.remarks[0]
    assert [note.text for note in done.notes] == ["driver swapped"]


def test_an_order_whose_fault_nobody_found_is_closed_although_the_fault_is_there(office):
    break_lamp(office)
    opened(office, fault=1)
    done = office.operations.work_close(TECHNICIAN, 1, "no_fault_found")
    assert (done.state, done.repair_s, done.repair_by) == ("done", None, None)


def test_an_order_goes_forward_and_its_end_is_never_left(office):
    by_hand(office)
    assigned = office.operations.work_assign(OPERATOR, 1, "crew 2")
    assert (assigned.state, assigned.assignee) == ("assigned", "crew 2")
    assert office.operations.work_assign(OPERATOR, 1, "crew 3").assignee == "crew 3"
    assert office.store.audit()[0].detail == "crew 3 in place of crew 2"
    office.operations.work_close(TECHNICIAN, 1, "cable")
    for move in (
        lambda: office.operations.work_close(TECHNICIAN, 1, "lamp"),
        lambda: office.operations.work_cancel(OPERATOR, 1),
        lambda: office.operations.work_assign(OPERATOR, 1, "crew 1"),
    ):
        with pytest.raises(InvalidInput, match="it is done since"):
            move()
    with office.store._main.transaction(), pytest.raises(Exception, match="stays as it ended"):
        office.store._main.run("UPDATE work_orders SET state = 'open', cause = NULL, closed_at = NULL")
    assert office.operations.work_note(TECHNICIAN, 1, "still dry").notes[0].text == "still dry"


def test_each_verb_needs_its_role(office):
    by_hand(office)
    for verb in (
        lambda: office.operations.work_open(VIEWER, Opening(light_point="LP2", event="x")),
        lambda: office.operations.work_note(VIEWER, 1, "x"),
        lambda: office.operations.work_close(VIEWER, 1, "lamp"),
        lambda: office.operations.work_assign(TECHNICIAN, 1, "me"),
        lambda: office.operations.work_cancel(TECHNICIAN, 1),
    ):
        with pytest.raises(NotPermitted):
            verb()
    assert office.operations.work_show(VIEWER, 1).state == "open"


def test_a_try_changes_nothing(office):
    dry = Guard(dry_run=True)
    tried = office.operations.work_open(TECHNICIAN, Opening(light_point="LP1", event="x"), note="n", guard=dry)
    assert (tried.id, tried.created, tried.dry_run) == (None, True, True)
    by_hand(office)
    entries = len(office.store.audit())
    office.operations.work_assign(OPERATOR, 1, "crew", dry)
    office.operations.work_note(TECHNICIAN, 1, "x", guard=dry)
    office.operations.work_cancel(OPERATOR, 1, dry)
    office.operations.work_open(TECHNICIAN, Opening(light_point="LP1", event="lampFailure"), note="n", guard=dry)
    assert len(office.store.audit()) == entries
    assert office.operations.work_show(VIEWER, 1).notes == ()


def test_hostile_texts_are_kept_as_one_harmless_text_and_long_ones_refused(office):
    by_hand(office)
    order = office.operations.work_note(TECHNICIAN, 1, "a\x1b[2J\x00b\r\nc \u202e", "x\ny")
    assert [(note.text, note.photo) for note in order.notes] == [("a[2Jb\nc", "x y")]
    with pytest.raises(InvalidInput, match="2001 characters"):
        office.operations.work_note(TECHNICIAN, 1, "x" * 2001)
    with pytest.raises(InvalidInput, match="nothing to write down"):
        office.operations.work_note(TECHNICIAN, 1, "\x00")
    with pytest.raises(InvalidInput, match="name who does it"):
        office.operations.work_assign(OPERATOR, 1, "\x07")


def test_orders_are_listed_by_state_assignee_and_light_point(office):
    by_hand(office, "LP1")
    by_hand(office, "LP2")
    by_hand(office, "ZEBRA", "glass broken")
    office.operations.work_assign(OPERATOR, 2, "crew 2")
    office.operations.work_close(TECHNICIAN, 3, "vandalism")

    def listed(**how: object) -> list[int | None]:
        return [order.id for order in office.operations.work_list(VIEWER, **how)]

    assert listed() == [2, 1]
    assert listed(state="all") == [3, 2, 1]
    assert listed(state="done") == [3]
    assert listed(assignee="crew 2") == [2]
    assert listed(select="group=street") == [2, 1]
    assert listed(state="all", select="kind=crossing") == [3]
    assert listed(limit=1) == [2]
    with pytest.raises(InvalidInput, match="is no state"):
        listed(state="gone")


def test_statistics_tell_fault_times_from_order_times_and_leave_out_what_was_no_repair(office):
    for light, hours in (("LP1", 4), ("LP2", 10)):
        fault = break_lamp(office, light)
        by_hand(office, light)
        mend(office, fault, NOW + hours * HOUR)
    by_hand(office, "ZEBRA", "glass broken")
    by_hand(office, "ZEBRA", "check")
    by_hand(office, "LP2", "cancelled")
    office.now = NOW + 20 * HOUR
    for number, cause in ((1, "lamp"), (2, "control_gear"), (3, "vandalism"), (4, "no_fault_found")):
        office.operations.work_close(TECHNICIAN, number, cause)
    office.operations.work_cancel(OPERATOR, 5)
    stats = office.operations.work_stats(VIEWER, NOW, NOW + 24 * HOUR, "event")
    assert [(row.key, row.orders, row.repaired) for row in stats.rows] == [
        ("check", 1, 0),
        ("glass broken", 1, 1),
        ("lampFailure", 2, 2),
    ]
    total = stats.total
    assert (total.orders, total.repaired, total.by_fault, total.by_order) == (4, 3, 2, 1)
    assert (total.median_s, total.p90_s) == (10 * 3600, 20 * 3600)
    assert stats.rows[0].median_s is None
    by_group = office.operations.work_stats(VIEWER, NOW, NOW + 24 * HOUR, "tag:group")
    assert [(row.key, row.orders) for row in by_group.rows] == [("(none)", 2), ("street", 2)]
    assert office.operations.work_stats(VIEWER, NOW, NOW + 20 * HOUR).total.orders == 0
    with pytest.raises(InvalidInput, match="nothing to sort by"):
        office.operations.work_stats(VIEWER, NOW, NOW + HOUR, "colour")
    with pytest.raises(InvalidInput, match="not after"):
        office.operations.work_stats(VIEWER, NOW, NOW)


def test_an_export_holds_what_was_under_way_in_its_span(office):
    by_hand(office, "LP1")
    office.now = NOW + 10 * HOUR
    office.operations.work_close(TECHNICIAN, 1, "lamp")
    by_hand(office, "LP2")

    def exported(since: int, until: int) -> list[int | None]:
        return [o.id for o in office.operations.work_export(VIEWER, NOW + since * HOUR, NOW + until * HOUR)]

    assert exported(-5, 0) == []
    assert exported(5, 10) == [1]
    assert exported(5, 11) == [1, 2]
    assert exported(11, 12) == [2]


def report(office: Office, **fields: str) -> int:
    given = Given({"service_code": "lamp_out", "lat": "51.4344", "long": "6.7623"} | fields, {})
    return int(office.operations.citizen_take(PUBLIC, given).service_request_id or 0)


def test_an_order_from_a_citizens_report_takes_all_its_reports_along_and_closes_them(office):
    first, second = report(office), report(office)
    order = opened(office, report=second)
    assert (order.event, order.subject, order.reports) == ("lampFailure", "LP1", (first, second))
    assert opened(office, report=first).id == order.id
    office.operations.work_close(TECHNICIAN, 1, "no_fault_found")
    for number in (first, second):
        shown = office.operations.citizen_show(OPERATOR, number)
        assert (shown.status, shown.closing, shown.note) == ("closed", "work", "no_fault_found")
    with pytest.raises(InvalidInput, match="was closed"):
        opened(office, report=first)


def test_a_report_whose_order_was_cancelled_stays_open(office):
    number = report(office)
    opened(office, report=number)
    assert office.operations.citizen_show(OPERATOR, number).work_order == 1
    office.operations.work_cancel(OPERATOR, 1)
    shown = office.operations.citizen_show(OPERATOR, number)
    assert (shown.status, shown.work_order) == ("open", None)


def test_a_report_of_no_known_light_point_leads_to_no_order(office):
    number = report(office, lat="51.5", long="6.9")
    with pytest.raises(InvalidInput, match="which light point"):
        opened(office, report=number)
    office.operations.citizen_link(OPERATOR, number, light_point="LP2")
    assert opened(office, report=number).subject == "LP2"
    with pytest.raises(UnknownTarget):
        opened(office, report=99)


def test_an_order_and_a_report_of_the_same_light_find_each_other_in_either_order(office):
    break_lamp(office, "LP2")
    opened(office, fault=1)
    late = report(office, lat="51.4345")
    assert office.operations.citizen_show(OPERATOR, late).work_order == 1
    early = report(office, lat="51.4346")
    by_hand(office, "ZEBRA", "lampFailure")
    assert office.operations.citizen_show(OPERATOR, early).work_order == 2
