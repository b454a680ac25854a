"""Our own clock is set, and set right again: nodes are given what is due now, and nobody was silent meanwhile."""

import datetime as dt

import pytest

from lightctl.domain import events as ev
from lightctl.domain.states import CommandState, Fault, FaultEvent
from tests.support.controlled import CARRYING, LIVE, Street, confirm, override, running

EVENING = dt.datetime(2026, 12, 4, 22, 0, tzinfo=dt.UTC)
STEPS = [dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(days=30), dt.timedelta(days=365 * 14)]
MOVED = ev.ClockJudged(None, moved=True)


@pytest.mark.parametrize("capabilities", [CARRYING, LIVE])
@pytest.mark.parametrize("step", STEPS)
def test_what_a_node_was_given_while_our_clock_was_ahead_does_not_stand_when_it_is_right_again(capabilities, step):
    street = running(Street(now=EVENING), capabilities)
    due = street.desired["n-a"].channels[0].level_at(EVENING)
    street.step(ev.ReviewDue(), after=step.total_seconds())
    street.now -= step
    street.step(MOVED, after=60)
    street.step()
    document = street.desired["n-a"]
    assert document.issued_at <= street.now < document.valid_until
    assert document.channels[0].level_at(street.now) == due
    assert document.valid_until < street.now + dt.timedelta(days=9)


def test_a_live_node_whose_clock_is_a_little_late_does_what_it_is_told_at_once():
    street = running(Street(now=EVENING), LIVE)
    street.step(ev.OverrideSet(override(street, 30)))
    late = street.now - dt.timedelta(seconds=street.policy.clock_warn_s)
    assert street.desired["n-a"].channels[0].level_at(late) == 30


@pytest.mark.parametrize("step", [*STEPS, *(-step for step in STEPS)])
def test_nodes_were_not_silent_while_our_clock_jumped_and_commands_get_their_time(step):
    street = running(Street(now=EVENING))
    held = override(street, 30)
    street.step(ev.OverrideSet(held))
    assert not street.command().state.terminal
    street.now += step
    street.step(MOVED)
    assert not any(each.state is CommandState.EXPIRED for each in street.commands.values())
    confirm(street)
    assert street.command().state is CommandState.CONFIRMED
    assert all(each.state.terminal for each in street.commands.values())
    assert street.faults == {}


def test_the_time_that_an_open_command_gets_is_recorded_so_that_none_is_open_after_its_deadline():
    street = running(Street(now=EVENING))
    street.step(ev.OverrideSet(override(street, 30, minutes=600)))
    (waiting,) = (each for each in street.commands.values() if not each.state.terminal)
    street.now += dt.timedelta(hours=2)
    assert waiting.deadline < street.now
    street.step(MOVED)
    assert street.commands[waiting.id].state is CommandState.QUEUED
    assert street.commands[waiting.id].deadline > street.now


def test_a_verdict_about_our_clock_is_recorded_and_concerns_no_node():
    street = running(Street(now=EVENING))
    doubt = Fault(FaultEvent.CLOCK_UNTRUSTED, "site", "clock", EVENING, "it is ahead", "critical")
    street.step(ev.ClockJudged(doubt, moved=False), after=1)
    assert street.last.faults == (doubt,)
    assert street.sent == []


def test_nodes_whose_clocks_say_something_are_those_that_spoke_twice_in_this_run():
    street = Street(now=EVENING)
    street.start()
    street.step(street.hello())
    assert street.controller.node_clocks(10) == []
    street.step(street.report(), after=1)
    assert street.controller.node_clocks(10) == [0.0]
    street.step(MOVED)
    assert street.controller.node_clocks(10) == []
