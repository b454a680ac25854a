"""Maintenance: who may, what is refused, what is stored and said, and what the street does."""

import datetime as dt

import pytest

from lightctl.app.asking import Guard, Target
from lightctl.app.steps import finish
from lightctl.domain.errors import InvalidInput, NotPermitted, SafetyRefused, UnknownTarget
from lightctl.domain.events import MaintenanceEnded, MaintenanceSet, OverrideEnded, OverrideSet
from lightctl.domain.states import Scope
from lightctl.files.settings import Settings
from tests.support.bench import Bench
from tests.support.desk import INVENTORY, NOW, OPERATOR, TECHNICIAN, VIEWER, Office

HOUR = dt.timedelta(hours=1)
CABLE = Guard(reason="cable works")
EVERYTHING, ZEBRA = Target(select="*"), Target(id="ZEBRA")


@pytest.fixture
def bench():
    bench = Bench(INVENTORY)
    for node in ("n-1", "n-2", "n-3"):
        bench.mount(node)
    bench.run(60)
    yield bench
    bench.store.close()


def alarms(bench: Bench) -> list[tuple[str, str]]:
    return [(fault.event, fault.subject) for fault in bench.operations.fault_list(VIEWER, open_only=True, limit=100)]


def kept_back(bench: Bench) -> list[tuple[str, str, str]]:
    found = bench.operations.fault_list(VIEWER, open_only=True, limit=100, suppressed=True)
    return [(fault.event, fault.subject, fault.suppressed_by) for fault in found if fault.suppressed_by]


def test_a_maintenance_with_a_level_is_stored_with_its_override_under_one_name_before_the_daemon_is_told(office):
    change = office.operations.maintenance_start(TECHNICIAN, Target(group="street"), 0, None, CABLE).change
    overriding, maintaining = office.told
    assert isinstance(overriding, OverrideSet)
    assert isinstance(maintaining, MaintenanceSet)
    assert overriding.override == office.store.overrides(NOW)[0]
    assert (overriding.override.id, overriding.override.scope) == (change, Scope.MAINTENANCE)
    assert maintaining.maintenance == office.store.running_maintenances(NOW)[0]
    assert maintaining.maintenance.until == NOW + 4 * HOUR


def test_several_light_points_are_one_maintenance(office):
    office.operations.maintenance_start(TECHNICIAN, Target(ids=("LP1", "ZEBRA")), None, None, CABLE)
    (shown,) = office.operations.maintenance_list(VIEWER)
    assert (shown.target, shown.light_points, shown.level) == ("id in (LP1,ZEBRA)", 2, None)


@pytest.mark.parametrize(
    ("target", "level", "until", "guard", "below", "error", "word"),
    [
        (ZEBRA, 0, None, Guard(), False, InvalidInput, "needs one"),
        (ZEBRA, 0, None, Guard(reason="  "), False, InvalidInput, "needs one"),
        (ZEBRA, 101, None, CABLE, False, InvalidInput, "no level"),
        (ZEBRA, None, None, CABLE, True, InvalidInput, "nothing to go below with"),
        (ZEBRA, 0, NOW, CABLE, False, InvalidInput, "has passed"),
        (ZEBRA, 0, NOW + 24 * HOUR + dt.timedelta(seconds=1), CABLE, False, InvalidInput, "within 24 h"),
        (Target(id="NOPE"), 0, None, CABLE, False, UnknownTarget, "no light point"),
        (EVERYTHING, 0, None, Guard(reason="x", max_affected=2), False, SafetyRefused, "touches 3"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(office, target, level, until, guard, below, error, word):
    before = office.verbs
    with pytest.raises(error, match=word):
        office.operations.maintenance_start(TECHNICIAN, target, level, until, guard, below_protection=below)
    assert office.verbs == before
    assert office.told == []
    assert office.operations.maintenance_list(VIEWER, ended=True) == ()


def test_how_long_a_maintenance_may_last_is_a_setting():
    office = Office(
        settings=Settings.model_validate({"safety": {"max_maintenance_h": 1, "allow_below_protection": True}})
    )
    office.furnish()
    with pytest.raises(InvalidInput, match="max_maintenance_h"):
        office.operations.maintenance_start(TECHNICIAN, ZEBRA, None, NOW + 2 * HOUR, CABLE)
    assert office.operations.maintenance_start(TECHNICIAN, ZEBRA, None, None, CABLE).until == NOW + HOUR
    office.store.close()


def test_a_viewer_starts_and_stops_nothing(office):
    with pytest.raises(NotPermitted):
        office.operations.maintenance_start(VIEWER, ZEBRA, None, None, CABLE)
    with pytest.raises(NotPermitted):
        office.operations.maintenance_stop(VIEWER, ["maintenance-0"], Guard())


def test_the_audit_says_in_words_what_goes_below_which_protection(office):
    office.operations.maintenance_start(TECHNICIAN, EVERYTHING, 20, None, CABLE, below_protection=True)
    office.operations.maintenance_start(TECHNICIAN, EVERYTHING, 20, None, CABLE)
    office.operations.maintenance_start(TECHNICIAN, Target(id="LP1"), 20, None, CABLE, below_protection=True)
    *_, by_name, kept, nothing = reversed(office.store.audit())
    assert by_name.detail == (
        "20 % until 2026-12-04T22:00:00Z; goes below the protection of 1 light point by name: at least 80 % "
        "(zebra crossings stay lit) while the sun is down"
    )
    assert "the protection of 1 light point holds" in kept.detail
    assert "nothing to go below" in nothing.detail
    assert office.operations.audit_verify(VIEWER).ok


def test_each_start_and_each_stop_is_one_entry_of_the_audit(office):
    before = len(office.verbs)
    first = office.operations.maintenance_start(TECHNICIAN, Target(id="LP1"), 0, None, CABLE).change
    second = office.operations.maintenance_start(TECHNICIAN, Target(id="LP2"), None, None, CABLE).change
    office.operations.maintenance_stop(TECHNICIAN, [first, second, first], Guard(reason="done"))
    assert office.verbs[before:] == ["maintenance start", "maintenance start", "maintenance stop"]
    assert [type(event) for event in office.told[3:]] == [OverrideEnded, MaintenanceEnded, MaintenanceEnded]
    assert [each.ended_by for each in office.operations.maintenance_list(VIEWER, ended=True)] == ["timo", "timo"]


def test_stopping_what_is_over_changes_nothing_and_what_never_was_is_said(office):
    name = office.operations.maintenance_start(TECHNICIAN, Target(id="LP1"), 0, None, CABLE).change
    office.now += 5 * HOUR
    before = office.verbs
    assert office.operations.maintenance_stop(TECHNICIAN, [name], Guard()).affected == 0
    with pytest.raises(UnknownTarget, match="maintenance-9"):
        office.operations.maintenance_stop(TECHNICIAN, [name, "maintenance-9"], Guard())
    assert office.verbs == before


def test_trying_out_changes_nothing_and_says_what_becomes_of_protections(office):
    tried = office.operations.maintenance_start(TECHNICIAN, ZEBRA, 0, None, Guard(dry_run=True, reason="x"))
    assert (tried.dry_run, tried.pending) == (True, 1)
    assert "the protection of 1 light point holds" in tried.notes[0]
    name = office.operations.maintenance_start(TECHNICIAN, ZEBRA, 0, None, CABLE).change
    told = list(office.told)
    assert office.operations.maintenance_stop(TECHNICIAN, [name], Guard(dry_run=True)).dry_run
    assert office.told == told
    assert [each.id for each in office.operations.maintenance_list(VIEWER)] == [name]


def test_resume_leaves_what_a_crew_asked_for_alone_and_says_whose_it_is(office):
    name = office.operations.maintenance_start(TECHNICIAN, Target(group="street"), 0, None, CABLE).change
    for target in (Target(id="LP1"), Target(group="street")):
        with pytest.raises(SafetyRefused, match=name):
            office.operations.resume(TECHNICIAN, target, Guard())
    assert [each.id for each in office.store.overrides(NOW)] == [name]


def test_clearing_overrides_leaves_a_crews_alone_refused_by_id_and_said_of_all(office):
    name = office.operations.maintenance_start(TECHNICIAN, Target(id="LP1"), 0, None, CABLE).change
    with pytest.raises(SafetyRefused, match=name):
        office.operations.override_clear(TECHNICIAN, [name], Guard())
    office.operations.set_level(TECHNICIAN, Target(id="LP2"), 30, None, Guard())
    cleared = office.operations.override_clear(TECHNICIAN, None, Guard())
    assert (cleared.affected, cleared.notes) == (1, (f"{name} stays: a crew on site asked for it",))
    assert [each.id for each in office.store.overrides(NOW)] == [name]


def test_a_level_planned_for_later_is_not_called_failed_because_a_crew_is_at_work_now(office):
    office.operations.maintenance_start(TECHNICIAN, Target(id="LP1"), 0, NOW + HOUR, CABLE)
    planned = office.operations.set_level(TECHNICIAN, Target(id="LP1"), 30, NOW + 3 * HOUR, Guard(), NOW + 2 * HOUR)
    assert planned.points[0].state == "pending"


def test_a_circuit_is_darkened_for_a_crew_and_lights_up_again_by_itself_with_everything_dead(bench):
    change = bench.operations.maintenance_start(TECHNICIAN, Target(group="street"), 0, bench.now + HOUR, CABLE)
    assert finish(bench.operations.change(VIEWER, change.change)).confirmed == 2
    assert [bench.level(node) for node in ("n-1", "n-2", "n-3")] == [0, 0, 100]
    bench.kill_daemon()
    bench.run(HOUR.total_seconds() - 1)
    assert bench.level("n-1") == 0
    bench.run(2)
    assert [bench.level(node) for node in ("n-1", "n-2")] == [100, 100]


def test_a_crossing_stays_lit_unless_it_was_asked_for_by_name(bench):
    kept = bench.operations.maintenance_start(TECHNICIAN, EVERYTHING, 0, None, CABLE)
    assert [bench.level(node) for node in ("n-1", "n-2", "n-3")] == [0, 0, 80]
    verdict = bench.operations.why(VIEWER, "ZEBRA")
    assert (verdict.level, verdict.reason) == (80, "protection")
    bench.operations.maintenance_stop(TECHNICIAN, [kept.change], Guard())
    assert bench.level("n-3") == 100
    named = bench.operations.maintenance_start(TECHNICIAN, ZEBRA, 0, None, CABLE, below_protection=True)
    assert bench.level("n-3") == 0
    verdict = bench.operations.why(VIEWER, "ZEBRA")
    assert (verdict.level, verdict.reason) == (0, "override")
    layers = {layer.layer: layer for layer in verdict.chain}
    assert layers["override"].detail.startswith(f"{named.change}: 0 % ")
    assert "(cable works)" in layers["override"].detail
    assert layers["protection"].verdict == "lifted"
    assert named.change in layers["protection"].detail


def test_a_level_by_hand_does_not_reach_a_crews_lamp_and_that_is_said(bench):
    name = bench.operations.maintenance_start(TECHNICIAN, Target(id="LP1"), 0, None, CABLE).change
    bench.run(5)
    change = bench.operations.set_level(TECHNICIAN, Target(group="street"), 100, None, Guard())
    assert {point.id: point.state for point in change.points} == {"LP1": "failed", "LP2": "confirmed"}
    assert name in change.points[0].detail
    assert bench.level("n-1") == 0


def test_alarms_of_a_crews_lamps_are_kept_back_listed_only_on_request_and_come_when_it_goes(bench):
    name = bench.operations.maintenance_start(TECHNICIAN, Target(group="street"), None, None, CABLE).change
    bench.trouble("n-1", failed=1)
    bench.trouble("n-3", failed=1)
    assert alarms(bench) == [("lampFailure", "ZEBRA")]
    assert kept_back(bench) == [("lampFailure", "LP1", name)]
    status = finish(bench.operations.status(VIEWER))
    assert (dict(status.open_faults), status.maintenances, status.suppressed_faults) == ({"lampFailure": 1}, 1, 1)
    light = bench.operations.light_show(VIEWER, "LP1")
    assert (light.maintenance, light.faults, light.state) == (name, (), "in_use")
    bench.operations.maintenance_stop(TECHNICIAN, [name], Guard())
    assert alarms(bench) == [("lampFailure", "LP1"), ("lampFailure", "ZEBRA")]
    assert kept_back(bench) == []
    assert bench.operations.light_show(VIEWER, "LP1").faults == ("lampFailure",)


def test_a_silent_circuit_is_no_alarm_while_a_crew_works_on_it_and_one_as_soon_as_they_are_gone(bench):
    bench.operations.maintenance_start(TECHNICIAN, Target(group="street"), None, bench.now + 2 * HOUR, CABLE)
    for node in ("n-1", "n-2"):
        bench.street.cut(node, "breaker", on=True)
    bench.run(1.9 * 3600)
    assert alarms(bench) == []
    assert not bench.operations.light_show(VIEWER, "LP1").reachable
    bench.run(0.1 * 3600)
    assert sorted(alarms(bench)) == [("communicationFailure", "n-1"), ("communicationFailure", "n-2")]


def test_a_maintenance_survives_a_restart_of_the_daemon_with_all_it_keeps_back(bench):
    name = bench.operations.maintenance_start(TECHNICIAN, Target(group="street"), 0, bench.now + HOUR, CABLE).change
    bench.kill_daemon()
    bench.run(60)
    bench.start_daemon()
    assert bench.level("n-1") == 0
    bench.trouble("n-1", stuck=True)
    bench.street.cut("n-2", "breaker", on=True)
    bench.run(3000)
    assert alarms(bench) == []
    assert [each[2] for each in kept_back(bench)] == [name]
    bench.run(1100)
    assert sorted(alarms(bench)) == [("communicationFailure", "n-2"), ("lampFailure", "LP1")]


def test_energy_and_burning_hours_go_on_being_recorded_during_a_maintenance(bench):
    begun = bench.now
    bench.operations.maintenance_start(TECHNICIAN, Target(id="LP1"), 100, bench.now + HOUR, CABLE)
    bench.run(3600)
    reports = bench.store.reports("n-1", begun, bench.now)
    energy = [report.channels[0].energy_wh for report in reports]
    hours = [report.channels[0].operating_h for report in reports]
    assert energy[-1] - energy[0] == pytest.approx(50 * 55 / 60, abs=5)
    assert hours[-1] > hours[0]


def test_a_maintenance_of_an_operator_is_ended_by_a_technician_on_the_spot(bench):
    name = bench.operations.maintenance_start(OPERATOR, Target(id="LP1"), 0, None, CABLE).change
    assert bench.operations.maintenance_stop(TECHNICIAN, [name], Guard()).confirmed == 1
    assert bench.level("n-1") == 100
    (over,) = bench.operations.maintenance_list(VIEWER, ended=True)
    assert (over.running, over.user, over.ended_by) == (False, "olga", "timo")
