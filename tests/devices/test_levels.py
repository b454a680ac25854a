"""Levels made by relays: a level asked for lights its circuits, what is read back is the level of the circuits lit."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightctl.devices.blocks import Block, Write, plan_reads
from lightctl.devices.fit import fit_level
from lightctl.devices.levels import known_levels, level_in_force, level_measured, level_of, level_writes, lit_at
from lightctl.devices.maps import Bit, ChannelMap, RegisterMap, Relay, RelayMap, RelayStep
from lightctl.devices.profile import shipped_profiles
from lightctl.devices.register_image import RegisterImage
from lightctl.domain.states import ChannelReport

NOW = dt.datetime(2026, 12, 4, 17, 0, tzinfo=dt.UTC)
CABINET = shipped_profiles()["half-night-cabinet"]
assert CABINET.modbus is not None


def relay(name_place: int, *, when: int = 1, contact: bool = True) -> Relay:
    feedback = Bit(table="discrete", address=name_place, stride=8) if contact else None
    return Relay(coil=Bit(table="coil", address=name_place, when=when, stride=8), feedback=feedback)


def relays(*, when: int = 1, contact: bool = True) -> RegisterMap:
    """Three circuits: an all-night one, one until midnight, one for full light."""
    circuits = {name: relay(place, when=when, contact=contact) for place, name in enumerate("abc")}
    steps = (RelayStep(level=0, lit=()), RelayStep(level=40, lit=("a",)), RelayStep(level=70, lit=("a", "b")),
             RelayStep(level=100, lit=("a", "b", "c")))  # fmt: skip
    return RegisterMap(max_gap=8, channels=ChannelMap(count=2, relays=RelayMap(circuits=circuits, steps=steps)))


def answers(coils: dict[int, int], contacts: dict[int, int]) -> dict[Block, list[int]]:
    return {
        Block("coil", 0, 16): [coils.get(place, 0) for place in range(16)],
        Block("discrete", 0, 16): [contacts.get(place, 0) for place in range(16)],
    }


@given(st.integers(0, 100), st.integers(0, 1), st.sampled_from([0, 1]))
def test_a_level_asked_for_reads_back_as_the_level_that_fit_expects(level, channel, when):
    registers = relays(when=when)
    image = RegisterImage(registers)
    for write in level_writes(registers, channel, level):
        image.apply(write)
    fitted = next(known for known in known_levels(registers) if known >= level)
    assert image.commanded(channel) == fitted
    read = {block: image.read(block) for block in plan_reads(registers)}
    assert level_in_force(registers, channel, read) == fitted


@given(st.integers(0, 100), st.integers(0, 100))
def test_more_light_is_never_made_by_fewer_circuits_of_the_shipped_cabinet(one, other):
    made = CABINET.modbus.channels.relays
    low, high = sorted((one, other))
    assert set(lit_at(made, low)) <= set(lit_at(made, high))
    assert fit_level(one, CABINET.capabilities, 0) == level_of(made, lit_at(made, one)) >= one


def test_a_relay_that_lights_its_circuit_while_off_is_written_the_other_way_round():
    assert level_writes(relays(when=0), 1, 40) == (
        Write("coil", 8, (0,)),
        Write("coil", 9, (1,)),
        Write("coil", 10, (1,)),
    )


@pytest.mark.parametrize("closed", [set(c) for n in range(4) for c in itertools.combinations("abc", n)])
def test_contacts_give_the_level_of_their_step_or_the_share_that_is_closed(closed):
    registers = relays()
    read = answers({}, {"abc".index(name): 1 for name in closed})
    steps = {frozenset(step.lit): step.level for step in registers.channels.relays.steps}
    expected = steps.get(frozenset(closed), round(100 * len(closed) / 3))
    assert level_measured(registers, 0, read) == expected
    assert (level_measured(registers, 0, read) == 0) == (not closed), "light is never taken for darkness"


@pytest.mark.parametrize("lit", ["b", "c", "ac", "bc"])
def test_coils_as_no_step_has_them_give_no_level_so_that_nothing_counts_as_settled(lit):
    registers = relays()
    read = answers({"abc".index(name): 1 for name in lit}, {0: 1})
    assert (level_in_force(registers, 0, read), level_measured(registers, 0, read)) == (None, None)


def test_what_nobody_answered_has_no_level():
    assert (level_in_force(relays(), 0, {}), level_measured(relays(), 0, {})) == (None, None)


def test_without_contacts_nothing_is_measured():
    assert level_measured(relays(contact=False), 0, answers({0: 1}, {})) is None


def test_the_unit_shows_its_contacts_by_the_level_it_has():
    image = RegisterImage(relays())
    image.show_channel(1, ChannelReport(level=70, commanded=100))
    read = {block: image.read(block) for block in plan_reads(image.registers)}
    assert (level_in_force(image.registers, 1, read), level_measured(image.registers, 1, read)) == (100, 70)
    assert (level_in_force(image.registers, 0, read), level_measured(image.registers, 0, read)) == (0, 0)
