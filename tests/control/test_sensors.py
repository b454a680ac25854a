"""Sensors at the controller: lamps follow at once, calmly, below people and protections, and go back by themselves."""

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightctl.control.policy import Policy
from lightctl.domain import events as ev
from lightctl.domain.sensors import SensorKind, SensorReading
from tests.support.controlled import CARRYING, LIVE, SCHEDULE, Street, confirm, intent, lamp, override, running

MINUTE = dt.timedelta(minutes=1)
NIGHT = dt.datetime(2026, 12, 4, 22, 0, tzinfo=dt.UTC)  # an hour after the step to 50 %
BOTH = pytest.mark.parametrize("capabilities", [CARRYING, LIVE], ids=["carries nights", "live"])
BUSY = "{sensor: traffic, when: {at_least: 20}, operation: max, level: 100, hold: 10m}"
QUIET = "{sensor: traffic, when: {below: 5}, operation: min, level: 30, hold: 10m}"
PROTECTED = 'protections: [{select: "*", min_level: 40}]\n'


def sensing(*rules: str, more: str = "") -> str:
    return SCHEDULE.replace("    steps:", f"    dynamics: [{', '.join(rules)}]\n    steps:") + more


def street(capabilities, *rules: str, more: str = "", **given) -> Street:
    made = running(Street(now=NIGHT, **given), capabilities)
    made.step(ev.IntentChanged(intent(sensing(*rules, more=more))))
    return made


def said(street: Street, value: float, node: str = "", area: str = "main") -> ev.SensorRead:
    reading = SensorReading(area, node, "traffic", SensorKind.VEHICLES, value, street.now, street.now)
    return ev.SensorRead(reading)


def speak(street: Street, value: float, after: float = 0.0, **where: str) -> None:
    """Let the sensor say a value, so many seconds later."""
    street.now += dt.timedelta(seconds=after)
    street.step(said(street, value, **where))


def due(street: Street) -> int | None:
    return street.desired["n-a"].channels[0].level_at(street.now)


@BOTH
def test_a_lamp_follows_a_sensor_at_once_and_the_program_when_it_falls_silent(capabilities):
    made = street(capabilities, BUSY)
    assert due(made) == 50
    speak(made, 25)
    assert due(made) == 100
    assert made.command().cause == "sensor traffic"
    confirm(made)
    made.run_until(NIGHT + 9 * MINUTE)
    assert due(made) == 100
    made.run_until(made.now + 2 * MINUTE)
    assert due(made) == 50


def test_a_node_that_carries_nights_goes_back_to_its_program_without_us():
    made = street(CARRYING, BUSY)
    speak(made, 25)
    (document,) = made.sent
    held = document.channels[0].override
    assert (held.id, held.level, held.until) == ("sensor-traffic", 100, NIGHT + dt.timedelta(minutes=10, seconds=0.2))
    assert document.channels[0].level_at(held.until) == 50


@BOTH
def test_words_that_change_nothing_are_not_passed_on_each_time(capabilities):
    made = street(capabilities, BUSY)
    speak(made, 25)
    confirm(made)
    documents = 0
    for number in range(60):
        speak(made, 25 + number % 2, after=60)
        documents += len(made.sent)
        made.step(made.report())
        assert due(made) == 100
    assert documents <= (12 if capabilities is CARRYING else 1)


def test_a_word_that_comes_early_keeps_its_hold_to_the_end():
    made = street(CARRYING, BUSY)
    speak(made, 25)
    confirm(made)
    speak(made, 25, after=120)
    made.run_until(NIGHT + 11 * MINUTE)
    assert due(made) == 100
    made.run_until(NIGHT + 13 * MINUTE)
    assert due(made) == 50


@BOTH
def test_a_persons_override_and_a_protection_go_before_a_sensor(capabilities):
    made = street(capabilities, QUIET, more=PROTECTED)
    speak(made, 0)
    assert due(made) == 40
    made.step(ev.OverrideSet(override(made, 70, minutes=5)), after=1)
    assert due(made) == 70
    confirm(made)
    speak(made, 0, after=1)
    assert due(made) == 70
    made.run_until(made.now + 6 * MINUTE)
    assert due(made) == 40


@BOTH
def test_what_makes_a_lamp_darker_ends_with_the_first_word_that_does_not_ask_for_it(capabilities):
    made = street(capabilities, QUIET)
    speak(made, 0)
    assert due(made) == 30
    speak(made, 10, after=60)
    assert due(made) == 50


def test_a_nodes_own_sensor_goes_before_its_areas_and_other_areas_are_nobodys():
    made = street(LIVE, BUSY, points=(lamp("a"), lamp("b", address="north")))
    speak(made, 25, area="north")
    assert due(made) == 50
    speak(made, 0, node="n-a")
    speak(made, 25)
    assert due(made) == 50
    speak(made, 25, node="n-a")
    assert due(made) == 100


def test_a_sensor_nobody_follows_is_forgotten_at_once():
    made = street(LIVE)
    for number in range(100):
        speak(made, number)
    assert made.controller.sensors.take(said(made, 1).reading) is False
    assert due(made) == 50


def test_after_a_clock_set_back_and_after_a_restart_the_program_rules_until_the_sensor_speaks():
    made = street(LIVE, BUSY)
    speak(made, 25)
    made.now -= dt.timedelta(minutes=5)
    made.step()
    assert due(made) == 50


@BOTH
@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.sampled_from([0, 10, 25]), st.integers(5, 400)), min_size=30, max_size=80))
def test_a_restless_sensor_moves_a_lamp_so_often_an_hour_and_leaves_it_bright(capabilities, words):
    policy = Policy(topup_spread_s=60.0, sensor_changes_per_h=4, rest_s=1.0, rest_cap_s=1.0)
    made = street(capabilities, BUSY, QUIET, policy=policy)
    levels = [(made.now, due(made))]

    def look() -> None:
        if due(made) != levels[-1][1]:
            levels.append((made.now, due(made)))

    for value, pause_s in words:
        until = made.now + dt.timedelta(seconds=pause_s)
        while made.last.review_at is not None and made.last.review_at <= until:
            made.step(after=(made.last.review_at - made.now).total_seconds())
            look()
        made.now = until
        speak(made, value)
        look()
        assert due(made) >= {0: 30, 10: 50, 25: 100}[value]
    hour = dt.timedelta(hours=1)
    moves = [(at, level > before) for (_, before), (at, level) in pairwise(levels)]
    for number, (at, brighter) in enumerate(moves, 1):
        if not brighter:  # room for this change and for the way up again, which may come at the same instant
            assert sum(1 for other, _ in moves[:number] if at - hour < other) <= policy.sensor_changes_per_h - 1
