from __future__ import annotations

import datetime as dt

from lightctl.devices.profile import shipped_profiles
from lightctl.links.modbus_units import Known, Unit, units_of
from tests.support.street import node

NOW = dt.datetime(2026, 11, 23, 16, 0, tzinfo=dt.UTC)
MAPS = {name: profile.modbus for name, profile in shipped_profiles().items() if profile.modbus is not None}


def one_unit() -> Unit:
    units, refused = units_of({"U7": node("U7", "modbus-lamp", "line", "7")}, MAPS, {}, NOW, "line")
    assert refused == []
    return units["U7"]


def test_a_unit_is_in_the_slow_lane_after_two_failures_and_out_after_one_answer() -> None:
    unit = one_unit()
    unit.failed(NOW, 100.0, 60.0, 0.5)
    assert (unit.slow, unit.due, round(unit.not_before_s - 100.0, 3)) == (False, NOW, 0.02)
    unit.failed(NOW, 101.0, 60.0, 0.5)
    assert (unit.slow, unit.due, unit.not_before_s) == (True, NOW + dt.timedelta(seconds=60), 106.0)
    unit.answered(102.0)
    unit.was_polled(NOW, dt.timedelta(seconds=30))
    assert (unit.slow, unit.due) == (False, NOW + dt.timedelta(seconds=30))


def test_what_a_unit_is_told_to_do_does_not_put_off_its_poll() -> None:
    unit = one_unit()
    unit.was_polled(NOW, dt.timedelta(seconds=30))
    unit.answered(102.0)
    assert unit.due == NOW + dt.timedelta(seconds=30)


def test_a_clock_set_back_by_hours_puts_off_no_poll_for_longer_than_one_round() -> None:
    unit, round_ = one_unit(), dt.timedelta(seconds=120)
    unit.was_polled(NOW + dt.timedelta(hours=5), dt.timedelta(seconds=30))
    unit.live_from(NOW, round_)
    assert unit.due == NOW + round_


def test_what_is_known_of_a_unit_survives_a_change_of_the_inventory_but_not_of_its_number() -> None:
    unit = one_unit()
    for _ in range(2):
        unit.failed(NOW, 100.0, 60.0, 0.5)
    same, _ = units_of({"U7": node("U7", "modbus-lamp", "line", "7")}, MAPS, {"U7": unit}, NOW, "line")
    other, _ = units_of({"U7": node("U7", "modbus-lamp", "line", "8")}, MAPS, {"U7": unit}, NOW, "line")
    assert (same["U7"].slow, other["U7"].slow) == (True, False)


def test_the_lamps_known_register_holds_its_own_number() -> None:
    known = one_unit().known
    assert isinstance(known, Known)
    assert known.word == 7


def test_nodes_that_cannot_be_units_are_refused_by_name_with_what_to_correct() -> None:
    nodes = {
        each.id: each
        for each in (
            node("A", "modbus-lamp", "line", "7"),
            node("B", "modbus-lamp", "line", "7"),
            node("C", "modbus-lamp", "line", "0"),
            node("D", "native", "line", "9"),
        )
    }
    units, refused = units_of(nodes, MAPS, {}, NOW, "line")
    assert list(units) == ["A"]
    assert [name for name, _ in refused] == ["B", "C", "D"]
    assert "node A already" in refused[0][1]
    assert all(why.endswith(".") for _, why in refused)
