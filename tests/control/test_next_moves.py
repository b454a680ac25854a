"""The controller's next move where nothing is simple: after failures, at deadlines, on what an operator asked for."""

from __future__ import annotations

import datetime as dt

import pytest

from lightctl.domain import events as ev
from lightctl.domain.states import CommandState, NodeAction
from tests.support.controlled import Street, intent, lamp, override, running, sent

EVENING = dt.datetime(2026, 12, 4, 18, 0, tzinfo=dt.UTC)
OTHER = """
version: 1
programs: {street: {steps: [{at: "22:00", level: 40}]}}
calendars: {street: {default: street}}
assignments: [{select: "*", calendar: street}]
"""


def failed(street: Street, why: str = "no such register") -> None:
    street.step(ev.SendFailed("n-a", street.command().revision, street.now, why, permanent=True))


def after(street: Street, seconds: float) -> dt.datetime:
    return street.now + dt.timedelta(seconds=seconds)


def test_after_a_failure_nothing_is_sent_before_the_rest_is_over_and_then_at_once():
    street = running(Street(now=EVENING))
    street.step(ev.IntentChanged(intent(OTHER)))
    failed(street)
    commands, over = len(street.commands), after(street, 300)
    for _ in range(4):
        street.step(street.report(revision=1), after=70)
    assert len(street.commands) == commands
    street.run_until(over)
    assert (len(street.commands), street.command().created_at) == (commands + 1, over)


def test_a_node_that_is_back_gets_what_it_shall_hold_at_once_though_it_was_to_be_left_alone_for_a_while():
    street = Street((lamp("a", profile="json-dimmer"),), now=EVENING)
    street.start()
    failed(street, "lost")
    street.step(street.report(level=0, commanded=0), after=10)
    assert street.sent == []
    street.step(ev.NodePresence("n-a", online=True, at=street.now), after=10)
    assert [each.channels[0].level_at(street.now) for each in street.sent] == [100]


def test_a_node_is_asked_who_it_is_again_when_its_link_is_back_for_the_question_may_be_lost():
    street = Street(now=EVENING)
    street.start()
    asked = []
    for event in (None, None, ev.LinkChanged("mqtt", up=True, at=EVENING)):
        street.step(*([event] if event else []), street.report(), after=60)
        asked.append([s for s in street.last.submissions if isinstance(s.content, NodeAction)])
    assert [len(each) for each in asked] == [1, 0, 1]


@pytest.mark.parametrize(("followed", "rests_s"), [(True, (300, 600)), (False, (600, 1200))])
def test_a_success_makes_the_next_rest_short_again(followed, rests_s):
    switches_at = dt.datetime(2026, 12, 4, 21, 0, tzinfo=dt.UTC)
    street = Street((lamp("a", profile="json-dimmer"),), now=switches_at - dt.timedelta(minutes=6))
    street.start()
    failed(street)
    street.run_until(after(street, 300))
    street.step(sent(street))
    street.step(street.report(level=100 if followed else 0, commanded=100 if followed else 0), after=1)
    assert (street.command().state is CommandState.CONFIRMED) == followed
    street.run_until(switches_at)
    for rest in rests_s:
        failed(street)
        commands, over = len(street.commands), after(street, rest)
        street.run_until(over - dt.timedelta(seconds=1))
        assert len(street.commands) == commands
        street.step(street.report(level=0, commanded=0), after=1)
        assert len(street.commands) == commands + 1


@pytest.mark.parametrize("told", ["", "the line is busy"])
def test_what_expired_says_why_as_far_as_anybody_knows(told):
    street = running(Street(now=EVENING))
    street.step(ev.IntentChanged(intent(OTHER)))
    command = street.command()
    if told:
        street.step(ev.SendFailed("n-a", command.revision, street.now, told))
    street.run_until(command.deadline)
    ended = street.commands[command.id]
    assert (ended.state, ended.detail) == (
        CommandState.EXPIRED, told or f"no report of revision {command.revision} by the deadline",
    )  # fmt: skip


def test_what_an_operator_asks_for_is_sent_also_where_the_lamp_has_that_level_already():
    street = Street((lamp("a", profile="json-dimmer"),), now=EVENING)
    street.start()
    street.step(sent(street))
    street.step(street.report(level=100), after=1)
    assert street.command().state is CommandState.CONFIRMED
    asked = override(street, 100)
    street.step(ev.OverrideSet(asked))
    assert (street.command().state, street.command().priority) == (CommandState.QUEUED, 10)
    assert len(street.sent) == 1


def test_what_the_plan_asks_for_goes_before_nothing_else():
    street = Street()
    effects = street.start()
    assert street.command().priority == 0
    assert [each.priority for each in effects.submissions] == [0]
