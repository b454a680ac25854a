"""Self-tests: what is planned within floors and abilities, and which reports prove a trial."""

import datetime as dt

import pytest

from lightctl.control.self_test import DIMMED, OFF, ON, judge_restored, judge_trial, plan_trials
from lightctl.domain.assets import Capabilities, LightPoint
from lightctl.domain.crews import Trial
from lightctl.domain.states import ChannelReport, ReportedState

AT = dt.datetime(2026, 12, 4, 18, 0, tzinfo=dt.UTC)
LAMP = LightPoint("LP", 51.4, 6.7, node="N", rated_power_w=50.0, standby_power_w=0.5)
OTHER = LightPoint("LQ", 51.4, 6.7, node="N", channel=1)
FULL = Capabilities(ramp=True)
FULLY_PROTECTED = "a protection asks for at least 100 % now"


def after(seconds: float) -> dt.datetime:
    return AT + dt.timedelta(seconds=seconds)


def said(seconds: float, level: int, *, commanded: int | None = None, power_w: float | None = None) -> ReportedState:
    report = ChannelReport(level, level if commanded is None else commanded, power_w=power_w)
    return ReportedState("N", after(seconds), {0: report})


@pytest.mark.parametrize(
    ("capabilities", "floor", "planned"),
    [
        (FULL, 0, {ON: 100, DIMMED: 50, OFF: 0}),
        (FULL, 30, {ON: 100, DIMMED: 50, OFF: "a protection asks for at least 30 % now"}),
        (FULL, 80, {ON: 100, DIMMED: 80, OFF: "a protection asks for at least 80 % now"}),
        (FULL, 100, {ON: 100, DIMMED: FULLY_PROTECTED, OFF: FULLY_PROTECTED}),
        (Capabilities(levels=(0, 100)), 0, {ON: 100, DIMMED: "it cannot be dimmed", OFF: 0}),
        (Capabilities(levels=(10, 60, 100)), 0, {ON: 100, DIMMED: 60, OFF: "it cannot be switched off"}),
        (Capabilities(min_level=70), 0, {ON: 100, DIMMED: 70, OFF: 0}),
    ],
)  # fmt: skip
def test_a_lamp_is_driven_as_far_as_it_can_and_may_go(capabilities, floor, planned):
    trials = plan_trials((LAMP,), capabilities, {"LP": floor}, AT, 10.0)
    assert {trial.name: trial.skipped or trial.level for trial in trials} == planned
    tried = [trial for trial in trials if not trial.skipped]
    assert [trial.start for trial in tried] == [after(10 * number) for number in range(len(tried))]
    assert max(trial.end for trial in trials) == after(10 * len(tried))


def test_the_lamps_of_a_node_are_driven_together_and_each_keeps_its_own_floor():
    trials = plan_trials((LAMP, OTHER), FULL, {"LP": 0, "LQ": 100}, AT, 10.0)
    assert [(trial.name, trial.start) for trial in trials if trial.light_point == "LP"] == [
        (ON, AT), (DIMMED, after(10)), (OFF, after(20)),
    ]  # fmt: skip
    assert [trial.name for trial in trials if trial.light_point == "LQ" and not trial.skipped] == [ON]


def trial(level: int) -> Trial:
    return Trial("LP", {100: ON, 0: OFF}.get(level, DIMMED), level, after(10), after(20))


@pytest.mark.parametrize(
    ("level", "reports", "ok", "word"),
    [
        (100, [said(11, 100, power_w=50)], True, "100 % measured and 50 W"),
        (100, [said(11, 100)], True, "100 % in force"),
        (100, [said(9, 100, power_w=50)], False, "reported nothing"),
        (100, [said(20, 100, power_w=50)], False, "reported nothing"),
        (100, [said(11, 40), said(15, 100)], True, "100 % in force"),
        (100, [said(11, 70)], False, "70 % was in force"),
        (100, [said(11, 0, commanded=100, power_w=0.4)], False, "but 0 % measured"),
        (100, [said(11, 100, power_w=2.0)], False, "2 W drawn"),
        (50, [said(5, 100, power_w=50), said(11, 50, power_w=26)], True, "50 % in force"),
        (50, [said(5, 100, power_w=50), said(11, 50, power_w=49)], False, "49 W drawn"),
        (50, [said(5, 100, power_w=80), said(11, 50, power_w=42)], True, "an inventory may be wrong about the rating"),
        (50, [said(11, 100, commanded=50)], False, "100 % measured"),
        (0, [said(11, 0, power_w=0.5)], True, "0 % in force"),
        (0, [said(11, 0, power_w=12)], False, "12 W drawn"),
        (0, [said(11, 30, commanded=0)], False, "30 % measured"),
    ],
)
def test_only_a_report_within_the_trial_that_fits_in_level_and_power_proves_it(level, reports, ok, word):
    found = judge_trial(trial(level), LAMP, reports, after(21), 2)
    assert found.ok is ok
    assert word in found.detail or ok


def test_before_its_end_a_trial_that_nobody_proved_is_open():
    assert judge_trial(trial(100), LAMP, [said(11, 70)], after(19), 2).ok is None
    assert judge_trial(trial(100), LAMP, [said(11, 100)], after(12), 2).ok is True


@pytest.mark.parametrize(
    ("reports", "now", "ok"),
    [
        ([said(25, 0)], 29, None),
        ([said(25, 0)], 31, None),
        ([said(25, 0), said(31, 70)], 32, True),
        ([said(25, 70)], 31, True),
        ([said(25, 0)], 41, False),
        ([], 41, False),
    ],
)
def test_a_lamp_is_restored_once_its_node_says_what_is_due_and_not_when_it_never_does(reports, now, ok):
    assert judge_restored(LAMP, reports, (70, 50), after(30), 10.0, after(now), 2).ok is ok
