"""The census: every light point is counted once, by what is known of it now and never by what it last was."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from lightctl.control.census import Census, Hearing, Standing
from lightctl.domain.events import OverrideSet
from lightctl.domain.states import CommandState, Reason
from tests.support.controlled import CARRYING, LIVE, Street, confirm, lamp, override, running

LEASE_S = 300 * 2.5 + 1


def census(street: Street) -> Census:
    found = Census()
    street.controller.count(street.controller.nodes, found, street.now)
    return found


def evening(street: Street | None = None) -> Street:
    """A street with its lamps on, an hour after their document was confirmed."""
    street = running(street or Street())
    street.run_until(dt.datetime(2026, 12, 4, 17, 0, tzinfo=dt.UTC))
    street.step(street.report(level=100))
    return street


def test_a_lamp_that_reports_what_is_due_follows_and_is_lit():
    found = census(evening())
    assert dict(found.points) == {Standing.FOLLOWING: 1}
    assert (found.lit, found.due_lit, found.dark, found.burning, found.power_w) == (1, 1, 0, 0, 50.0)
    assert dict(found.nodes) == {("mqtt", Hearing.REACHABLE): 1}
    assert not found.open_commands


def test_a_lamp_that_draws_nothing_is_dark_though_its_node_follows():
    street = evening()
    street.step(street.report(power_w=0.5))
    found = census(street)
    assert (found.points[Standing.FOLLOWING], found.due_lit, found.dark) == (1, 1, 1)


def test_a_lamp_at_another_level_does_not_follow():
    street = evening()
    street.step(street.report(level=30, commanded=30))
    found = census(street)
    assert dict(found.points) == {Standing.NOT_FOLLOWING: 1}
    assert found.dark == 0


def test_a_lamp_that_burns_by_day_is_counted_and_one_in_local_hands_is_not():
    street = running(Street())
    street.step(street.report(level=100, commanded=0, power_w=50.0))
    assert (census(street).burning, census(street).due_lit) == (1, 0)
    street.step(street.report(level=100, commanded=100, power_w=50.0, reason=Reason.LOCAL))
    assert census(street).burning == 0


def test_a_silent_lamp_is_unreachable_and_says_nothing_of_light_or_power():
    street = evening()
    street.step(after=LEASE_S)
    found = census(street)
    assert dict(found.points) == {Standing.UNREACHABLE: 1}
    assert (found.lit, found.due_lit, found.power_w) == (0, 0, 0.0)
    assert dict(found.nodes) == {("mqtt", Hearing.UNREACHABLE): 1}


@pytest.mark.parametrize("after", [0, LEASE_S])
def test_a_node_that_never_spoke_is_no_unreachable_one(after):
    street = Street()
    street.start()
    street.step(after=after)
    found = census(street)
    assert dict(found.points) == {Standing.NEVER_HEARD: 1}
    assert dict(found.nodes) == {("mqtt", Hearing.NEVER_HEARD): 1}


def test_a_report_from_before_the_last_switch_proves_nothing_about_after_it():
    street = evening()
    street.now = dt.datetime(2026, 12, 4, 21, 2, tzinfo=dt.UTC)
    street.step(street.report())
    assert census(street).points[Standing.FOLLOWING] == 1
    stale = Street()
    evening(stale)
    stale.now = dt.datetime(2026, 12, 4, 20, 58, tzinfo=dt.UTC)
    stale.step(stale.report())
    stale.now = dt.datetime(2026, 12, 4, 21, 2, tzinfo=dt.UTC)
    assert census(stale).points[Standing.NOT_FOLLOWING] == 1


def test_open_commands_are_counted_by_state_until_they_end():
    street = evening()
    street.step(OverrideSet(override(street, 20)))
    assert dict(census(street).open_commands) == {CommandState.QUEUED: 1}
    confirm(street)
    assert not census(street).open_commands


def test_every_light_point_of_a_street_is_counted_exactly_once_whatever_became_of_it():
    points = tuple(lamp(str(number)) for number in range(7))
    street = Street((*points, replace(lamp("live"), profile="json-dimmer")))
    street.start()
    for number in range(4):
        street.step(street.hello(f"n-{number}", capabilities=CARRYING if number else LIVE))
    for number in range(2):
        street.step(street.report(f"n-{number}"))
    found = census(street)
    assert sum(found.points.values()) == 8
    assert sum(found.nodes.values()) == 8


def test_a_node_that_left_while_the_round_went_on_is_passed_over():
    street = evening()
    found = Census()
    street.controller.count(["n-gone", *street.controller.nodes], found, street.now)
    assert sum(found.nodes.values()) == 1
