"""Cabinets, lamps and a meter on a Modbus TCP line: simulated units at one end, link and controller on the other."""

from __future__ import annotations

import datetime as dt

import pytest

from lightctl.domain.states import CommandState, FaultEvent
from tests.support.wired import unit, wired

EVENING = dt.datetime(2026, 12, 4, 18, 0, tzinfo=dt.UTC)
HALF_NIGHT = dt.datetime(2026, 12, 4, 21, 0, 30, tzinfo=dt.UTC)
MORNING = dt.datetime(2026, 12, 5, 9, 0, tzinfo=dt.UTC)
LAMPS, RATED_W = 14, 60.0


def power(line, node: str) -> float:
    now = line.clock.now()
    return sum(line.firmware(node).lamp(channel).power_w(now) for channel in line.firmware(node).setup.outputs)


async def test_a_segment_is_a_light_point_of_many_lamps_switched_by_its_contactor_and_proven_by_a_read_back() -> None:
    async with wired(unit(1, "cabinet", "cab", channels=2, lamps=LAMPS)) as line:
        await line.confirmed("cab")
        assert power(line, "cab") == 0
        line.jump(EVENING)
        command = await line.confirmed("cab", above=line.newest("cab").revision)
        assert power(line, "cab") == 2 * LAMPS * RATED_W
        await line.until(lambda: line.reported["cab"].channels[1].level == 100)
        assert line.reported["cab"].channels[1].commanded == 100
        assert (command.attempts, line.faults) == (1, {})


async def test_a_contactor_that_does_not_close_is_a_fault_by_its_feedback_alone() -> None:
    async with wired(unit(1, "cabinet", "cab", lamps=LAMPS)) as line:
        await line.confirmed("cab")
        line.fault("stuck", "cab")
        line.jump(EVENING)
        await line.confirmed("cab", above=1)
        for _ in range(2):
            line.pass_by(minutes=2)
            await line.heard("cab")
        await line.until(lambda: FaultEvent.RELAY_FAILURE in line.faults)
        assert "0 % measured" in line.faults[FaultEvent.RELAY_FAILURE].detail
        assert set(line.faults) == {FaultEvent.RELAY_FAILURE}, "no lamp is blamed for its contactor"
        line.mend("stuck", "cab")
        line.pass_by(minutes=1)
        await line.until(lambda: not line.faults)


async def test_an_open_door_is_a_fault_until_it_is_closed() -> None:
    async with wired(unit(1, "cabinet", "cab")) as line:
        await line.confirmed("cab")
        line.fault("door_open", "cab")
        line.pass_by(seconds=30)
        await line.until(lambda: FaultEvent.CABINET_DOOR_OPEN in line.faults)
        assert line.faults[FaultEvent.CABINET_DOOR_OPEN].severity == "minor"
        line.mend("door_open", "cab")
        line.pass_by(seconds=30)
        await line.until(lambda: not line.faults)


async def test_a_tripped_breaker_is_named_and_no_lamp_behind_it_is_blamed() -> None:
    async with wired(unit(1, "cabinet", "cab", channels=2, lamps=LAMPS), now=EVENING) as line:
        await line.confirmed("cab")
        line.fault("breaker_trip", "cab", channel=1)
        line.pass_by(minutes=2)
        await line.until(lambda: FaultEvent.CIRCUIT_BREAKER_TRIPPED in line.faults)
        assert line.faults[FaultEvent.CIRCUIT_BREAKER_TRIPPED].severity == "critical"
        assert set(line.faults) == {FaultEvent.CIRCUIT_BREAKER_TRIPPED}
        line.mend("breaker_trip", "cab")
        line.pass_by(seconds=30)
        await line.until(lambda: not line.faults)


async def test_a_local_switch_is_respected_and_the_plan_is_in_force_again_when_it_is_turned_back() -> None:
    async with wired(unit(1, "cabinet", "cab")) as line:
        await line.confirmed("cab")
        line.fault("local_override", "cab", level=0)
        line.pass_by(seconds=30)
        await line.until(lambda: line.reported["cab"].channels[0].reason == "local")
        line.jump(EVENING)
        line.pass_by(minutes=10)
        await line.heard("cab")
        assert line.light("cab") == 0
        line.mend("local_override", "cab")
        line.pass_by(minutes=1)
        await line.until(lambda: line.light("cab") == 100)
        await line.until(lambda: line.newest("cab").state is CommandState.CONFIRMED)
        assert not line.faults


async def test_a_half_night_circuit_goes_off_for_the_small_hours_and_all_settles() -> None:
    async with wired(unit(1, "half-night-cabinet", "cab", lamps=LAMPS)) as line:
        await line.confirmed("cab")
        assert power(line, "cab") == 0
        for instant, level in ((EVENING, 100), (HALF_NIGHT, 50), (MORNING, 0)):
            before = line.newest("cab").revision
            line.jump(instant)
            command = await line.confirmed("cab", above=before)
            await line.until(lambda level=level: line.reported["cab"].channels[0].level == level)
            assert line.reported["cab"].channels[0].commanded == level
            assert power(line, "cab") == LAMPS * RATED_W * level / 100
            assert command.attempts == 1
            line.pass_by(minutes=5)
            await line.heard("cab")
        assert len(line.commands) == 4, "once it agrees it is told nothing more"
        assert not line.faults


@pytest.mark.parametrize(("asked", "made"), [(1, 50), (30, 50), (50, 50), (51, 100), (80, 100)])
async def test_a_level_no_circuits_make_is_taken_up_to_the_next_that_they_do(asked: int, made: int) -> None:
    async with wired(unit(1, "half-night-cabinet", "cab", channels=2), now=EVENING) as line:
        await line.confirmed("cab")
        line.dim("cab-1", asked, minutes=30)
        await line.confirmed("cab", above=1)
        await line.until(lambda: line.reported["cab"].channels[1].level == made)
        assert (line.light("cab", 0), line.light("cab", 1)) == (100, made)


async def test_a_half_night_relay_that_does_not_follow_is_a_dimming_failure() -> None:
    async with wired(unit(1, "half-night-cabinet", "cab"), now=EVENING) as line:
        await line.confirmed("cab")
        line.fault("stuck", "cab")
        line.jump(HALF_NIGHT)
        await line.confirmed("cab", above=1)
        for _ in range(2):
            line.pass_by(minutes=2)
            await line.heard("cab")
        await line.until(lambda: FaultEvent.DIMMING_FAILURE in line.faults)
        assert "holds 50 % in force, but 100 % measured" in line.faults[FaultEvent.DIMMING_FAILURE].detail


ALIVE = ("lamp1", "cab")


async def test_lamps_a_cabinet_and_a_meter_share_a_line_and_a_dead_unit_costs_them_little() -> None:
    units = (
        unit(1, "modbus-lamp", "lamp1"),
        unit(2, "modbus-lamp", "lamp2"),
        unit(3, "cabinet", "cab", channels=2, lamps=LAMPS),
        unit(9, "sdm630", "meter", meters=("lamp1", "lamp2", "cab")),
    )
    async with wired(*units, now=EVENING) as line:
        for node in ("lamp1", "lamp2", "cab"):
            await line.confirmed(node)
        line.pass_by(seconds=30)
        await line.until(lambda: bool(line.readings) and line.readings[-1].values["power_w"] > 0)
        assert line.readings[-1].values["power_w"] == pytest.approx(2 * RATED_W + 2 * LAMPS * RATED_W)
        line.fault("unit_dead", "lamp2")
        for _ in range(3):
            line.pass_by(minutes=2)
            since = line.clock.now()
            await line.until(lambda since=since: all(line.reported[node].received_at >= since for node in ALIVE))
            await line.until(lambda since=since: line.readings[-1].at >= since)
            assert line.clock.now() - since < dt.timedelta(seconds=1)
        await line.until(lambda: FaultEvent.COMMUNICATION_FAILURE in line.faults)
        assert line.faults[FaultEvent.COMMUNICATION_FAILURE].subject == "lamp2"
        line.mend("unit_dead", "lamp2")
        line.pass_by(minutes=2)
        await line.until(lambda: not line.faults)
