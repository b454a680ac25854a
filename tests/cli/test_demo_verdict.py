"""The verdict over a lamp: what counts against it, and what does not."""

from __future__ import annotations

import datetime as dt

import pytest

from lightctl.cli.demo.town import TIME_ZONE, build_town
from lightctl.cli.demo.truth import LampTruth
from lightctl.cli.demo.verdict import judge
from lightctl.devices.profile import shipped_profiles
from lightctl.files.schedules import read_schedules
from lightctl.planning.resolve import Plan

SCHEDULE = """
version: 1
programs: {street: {active: "16:00 .. 08:00"}}
calendars: {street: {default: street}}
assignments: [{select: "*", calendar: street}]
"""
DUSK = dt.datetime(2026, 12, 4, 15, 0, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
LATE_S = 600


@pytest.mark.parametrize(
    ("excused", "wrong_s"),
    [
        ((), LATE_S),
        (((-100, LATE_S - 10),), 10),
        (((5, 300), (320, LATE_S)), 25),
        (((-900, -1),), LATE_S),
        (((LATE_S, 2 * LATE_S),), LATE_S),
    ],
    ids=["not at all", "for most of it", "twice, and between it is late", "before it was due", "only after it"],
)
def test_what_a_lamp_is_excused_for_does_not_count_against_it_and_all_else_does(excused, wrong_s):
    lamp, *_ = build_town(1, seed=1)
    truth = LampTruth()
    for after, level in ((-3600, 0.0), (LATE_S, 100.0)):
        truth.at.append(DUSK + after * SECOND)
        truth.levels.append(level)
    plan = Plan(read_schedules({"a.yaml": SCHEDULE}).intent, TIME_ZONE)
    spans = [(DUSK + begin * SECOND, DUSK + end * SECOND) for begin, end in excused]
    night = (DUSK - 3600 * SECOND, DUSK + 7200 * SECOND)
    (verdict,) = judge([lamp], plan, shipped_profiles(), {lamp.id: truth}, night, {lamp.node: spans})
    assert (verdict.wrong_s, verdict.dark_s) == (wrong_s, wrong_s)
