"""Faults that a month on the street showed to come and go though nothing had changed: each is one throughout."""

import datetime as dt

from lightctl.domain import events as ev
from lightctl.domain.states import ChannelReport, FaultEvent, ReportedState
from tests.control.test_fault_rules import EVENING, FULL, HALF, OFF, lit, only, open_events, says
from tests.support.controlled import Street, lamp

STEP_AT = dt.datetime(2026, 12, 4, 21, tzinfo=dt.UTC)


def test_a_cycling_lamp_is_still_cycling_after_a_day_on_which_nobody_could_see_it_cycle():
    street = lit()
    for _ in range(4):
        says(street, 1, every=240, **FULL, power_w=0.5)
        says(street, 1, every=240, **FULL)
    assert open_events(street) == ["cyclingFailure"]
    says(street, 120, every=300, **OFF, power_w=0.5)
    says(street, 3, every=300, **FULL)
    assert open_events(street) == ["cyclingFailure"], "it has not been watched for long enough"
    says(street, 25, every=300, **FULL)
    assert not street.faults
    assert len(street.opened) == 1


def test_the_power_factor_of_a_dimmer_that_is_stuck_is_judged_at_the_level_it_has():
    street = lit()
    says(street, 6, **{**FULL, "level": 50}, power_w=25.0, power_factor=0.62)
    assert open_events(street) == ["dimmingFailure"]


def test_a_lamp_out_of_a_segment_stays_out_where_nobody_can_tell_what_the_segment_draws_at_another_level():
    street = lit(lamp("a", lamps=10))
    says(street, 15, every=300, **FULL, power_w=500.0)
    says(street, 3, every=300, **FULL, power_w=450.5)
    assert only(street).detail.startswith("about 1 of 10 lamps are out")
    says(street, 4, every=300, **HALF, power_w=230.0)
    assert open_events(street) == ["lampFailure"], "half the light was never learned: it might be all of them"
    says(street, 1, every=300, **HALF, power_w=252.0)
    assert not street.faults
    assert len(street.opened) == 1


def test_what_was_just_written_and_read_back_says_nothing_of_flags_and_measures():
    street = Street((lamp("a", profile="cabinet", link="bus", address="1", lamps=14),))
    street.start()
    street.run_until(EVENING)

    def poll(**more) -> ReportedState:
        return ReportedState("n-a", street.now, {0: ChannelReport(level=100, commanded=100)}, **more)

    street.step(ev.NodeReported(poll(flags=("breaker_tripped",))), after=60)
    assert open_events(street) == ["circuitBreakerTripped"]
    read_back = ReportedState("n-a", street.now, {0: ChannelReport(commanded=100)}, verified=True)
    street.step(ev.NodeReported(read_back), after=1)
    assert open_events(street) == ["circuitBreakerTripped"]
    street.step(ev.NodeReported(poll()), after=60)
    assert not street.faults


def test_a_read_back_ends_the_silence_of_a_unit_and_nothing_else():
    street = Street((lamp("a", profile="cabinet", link="bus", address="1", lamps=14),))
    street.start()
    street.step(ev.NodeUnreachable("n-a", street.now, "no answer"))
    street.step(ev.ReviewDue(), after=120)
    assert open_events(street) == ["communicationFailure"]
    street.step(ev.NodeReported(ReportedState("n-a", street.now + dt.timedelta(seconds=60), verified=True)), after=60)
    assert FaultEvent.COMMUNICATION_FAILURE not in open_events(street)


def test_a_lamp_that_is_seen_lit_is_mended_though_it_was_told_something_new_a_moment_ago():
    street = lit(at=STEP_AT - dt.timedelta(minutes=20))
    out = {"level": 0, "commanded": 100, "power_w": 0.5}
    says(street, 2, every=120, **out, faults=("lampFailure",))
    assert open_events(street) == ["lampFailure"]
    street.run_until(STEP_AT)
    says(street, 1, every=5, level=30, commanded=50, power_w=14.0)
    assert open_events(street) == ["lampFailure"], "it fades, and nobody can tell"
    says(street, 1, every=5, **HALF, power_w=25.5)
    assert not street.faults
