"""What concerns a whole city is attended to a slice a step; whoever is named in between does not wait for it."""

from __future__ import annotations

import datetime as dt

from lightctl.control.controller import SLICE, Controller
from lightctl.control.policy import Policy
from lightctl.devices.profile import shipped_profiles
from lightctl.domain.assets import Fleet, LightPoint
from lightctl.domain.events import FleetChanged, LinkChanged, NodeAnnounced
from tests.support.controlled import CARRYING, ZONE
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
    later = NOW + dt.timedelta(seconds=1)
    taken = list(steps(controller, [LinkChanged("mqtt", up=True, at=later)], later))
    sent = [submission.node.id for effects in taken for submission in effects.submissions if submission.node]
    assert len(set(sent)) == NODES
