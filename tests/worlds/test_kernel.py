"""The pieces of a world: one order of time, networks that lose as they are told, the same story each time."""

from __future__ import annotations

import datetime as dt

import pytest

from lightctl.control.effects import Effects
from lightctl.control.policy import Policy
from lightctl.domain.states import Command, CommandState
from tests.worlds.city import build_city
from tests.worlds.heap import Heap
from tests.worlds.invariants import Watch
from tests.worlds.kernel import World
from tests.worlds.long_town import build_town
from tests.worlds.network import Network, Weather
from tests.worlds.sites import SITES

START = dt.datetime(2026, 10, 5, 10, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def test_work_is_done_in_order_of_time_and_what_is_due_at_once_in_the_order_it_came():
    heap, done = Heap(START), []
    heap.after(2, lambda: done.append("later"))
    heap.after(1, lambda: done.append("first"))
    heap.after(1, lambda: done.append("second"))
    heap.at(START - HOUR, lambda: done.append("overdue"))
    while heap.next_due < START + HOUR:
        heap.step()
    assert done == ["overdue", "first", "second", "later"]
    assert heap.now == START + dt.timedelta(seconds=2)


def test_a_network_loses_and_doubles_the_shares_it_is_told_to():
    heap = Heap(START)
    network = Network(heap, 1, Weather(lost=0.2, doubled=0.1))
    arrived, lost = [], []
    for number in range(2000):
        network.carry(lambda number=number: arrived.append(number), lambda: lost.append(1))
    while heap.next_due < START + HOUR:
        heap.step()
    assert 340 < len(lost) == network.lost < 460
    assert 2000 - len(lost) + 110 < len(arrived) == network.carried < 2000 - len(lost) + 220


def a_night(seed: int) -> tuple[list[str], list[object], dict[str, float]]:
    world = World(build_city(110, seed, 900.0), seed, START, Policy(heartbeat_s=900.0))
    watch = Watch(world, mean_look_s=3600.0)
    world.run(START + 16 * HOUR)
    watch.finish()
    lamps = {point.id: world.street.stations[point.node].firmware for point in world.town.points if point.rated_power_w}
    energy = {name: firmware.lamp(int(name[-1])).energy_wh(world.now) for name, firmware in lamps.items()}
    faults = [fault for _, fault in world.store.faults()]
    assert watch.looks > 400
    world.close()
    return watch.violations, faults, energy


def test_a_quiet_night_keeps_every_invariant_raises_no_fault_and_is_told_the_same_again():
    violations, faults, energy = a_night(3)
    assert violations == []
    assert faults == []
    assert sum(energy.values()) > 15_000
    assert a_night(3)[2] == energy
    assert a_night(4)[2] != energy


def test_a_lamp_that_does_not_do_what_is_due_breaks_the_first_invariant():
    world = World(build_city(110, 3, 900.0), 3, START, Policy(heartbeat_s=900.0))
    watch = Watch(world, mean_look_s=3600.0)
    firmware = world.street.stations["n0001"].firmware
    world.street.carry_out("n0001", firmware.trouble(0, START, stuck=True))
    world.run(START + 14 * HOUR)
    assert watch.violations
    assert all("I1" in each and "n0001-0" in each for each in watch.violations)
    world.close()


@pytest.mark.parametrize(("believed", "broken"), [(0, []), (1, ["I3"])])
def test_a_node_that_forgets_right_after_its_word_is_confirmed_by_what_it_had_then_and_by_no_more(believed, broken):
    town = build_town(SITES["duisburg"], 60, 3, 3600.0)
    world = World(town, 3, START, Policy(heartbeat_s=3600.0))
    watch = Watch(world, mean_look_s=None)
    live = next(each.setup.id for each in town.nodes if not each.setup.capabilities.persists)
    world.run(START + HOUR)
    watch.forget(world.now + HOUR)  # so that its confirmation is looked at anew
    firmware = world.street.stations[live].firmware
    boot, held = firmware.boot_id, firmware.applied_revision
    assert held > 0
    world.street.boot(live, world.now)
    assert (firmware.applied_revision, firmware.boot_id == boot) == (0, False)
    confirmed = Command(
        live, held + believed, CommandState.CONFIRMED, "program", world.now, world.now + HOUR, finished_at=world.now
    )
    watch.step(Effects(commands=(confirmed,)))
    assert [each.partition(" ")[0] for each in watch.violations] == broken
    world.close()
