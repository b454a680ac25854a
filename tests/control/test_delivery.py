"""Delivery: enough nights ahead, nothing twice, and whatever a node lost is made good without anybody asking."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import msgspec
import pytest

from lightctl.control.controller import Controller
from lightctl.control.policy import Policy
from lightctl.devices.profile import shipped_profiles
from lightctl.domain import events as ev
from lightctl.domain.assets import Fleet
from lightctl.domain.states import ChannelReport, CommandState, ReportedState
from tests.support.controlled import AFTERNOON, CARRYING, SCHEDULE, ZONE, Street, intent, lamp

DAY = dt.timedelta(days=1)
NOON = dt.datetime(2026, 12, 4, 11, 0, tzinfo=dt.UTC)
FLOOR = 220_000_000
EVENING = dt.datetime(2026, 12, 4, 18, 0, tzinfo=dt.UTC)


def taken(street: Street, node: str = "n-a") -> None:
    """Let the open command reach the node and the node say so."""
    street.step(ev.CommandSent(node, street.command(node).revision, street.now))
    street.step(street.report(node), after=1)
    assert street.command(node).state is CommandState.CONFIRMED


def running(street: Street, **able: int) -> Street:
    street.start()
    street.step(street.hello(capabilities=replace(CARRYING, **able)))
    taken(street)
    return street


@pytest.mark.parametrize(
    ("wanted", "able", "nights"),
    [
        (7, {}, 7),
        (14, {"nights": 30}, 14),
        (14, {"nights": 10}, 10),
        (60, {"nights": 60, "slots": 400}, 60),
        (7, {"nights": 3}, 3),
        (7, {"slots": 13}, 4),
    ],
)
def test_a_node_gets_as_many_nights_as_are_asked_for_and_it_can_hold(wanted, able, nights):
    street = running(Street(policy=Policy(nights=wanted, topup_spread_s=60)), **able)
    assert street.desired["n-a"].valid_until == NOON + nights * DAY
    assert len(street.desired["n-a"].channels[0].switches) <= replace(CARRYING, **able).slots


def test_the_nightly_delivery_is_spread_the_same_way_every_time():
    def instants() -> dict[str, dt.datetime]:
        street = Street(tuple(lamp(str(number)) for number in range(40)), policy=Policy(topup_spread_s=600))
        street.start()
        street.now += DAY
        street.step(ev.NightlyRun())
        began = street.now
        street.run_until(began + dt.timedelta(seconds=600))
        return {node: document.issued_at - began for node, document in street.desired.items()}

    first = instants()
    assert first == instants()
    halves = [sum(low <= after.total_seconds() < low + 300 for after in first.values()) for low in (0, 300)]
    assert min(halves) >= 12, "spread, not in a heap"
    assert len(set(first.values())) == len(first)


def test_a_nightly_run_that_comes_twice_sends_nothing_twice():
    street = running(Street())
    street.now += DAY
    street.step(ev.NightlyRun())
    street.run_until(street.now + dt.timedelta(minutes=2))
    taken(street)
    commands = len(street.commands)
    street.step(ev.NightlyRun())
    street.run_until(street.now + dt.timedelta(minutes=2))
    assert not street.sent
    assert len(street.commands) == commands


@pytest.mark.parametrize("told", ["the same schedules", "only other names", "the same inventory", "a report", "a look"])
def test_an_equal_document_is_not_sent_again(told):
    street = running(Street())
    before = street.desired["n-a"]
    events = {
        "the same schedules": ev.IntentChanged(intent(SCHEDULE)),
        "only other names": ev.IntentChanged(intent(SCHEDULE.replace("street", "road"))),
        "the same inventory": ev.FleetChanged(Fleet.of(street.points, ZONE)),
        "a report": street.report(),
        "a look": ev.ReviewDue(),
    }
    street.step(events[told], after=60)
    assert not street.sent
    assert street.desired["n-a"] == before


def cabinet() -> Street:
    points = tuple(
        lamp(f"s{number}", node="n-a", channel=number, profile="cabinet", link="line", address="3")
        for number in range(3)
    )
    street = Street(points, now=EVENING)
    street.start()
    return street


def read_back(street: Street, *levels: int, verified: bool = True) -> ev.Event:
    channels = {number: ChannelReport(level, level) for number, level in enumerate(levels)}
    revision = street.desired["n-a"].revision if verified else None
    return ev.NodeReported(ReportedState("n-a", street.now, channels, applied_revision=revision, verified=verified))


def test_what_was_delivered_by_half_is_not_confirmed_and_goes_out_whole_again():
    street = cabinet()
    (document,) = street.sent
    revision = document.revision
    street.step(ev.CommandSent("n-a", revision, street.now))
    street.step(ev.SendFailed("n-a", revision, street.now, "read back otherwise: coil 2 is 0"))
    street.step(read_back(street, 100, 100, 0, verified=False), after=1)
    assert street.command().state is CommandState.SENT
    street.run_until(street.now + dt.timedelta(minutes=1))
    assert {again.revision for again in street.sent} == {revision}
    assert all(again.channels.keys() == {0, 1, 2} for again in street.sent)
    street.step(ev.CommandSent("n-a", revision, street.now))
    street.step(read_back(street, 100, 100, 100), after=1)
    assert street.command().state is CommandState.CONFIRMED


def test_what_broke_off_while_it_was_sent_goes_out_whole_again_at_once():
    street = cabinet()
    (document,) = street.sent
    street.step(ev.SendFailed("n-a", document.revision, street.now, "the unit fell silent at the second write"))
    assert street.sent == [document]
    assert street.command().state is CommandState.QUEUED


def test_after_a_restart_in_the_middle_of_a_delivery_the_same_document_goes_out_whole_again():
    street = Street()
    street.start()
    street.step(ev.CommandSent("n-a", 1, street.now))
    document, command = street.desired["n-a"], street.command()
    again = Street(now=street.now + dt.timedelta(seconds=1), commands={command.id: command})
    again.step(
        ev.NodeRestored("n-a", 1, CARRYING, document, command),
        ev.FleetChanged(Fleet.of(again.points, ZONE)),
        ev.IntentChanged(intent()),
    )
    again.run_until(again.now + dt.timedelta(minutes=1))
    assert [(each.revision, each.channels) for each in again.sent] == [(1, document.channels)]
    assert again.command().state is CommandState.SENT


def test_a_node_that_turns_out_to_hold_less_is_given_what_it_can_hold_at_once():
    street = running(Street())
    street.step(street.hello(revision=1, capabilities=replace(CARRYING, slots=13)), after=60)
    (document,) = street.sent
    assert document.revision == 2
    assert len(document.channels[0].switches) <= 13
    taken(street)
    street.step(street.hello(revision=2, capabilities=replace(CARRYING, slots=13)), after=60)
    assert street.desired["n-a"].revision == 2, "said again, it is no news"


@pytest.mark.parametrize("held", ["nothing", "an old one", "a foreign one"])
@pytest.mark.parametrize("boot", ["b1", "b2"], ids=["it reconnects", "it boots"])
def test_a_node_that_holds_something_else_is_corrected_at_its_hello(held, boot):
    street = running(Street())
    for late in (40, 30):
        street.step(ev.IntentChanged(intent(SCHEDULE.replace("level: 50", f"level: {late}"))))
        taken(street)
    wanted = street.desired["n-a"]
    revision = {"nothing": 0, "an old one": 1, "a foreign one": 4711}[held]
    street.step(street.hello(revision=revision, boot=boot), after=60)
    (document,) = street.sent
    assert document.revision > revision, "or the node would not take it"
    assert document.channels == wanted.channels
    street.step(ev.CommandSent("n-a", document.revision, street.now))
    street.step(street.report(boot=boot), after=1)
    assert street.command().state is CommandState.CONFIRMED
    assert street.command().revision == document.revision


def test_the_hello_of_a_node_that_holds_what_it_shall_costs_one_message_and_no_command():
    street = running(Street())
    commands = len(street.commands)
    street.step(street.hello(revision=street.desired["n-a"].revision), after=60)
    assert [document.revision for document in street.sent] == [street.desired["n-a"].revision]
    street.step(street.report(), after=1)
    street.run_until(AFTERNOON + dt.timedelta(minutes=30))
    assert not street.sent
    assert len(street.commands) == commands


@pytest.mark.parametrize(("type_", "first"), [("uint32", FLOOR), ("uint16", 1)])
def test_a_unit_whose_registers_are_too_small_for_a_floor_counts_from_one(type_, first):
    name = "modbus-night-controller"
    known = shipped_profiles()[name]
    schedule = msgspec.structs.replace(
        known.modbus.schedule, commit=msgspec.structs.replace(known.modbus.schedule.commit, type=type_)
    )
    unit = replace(known, modbus=msgspec.structs.replace(known.modbus, schedule=schedule))
    controller = Controller(Policy(), {name: unit}, ZONE, FLOOR)
    fleet = Fleet.of((lamp("a", profile=name, link="line", address="3"),), ZONE)
    effects = controller.step([ev.FleetChanged(fleet), ev.IntentChanged(intent())], AFTERNOON)
    assert [desired.revision for desired in effects.desired] == [first]


def test_a_broker_that_is_back_gets_the_document_of_every_node_that_announces_itself_under_its_revision():
    street = Street((lamp("a"), lamp("b"), lamp("c", profile="json-dimmer")))
    street.start()
    for node in ("n-a", "n-b"):
        street.step(street.hello(node))
        street.step(ev.CommandSent(node, street.command(node).revision, street.now))
        street.step(street.report(node), after=1)
    street.step(ev.LinkChanged("other", up=True, at=street.now))
    assert not street.sent
    street.step(ev.LinkChanged("mqtt", up=True, at=street.now))
    sent = {document.node: document for document in street.sent}
    assert {"n-a", "n-b"} <= sent.keys()
    assert sent["n-a"] == street.desired["n-a"]


@pytest.mark.parametrize("profile", ["native", "json-dimmer"])
def test_a_start_whose_links_come_up_meanwhile_gives_every_node_its_document_once(profile):
    street = Street((lamp("a", profile=profile),))
    street.start()
    assert len(street.sent) == 1
    # The broker tells at once what it kept of the nodes, and all of that was heard before the first order left.
    street.step(ev.NodePresence("n-a", online=True, at=street.now), ev.LinkChanged("mqtt", up=True, at=street.now))
    assert street.sent == []
    street.step(ev.CommandSent("n-a", street.command().revision, street.now))
    for lost in (ev.NodePresence("n-a", online=True, at=street.now), ev.LinkChanged("mqtt", up=True, at=street.now)):
        street.step(lost)
        assert len(street.sent) == 1, "what has left already it may have missed"
        street.step(ev.CommandSent("n-a", street.command().revision, street.now))


def test_an_offline_node_never_shows_beyond_sent():
    street = running(Street())
    street.step(ev.IntentChanged(intent(SCHEDULE.replace("level: 50", "level: 40"))))
    command = street.command()
    seen = {command.state}
    street.step(
        ev.CommandSent("n-a", command.revision, street.now), ev.BrokerAcked("n-a", command.revision, street.now)
    )
    while not street.commands[command.id].state.terminal:
        seen.add(street.commands[command.id].state)
        street.run_until(street.last.review_at)
        for document in street.sent:
            street.step(ev.CommandSent("n-a", document.revision, street.now))
            street.step(ev.BrokerAcked("n-a", document.revision, street.now))
    assert seen == {CommandState.QUEUED, CommandState.SENT}
    ended = street.commands[command.id]
    assert (ended.state, ended.broker_acked_at is not None) == (CommandState.EXPIRED, True)
