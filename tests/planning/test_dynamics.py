"""Dynamic rules: what is in force, when, and what always goes before them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightctl.domain.assets import LightPoint
from lightctl.domain.selectors import parse_selector
from lightctl.domain.sensors import SensorKind, SensorReading
from lightctl.domain.states import Override, Reason, Scope
from lightctl.files.schedules import read_schedules
from lightctl.planning.differences import differences
from lightctl.planning.resolve import Plan

TEN = dt.datetime(2026, 12, 4, 21, 0, tzinfo=dt.UTC)  # 22:00 in Duisburg: 50 % from then on
MINUTE = dt.timedelta(minutes=1)
POINT = LightPoint("LP1", 51.4344, 6.7623)
BUSY = "{sensor: traffic, when: {at_least: 20}, operation: max, level: 80, hold: 10m}"
QUIET = "{sensor: traffic, when: {below: 5}, operation: min, level: 30, hold: 10m}"


def intent(*rules: str, floor: int = 0):
    text = f"""version: 1
programs: {{p: {{steps: [{{at: "22:00", level: 50}}], dynamics: [{", ".join(rules)}]}}}}
calendars: {{c: {{default: p}}}}
assignments: [{{select: "*", calendar: c}}]
protections: [{{select: "*", min_level: {floor}}}]
"""
    read = read_schedules({"test.yaml": text})
    assert read.errors == ()
    return read.intent


def plan(*rules: str, floor: int = 0) -> Plan:
    return Plan(intent(*rules, floor=floor), "Europe/Berlin")


def readings(*said: tuple[float, float], name: str = "traffic"):
    """Give readings as (minutes after ten, value)."""
    found = [
        SensorReading("main", "", name, SensorKind.VEHICLES, value, TEN + minutes * MINUTE, TEN + minutes * MINUTE)
        for minutes, value in said
    ]
    return {name: tuple(found)}


def at(minutes: float) -> dt.datetime:
    return TEN + minutes * MINUTE


@pytest.mark.parametrize(
    ("rule", "value", "level"),
    [
        ("{sensor: traffic, when: {at_least: 20}, operation: max, level: 80, hold: 9m}", 20, 80),
        ("{sensor: traffic, when: {at_least: 20}, operation: max, level: 80, hold: 9m}", 19.9, 50),
        ("{sensor: traffic, when: {at_least: 20}, operation: max, level: 40, hold: 9m}", 20, 50),
        ("{sensor: traffic, when: {below: 5}, operation: min, level: 30, hold: 9m}", 4, 30),
        ("{sensor: traffic, when: {below: 5}, operation: min, level: 30, hold: 9m}", 5, 50),
        ("{sensor: traffic, when: {below: 5}, operation: set, level: 70, hold: 9m}", 0, 70),
        ("{sensor: traffic, when: {present: true}, operation: add, level: 30, hold: 9m}", 1, 80),
        ("{sensor: traffic, when: {present: true}, operation: add, level: 99, hold: 9m}", 1, 100),
        ("{sensor: traffic, when: {present: false}, operation: add, level: -20, hold: 9m}", 0, 30),
        ("{sensor: traffic, when: {present: false}, operation: add, level: -99, hold: 9m}", 0, 1),
        ("{sensor: traffic, when: {present: true}, operation: add, level: 30, hold: 9m}", 0, 50),
        ("{sensor: other, when: {present: true}, operation: add, level: 30, hold: 9m}", 1, 50),
    ],
)
def test_what_an_operation_makes_of_the_program(rule, value, level):
    found = plan(rule).resolve(POINT, (), at(6), readings((5, value)))
    assert found.level == level
    assert found.reason is (Reason.PROGRAM if level == 50 else Reason.SENSOR)
    assert found.ref == ("p" if level == 50 else "traffic")


def test_a_rule_holds_so_long_after_the_last_word_that_met_it_and_not_longer():
    made, said = plan(BUSY), readings((0, 25), (4, 30), (6, 10))
    assert [made.level_at(POINT, (), at(minute), said)[0] for minute in (1, 5, 7, 13.9, 14)] == [80, 80, 80, 80, 50]
    assert made.next_change(POINT, (), at(7), said) == at(14)


def test_a_rule_that_makes_it_darker_ends_with_the_first_word_that_does_not_meet_it():
    made, said = plan(QUIET), readings((0, 2), (6, 10))
    assert [made.level_at(POINT, (), at(minute), said)[0] for minute in (1, 5, 6, 7)] == [30, 30, 50, 50]
    silent = readings((0, 2))
    assert made.next_change(POINT, (), at(1), silent) == at(10)


def test_the_first_rule_in_force_counts_even_where_it_changes_nothing():
    made = plan(BUSY.replace("80", "40"), QUIET)
    assert made.level_at(POINT, (), at(7), readings((0, 25), (6, 2))) == (50, Reason.PROGRAM)
    assert made.level_at(POINT, (), at(11), readings((0, 25), (6, 2))) == (30, Reason.SENSOR)


def test_a_rule_counts_in_its_period_alone_and_never_outside_the_programs_windows():
    made, said = plan(BUSY.replace("hold: 10m", 'hold: 12h, period: "22:10 .. 23:00"')), readings((0, 25))
    assert [made.level_at(POINT, (), at(minute), said)[0] for minute in (9, 10, 59, 60)] == [50, 80, 80, 50]
    assert made.next_change(POINT, (), at(1), said) == at(10)
    assert made.next_change(POINT, (), at(10), said) == at(60)
    by_day = dt.datetime(2026, 12, 5, 9, 0, tzinfo=dt.UTC)
    said_by_day = {"traffic": (SensorReading("m", "", "traffic", SensorKind.VEHICLES, 99, by_day, by_day),)}
    assert plan(BUSY).level_at(POINT, (), by_day, said_by_day) == (0, Reason.PROGRAM)


def test_each_layer_says_its_part_and_where_the_rule_stands():
    found = plan(BUSY).resolve(POINT, (), at(6), readings((5, 25)))
    sensor = next(verdict for verdict in found.chain if verdict.layer == "sensor")
    assert (sensor.verdict, sensor.source.line) == ("decides", 2)
    assert "vehicles 25 from area main, 1m ago" in sensor.detail
    silent = plan(BUSY).resolve(POINT, (), at(6))
    assert next(v for v in silent.chain if v.layer == "sensor").verdict == "none"
    assert not any(verdict.layer == "sensor" for verdict in plan().resolve(POINT, (), at(6)).chain)


def test_a_changed_rule_is_a_difference_people_can_read():
    (changed,) = differences(intent(BUSY), intent(BUSY.replace("20}", "30}"), QUIET))
    assert changed.words == (
        "dynamics[0] removed: traffic at_least: 20: max 80, held 10m",
        "dynamics[0] added: traffic at_least: 30: max 80, held 10m",
        "dynamics[1] added: traffic below: 5: min 30, held 10m",
    )


PLANS = {floor: plan(BUSY, QUIET, "{sensor: walker, when: {present: true}, operation: add, level: -30, hold: 3m}",
                     floor=floor) for floor in (0, 40, 60)}  # fmt: skip
words = st.lists(st.tuples(st.integers(-600, 600), st.integers(0, 40)), max_size=6).map(sorted)


@settings(max_examples=150, deadline=None)
@given(words, words, st.integers(-700, 700), st.sampled_from([0, 40, 60]), st.none() | st.integers(0, 100))
def test_a_person_always_goes_before_a_sensor_a_protection_before_both_and_silence_is_the_program(
    traffic, walkers, minute, floor, level
):
    made, now = PLANS[floor], at(minute)
    said = readings(*traffic) | readings(*walkers, name="walker")
    overrides = () if level is None else (
        Override("o", Scope.SITE, parse_selector("*"), level, now - MINUTE, now + MINUTE),
    )  # fmt: skip
    found, reason = made.level_at(POINT, overrides, now, said)
    if made.night(POINT, dt.date(2026, 12, 4)).night.is_dark(now) and abs(minute) < 600:
        assert found >= floor
    if level is not None:
        assert reason in (Reason.OVERRIDE, Reason.PROTECTION)
        assert (found, reason) == made.level_at(POINT, overrides, now)
    elif not any(0 <= minute - spoken < 10 for spoken, _ in (*traffic, *walkers)):
        assert (found, reason) == made.level_at(POINT, (), now)
    came = {name: tuple(each for each in spoken if each.received_at <= now) for name, spoken in said.items()}
    change = made.next_change(POINT, overrides, now, came)
    assert change > now
    between = now + (change - now) / 2
    assert made.level_at(POINT, overrides, between, came) == (found, reason)
