"""What somebody at the pole sees when a node is told to identify itself, and what the controller hears meanwhile."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from lightctl.domain.assets import Capabilities
from lightctl.domain.events import NodeReported
from lightctl.domain.states import (
    ActionKind,
    ChannelDesired,
    DesiredState,
    HeldOverride,
    NodeAction,
    Reason,
    ReportedState,
    Switch,
)
from simulators.firmware import Firmware
from simulators.lamp import LampType
from simulators.node import ActionAnswer, LampChanged, NodeSetup, Output, Say
from simulators.node_clock import NodeClock
from tests.support.controlled import AFTERNOON, Street

NIGHT = dt.datetime(2026, 12, 21, 20, 0, tzinfo=dt.UTC)
CARRIES = Capabilities(nights=7, slots=64, ramp=True, channels=2, persists=True)
DOWN_AND_UP = [(0, 30), (1, 100), (2, 30), (3, 100), (4, 30), (5, 100)]
UP_AND_DOWN = [(0, 100), (1, 0), (2, 100), (3, 0), (4, 100), (5, 0)]


def after(seconds: float) -> dt.datetime:
    return NIGHT + dt.timedelta(seconds=seconds)


def desired(revision: int, *switches: Switch, override: HeldOverride | None = None) -> DesiredState:
    plan = ChannelDesired(switches, override)
    return DesiredState("n1", revision, NIGHT, after(1e6), {0: plan, 1: plan})


def node(*switches: Switch, capabilities: Capabilities = CARRIES, **clock: float) -> Firmware:
    kind = LampType(60.0, 0.5)
    setup = NodeSetup("n1", capabilities, {0: kind, 1: kind}, {0: "LP1", 1: "LP2"}, heartbeat_s=1e6)
    firmware = Firmware(setup, after(-60), NodeClock(after(-60), **clock))
    firmware.boot(None, after(-60))
    firmware.receive(desired(1, *switches), after(-60))
    return firmware


def at(seconds: float, level: int, ramp_s: int = 0) -> Switch:
    return Switch(after(seconds), level, ramp_s)


def identify(name: str = "a1", **args: str) -> NodeAction:
    return NodeAction(name, "n1", ActionKind.IDENTIFY, after(3600), args)


def shown(outputs: list[Output], channel: int = 0) -> list[tuple[float, float]]:
    """Give seconds after the command and the light from there on, of one channel."""
    return [
        ((it.at - NIGHT).total_seconds(), it.level)
        for it in outputs
        if isinstance(it, LampChanged) and it.channel == channel
    ]


def blinked(firmware: Firmware, seconds: float = 60, **args: str) -> list[Output]:
    outputs = firmware.act(identify(**args), NIGHT)
    return [*outputs, *firmware.advance(after(seconds))]


@pytest.mark.parametrize("level", [100, 50, 1])
def test_a_lit_lamp_blinks_three_times_without_going_dark_and_returns_to_its_plan(level):
    assert shown(blinked(node(at(-3600, level)))) == [*DOWN_AND_UP, (6, level)]


def test_a_dark_lamp_blinks_three_times_and_is_dark_again():
    assert shown(blinked(node(at(-3600, 0)))) == [*UP_AND_DOWN, (6, 0)]


@pytest.mark.parametrize(("least", "low"), [(10, 30), (45, 45), (70, 70), (71, 0), (100, 0)])
def test_a_driver_goes_as_low_as_it_can_and_dark_when_that_would_not_show(least, low):
    capabilities = Capabilities(nights=7, slots=64, min_level=least, channels=2, persists=True)
    outputs = blinked(node(at(-3600, 100), capabilities=capabilities))
    assert {level for _, level in shown(outputs)} == {low, 100}


def test_the_answer_is_said_when_it_starts_and_reason_and_level_in_force_stay():
    outputs = blinked(node(at(-3600, 70)), channel="0")
    assert outputs[0] == ActionAnswer("a1", "done")
    changes = [it for it in outputs if isinstance(it, LampChanged)]
    assert {(it.reason, it.commanded) for it in changes} == {(Reason.PROGRAM, 70)}
    assert Say.REPORT not in outputs


def test_the_seconds_are_those_of_the_nodes_clock():
    outputs = blinked(node(at(-3600, 0), drift_ppm=100_000.0))
    assert [seconds for seconds, _ in shown(outputs)] == pytest.approx([it / 1.1 for it in range(7)], abs=1e-5)


@pytest.mark.parametrize(
    ("args", "blinking"), [({"channel": "1"}, {1}), ({"light_point": "LP1"}, {0, 1}), ({}, {0, 1})]
)
def test_the_channel_named_blinks_and_without_one_all_do(args, blinking):
    outputs = blinked(node(at(-3600, 60)), **args)
    assert {number for number in (0, 1) if shown(outputs, number)} == blinking


@pytest.mark.parametrize("name", ["7", "-1", "one", "01", ""])
def test_a_channel_that_is_not_there_is_rejected_and_nothing_blinks(name):
    (answer,) = blinked(node(at(-3600, 60)), channel=name)
    assert isinstance(answer, ActionAnswer)
    assert (answer.status, answer.detail) == ("rejected", f"there is no channel {name!r} here")


def test_two_channels_told_one_after_the_other_blink_each_by_its_own_start():
    firmware = node(at(-3600, 60))
    outputs = firmware.act(identify("a1", channel="0"), NIGHT)
    outputs += firmware.act(identify("a2", channel="1"), after(2.5))
    outputs += firmware.advance(after(60))
    assert shown(outputs, 0) == [*DOWN_AND_UP, (6, 60)]
    assert shown(outputs, 1) == [*((seconds + 2.5, level) for seconds, level in DOWN_AND_UP), (8.5, 60)]


def test_the_same_command_again_is_answered_and_does_not_blink_again():
    firmware = node(at(-3600, 60))
    blinked(firmware)
    assert firmware.act(identify(), after(61)) == [ActionAnswer("a1", "done")]
    assert firmware.advance(after(120)) == []


def test_a_second_command_in_the_middle_begins_three_blinks_anew():
    firmware = node(at(-3600, 0))
    outputs = firmware.act(identify("a1"), NIGHT)
    outputs += firmware.act(identify("a2"), after(1.5))
    outputs += firmware.advance(after(60))
    assert shown(outputs) == [(0, 100), (1, 0), *((seconds + 1.5, level) for seconds, level in [*UP_AND_DOWN, (6, 0)])]


def test_a_switch_of_the_plan_during_the_blink_is_honoured_afterwards():
    firmware = node(at(-3600, 100), at(2.5, 40))
    assert shown(blinked(firmware))[-1] == (6, 40)
    assert firmware.lamp(0).level(after(60)) == 40


def test_a_lamp_that_falls_due_during_the_blink_goes_dark_no_more():
    outputs = blinked(node(at(-3600, 0), at(2.5, 100)))
    assert shown(outputs) == [(0, 100), (1, 0), (2, 100), (2.5, 100), (3, 100), (4, 30), (5, 100), (6, 100)]


def test_a_fade_under_the_blink_is_where_it_would_be_without_it():
    firmware = node(at(-3600, 100), at(2, 0, 10))
    end = [it for it in blinked(firmware, 6.5) if isinstance(it, LampChanged) and it.channel == 0][-1]
    assert (end.at, end.level, end.ramp_to, end.ramp_s) == (after(6), 60, 0, 6)
    assert firmware.lamp(0).level(after(9)) == 30


def test_an_override_during_the_blink_is_confirmed_at_once_and_honoured_afterwards():
    firmware = node(at(-3600, 100))
    outputs = firmware.act(identify(), NIGHT)
    held = HeldOverride("ov", 10, after(20))
    outputs += firmware.receive(desired(2, at(-3600, 100), override=held), after(2.2))
    assert Say.REPORT in outputs
    report = firmware.report(after(2.2))
    assert (report.applied_revision, report.channels[0].commanded, report.channels[0].level) == (2, 10, 10)
    outputs += firmware.advance(after(60))
    assert shown(outputs)[-2:] == [(6, 10), (20, 100)]


def test_a_local_switch_turned_during_the_blink_has_its_level_afterwards():
    firmware = node(at(-3600, 100))
    firmware.act(identify(), NIGHT)
    firmware.local_switch(80, after(1.5))
    assert shown(firmware.advance(after(60)))[-1] == (6, 80)


def test_a_clock_set_wrong_neither_cuts_nor_prolongs_the_blink():
    firmware = node(at(-36000, 60))
    outputs = firmware.act(identify(), NIGHT)
    for seconds, error_s in ((1.5, -7200.0), (3.5, 7200.0)):
        outputs += firmware.set_clock_error(error_s, after(seconds))
    outputs += firmware.advance(after(60))
    assert shown(outputs) == [*DOWN_AND_UP, (6, 60)]


@pytest.mark.parametrize("seconds", [0.5, 1.5])
def test_a_restart_ends_the_blink(seconds):
    firmware = node(at(-3600, 60))
    firmware.act(identify(), NIGHT)
    firmware.boot(firmware.memory(after(seconds)), after(seconds))
    assert firmware.lamp(0).level(after(seconds)) == 60
    assert firmware.advance(after(60)) == []


def test_a_lost_supply_ends_the_blink():
    firmware = node(at(-3600, 60))
    firmware.act(identify(), NIGHT)
    firmware.lose_supply(after(1.5))
    assert firmware.advance(after(60)) == []
    assert firmware.lamp(0).level(after(60)) == 0


def test_a_stuck_driver_does_not_blink_and_a_broken_lamp_stays_dark():
    firmware = node(at(-3600, 60))
    firmware.trouble(0, NIGHT, stuck=True)
    firmware.trouble(1, NIGHT, failed=1)
    outputs = blinked(firmware)
    assert {level for _, level in shown(outputs, 0)} == {60}
    assert {level for _, level in shown(outputs, 1)} == {0}


def test_a_driver_that_sticks_during_the_blink_sticks_where_it_is():
    firmware = node(at(-3600, 60))
    firmware.act(identify(), NIGHT)
    firmware.trouble(0, after(0.5), stuck=True)
    firmware.advance(after(60))
    assert firmware.lamp(0).level(after(60)) == 30
    firmware.trouble(0, after(60), stuck=False)
    assert firmware.lamp(0).level(after(60)) == 60


def test_the_energy_of_a_blink_is_counted():
    firmware = node(at(-3600, 60))
    before = firmware.lamp(0).energy_wh(NIGHT)
    blinked(firmware, 6)
    low, full = LampType(60.0, 0.5).power_w(30), 60.0
    assert firmware.lamp(0).energy_wh(after(6)) - before == pytest.approx(3 * (low + full) / 3600)


class Watched:
    """A node that a controller has given its nights."""

    def __init__(self, now: dt.datetime) -> None:
        self.controller = Street()
        self.firmware = Firmware(NodeSetup("n-a", CARRIES, {0: LampType(50.0, 0.5)}, {0: "a"}), AFTERNOON)
        self.firmware.boot(None, AFTERNOON)
        self.controller.start()
        self.controller.step(self.firmware.hello(AFTERNOON))
        self.firmware.receive(self.controller.desired["n-a"], AFTERNOON)
        self.controller.run_until(now)
        self.hear(now)

    def hear(self, now: dt.datetime) -> ReportedState:
        self.firmware.advance(now)
        report = self.firmware.report(now)
        self.controller.step(NodeReported(report), after=(now - self.controller.now).total_seconds())
        return report


@pytest.mark.parametrize(
    ("clock", "lights"),
    [("14:30:00", {0, 100}), ("18:00:00", {30, 100}), ("20:59:57", {30, 50, 100}), ("22:00:00", {30, 50, 100})],
    ids=["dark", "lit", "over a switch of the plan", "dimmed"],
)
def test_no_report_of_a_blinking_node_looks_like_a_fault_or_moves_the_controller(clock, lights):
    began = dt.datetime.fromisoformat(f"2026-12-04T{clock}Z")
    watched = Watched(began)
    commands = dict(watched.controller.commands)
    watched.firmware.act(NodeAction("a1", "n-a", ActionKind.IDENTIFY, began), began)
    seen = set()
    for tenth in range(80):
        now = began + dt.timedelta(seconds=tenth / 10)
        watched.hear(now)
        seen.add(watched.firmware.lamp(0).level(now))
        assert watched.controller.faults == {}
        assert watched.controller.sent == []
    assert seen == lights
    assert watched.controller.commands == commands


def test_what_the_light_does_while_it_blinks_would_look_like_a_fault():
    began = dt.datetime(2026, 12, 4, 14, 30, tzinfo=dt.UTC)
    watched = Watched(began)
    watched.firmware.act(NodeAction("a1", "n-a", ActionKind.IDENTIFY, began), began)
    now = began + dt.timedelta(seconds=0.1)
    report = watched.hear(now)
    lamp = watched.firmware.lamp(0)
    light = replace(report.channels[0], level=round(lamp.level(now)), power_w=lamp.power_w(now))
    for seconds in (0, 30, 61):  # what is measured opens a fault when it shows again over a minute
        at = now + dt.timedelta(seconds=seconds)
        shown = replace(report, seq=report.seq + 1 + seconds, at=at, received_at=at, channels={0: light})
        watched.controller.step(NodeReported(shown), after=(at - watched.controller.now).total_seconds())
    assert [fault.event for fault in watched.controller.faults.values()] == ["lampUnexpectedOn"]
