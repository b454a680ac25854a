"""What turns a lamp on says so, and goes street by street: a town must not light up here and there."""

import datetime as dt
from dataclasses import replace

import pytest

from lightctl.domain import events as ev
from lightctl.domain.assets import Fleet
from lightctl.domain.orders import Order
from lightctl.domain.selectors import EVERYTHING
from lightctl.domain.states import Override, Scope
from tests.support.controlled import AFTERNOON, LIVE, SCHEDULE, ZONE, Street, intent, lamp


class Evening(Street):
    submitted: list[Order]

    def take(self, effects):
        self.submitted = list(effects.submissions)
        return super().take(effects)


STREETS = ("b", "a", "c")


@pytest.fixture
def evening():
    points = [
        lamp(f"{street}{pole}", cabinet="K1" if street != "c" else "K0", tags={"group": street})
        for pole in (2, 1)
        for street in STREETS
    ]
    street = Evening(points=tuple(points))
    street.start()
    for point in points:
        street.step(street.hello(point.node, capabilities=LIVE), after=1)
        street.step(street.report(point.node), after=1)
    assert all(street.desired[point.node].channels[0].level_at(street.now) == 0 for point in points)
    return street


def test_at_sunset_live_lamps_are_told_street_by_street(evening):
    sunset = evening.last.review_at
    while not evening.submitted:
        sunset = evening.last.review_at
        evening.step(after=(sunset - evening.now).total_seconds())
        if evening.submitted and not evening.submitted[0].lights(evening.now):
            evening.submitted.clear()
    assert sunset > AFTERNOON + dt.timedelta(hours=1)
    assert [each.node.id for each in evening.submitted] == ["n-c1", "n-c2", "n-a1", "n-a2", "n-b1", "n-b2"]


@pytest.mark.parametrize(("level", "turns_on"), [(70, True), (0, False)])
def test_what_a_hand_asks_turns_lamps_on_or_does_not(evening, level, turns_on):
    until = evening.now + dt.timedelta(minutes=30)
    asked = Override("o1", Scope.SITE, EVERYTHING, level, evening.now, until)
    evening.step(ev.OverrideSet(asked))
    assert len(evening.submitted) == 6
    assert {each.lights(evening.now) for each in evening.submitted} == {turns_on}


def test_a_lamp_that_is_lit_already_is_not_turned_on_again(evening):
    until = evening.now + dt.timedelta(minutes=30)
    evening.step(ev.OverrideSet(Override("o1", Scope.SITE, EVERYTHING, 70, evening.now, until)))
    evening.step(ev.CommandSent("n-a1", evening.desired["n-a1"].revision, evening.now), evening.report("n-a1"), after=1)
    evening.step(ev.OverrideSet(Override("o2", Scope.SITE, EVERYTHING, 90, evening.now, until)), after=1)
    assert not {each.node.id: each.lights(evening.now) for each in evening.submitted}["n-a1"]
    assert any(each.lights(evening.now) for each in evening.submitted)


def test_a_lamp_that_was_lit_when_it_fell_silent_may_have_come_back_dark(evening):
    until = evening.now + dt.timedelta(minutes=30)
    evening.step(ev.OverrideSet(Override("o1", Scope.SITE, EVERYTHING, 70, evening.now, until)))
    for node in ("n-a1", "n-b1"):
        evening.step(ev.CommandSent(node, evening.desired[node].revision, evening.now), evening.report(node), after=1)
    evening.step(ev.NodeUnreachable("n-b1", evening.now, "it does not answer"))
    evening.step(ev.OverrideSet(Override("o2", Scope.SITE, EVERYTHING, 90, evening.now, until)), after=1)
    lights = {each.node.id: each.lights(evening.now) for each in evening.submitted}
    assert (lights["n-a1"], lights["n-b1"]) == (False, True)


@pytest.mark.parametrize(("stood_still", "turns_on"), [(60, False), (1200, True)])
def test_what_a_lamp_said_before_a_start_counts_while_it_could_not_have_fallen_silent(evening, stood_still, turns_on):
    until = evening.now + dt.timedelta(minutes=30)
    asked = Override("o1", Scope.SITE, EVERYTHING, 70, evening.now, until)
    evening.step(ev.OverrideSet(asked))
    evening.step(ev.CommandSent("n-a1", evening.desired["n-a1"].revision, evening.now), evening.report("n-a1"), after=1)
    memory = evening.controller._knowledge.memories["n-a1"]
    again = Evening(points=evening.points, now=evening.now + dt.timedelta(seconds=stood_still))
    again.step(memory.laid_aside(), ev.FleetChanged(Fleet.of(evening.points, ZONE)), ev.IntentChanged(intent(SCHEDULE)))
    again.step(ev.OverrideSet(asked), ev.OverrideSet(replace(asked, id="o2", level=90)))
    lights = {each.node.id: each.lights(again.now) for each in again.submitted}
    assert lights["n-a1"] is turns_on


def test_nights_say_when_they_first_turn_a_lamp_on_for_they_may_leave_late():
    street = Evening()
    street.start()
    dusk = street.desired["n-a"].channels[0].switches[1]
    assert dusk.level == 100
    assert [each.lights_at for each in street.submitted] == [dusk.at]
    assert not street.submitted[0].lights(street.now)
