"""Self-tests on real nodes: what is driven, believed and skipped, and that every lamp is left as it was."""

import datetime as dt
from dataclasses import replace

import pytest

from lightctl.app.asking import Guard, Target
from lightctl.domain.assets import Capabilities
from lightctl.domain.errors import InvalidInput, LinkDown, UnknownTarget
from tests.support.bench import CARRYING, Bench
from tests.support.desk import OPERATOR, TECHNICIAN, VIEWER

INVENTORY = """id,lat,lon,kind,node,channel,profile,link,rated_power_w,state
LP1,51.4344,6.7623,lamp,N-1,0,native,mqtt,50,in_use
LP2,51.4345,6.7623,lamp,N-2,0,native,mqtt,50,in_use
LP3,51.4345,6.7623,lamp,N-2,1,native,mqtt,50,in_use
ZEBRA,51.4346,6.7623,crossing,N-3,0,native,mqtt,50,in_use
DIM,51.4346,6.7623,lamp,D-1,0,json-dimmer,mqtt,50,in_use
BARE,51.4346,6.7623,lamp,,0,native,mqtt,50,in_use
"""
LIVE = Capabilities(ramp=True)
LATE = Guard(reason="cable works")


@pytest.fixture
def bench(request):
    """Real nodes; what N-1 can do may be given."""
    bench = Bench(INVENTORY)
    bench.mount("N-1", capabilities=getattr(request, "param", CARRYING))
    bench.mount("N-2", channels=2)
    bench.mount("N-3")
    bench.mount("D-1", profile="json-dimmer")
    bench.run(60)
    yield bench
    bench.store.close()


def run_through(bench: Bench, name: str, step_s: float = 10.0):
    """Run a self-test to its end and give what came of it."""
    test = bench.operations.node_self_test(TECHNICIAN, name, step_s)
    assert (test.finished, test.ok) == (False, None)
    bench.run((test.until - bench.now).total_seconds() + 15)
    return bench.operations.self_test(VIEWER, test.test)


def checks(test) -> dict[str, bool | None]:
    return {check.name: check.ok for check in test.checks}


ALL_WELL = {"delivery": True, "on": True, "dimmed": True, "off": True, "restored": True}


@pytest.mark.parametrize("light", ["LP1", "DIM"])
def test_a_lamp_is_driven_on_dimmed_and_off_and_left_to_its_program(bench, light):
    node = bench.operations.light_show(VIEWER, light).node
    test = bench.operations.node_self_test(TECHNICIAN, light, 10.0)
    seen = [bench.level(node)]
    for _ in range(3):
        bench.run(10)
        seen.append(bench.level(node))
    assert seen == [100, 50, 0, 100]
    assert checks(bench.operations.self_test(VIEWER, test.test)) == ALL_WELL


@pytest.mark.parametrize("bench", [LIVE], indirect=True)
def test_a_live_node_of_our_own_make_is_tested_like_one_that_carries_nights(bench):
    assert checks(run_through(bench, "N-1")) == ALL_WELL
    assert bench.level("N-1") == 100


def test_every_lamp_of_a_node_is_tested_at_once_and_judged_alone(bench):
    bench.trouble("N-2", failed=1)
    test = run_through(bench, "N-2")
    assert test.ok is False
    failed = [(check.name, check.light_point) for check in test.checks if check.ok is False]
    assert failed == [("on", "LP2"), ("dimmed", "LP2")]
    assert "0 % measured" in next(check.detail for check in test.checks if check.ok is False)


def test_a_driver_that_is_stuck_fails_what_it_does_not_do(bench):
    bench.trouble("N-1", stuck=True)
    assert checks(run_through(bench, "N-1")) == ALL_WELL | {"dimmed": False, "off": False}


def test_the_override_that_was_in_force_is_in_force_again(bench):
    bench.operations.set_level(TECHNICIAN, Target(id="LP1"), 30, bench.now + dt.timedelta(hours=2), Guard())
    assert bench.level("N-1") == 30
    test = run_through(bench, "LP1")
    assert checks(test) == ALL_WELL
    assert bench.level("N-1") == 30


def test_a_protected_lamp_is_not_switched_off_at_night_and_that_is_said(bench):
    low = []
    test = bench.operations.node_self_test(TECHNICIAN, "ZEBRA", 10.0)
    while bench.now < test.until:
        bench.run(1)
        low.append(bench.level("N-3"))
    assert min(low) >= 80
    found = {check.name: check for check in bench.operations.self_test(VIEWER, test.test).checks}
    assert found["off"].skipped
    assert found["off"].detail == "a protection asks for at least 80 % now"
    assert found["dimmed"].ok
    assert bench.operations.self_test(VIEWER, test.test).ok


def test_a_maintenance_below_the_protection_lets_the_off_trial_go_below_it_too(bench):
    bench.operations.maintenance_start(
        TECHNICIAN, Target(id="ZEBRA"), 60, None, Guard(reason="new lamp"), below_protection=True
    )
    assert bench.level("N-3") == 60
    assert checks(run_through(bench, "ZEBRA")) == ALL_WELL
    assert bench.level("N-3") == 60


def test_by_day_a_protected_lamp_is_tested_in_full(bench):
    bench.run(16 * 3600)
    assert bench.level("N-3") == 0
    assert checks(run_through(bench, "ZEBRA")) == ALL_WELL
    assert bench.level("N-3") == 0


def test_a_silent_node_fails_and_nothing_is_believed(bench):
    bench.street.cut("N-1", "test", on=True)
    assert checks(run_through(bench, "N-1")) == dict.fromkeys(ALL_WELL, False)


def test_a_node_that_carries_nights_is_restored_though_the_daemon_dies_in_the_middle(bench):
    test = bench.operations.node_self_test(TECHNICIAN, "LP1", 10.0)
    bench.run(25)
    assert bench.level("N-1") == 0
    bench.kill_daemon()
    bench.run(6)
    assert bench.now > test.until
    assert bench.level("N-1") == 100


def test_a_daemon_that_is_started_in_the_middle_goes_on_with_the_trials(bench):
    test = bench.operations.node_self_test(TECHNICIAN, "LP1", 10.0)
    bench.run(5)
    bench.start_daemon()
    bench.run(40)
    assert checks(bench.operations.self_test(VIEWER, test.test)) == ALL_WELL


def test_while_a_test_runs_no_second_one_begins_and_nobody_ends_it(bench):
    bench.operations.node_self_test(TECHNICIAN, "N-2", 10.0)
    with pytest.raises(InvalidInput, match="runs until"):
        bench.operations.node_self_test(TECHNICIAN, "LP3", 10.0)
    change = bench.operations.set_level(TECHNICIAN, Target(id="LP3"), 70, None, Guard())
    assert (change.failed, change.points[0].detail.split()[-2:]) == (1, ["100", "%"])


def test_what_cannot_be_tested_is_refused_with_the_reason(bench):
    for name, error, word in (
        ("NOBODY", UnknownTarget, "no light point"),
        ("BARE", InvalidInput, "no node switches it"),
    ):
        with pytest.raises(error, match=word):
            bench.operations.node_self_test(TECHNICIAN, name)
    with pytest.raises(InvalidInput, match="is not within 2 to 600 s"):
        bench.operations.node_self_test(TECHNICIAN, "LP1", 1.0)
    with pytest.raises(UnknownTarget):
        bench.operations.self_test(VIEWER, "self-test-0")


def test_a_lamp_whose_node_was_taken_away_meanwhile_is_not_said_to_be_restored(bench):
    test = bench.operations.node_self_test(TECHNICIAN, "LP1", 10.0)
    retired = "id,lat,lon,state\nLP1,51.4344,6.7623,retired\n"
    bench.operations.inventory_import(
        OPERATOR, retired, format="csv", name="i", mapping=None, skip_bad_rows=False, guard=Guard()
    )
    bench.run(60)
    last = bench.operations.self_test(VIEWER, test.test).checks[-1]
    assert (last.name, last.ok, last.detail) == ("restored", False, "node N-1 switches it no longer")


def test_without_a_daemon_nothing_is_begun(office):
    office.operations._desk.live = None
    with pytest.raises(LinkDown, match="nothing was changed"):
        office.operations.node_self_test(TECHNICIAN, "LP1")
    assert office.store.overrides(office.now) == ()


def test_a_dry_run_says_what_would_be_driven_and_drives_nothing(bench):
    test = bench.operations.node_self_test(TECHNICIAN, "ZEBRA", 10.0, Guard(dry_run=True))
    assert [(check.name, check.skipped) for check in test.checks] == [("on", False), ("dimmed", False), ("off", True)]
    assert bench.store.overrides(bench.now) == ()


def test_a_self_test_is_one_entry_of_the_audit_that_names_what_was_skipped(bench):
    before = len(bench.store.audit())
    bench.operations.node_self_test(TECHNICIAN, "ZEBRA", 10.0, Guard(reason="new driver"))
    entry, *_ = bench.store.audit()
    assert len(bench.store.audit()) == before + 1
    assert (entry.verb, entry.target, entry.reason) == ("node self-test", "N-3", "new driver")
    assert entry.detail == "off ZEBRA skipped: a protection asks for at least 80 % now"
    assert bench.operations.audit_verify(OPERATOR).ok


@pytest.mark.parametrize("bench", [replace(CARRYING, ramp=False, levels=(0, 100))], indirect=True)
def test_what_a_node_cannot_do_is_skipped_not_failed(bench):
    test = run_through(bench, "LP1")
    assert test.ok
    assert {check.name for check in test.checks if check.skipped} == {"dimmed"}
