"""The firmware against section 4 of the contracts: revision rule, memory, alone at night, overrides, fallback."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

from lightctl.domain.assets import Capabilities, Place
from lightctl.domain.states import (
    ActionKind,
    ChannelDesired,
    DesiredState,
    HeldOverride,
    NodeAction,
    Reason,
    Switch,
)
from simulators.firmware import Firmware
from simulators.lamp import LampType
from simulators.node import ActionAnswer, LampChanged, Memory, NodeSetup, Persist, Restart, Say
from simulators.node_clock import NodeClock

NIGHT = dt.datetime(2026, 12, 21, 20, 0, tzinfo=dt.UTC)
NOON = dt.datetime(2026, 12, 21, 12, 0, tzinfo=dt.UTC)
ESSEN = Place(51.45, 7.01, "Europe/Berlin")
CARRIES = Capabilities(nights=7, slots=64, ramp=True, persists=True)
LIVE = Capabilities(ramp=True)


def after(hours: float, start: dt.datetime = NIGHT) -> dt.datetime:
    return start + dt.timedelta(hours=hours)


def node(capabilities: Capabilities = CARRIES, place: Place | None = ESSEN, now: dt.datetime = NIGHT, **clock: float):
    setup = NodeSetup("n1", capabilities, {0: LampType(60.0, 0.5)}, {0: "LP1"}, place, heartbeat_s=1e6)
    firmware = Firmware(setup, now, NodeClock(now, **clock))
    firmware.boot(None, now)
    return firmware


def desired(
    revision: int,
    *switches: tuple[float, int],
    override: HeldOverride | None = None,
    valid_h: float = 100,
    ramp_s: int = 0,
) -> DesiredState:
    channel = ChannelDesired(tuple(Switch(after(at), level, ramp_s) for at, level in switches), override)
    return DesiredState("n1", revision, NIGHT, after(valid_h), {0: channel})


def state(firmware: Firmware, now: dt.datetime) -> tuple[int | None, Reason | None]:
    firmware.advance(now)
    report = firmware.report(now).channels[0]
    return report.level, report.reason


def test_a_greater_revision_is_applied_and_persisted_before_it_is_reported():
    firmware = node()
    outputs = firmware.receive(desired(5, (-1, 40)), NIGHT)
    kinds = [type(it) if not isinstance(it, Say) else it for it in outputs]
    assert kinds.index(Persist) < kinds.index(Say.REPORT)
    persist = next(it for it in outputs if isinstance(it, Persist))
    assert persist.memory.desired is not None
    assert persist.memory.desired.revision == firmware.report(NIGHT).applied_revision == 5
    assert state(firmware, NIGHT) == (40, Reason.PROGRAM)


@pytest.mark.parametrize("revision", [1, 4])
def test_an_older_revision_changes_nothing_and_is_answered_with_what_is_held(revision):
    firmware = node()
    firmware.receive(desired(5, (-1, 40)), NIGHT)
    assert firmware.receive(desired(revision, (-1, 90)), NIGHT) == [Say.REPORT]
    assert state(firmware, NIGHT) == (40, Reason.PROGRAM)
    assert firmware.applied_revision == 5


def test_the_same_revision_again_changes_nothing_and_is_reported_again():
    firmware = node()
    firmware.receive(desired(5, (-1, 40)), NIGHT)
    assert firmware.receive(desired(5, (-1, 90)), NIGHT) == [Say.REPORT]
    assert state(firmware, NIGHT) == (40, Reason.PROGRAM)


@pytest.mark.parametrize("order", list(itertools.permutations([3, 7, 9])))
def test_whatever_the_order_of_arrival_the_greatest_revision_is_in_force(order):
    firmware = node()
    seen = 0
    for revision in order:
        firmware.receive(desired(revision, (-1, revision)), NIGHT)
        assert firmware.applied_revision >= seen
        seen = firmware.applied_revision
    assert state(firmware, NIGHT) == (9, Reason.PROGRAM)


def test_stored_nights_run_without_any_network():
    firmware = node()
    firmware.receive(desired(1, (-1, 100), (3, 50), (9, 80), (12, 0), (20, 100)), NIGHT)
    levels = [state(firmware, after(at))[0] for at in (0, 2.99, 3, 8, 9, 12.5, 20.1)]
    assert levels == [100, 100, 50, 50, 80, 0, 100]


def test_each_switch_happens_at_its_own_instant_however_late_the_node_is_stepped():
    firmware = node()
    firmware.receive(desired(1, (-1, 100), (3, 50), (9, 0)), NIGHT)
    changes = [it for it in firmware.advance(after(30)) if isinstance(it, LampChanged)]
    assert [(it.at, it.level) for it in changes] == [(after(3), 50), (after(9), 0)]
    assert changes[-1].energy_wh == pytest.approx(3 * 60 + 6 * 30.25)


def test_after_a_reboot_the_flash_brings_plan_and_revision_back():
    firmware = node()
    outputs = firmware.receive(desired(7, (-1, 30), (5, 60)), NIGHT)
    flash = [it.memory for it in outputs if isinstance(it, Persist)][-1]
    boot_id = firmware.boot_id
    outputs = firmware.boot(flash, after(1))
    assert Say.HELLO in outputs
    assert firmware.boot_id != boot_id
    assert firmware.hello(after(1)).applied_revision == 7
    assert state(firmware, after(1)) == (30, Reason.PROGRAM)
    assert state(firmware, after(5)) == (60, Reason.PROGRAM)
    assert firmware.receive(desired(6, (-1, 99)), after(5)) == [Say.REPORT]


def test_a_fresh_process_finds_plan_and_counters_in_the_flash():
    firmware = node()
    firmware.receive(desired(7, (-1, 100)), NIGHT)
    flash = firmware.memory(after(2))
    successor = Firmware(firmware.setup, after(3))
    successor.boot(flash, after(3))
    assert successor.lamp(0).energy_wh(after(3)) == pytest.approx(120)
    assert state(successor, after(3)) == (100, Reason.PROGRAM)


def test_an_override_ends_by_itself_with_the_network_dead():
    override = HeldOverride("ov1", 10, after(0.5))
    firmware = node()
    firmware.receive(desired(2, (-1, 70), override=override), NIGHT)
    assert state(firmware, NIGHT) == (10, Reason.OVERRIDE)
    changes = [it for it in firmware.advance(after(2)) if isinstance(it, LampChanged)]
    assert [(it.at, it.level, it.reason) for it in changes] == [(after(0.5), 70, Reason.PROGRAM)]


def test_an_ended_override_stays_ended_when_the_clock_falls_back():
    firmware = node()
    firmware.receive(desired(2, (-5, 70), override=HeldOverride("ov1", 10, after(0.5))), NIGHT)
    firmware.advance(after(1))
    firmware.set_clock_error(-3600.0, after(1))
    assert state(firmware, after(1)) == (70, Reason.PROGRAM)
    assert firmware.memory(after(1)).desired.channels[0].override is None


def test_an_override_with_the_plan_run_out_still_ends_on_time():
    firmware = node()
    firmware.receive(desired(2, (-1, 70), override=HeldOverride("ov1", 10, after(2)), valid_h=1), NIGHT)
    assert state(firmware, after(1.5)) == (10, Reason.OVERRIDE)
    assert state(firmware, after(2)) == (100, Reason.FALLBACK)


def test_after_valid_until_the_lamp_is_fully_lit_from_its_own_sunset_to_sunrise():
    firmware = node()
    firmware.receive(desired(1, (-1, 20), valid_h=2), NIGHT)
    assert state(firmware, after(1.99)) == (20, Reason.PROGRAM)
    assert state(firmware, after(2)) == (100, Reason.FALLBACK)
    assert state(firmware, dt.datetime(2026, 12, 22, 12, 0, tzinfo=dt.UTC)) == (0, Reason.FALLBACK)
    changes = [it for it in firmware.advance(after(24)) if isinstance(it, LampChanged)]
    assert [it.level for it in changes] == [100]
    # Sunset in Essen as pvlib's SPA gives it.
    assert abs(changes[0].at - dt.datetime(2026, 12, 22, 15, 25, 39, tzinfo=dt.UTC)) < dt.timedelta(seconds=10)


def test_a_node_that_never_had_a_plan_is_lit_at_night_and_dark_by_day():
    assert state(node(), NIGHT) == (100, Reason.FALLBACK)
    assert state(node(now=NOON), NOON) == (0, Reason.FALLBACK)


def test_a_node_that_does_not_know_where_it_is_stays_lit():
    assert state(node(place=None, now=NOON), NOON) == (100, Reason.FALLBACK)


def test_a_plan_that_has_not_begun_leaves_the_node_to_its_photocell():
    firmware = node()
    firmware.receive(desired(1, (2, 30)), NIGHT)
    assert state(firmware, NIGHT) == (100, Reason.FALLBACK)
    assert state(firmware, after(2)) == (30, Reason.PROGRAM)


def test_a_live_node_holds_its_switch_until_it_is_no_longer_valid():
    firmware = node(LIVE)
    outputs = firmware.receive(desired(3, (-1, 40), valid_h=6), NIGHT)
    assert not any(isinstance(it, Persist) for it in outputs)
    assert state(firmware, after(5)) == (40, Reason.PROGRAM)
    assert state(firmware, after(6)) == (100, Reason.FALLBACK)


def test_a_live_node_whose_clock_is_behind_does_at_once_what_it_is_told():
    firmware = node(LIVE, offset_s=-5.0)
    firmware.receive(desired(1, (0, 70)), NIGHT)
    assert state(firmware, after(0.01)) == (70, Reason.PROGRAM)
    outputs = firmware.receive(desired(2, (1, 30), ramp_s=10), after(1))
    (told,) = [each for each in outputs if isinstance(each, LampChanged)]
    assert (told.commanded, told.reason, told.ramp_s) == (30, Reason.PROGRAM, 10)
    assert not [
        each for each in firmware.advance(after(1.01)) if isinstance(each, LampChanged) and each.commanded != 30
    ]


def test_a_live_node_that_is_given_nights_before_it_said_what_it_can_switches_when_they_do():
    firmware = node(LIVE)
    firmware.receive(desired(1, (-1, 0), (1, 50)), after(0.95))
    assert state(firmware, after(0.99)) == (0, Reason.PROGRAM)
    assert state(firmware, after(1)) == (50, Reason.PROGRAM)


def test_a_live_node_forgets_at_a_reboot_and_takes_the_same_revision_again():
    firmware = node(LIVE)
    firmware.receive(desired(3, (-1, 40)), NIGHT)
    firmware.boot(firmware.memory(NIGHT), NIGHT)
    assert firmware.hello(NIGHT).applied_revision == 0
    assert state(firmware, NIGHT) == (100, Reason.FALLBACK)
    firmware.receive(desired(3, (-1, 40)), NIGHT)
    assert state(firmware, NIGHT) == (40, Reason.PROGRAM)


def test_a_plan_with_more_switches_than_slots_is_rejected_and_the_old_one_stays():
    firmware = node(Capabilities(nights=7, slots=3, persists=True))
    firmware.receive(desired(1, (-1, 60)), NIGHT)
    firmware.receive(desired(2, *((hour, 10 + hour) for hour in range(4))), NIGHT)
    assert (firmware.applied_revision, firmware.rejected) == (1, 1)
    assert state(firmware, NIGHT) == (60, Reason.PROGRAM)


def test_a_ramp_begins_at_its_switch_and_the_truth_says_where_it_goes():
    firmware = node()
    firmware.receive(desired(1, (-1, 100), (1, 40), ramp_s=60), NIGHT)
    begin, end = [it for it in firmware.advance(after(2)) if isinstance(it, LampChanged)]
    assert (begin.at, begin.level, begin.ramp_to, begin.ramp_s) == (after(1), 100, 40, 60)
    assert (end.at, end.level, end.ramp_s) == (after(1) + dt.timedelta(seconds=60), 40, 0)


def test_a_plan_that_comes_in_the_middle_of_a_ramp_fades_only_what_is_left():
    firmware = node()
    late = NIGHT + dt.timedelta(seconds=20)
    outputs = firmware.receive(desired(1, (0, 40), ramp_s=60), late)
    assert [it.ramp_s for it in outputs if isinstance(it, LampChanged)] == [40]


def test_a_level_below_what_the_driver_can_do_is_raised_to_it():
    firmware = node(Capabilities(nights=7, slots=64, min_level=15, persists=True))
    firmware.receive(desired(1, (-1, 5), (1, 0)), NIGHT)
    assert state(firmware, NIGHT)[0] == 15
    assert state(firmware, after(1))[0] == 0


def test_a_drifting_node_switches_by_its_own_clock():
    firmware = node(offset_s=30.0)
    firmware.receive(desired(1, (-1, 100), (1, 50)), NIGHT)
    changes = [it for it in firmware.advance(after(2)) if isinstance(it, LampChanged)]
    assert changes[0].at == after(1) - dt.timedelta(seconds=30)
    assert firmware.hello(NIGHT).clock == NIGHT + dt.timedelta(seconds=30)


def test_actions_are_answered_once_and_never_done_twice():
    firmware = node()
    reboot = NodeAction("a1", "n1", ActionKind.REBOOT, after(1))
    assert firmware.act(reboot, NIGHT) == [ActionAnswer("a1", "done"), Restart(NIGHT)]
    assert firmware.act(reboot, NIGHT) == [ActionAnswer("a1", "done")]
    report = NodeAction("a2", "n1", ActionKind.REPORT, after(1))
    assert firmware.act(report, NIGHT) == [ActionAnswer("a2", "done"), Say.HELLO, Say.REPORT]


def test_an_action_after_its_not_after_is_rejected():
    late = NodeAction("a1", "n1", ActionKind.IDENTIFY, NIGHT)
    (answer,) = node().act(late, after(1))
    assert answer.status == "rejected"


def test_heartbeats_come_at_their_interval_with_growing_seq():
    setup = NodeSetup("n1", CARRIES, {0: LampType()}, {}, None, heartbeat_s=300)
    firmware = Firmware(setup, NIGHT)
    firmware.boot(None, NIGHT)
    assert firmware.next_due() == NIGHT + dt.timedelta(seconds=300)
    assert firmware.advance(after(1)).count(Say.REPORT) == 12
    assert [firmware.report(NIGHT).seq for _ in range(3)] == [1, 2, 3]


def test_supply_loss_darkens_and_silences_the_node_until_it_boots_again():
    firmware = node()
    firmware.receive(desired(1, (-1, 60)), NIGHT)
    flash = firmware.memory(NIGHT)
    (change,) = firmware.lose_supply(after(1))
    assert (change.level, change.power_w) == (0, 0)
    assert firmware.receive(desired(2, (-1, 90)), after(1)) == []
    assert firmware.advance(after(50)) == []
    firmware.boot(flash, after(2))
    assert state(firmware, after(2)) == (60, Reason.PROGRAM)


def test_a_local_switch_wins_over_everything_until_it_is_released():
    firmware = node()
    firmware.receive(desired(1, (-1, 30)), NIGHT)
    firmware.local_switch(100, NIGHT)
    assert state(firmware, NIGHT) == (100, Reason.LOCAL)
    firmware.local_switch(None, after(1))
    assert state(firmware, after(1)) == (30, Reason.PROGRAM)


def test_lamp_trouble_shows_in_the_report_as_far_as_a_node_can_measure_it():
    firmware = node()
    firmware.receive(desired(1, (-1, 80), (2, 20)), NIGHT)
    firmware.trouble(0, NIGHT, failed=1)
    report = firmware.report(NIGHT).channels[0]
    assert (report.level, report.commanded, report.faults) == (0, 80, ("lampFailure",))
    firmware.trouble(0, NIGHT, failed=0, stuck=True)
    firmware.advance(after(2))
    report = firmware.report(after(2)).channels[0]
    assert (report.level, report.commanded, report.faults) == (80, 20, ())
    firmware.trouble(0, after(2), tripped=True)
    report = firmware.report(after(2)).channels[0]
    assert (report.level, report.voltage_v, report.faults) == (0, 0.0, ("circuitBreakerTripped",))


def test_a_reboot_does_not_close_a_tripped_breaker():
    firmware = node()
    firmware.trouble(0, NIGHT, tripped=True)
    firmware.boot(Memory(boots=1), NIGHT)
    assert state(firmware, NIGHT)[0] == 0


def test_orders_of_makes_without_revisions_hold_until_the_next():
    firmware = node(LIVE)
    firmware.order({0: 35}, NIGHT)
    assert state(firmware, after(100)) == (35, Reason.PROGRAM)
    firmware.order({0: 0}, after(100))
    assert state(firmware, after(100)) == (0, Reason.PROGRAM)


def test_orders_of_makes_without_revisions_hold_when_a_clock_is_set_back():
    firmware = node(LIVE)
    firmware.order({0: 35}, NIGHT)
    firmware.set_clock_error(-5 * 3600, after(1))
    assert state(firmware, after(2)) == (35, Reason.PROGRAM)
