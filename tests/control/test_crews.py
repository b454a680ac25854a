"""Maintenances in the controller: the level a crew asks for, and faults that are no alarms but never lost."""

import datetime as dt
from dataclasses import replace

from lightctl.control.effects import Effects
from lightctl.domain import events as ev
from lightctl.domain.assets import Fleet
from lightctl.domain.crews import Maintenance
from lightctl.domain.selectors import parse_selector
from lightctl.domain.states import CommandState, FaultEvent, Reason
from tests.support.controlled import CARRYING, LIVE, SCHEDULE, ZONE, Street, lamp

ONE_LAMP = (lamp("a"),)
EVENING = dt.datetime(2026, 12, 4, 18, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
PROTECTED = SCHEDULE + 'protections:\n  - {select: "*", min_level: 80, reason: a crossing}\n'


def at_work(street: Street, level=None, select="*", hours=4.0, name="maintenance-1", **more) -> Maintenance:
    until = street.now + hours * HOUR
    return Maintenance(name, parse_selector(select), street.now, until, level, reason="cable", user="timo", **more)


def set_out(maintenance: Maintenance) -> tuple[ev.Event, ...]:
    """What the daemon is told of a new maintenance."""
    override = maintenance.override
    return (*([ev.OverrideSet(override)] if override else []), ev.MaintenanceSet(maintenance))


def running(points=ONE_LAMP, text=SCHEDULE, capabilities=CARRYING) -> Street:
    """An evening street whose lamps all follow."""
    street = Street(points=points, now=EVENING)
    street.start(text)
    for node in dict.fromkeys(point.node for point in points):
        street.step(street.hello(node, capabilities=capabilities))
        street.step(ev.CommandSent(node, street.command(node).revision, street.now), after=0.1)
        street.step(street.report(node), after=0.1)
    assert street.faults == {}
    return street


def broken(street: Street, node="n-a") -> ev.Event:
    return street.report(node, power_w=0.4)


def breaks(street: Street, *nodes: str) -> Effects:
    """Let lamps be dark in two reports, which is enough to be believed; gives what the second one does."""
    street.step(*(broken(street, node) for node in nodes or ("n-a",)), after=60)
    return street.step(*(broken(street, node) for node in nodes or ("n-a",)), after=60)


def test_a_crew_gets_its_level_as_an_override_the_node_ends_by_itself():
    street = running()
    work = at_work(street, level=0)
    street.step(*set_out(work))
    (document,) = street.sent
    held = document.channels[0].override
    assert (held.id, held.level, held.until) == (work.id, 0, work.until)


def test_a_crews_level_counts_above_every_level_asked_for_by_hand_even_a_later_one():
    street = running()
    work = at_work(street, level=0)
    street.step(*set_out(work))
    later = replace(work.override, id="o1", level=100, scope=3, start=street.now + dt.timedelta(minutes=1))
    street.step(ev.OverrideSet(later), after=60)
    assert street.desired["n-a"].channels[0].override.id == work.id


def test_a_protection_holds_under_a_crews_level_unless_it_was_asked_for_by_name():
    street = running(text=PROTECTED)
    street.step(*set_out(at_work(street, level=0)))
    assert street.desired["n-a"].channels[0].override.level == 80
    street = running(text=PROTECTED)
    street.step(*set_out(at_work(street, level=0, below_protection=True)))
    assert street.desired["n-a"].channels[0].override.level == 0


def test_a_live_lamp_goes_below_its_protection_by_name_and_back_at_the_end():
    street = running(text=PROTECTED, capabilities=LIVE)
    work = at_work(street, level=0, below_protection=True)
    street.step(*set_out(work))
    assert street.desired["n-a"].channels[0].switches[0].level == 0
    street.step(ev.CommandSent("n-a", street.command().revision, street.now), after=0.1)
    street.step(street.report(level=0, commanded=0, power_w=0.5), after=0.1)
    street.run_until(work.until)
    assert street.desired["n-a"].channels[0].switches[0].level >= 80


def test_a_maintenance_without_a_level_sends_nothing():
    street = running()
    before = street.desired["n-a"].revision
    street.step(*set_out(at_work(street)))
    assert street.sent == []
    assert street.desired["n-a"].revision == before


def test_a_fault_that_opens_during_a_maintenance_is_recorded_under_its_name():
    street = running()
    street.step(*set_out(at_work(street)))
    breaks(street)
    (fault,) = street.faults.values()
    assert (fault.event, fault.suppressed_by) == (FaultEvent.LAMP_FAILURE, "maintenance-1")
    street.step(street.report(), after=60)
    assert street.faults == {}


def test_what_is_still_wrong_when_a_maintenance_ends_by_itself_opens_as_an_alarm_at_that_instant():
    street = running()
    work = at_work(street, hours=0.1)
    street.step(*set_out(work))
    breaks(street)
    street.run_until(work.until - dt.timedelta(seconds=1))
    assert [fault.suppressed_by for fault in street.faults.values()] == [work.id]
    assert street.last.review_at == work.until
    street.step(ev.ReviewDue(), after=1)
    (fault,) = street.faults.values()
    assert (fault.suppressed_by, fault.opened_at) == ("", work.until)
    assert [(each.suppressed_by, each.cleared_at) for each in street.last.faults] == [(work.id, work.until), ("", None)]


def test_what_is_still_wrong_when_a_maintenance_is_stopped_opens_as_an_alarm_at_once():
    street = running()
    street.step(*set_out(at_work(street)))
    breaks(street)
    street.step(ev.MaintenanceEnded("maintenance-1"), after=60)
    (fault,) = street.faults.values()
    assert (fault.suppressed_by, fault.opened_at) == ("", street.now)


def test_what_was_wrong_before_a_maintenance_stays_an_alarm():
    street = running()
    breaks(street)
    street.step(*set_out(at_work(street)))
    breaks(street)
    assert [fault.suppressed_by for fault in street.faults.values()] == [""]


def test_a_maintenance_says_nothing_about_lamps_it_does_not_select():
    street = running((lamp("a"), lamp("b")))
    street.step(*set_out(at_work(street, select="id=a")))
    breaks(street, "n-a", "n-b")
    assert {fault.subject: fault.suppressed_by for fault in street.faults.values()} == {"a": "maintenance-1", "b": ""}


def test_a_nodes_own_alarm_is_kept_back_only_when_crews_work_on_each_of_its_lamps():
    points = (lamp("a", node="n", channel=0), lamp("b", node="n", channel=1))
    for select, kept in (("id=a", ""), ("id in (a,b)", "maintenance-1")):
        street = Street(points=points, now=EVENING)
        street.start()
        street.step(*set_out(at_work(street, select=select)))
        street.run_until(EVENING + HOUR)
        (fault,) = street.faults.values()
        assert (fault.event, fault.suppressed_by) == (FaultEvent.COMMUNICATION_FAILURE, kept)


def test_a_second_crew_keeps_the_alarms_back_that_the_first_one_leaves():
    street = running()
    street.step(*set_out(at_work(street)), *set_out(at_work(street, name="maintenance-2")))
    breaks(street)
    street.step(ev.MaintenanceEnded("maintenance-1"), after=60)
    assert all(fault.suppressed_by for fault in street.faults.values())
    street.step(ev.MaintenanceEnded("maintenance-2"), after=60)
    assert [fault.suppressed_by for fault in street.faults.values()] == [""]


def test_reports_go_on_being_recorded_during_a_maintenance():
    street = running()
    street.step(*set_out(at_work(street)))
    effects = breaks(street)
    assert [report.node for report in effects.reports] == ["n-a"]


def test_a_maintenance_that_ended_while_nobody_ran_leaves_its_faults_as_alarms():
    street = running()
    street.step(*set_out(at_work(street)))
    breaks(street)
    again = Street(points=street.points, now=street.now + 5 * HOUR)
    known = ev.NodeRestored(
        "n-a", 9, CARRYING, street.desired["n-a"], street.command(), boot_id="b1",
        reported=street.controller._knowledge.memories["n-a"].reported, faults=tuple(street.faults.values()),
    )  # fmt: skip
    again.faults = dict(street.faults)
    again.step(known, ev.FleetChanged(Fleet.of(street.points, ZONE)))
    assert {fault.suppressed_by for fault in again.faults.values()} == {""}


def test_a_node_that_comes_in_anothers_place_gets_its_whole_document_and_the_old_one_is_closed():
    street = running()
    work = at_work(street, level=30)
    street.step(broken(street), after=60)
    street.step(*set_out(work), broken(street), after=60)
    assert not street.command("n-a").state.terminal
    moved = (replace(street.points[0], node="n-new"),)
    street.step(ev.FleetChanged(Fleet.of(moved, ZONE), "node replace", {"n-a": "n-new"}))
    assert street.command("n-a").state is CommandState.FAILED
    assert street.command("n-a").detail == "the node was replaced by n-new"
    assert street.faults == {}
    (document,) = street.sent
    assert (document.node, document.channels[0].override.id) == ("n-new", work.id)
    street.step(street.hello("n-new", revision=70))
    assert street.desired["n-new"].revision == 71
    street.step(ev.CommandSent("n-new", 71, street.now), after=0.1)
    street.step(street.report("n-new", level=30, reason=Reason.OVERRIDE), after=0.1)
    assert street.command("n-new").state is CommandState.CONFIRMED
