"""Clocks that were wrong for a while, and nodes that name revisions nobody gave them: it ends well, without a storm."""

import datetime as dt
from dataclasses import replace

from lightctl.domain import events as ev
from lightctl.domain.states import CommandState, Reason
from tests.support.controlled import CARRYING, LIVE, Street, confirm, lamp, override, running

HOURS_S = 3600.0
DARK = dt.datetime(2026, 12, 4, 18, 0, tzinfo=dt.UTC)
FLOOR = 200_000_000
A_DAY_S = 86_400


def test_a_live_level_given_while_our_clock_was_ahead_is_given_again_when_it_is_right():
    street = running(Street(now=DARK), LIVE)
    street.step(after=10 * HOURS_S)
    confirm(street, level=0)
    street.step(ev.OverrideSet(override(street, 100)), after=60)
    confirm(street)
    ahead = street.desired["n-a"]
    street.step(ev.OverrideEnded("o1"), after=-10 * HOURS_S)
    (sent,) = street.sent
    assert sent.channels[0].switches[0].level == ahead.channels[0].switches[0].level == 100
    begins = sent.channels[0].switches[0].at
    assert street.now - dt.timedelta(minutes=1) < begins <= street.now < ahead.channels[0].switches[0].at


def test_an_override_that_was_over_by_a_clock_ahead_holds_again_when_it_is_told_again():
    street = running(Street(now=DARK))
    held = override(street, 30)
    street.step(ev.OverrideSet(held))
    confirm(street)
    street.step(after=2 * HOURS_S)
    street.step(ev.OverrideSet(held, asked=False), after=-2 * HOURS_S)
    assert street.desired["n-a"].channels[0].level_at(street.now) == 30


def ended_early(street: Street) -> ev.Event:
    return street.report(level=100, commanded=100, reason=Reason.PROGRAM)


def test_an_override_that_a_node_ended_by_a_wrong_clock_is_given_again_once_its_clock_is_right():
    street = running(Street(now=DARK))
    street.step(ev.OverrideSet(override(street, 30)))
    confirm(street)
    wrong = ended_early(street)
    hours_ahead = replace(wrong.report, at=street.now + dt.timedelta(hours=5))
    street.step(ev.NodeReported(hours_ahead), after=1)
    street.step(ev.NodeReported(replace(hours_ahead, seq=street.seq + 1)), after=1)
    street.seq += 1
    assert street.sent == []
    before = street.desired["n-a"].revision
    street.step(ended_early(street), after=1)
    (sent,) = street.sent
    assert (sent.revision, sent.channels[0].level_at(street.now)) == (before + 1, 30)


def test_an_override_that_a_node_ended_is_given_again_also_where_the_two_clocks_differ_by_less_than_it_lasts():
    street = running(Street(now=DARK))
    street.step(ev.OverrideSet(override(street, 30)))
    confirm(street)
    said = ended_early(street).report
    street.step(ev.NodeReported(replace(said, at=street.now + dt.timedelta(minutes=5))), after=1)
    assert [sent.channels[0].level_at(street.now) for sent in street.sent] == [30]


def test_an_override_that_a_node_ended_is_given_again_also_while_its_program_has_the_same_level():
    street = running(Street(now=DARK))
    street.step(ev.OverrideSet(override(street, 100)))
    confirm(street)
    street.step(ended_early(street), after=1)
    (sent,) = street.sent
    assert sent.channels[0].override is not None
    street.step(ev.CommandSent("n-a", sent.revision, street.now), street.report(), after=1)
    assert street.command().state is CommandState.CONFIRMED
    street.step(street.report(), after=60)
    assert street.sent == []


def test_a_node_that_names_no_reasons_says_with_its_programs_level_that_it_ended_an_override():
    street = running(Street(now=DARK))
    street.step(ev.OverrideSet(override(street, 30)))
    confirm(street)
    street.step(street.report(level=60, commanded=60, reason=None), after=60)
    assert street.sent == [], "whatever holds that level, it is not the program"
    street.step(street.report(level=100, commanded=100, reason=None), after=60)
    assert [sent.channels[0].level_at(street.now) for sent in street.sent] == [30]


def test_a_node_that_names_no_reasons_says_with_its_level_that_it_holds_an_override_which_is_over():
    street = running(Street(now=DARK))
    street.step(ev.OverrideSet(override(street, 30)))
    confirm(street)
    street.step(after=2 * HOURS_S)
    street.step(street.report(level=60, commanded=60, reason=None), after=60)
    assert street.sent == []
    street.step(street.report(level=30, commanded=30, reason=None), after=60)
    assert [sent.channels[0].level_at(street.now) for sent in street.sent] == [100]


def test_a_node_that_holds_no_override_is_not_told_of_it_again_and_again():
    street = running(Street(now=DARK))
    street.step(ev.OverrideSet(override(street, 30)))
    confirm(street)
    told = 0
    for _ in range(100):
        street.step(ended_early(street), after=1)
        told += len(street.sent)
    assert told == 1


def test_an_override_that_a_node_still_holds_when_it_is_over_is_taken_from_it():
    street = running(Street(now=DARK))
    street.step(ev.OverrideSet(override(street, 30)))
    confirm(street)
    street.step(ev.OverrideEnded("o1"), after=HOURS_S)
    assert street.sent == []
    told = []
    for _ in range(20):
        held = street.report(level=30, commanded=30, reason=Reason.OVERRIDE).report
        days_behind = replace(held, at=street.now - dt.timedelta(days=2))
        street.step(ev.NodeReported(days_behind), after=1)
        told += street.sent
    (sent,) = told
    assert sent.channels[0].override is None
    assert sent.channels[0].level_at(street.now) == 100


def test_an_override_that_is_over_is_not_told_anew_to_a_node_that_may_be_late():
    street = running(Street(now=DARK))
    street.step(ev.OverrideSet(override(street, 0)))
    confirm(street)
    street.run_until(DARK + dt.timedelta(hours=1))
    assert street.sent == [], "the node ends it by itself"
    street.step(street.report(), after=1)
    street.step(street.hello(revision=0, boot="b2"), after=60)
    (sent,) = street.sent
    assert sent.channels[0].override is None


def test_an_override_that_ends_while_it_is_on_its_way_is_not_told_any_more():
    street = running(Street(now=DARK))
    held = override(street, 0, minutes=5)
    street.step(ev.OverrideSet(held))
    before = street.command()
    street.run_until(held.until + dt.timedelta(seconds=1))
    assert street.commands[before.id].state is CommandState.SUPERSEDED
    assert [sent.channels[0].override is None for sent in street.sent if sent.revision > before.revision] == [True]
    confirm(street)
    street.run_until(held.until + dt.timedelta(hours=1))
    assert street.sent == []


def test_an_override_that_ends_while_a_node_is_left_alone_after_failures_is_not_told_any_more():
    street = running(Street(now=DARK))
    street.now = dt.datetime(2026, 12, 5, 10, 58, tzinfo=dt.UTC)  # at noon there is one night more to be told
    street.step(street.report(), ev.OverrideSet(override(street, 30, minutes=4)))
    before = street.command().revision
    street.step(ev.SendFailed("n-a", before, street.now, "busy", permanent=True))
    street.step(ev.NightlyRun(), after=121)
    street.run_until(street.now + dt.timedelta(seconds=70))
    assert street.desired["n-a"].revision > before
    assert street.sent == []
    street.run_until(street.now + dt.timedelta(minutes=3))
    assert [sent.channels[0].override for sent in street.sent] == [None]


def test_what_a_run_that_was_forgotten_may_have_given_after_the_revision_a_node_names_is_not_given_again():
    street = running(Street(floor=FLOOR))
    street.step(street.report(revision=FLOOR + 1000), after=60)
    assert street.sent[0].revision > FLOOR + 1000 + A_DAY_S


def test_a_node_that_names_one_foreign_revision_after_the_other_gets_no_answer_to_each():
    street = running(Street())
    answers = 0
    for _ in range(100):
        street.step(street.report(revision=street.desired["n-a"].revision + 7), after=1)
        answers += len(street.sent)
    assert answers == 1
    street.step(street.report(), after=1)
    street.step(street.hello(revision=street.desired["n-a"].revision - 1), after=1)
    assert street.sent


def test_a_dimmer_is_told_its_level_when_the_broker_is_there_again_for_nobody_heard_it_meanwhile():
    street = Street((lamp("a", profile="json-dimmer"),), now=DARK)
    street.start()
    street.step(ev.LinkChanged("mqtt", up=True, at=street.now))
    confirm(street, revision=None)
    street.step(ev.LinkChanged("mqtt", up=False, at=street.now), after=60)
    street.step(ev.LinkChanged("mqtt", up=True, at=street.now), after=60)
    assert [sent.channels[0].level_at(street.now) for sent in street.sent] == [100]


def test_carrying_nodes_need_no_new_document_for_a_clock_that_was_ahead_for_a_moment():
    street = running(Street(now=DARK), CARRYING)
    street.step(after=HOURS_S)
    street.step(after=-HOURS_S)
    assert street.last.desired == ()
