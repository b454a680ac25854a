"""Each kind of fault does to the street what its name says, and the truth log tells."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from lightctl.devices.profile import shipped_profiles
from lightctl.domain.assets import Capabilities, Place
from lightctl.domain.errors import InvalidInput
from lightctl.domain.states import ChannelDesired, ChannelReport, DesiredState, Switch
from simulators.faults import Troubles
from simulators.flash import Flash
from simulators.fleet import Built, build_unit
from simulators.lamp import LampType
from simulators.node import NodeSetup, Say
from simulators.node_clock import NodeClock
from simulators.specs import FAULT_KINDS, FaultSpec, UnitSpec
from simulators.street import Street
from simulators.truth import Truth, TruthLog, read_truth

START = dt.datetime(2026, 12, 21, 18, 0, tzinfo=dt.UTC)
ESSEN = Place(51.45, 7.01, "Europe/Berlin")
CARRIES = Capabilities(nights=7, slots=64, persists=True)


def after(hours: float) -> dt.datetime:
    return START + dt.timedelta(hours=hours)


class Scene:
    """Three native nodes at 60 % (30 % from +5 h) and a cabinet, on a street without wires."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "truth.jsonl"
        self.street = Street(TruthLog(self.path), Flash(None))
        self.troubles = Troubles(self.street, seed=1)
        for node in ("n1", "n2", "n3"):
            setup = NodeSetup(node, CARRIES, {0: LampType()}, {0: f"LP-{node}"}, ESSEN, heartbeat_s=1e6)
            self.street.switch_on(Built(setup, NodeClock(START)), "native", START, 1e6)
            channel = ChannelDesired((Switch(START, 60), Switch(after(5), 30)))
            desired = DesiredState(node, 1, START, after(100), {0: channel})
            self.street.carry_out(node, self.street.stations[node].firmware.receive(desired, START))
        setup = build_unit(UnitSpec(1, "cabinet", "cab1", channels=2, place=ESSEN), shipped_profiles()["cabinet"])
        self.street.switch_on(Built(setup, NodeClock(START)), "cabinet", START, 1e6)
        self.street.take_said()

    def schedule(self, kind: str, *nodes: str, hours: float | None = 1.0, **more: object) -> tuple[str, ...]:
        lasts_s = None if hours is None else hours * 3600
        fault = FaultSpec(kind, after(1), lasts_s, tuple(nodes))
        return self.troubles.schedule(replace(fault, **more))  # type: ignore[arg-type]

    def truth(self, until: float = 10.0) -> Truth:
        self.street.finish(after(until))
        with self.path.open(encoding="utf-8") as lines:
            return read_truth(lines)


@pytest.fixture
def scene(tmp_path):
    scene = Scene(tmp_path)
    yield scene
    if not scene.path.read_text().count('"final"'):
        scene.street.finish(after(10))


def levels(truth: Truth, lamp: str, *hours: float) -> list[float | None]:
    return [truth.lamps[lamp].level_at(after(at)) for at in hours]


def test_a_street_without_faults_follows_its_plan(scene):
    truth = scene.truth()
    assert levels(truth, "LP-n1", 0.5, 4.9, 5.1) == [60, 60, 30]
    assert truth.faults == []


@pytest.mark.parametrize("kind", ["silent", "unit_dead"])
def test_a_node_without_a_wire_keeps_to_its_plan_and_says_hello_when_it_is_back(scene, kind):
    scene.schedule(kind, "n1", hours=5)
    scene.street.advance(after(1))
    assert not scene.street.reachable("n1")
    scene.street.take_said()
    scene.street.advance(after(6))
    assert scene.street.reachable("n1")
    assert ("n1", Say.HELLO) in scene.street.take_said()
    assert levels(scene.truth(), "LP-n1", 0.5, 4.9, 5.1) == [60, 60, 30]


def test_a_flapping_node_comes_and_goes_until_the_fault_ends(scene):
    scene.schedule("flapping", "n1", hours=1, period_s=600.0)
    seen = []
    for minute in range(0, 150, 5):
        scene.street.advance(after(minute / 60) + dt.timedelta(seconds=1))
        seen.append(scene.street.reachable("n1"))
    changes = sum(before != now for before, now in itertools.pairwise(seen))
    assert changes == 12
    assert all(seen[:12])
    assert all(seen[24:])


def test_a_slow_node_gets_its_delay_and_loses_it(scene):
    scene.schedule("slow", "n1", delay_s=3.5)
    scene.street.advance(after(1))
    assert scene.street.stations["n1"].delay_s == 3.5
    scene.street.advance(after(2))
    assert scene.street.stations["n1"].delay_s == 0


def test_a_stuck_lamp_misses_its_switch_and_follows_when_it_is_free(scene):
    scene.schedule("stuck", "n1", hours=6)
    assert levels(scene.truth(), "LP-n1", 0.5, 5.5, 6.9, 7.1) == [60, 60, 60, 30]


def test_a_failed_lamp_is_dark_while_its_node_commands_light(scene):
    scene.schedule("lamp_failure", "n1", hours=2)
    truth = scene.truth()
    assert levels(truth, "LP-n1", 0.9, 1.1, 2.9, 3.1) == [60, 0, 0, 60]
    line = truth.lamps["LP-n1"].line_at(after(2))
    assert line is not None
    assert (line.commanded, line.power_w) == (60, 0.5)


def test_a_supply_loss_darkens_the_lamp_and_ends_with_a_reboot_into_the_plan(scene):
    boot_id = scene.street.stations["n1"].firmware.boot_id
    scene.schedule("supply_loss", "n1", hours=5)
    truth = scene.truth()
    assert scene.street.stations["n1"].firmware.boot_id != boot_id
    assert levels(truth, "LP-n1", 0.9, 1.1, 5.5, 6.1) == [60, 0, 0, 30]
    assert truth.lamps["LP-n1"].dark_spans(START, after(10)) == [(after(1), after(6))]


def test_a_reboot_changes_the_boot_id_and_nothing_on_the_lamp(scene):
    boot_id = scene.street.stations["n1"].firmware.boot_id
    scene.schedule("reboot", "n1", hours=None)
    truth = scene.truth()
    assert scene.street.stations["n1"].firmware.boot_id != boot_id
    assert scene.street.stations["n1"].firmware.applied_revision == 1
    assert truth.lamps["LP-n1"].dark_spans(START, after(10)) == []


def test_a_lost_flash_leaves_the_node_to_its_photocell_with_no_revision(scene):
    scene.schedule("flash_lost", "n1", hours=None)
    truth = scene.truth()
    assert scene.street.stations["n1"].firmware.applied_revision == 0
    assert levels(truth, "LP-n1", 0.9, 1.1, 5.5) == [60, 100, 100]
    line = truth.lamps["LP-n1"].line_at(after(2))
    assert line is not None
    assert line.reason == "fallback"


def test_a_wrong_clock_shifts_the_switches_while_it_is_wrong(scene):
    scene.schedule("wrong_clock", "n1", hours=3, offset_s=2 * 3600.0)
    assert levels(scene.truth(), "LP-n1", 2.9, 3.1, 3.9, 4.1, 5.1) == [60, 30, 30, 60, 30]


def test_a_local_override_takes_the_lamp_and_gives_it_back(scene):
    scene.schedule("local_override", "n1", level=90)
    truth = scene.truth()
    assert levels(truth, "LP-n1", 0.9, 1.5, 2.1) == [60, 90, 60]


def test_a_tripped_breaker_darkens_one_channel_of_a_cabinet(scene):
    scene.schedule("breaker_trip", "cab1", channel=1)
    truth = scene.truth()
    assert levels(truth, "cab1/0", 1.5) == [100]
    assert levels(truth, "cab1/1", 0.9, 1.5, 2.1) == [100, 0, 100]


def test_an_open_door_is_a_flag_of_the_cabinet(scene):
    scene.schedule("door_open", "cab1")
    scene.street.advance(after(1))
    assert scene.street.stations["cab1"].flags == {"door_open"}
    scene.street.advance(after(2))
    assert scene.street.stations["cab1"].flags == set()


def reported(scene: Scene, node: str, hours: float) -> ChannelReport:
    scene.street.advance(after(hours))
    return scene.street.stations[node].firmware.report(after(hours)).channels[0]


def turn_off(scene: Scene, node: str, hours: float) -> None:
    off = ChannelDesired((Switch(START, 60), Switch(after(hours), 0)))
    desired = DesiredState(node, 2, START, after(100), {0: off})
    scene.street.carry_out(node, scene.street.stations[node].firmware.receive(desired, START))


def test_a_lamp_on_its_way_out_draws_its_share_above_standby(scene):
    scene.schedule("wrong_power", "n1", share=0.5)
    healthy, ill = reported(scene, "n2", 1.5), reported(scene, "n1", 1.5)
    assert healthy.power_w == pytest.approx(0.5 + 59.5 * 0.6, abs=0.01)
    assert ill.power_w == pytest.approx(0.5 + 59.5 * 0.6 * 0.5, abs=0.01)
    assert ill.level == healthy.level == 60
    assert reported(scene, "n1", 2.5).power_w == healthy.power_w


def test_a_low_power_factor_draws_more_current_for_the_same_power(scene):
    scene.schedule("low_power_factor", "n1", share=0.5)
    healthy, ill = reported(scene, "n2", 1.5), reported(scene, "n1", 1.5)
    assert ill.power_factor == pytest.approx(healthy.power_factor / 2, abs=0.006)
    assert ill.current_a == pytest.approx(healthy.current_a * 2, rel=0.02)
    assert ill.power_w == healthy.power_w


def test_a_stuck_dimmer_gives_its_level_whenever_there_is_to_be_light(scene):
    scene.schedule("dimmer_stuck", "n1", level=100, hours=6.0)
    assert levels(scene.truth(), "LP-n1", 0.5, 1.5, 5.5, 7.5) == [60, 100, 100, 30]


def test_a_day_burner_burns_only_while_it_is_to_be_dark(scene):
    turn_off(scene, "n1", 3)
    scene.schedule("day_burner", "n1", level=80, hours=6.0)
    assert levels(scene.truth(), "LP-n1", 2, 4, 8) == [60, 80, 0]


def test_a_cycling_lamp_goes_out_and_lights_again_until_it_is_mended(scene):
    scene.schedule("cycling", "n1", period_s=600)
    minutes = [1 + minute / 60 for minute in (2, 7, 12, 17)]
    assert levels(scene.truth(), "LP-n1", *minutes, 2.1) == [0, 60, 0, 60, 60]


def test_a_relay_stuck_open_takes_the_mains_and_the_node_says_so(scene):
    scene.schedule("relay_open", "n1")
    ill = reported(scene, "n1", 1.5)
    assert (ill.level, ill.power_w, ill.faults) == (0, 0.0, ("relayFailure",))
    assert reported(scene, "n1", 2.5).faults == ()
    assert levels(scene.truth(), "LP-n1", 0.5, 1.5, 2.5) == [60, 0, 60]


def test_a_relay_stuck_closed_shows_once_the_lamp_is_to_be_dark(scene):
    turn_off(scene, "n1", 2)
    scene.schedule("relay_closed", "n1", hours=3.0)
    assert reported(scene, "n1", 1.5).faults == ()
    assert reported(scene, "n1", 2.5).faults == ("relayFailure",)
    assert reported(scene, "n1", 4.5).faults == ()
    assert levels(scene.truth(), "LP-n1", 1.5, 2.5, 4.5) == [60, 100, 0]


def test_a_brown_out_shows_in_the_voltage_and_the_current(scene):
    scene.schedule("supply_voltage", "n1", volts=184.0)
    healthy, ill = reported(scene, "n2", 1.5), reported(scene, "n1", 1.5)
    assert (healthy.voltage_v, ill.voltage_v) == (230.0, 184.0)
    assert ill.current_a == pytest.approx(healthy.current_a * 230 / 184, rel=0.01)


def test_leakage_is_a_word_of_the_node(scene):
    scene.schedule("leakage", "n1")
    assert reported(scene, "n1", 1.5).faults == ("leakageDetected",)
    assert reported(scene, "n1", 2.5).faults == ()


def test_a_lost_gateway_cuts_all_its_nodes_at_once(scene):
    scene.schedule("gateway_lost", "n1", "n2")
    scene.street.advance(after(1.5))
    assert [scene.street.reachable(node) for node in ("n1", "n2", "n3")] == [False, False, True]
    scene.street.advance(after(2.5))
    assert scene.street.reachable("n1")


def test_a_feeder_goes_down_node_by_node_within_its_minute(scene):
    scene.schedule("supply_loss", "n1", "n2", "n3", within_s=60.0)
    began = [fault.at for fault in scene.truth().faults if fault.on]
    assert len(set(began)) == 3
    assert after(1) <= min(began) <= max(began) <= after(1) + dt.timedelta(minutes=1)


def test_ailments_of_one_lamp_do_not_undo_each_other(scene):
    scene.schedule("wrong_power", "n1", share=0.5, hours=4.0)
    scene.schedule("low_power_factor", "n1", share=0.5, hours=1.0)
    ill = reported(scene, "n1", 2.5)
    assert ill.power_w == pytest.approx(0.5 + 59.5 * 0.6 * 0.5, abs=0.01)
    assert ill.power_factor == pytest.approx(0.91)


def test_every_fault_leaves_its_lines_in_the_truth_log(scene):
    momentary = {"reboot", "flash_lost"}
    for kind in sorted(FAULT_KINDS):
        scene.schedule(kind, "cab1" if kind == "door_open" else "n2", hours=None if kind in momentary else 1.0)
    truth = scene.truth()
    assert {line.kind for line in truth.faults if line.on} == FAULT_KINDS
    assert {line.kind for line in truth.faults if not line.on} == FAULT_KINDS - momentary
    assert all(line.nodes in (("n2",), ("cab1",)) for line in truth.faults)


def test_faults_of_one_kind_on_two_channels_of_a_node_end_each_for_itself(scene):
    scene.schedule("breaker_trip", "cab1", channel=0, hours=1.0)
    scene.schedule("breaker_trip", "cab1", channel=1, hours=3.0)
    truth = scene.truth()
    assert levels(truth, "cab1/0", 1.5, 2.5, 4.5) == [0, 100, 100]
    assert levels(truth, "cab1/1", 1.5, 2.5, 4.5) == [0, 0, 100]


def test_who_is_hit_by_count_depends_on_the_seed_alone(tmp_path):
    def hit(seed: int, folder: Path) -> tuple[str, ...]:
        folder.mkdir()
        scene = Scene(folder)
        scene.troubles = Troubles(scene.street, seed)
        nodes = scene.schedule("stuck", count=2, prefix="n")
        scene.street.finish(after(1))
        return nodes

    assert hit(5, tmp_path / "a") == hit(5, tmp_path / "b")
    assert len({hit(seed, tmp_path / str(seed)) for seed in range(8)}) > 1


@pytest.mark.parametrize(
    ("kind", "nodes", "count", "what"),
    [
        ("silent", ("ghost",), 0, "not simulated"),
        ("door_open", ("n1",), 0, "cannot have it"),
        ("flash_lost", ("cab1",), 0, "cannot have it"),
        ("stuck", (), 9, "9 nodes are wanted"),
    ],
)
def test_a_fault_nobody_can_have_is_refused(scene, kind, nodes, count, what):
    with pytest.raises(InvalidInput, match=what):
        scene.schedule(kind, *nodes, count=count)


def test_a_fault_can_be_taken_back_before_its_end(scene):
    scene.schedule("silent", "n1", hours=5)
    scene.street.advance(after(1))
    scene.troubles.clear("silent", ("n1",), after(1.5))
    assert scene.street.reachable("n1")
    assert [line.at for line in scene.truth().faults if not line.on] == [after(1.5)]
