"""What a lamp goes by when the override it holds has ended: its nights, and over them those that last longer."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right

from hypothesis import given, settings
from hypothesis import strategies as st

from lightctl.domain.programs import Assignment, Calendar, Intent, Protection
from lightctl.domain.selectors import parse_selector
from lightctl.domain.states import Override, Scope, Switch
from lightctl.planning.beneath import laid_over
from lightctl.planning.resolve import Plan
from tests.support.programs import lamp, program, step, utc, window

BERLIN = "Europe/Berlin"
MONDAY = dt.date(2026, 1, 5)
NOON = utc("2026-01-05T11:00")
EVERYWHERE = parse_selector("*")
PROGRAM = program(window("sunset", "23:00"), window("05:00", "sunrise"), steps=(step("20:00", 60, 30),), name="gap")


def plan(floor: int = 0) -> Plan:
    protections = (Protection(EVERYWHERE, floor, "a crossing"),) if floor else ()
    calendars = {"streets": Calendar("streets", "gap")}
    return Plan(Intent({"gap": PROGRAM}, calendars, (Assignment(EVERYWHERE, "streets"),), protections), BERLIN)


def override(level: int, start: dt.datetime, until: dt.datetime, *, below: bool = False, name: str = "o") -> Override:
    return Override(name, Scope.SITE, EVERYWHERE, level, start, until, below_protection=below)


def level(switches: tuple[Switch, ...], at: dt.datetime) -> int:
    return switches[bisect_right(switches, at, key=lambda switch: switch.at) - 1].level


def test_the_level_of_an_override_stands_in_the_nights_from_its_start_to_its_end():
    planned = plan().switches(lamp(), MONDAY, 2)
    held = override(40, utc("2026-01-05T21:30"), utc("2026-01-06T03:00"))
    laid = laid_over(plan(), lamp(), planned, (held,))
    before = utc("2026-01-05T21:29:59")
    assert [level(laid, at) for at in (before, held.start, held.until - dt.timedelta(seconds=1))] == [60, 40, 40]
    assert level(laid, held.until) == 0


def test_switches_outside_of_its_time_stay_the_very_same():
    planned = plan().switches(lamp(), MONDAY, 2)
    held = override(40, utc("2026-01-05T21:30"), utc("2026-01-06T03:00"))
    laid = laid_over(plan(), lamp(), planned, (held,))
    outside = [switch for switch in planned if not held.start <= switch.at <= held.until]
    assert all(any(switch is other for other in laid) for switch in outside)
    assert laid_over(plan(), lamp(), planned, ()) is planned


instants = st.integers(0, 2 * 24 * 60 - 1).map(lambda minute: NOON + dt.timedelta(minutes=minute))
held = st.builds(
    lambda level, start, minutes, below: override(level, start, start + dt.timedelta(minutes=minutes), below=below),
    st.integers(0, 100), instants, st.integers(1, 900), st.booleans(),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([0, 30, 80]), st.lists(held, min_size=1, max_size=3), st.lists(instants, max_size=40))
def test_at_every_instant_they_have_the_level_that_the_plan_gives_with_the_overrides(floor, overrides, moments):
    asked, point = plan(floor), lamp()
    laid = laid_over(asked, point, asked.switches(point, MONDAY, 2), overrides)
    assert [switch.at for switch in laid] == sorted({switch.at for switch in laid})
    edges = [edge for each in overrides for edge in (each.start, each.until)]
    within = [at for at in (*moments, *edges, *(switch.at for switch in laid)) if at < NOON + dt.timedelta(days=2)]
    for at in (*within, *(at - dt.timedelta(seconds=1) for at in within if at > NOON)):
        assert level(laid, at) == asked.level_at(point, overrides, at)[0], at
