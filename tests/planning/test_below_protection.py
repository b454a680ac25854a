"""Levels that go below a protection by name: nothing lifts them, and every layer says what became of it."""

from __future__ import annotations

import pytest

from lightctl.domain.assets import LightPoint
from lightctl.domain.programs import Intent, Protection
from lightctl.domain.selectors import EVERYTHING
from lightctl.domain.states import Override, Reason, Scope
from lightctl.planning.resolve import Plan
from tests.support.programs import lamp, utc

BERLIN = "Europe/Berlin"
EVENING, MIDDAY = utc("2026-01-05T19:00"), utc("2026-01-06T10:00")
PLAN = Plan(Intent(protections=(Protection(EVERYTHING, 80, "a crossing"), Protection(EVERYTHING, 10))), BERLIN)


def held(level: int, *, below: bool, name: str = "maintenance-1", scope: Scope = Scope.MAINTENANCE) -> Override:
    start, until = utc("2026-01-05T18:00"), utc("2026-01-06T12:00")
    return Override(name, scope, EVERYTHING, level, start, until, "cable", "timo", below_protection=below)


@pytest.mark.parametrize(
    ("below", "level", "at", "due"),
    [
        (False, 0, EVENING, (80, Reason.PROTECTION)),
        (True, 0, EVENING, (0, Reason.OVERRIDE)),
        (True, 90, EVENING, (90, Reason.OVERRIDE)),
        (False, 0, MIDDAY, (0, Reason.OVERRIDE)),
        (True, 0, MIDDAY, (0, Reason.OVERRIDE)),
    ],
)
def test_only_an_override_below_protection_by_name_goes_below_one(below, level, at, due):
    assert PLAN.level_at(lamp(), [held(level, below=below)], at) == due


def test_what_a_crew_asks_for_counts_above_a_later_level_of_one_lamp():
    by_hand = held(100, below=False, name="o1", scope=Scope.LIGHT_POINT)
    assert PLAN.level_at(lamp(), [by_hand, held(0, below=True)], EVENING) == (0, Reason.OVERRIDE)


def test_each_protection_it_goes_below_says_so_and_the_others_are_met():
    resolved = PLAN.resolve(lamp(), [held(20, below=True)], EVENING)
    assert [(each.layer, each.verdict) for each in resolved.chain[:3]] == [
        ("override", "decides"), ("protection", "lifted"), ("protection", "met"),
    ]  # fmt: skip
    assert resolved.chain[0].detail.startswith("maintenance-1: 20 % ")
    assert resolved.chain[1].detail.endswith("(a crossing); maintenance-1 goes below it by name")


def test_a_protection_whose_sun_is_up_is_idle_even_then():
    resolved = PLAN.resolve(lamp(), [held(0, below=True)], MIDDAY)
    assert [each.verdict for each in resolved.chain if each.layer == "protection"] == ["idle", "idle"]


@pytest.mark.parametrize(
    ("start", "until", "floor"),
    [
        ("2026-01-05T10:00", "2026-01-05T14:00", 0),
        ("2026-01-05T14:00", "2026-01-05T16:00", 80),
        ("2026-01-05T19:00", "2026-01-05T19:01", 80),
        ("2026-01-06T08:00", "2026-01-06T10:00", 0),
        ("2026-01-05T10:00", "2026-01-08T10:00", 80),
    ],
)
def test_the_floor_of_a_period_is_that_of_its_darkest_instant(start, until, floor):
    assert PLAN.floor_within(lamp(), utc(start), utc(until)) == floor
    assert Plan(Intent(), BERLIN).floor_within(LightPoint("x", 51.4, 6.7), utc(start), utc(until)) == 0
