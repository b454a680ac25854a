"""A simulated unit that keeps its nights: what it takes, what it passes over, and what it does with no daemon there."""

from __future__ import annotations

import datetime as dt

import pytest

from lightctl.devices.profile import shipped_profiles
from lightctl.devices.registers import Write
from lightctl.devices.stored_schedule import encode_schedule
from lightctl.domain.assets import Place
from lightctl.domain.states import ChannelDesired, DesiredState, Switch
from simulators.faults import Troubles
from simulators.flash import Flash
from simulators.fleet import Built, build_unit, unit_clock
from simulators.modbus_pdu import ILLEGAL_ADDRESS, Refused
from simulators.modbus_unit import RegisterUnit
from simulators.node_clock import NodeClock
from simulators.scenario import read_scenario
from simulators.specs import FaultSpec, UnitSpec
from simulators.street import Street
from simulators.truth import TruthLog

NIGHT = dt.datetime(2026, 12, 21, 20, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
ESSEN = Place(51.45, 7.01, "Europe/Berlin")
KEEPER = shipped_profiles()["modbus-night-controller"]
assert KEEPER.modbus is not None
APPLIED, CLOCK = 0, 603


class Keeper:
    """The unit, its street, and a clock set by hand."""

    def __init__(self, **more: object) -> None:
        self.now = NIGHT
        self.street = Street(TruthLog(None), Flash(None))
        self.troubles = Troubles(self.street, seed=1)
        spec = UnitSpec(5, KEEPER.name, "k1", 2, place=ESSEN, **more)  # type: ignore[arg-type]
        built = Built(build_unit(spec, KEEPER), unit_clock(spec, NIGHT, 1))
        station = self.street.switch_on(built, KEEPER.name, NIGHT, 1e6)
        self.unit = RegisterUnit(5, KEEPER.modbus, station, self.street, dict)
        self.firmware = station.firmware

    def write(self, *writes: Write) -> None:
        for write in writes:
            self.unit.at(self.now).write(write.table, write.address, write.values)

    def number(self, table: str, address: int) -> int:
        high, low = self.unit.at(self.now).read(table, address, 2)
        return high << 16 | low

    @property
    def applied(self) -> int:
        return self.number("input", APPLIED)

    def light(self, at: dt.datetime, channel: int = 0) -> float:
        self.now = at
        self.street.advance(at)
        return self.firmware.lamp(channel).level(at)

    def fault(self, kind: str, **more: object) -> None:
        self.troubles.schedule(FaultSpec(kind, self.now, nodes=("k1",), **more))  # type: ignore[arg-type]
        self.street.advance(self.now)


@pytest.fixture
def keeper():
    keeper = Keeper()
    yield keeper
    keeper.street.finish(keeper.now)


def nights(revision: int, *levels: int) -> tuple[Write, ...]:
    """The writes of a document: a level for each hour from `NIGHT` on, good for a day."""
    plan = ChannelDesired(tuple(Switch(NIGHT + hour * HOUR, level) for hour, level in enumerate(levels)))
    return encode_schedule(KEEPER.modbus, DesiredState("k1", revision, NIGHT, NIGHT + 24 * HOUR, {0: plan, 1: plan}))


def test_it_runs_what_is_committed_hour_by_hour_and_falls_back_when_that_is_over(keeper):
    keeper.write(*nights(4, 80, 40, 0))
    assert keeper.applied == 4
    assert [keeper.light(NIGHT + hour * HOUR) for hour in (0, 1, 2)] == [80, 40, 0]
    assert keeper.light(NIGHT + 25 * HOUR) == 100, "its nights are over and the sun is down"


def test_until_the_commit_it_goes_on_with_what_it_had(keeper):
    keeper.write(*nights(4, 80, 40))
    *body, commit = nights(5, 10, 20)
    keeper.write(*body)
    assert (keeper.applied, keeper.light(NIGHT + HOUR)) == (4, 40)
    keeper.write(commit)
    assert (keeper.applied, keeper.light(NIGHT + HOUR)) == (5, 20)


@pytest.mark.parametrize("missing", [0, 1, -2])
def test_a_body_of_which_a_part_is_missing_is_passed_over(keeper, missing):
    keeper.write(*nights(4, 80, 40))
    writes = list(nights(5, *range(20, 64)))
    del writes[missing]
    keeper.write(*writes)
    assert (keeper.applied, keeper.light(NIGHT + HOUR)) == (4, 40)


def test_an_older_revision_changes_nothing(keeper):
    keeper.write(*nights(9, 80))
    keeper.write(*nights(8, 30))
    assert (keeper.applied, keeper.light(NIGHT)) == (9, 80)


def test_it_holds_its_nights_over_a_restart_and_shows_them_in_its_registers(keeper):
    writes = nights(4, 80, 40)
    keeper.write(*writes)
    keeper.write(*nights(5, 10)[:-2])
    keeper.fault("reboot")
    assert keeper.applied == 4
    for write in writes:
        assert tuple(keeper.unit.at(keeper.now).read(write.table, write.address, len(write.values))) == write.values
    assert keeper.light(NIGHT + HOUR) == 40


def test_without_its_flash_it_keeps_nothing_and_lights_the_night(keeper):
    keeper.write(*nights(4, 80, 0))
    keeper.fault("flash_lost")
    assert (keeper.applied, keeper.number("holding", 601)) == (0, 0)
    assert keeper.light(NIGHT + HOUR) == 100


def test_levels_are_not_written_to_it_live(keeper):
    with pytest.raises(Refused) as refused:
        keeper.write(Write("holding", 10, (50,)))
    assert refused.value.code == ILLEGAL_ADDRESS


def test_its_clock_drifts_and_goes_on_from_the_time_it_is_given():
    keeper = Keeper(clock_drift_ppm=(1000.0, 1000.0))
    keeper.now += 10 * HOUR
    true = int(keeper.now.timestamp())
    assert keeper.number("holding", CLOCK) == true + 36
    keeper.write(Write("holding", CLOCK, (true >> 16, true & 0xFFFF)))
    assert keeper.number("holding", CLOCK) == true
    keeper.now += 10 * HOUR
    assert keeper.number("holding", CLOCK) == true + 36_036
    keeper.street.finish(keeper.now)


def test_a_wrong_clock_switches_its_nights_early_until_it_is_set(keeper):
    keeper.write(*nights(4, 80, 40))
    keeper.fault("wrong_clock", offset_s=1800.0)
    at = NIGHT + HOUR / 2 + dt.timedelta(seconds=10)
    assert keeper.light(at) == 40
    true = int(at.timestamp())
    keeper.write(Write("holding", CLOCK, (true >> 16, true & 0xFFFF)))
    assert keeper.light(at) == 80
    assert keeper.light(NIGHT + HOUR) == 40


def test_a_clock_that_is_set_keeps_its_oscillator():
    clock = NodeClock(NIGHT, offset_s=5.0, drift_ppm=100.0, error_s=60.0).set(NIGHT + HOUR, NIGHT + HOUR)
    assert clock.shows(NIGHT + HOUR) == NIGHT + HOUR
    assert clock.shows(NIGHT + 11 * HOUR) == NIGHT + 11 * HOUR + dt.timedelta(seconds=3.6)
    assert clock.when(clock.shows(NIGHT + 3 * HOUR)) == NIGHT + 3 * HOUR


@pytest.mark.parametrize("profile", [name for name, it in shipped_profiles().items() if it.modbus is not None])
def test_every_modbus_profile_that_ships_can_stand_in_a_scenario(profile, tmp_path):
    text = f"modbus:\n  - units:\n      - {{unit: 1, profile: {profile}, node: u1, clock_drift_ppm: [-30, 30]}}\n"
    (line,) = read_scenario(text, "s.yaml", tmp_path, NIGHT).lines
    assert (line.units[0].profile, line.units[0].clock_drift_ppm) == (profile, (-30, 30))
