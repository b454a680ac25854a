"""What concerns a whole city is attended to a slice a step; whoever is named in between does not wait for it."""

from __future__ import annotations

import datetime as dt

from lightctl.control.controller import Controller
from lightctl.control.policy import Policy
from lightctl.control.turns import SLICE
from lightctl.devices.profile import shipped_profiles
from lightctl.domain.assets import Fleet, LightPoint
from lightctl.domain.events import (
    CommandSent,
    Event,
    FleetChanged,
    IntentChanged,
    LinkChanged,
    NodeAnnounced,
    NodeReported,
    OverrideEnded,
    OverrideSet,
)
from lightctl.domain.selectors import parse_selector
from lightctl.domain.states import ChannelReport, DesiredState, Override, ReportedState, Scope
from tests.support.controlled import CARRYING, ZONE, intent
from tests.support.steps import steps

NOW = dt.datetime(2026, 12, 4, 18, tzinfo=dt.UTC)
NODES = 2 * SLICE + 10


def city() -> Controller:
    controller = Controller(Policy(), shipped_profiles(), ZONE)
    points = [LightPoint(f"L{number:05}", 51.4, 6.7, node=f"n{number:05}") for number in range(NODES)]
    controller.step([FleetChanged(Fleet.of(points, ZONE))], NOW)
    return controller


def test_a_city_is_attended_to_a_slice_a_step_and_all_of_it_once():
    controller = Controller(Policy(), shipped_profiles(), ZONE)
    points = [LightPoint(f"L{number:05}", 51.4, 6.7, node=f"n{number:05}") for number in range(NODES)]
    taken = list(steps(controller, [FleetChanged(Fleet.of(points, ZONE))], NOW))
    assert [len(effects.desired) for effects in taken] == [SLICE, SLICE, 10]
    assert len({desired.node for effects in taken for desired in effects.desired}) == NODES
    assert [effects.review_at == NOW for effects in taken] == [True, True, False]


def test_a_node_that_speaks_is_answered_before_those_that_wait():
    last = f"n{NODES - 1:05}"
    effects = city().step([NodeAnnounced(last, "b1", CARRYING, 0, NOW)], NOW)
    assert last in {desired.node for desired in effects.desired}


def test_a_link_that_came_up_gives_every_node_its_document_slice_by_slice():
    controller = city()
    for _ in steps(controller, (), NOW):
        pass
    controller.step([CommandSent(node, 1, NOW) for node in controller.nodes], NOW)
    later = NOW + dt.timedelta(seconds=1)
    taken = list(steps(controller, [LinkChanged("mqtt", up=True, at=later)], later))
    sent = [submission.node.id for effects in taken for submission in effects.submissions if submission.node]
    assert len(set(sent)) == NODES


def override(name: str, select: str, level: int) -> Override:
    scope = Scope.SITE if select == "*" else Scope.LIGHT_POINT
    return Override(name, scope, parse_selector(select), level, NOW, NOW + dt.timedelta(minutes=30))


def test_a_level_for_all_lamps_is_given_slice_by_slice_and_one_set_meanwhile_does_not_wait():
    controller = city()
    for _ in steps(controller, (), NOW):
        pass
    changed: list[Event] = [OverrideSet(override("all", "*", 40))]
    first = controller.step(changed, NOW)
    last = f"n{NODES - 1:05}"
    between = controller.step([OverrideSet(override("one", f"id=L{NODES - 1:05}", 70))], NOW)
    (mine,) = (desired for desired in between.desired if desired.node == last)
    assert [len(first.desired), mine.channels[0].override.level] == [SLICE, 70]
    rest = [desired for effects in steps(controller, (), NOW) for desired in effects.desired]
    held = {desired.node: desired for desired in (*first.desired, *between.desired, *rest)}
    assert len(held) == NODES
    assert {each.channels[0].override.level for node, each in held.items() if node != last} == {40}
    assert held[last] == mine
    ended = [effects.desired for effects in steps(controller, [OverrideEnded("all")], NOW)]
    assert [len(desired) for desired in ended] == [SLICE, SLICE, 10]
    assert {each.node for desired in ended for each in desired if each.channels[0].override is not None} == {last}


def test_links_of_a_few_nodes_each_that_come_up_together_are_attended_to_slice_by_slice():
    controller = Controller(Policy(), shipped_profiles(), ZONE)
    few, links = SLICE // 5, 15
    points = [
        LightPoint(f"L{number:05}", 51.4, 6.7, node=f"n{number:05}", link=f"mqtt-{number % links}")
        for number in range(few * links)
    ]
    for _ in steps(controller, [FleetChanged(Fleet.of(points, ZONE))], NOW):
        pass
    controller.step([CommandSent(node, 1, NOW) for node in controller.nodes], NOW)
    later = NOW + dt.timedelta(seconds=1)
    up = [LinkChanged(f"mqtt-{number}", up=True, at=later) for number in range(links)]
    taken = list(steps(controller, up, later))
    sent = [{order.node.id for order in effects.submissions} for effects in taken]
    assert max(map(len, sent)) <= SLICE + SLICE // 2
    assert set().union(*sent) == set(controller.nodes)


DUSK = NOW + dt.timedelta(hours=1)
AT_DUSK = """
version: 1
programs:
  all: {steps: [{at: "12:00", level: 0}, {at: "20:00", level: 100}]}
calendars:
  all: {default: all}
assignments:
  - {select: "*", calendar: all}
"""


def dark() -> Controller:
    """A controller whose lamps are all switched live at one instant; their names go against their streets."""
    controller = Controller(Policy(lease_factor=1000.0), shipped_profiles(), ZONE)
    points = [
        LightPoint(f"L{number:05}", 51.4, 6.7, node=f"n{NODES - number:05}", profile="json-dimmer")
        for number in range(NODES)
    ]
    fleet = Fleet.of(points, ZONE)
    taken = list(steps(controller, [FleetChanged(fleet), IntentChanged(intent(AT_DUSK))], NOW))
    sent = [CommandSent(command.node, command.revision, NOW) for effects in taken for command in effects.commands]
    off = {0: ChannelReport(level=0, commanded=0)}
    said = [NodeReported(ReportedState(node, NOW, off)) for node in fleet.nodes]
    ended = controller.step([*sent, *said], NOW).commands
    assert [command.state for command in ended] == ["confirmed"] * NODES
    return controller


def test_lamps_due_at_one_instant_are_switched_a_slice_a_step_street_by_street():
    controller = dark()
    taken = list(steps(controller, (), DUSK))
    assert [len(effects.commands) for effects in taken] == [SLICE, SLICE, 10]
    asked = [s.content for effects in taken for s in effects.submissions if isinstance(s.content, DesiredState)]
    assert [desired.node for desired in asked] == [f"n{NODES - number:05}" for number in range(NODES)]
    assert {desired.channels[0].level_at(DUSK) for desired in asked} == {100}


def test_a_flood_of_reports_keeps_nobody_from_being_switched():
    controller = dark()
    off = {0: ChannelReport(level=0, commanded=0)}
    said = [NodeReported(ReportedState(f"n{number:05}", DUSK, off)) for number in range(1, SLICE + 1)]
    heard = {event.report.node for event in said}
    switched = {command.node for command in controller.step(said, DUSK).commands}
    assert len(switched - heard) >= SLICE // 2
