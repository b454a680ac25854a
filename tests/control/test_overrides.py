"""Overrides at the controller: they begin, end, come back after a reboot and survive a restart, on time."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightctl.domain import events as ev
from lightctl.domain.assets import Dates, Fleet
from lightctl.domain.selectors import parse_selector
from lightctl.domain.states import CommandState, Override, Reason, Scope
from tests.support.controlled import CARRYING, LIVE, ZONE, Street, confirm, intent, lamp, override, running

HOUR = dt.timedelta(hours=1)
EVENING = dt.datetime(2026, 12, 4, 18, 0, tzinfo=dt.UTC)
STEP_AT = dt.datetime(2026, 12, 4, 21, 0, tzinfo=dt.UTC)
BOTH = pytest.mark.parametrize("capabilities", [CARRYING, LIVE], ids=["carries nights", "live"])


def later(street: Street, level: int = 30, minutes: float = 30, select: str = "id=a", name: str = "o1") -> Override:
    """An override that begins in an hour."""
    begins = street.now + HOUR
    return replace(
        override(street, level, select=select, name=name), start=begins, until=begins + dt.timedelta(minutes=minutes)
    )


@BOTH
def test_an_override_that_begins_later_says_nothing_until_then_and_holds_on_time(capabilities):
    street = running(Street(now=EVENING), capabilities)
    planned = later(street)
    street.step(ev.OverrideSet(planned))
    assert not street.sent
    street.run_until(planned.start - dt.timedelta(seconds=1))
    assert not street.sent
    assert street.desired["n-a"].channels[0].level_at(street.now) == 100
    street.run_until(planned.start)
    (document,) = street.sent
    assert document.issued_at == planned.start
    assert document.channels[0].level_at(planned.start) == 30
    assert street.command().priority > 0
    assert street.command().cause == "override o1"
    confirm(street, level=30, reason=Reason.OVERRIDE)
    assert street.command().state is CommandState.CONFIRMED
    street.run_until(planned.until)
    assert street.desired["n-a"].channels[0].level_at(planned.until) == 100


@BOTH
def test_an_override_that_begins_at_the_level_there_is_is_sent_all_the_same_and_answered_for(capabilities):
    street = running(Street(now=EVENING), capabilities)
    planned = later(street, level=100)
    street.step(ev.OverrideSet(planned))
    street.run_until(planned.start)
    assert street.sent
    assert street.command().created_at == planned.start


@BOTH
def test_an_override_taken_back_before_it_begins_sends_nothing_ever(capabilities):
    street = running(Street(now=EVENING), capabilities)
    planned = later(street)
    street.step(ev.OverrideSet(planned))
    commands = len(street.commands)
    street.step(ev.OverrideEnded("o1"), after=60)
    street.run_until(planned.until)
    assert len(street.commands) == commands


def test_an_override_that_begins_ends_the_rest_of_a_node_that_refused_before():
    street = running(Street(now=EVENING), LIVE)
    street.step(ev.OverrideSet(override(street, 50, minutes=300, name="now")))
    refused = ev.SendFailed("n-a", street.command().revision, street.now, "busy", permanent=True)
    planned = later(street)
    street.step(refused, ev.OverrideSet(planned))
    street.step(street.report(level=100, commanded=100), after=1)
    street.run_until(planned.start)
    assert [document.issued_at for document in street.sent][-1] == planned.start


@BOTH
def test_an_override_to_come_survives_a_restart_and_begins_on_time(capabilities):
    street = running(Street(now=EVENING), capabilities)
    planned = later(street)
    again = restarted(street, planned, capabilities)
    assert not again.sent
    again.run_until(planned.start)
    assert [document.issued_at for document in again.sent] == [planned.start]


@BOTH
def test_an_override_that_began_while_no_daemon_ran_holds_from_the_start_of_the_next_one(capabilities):
    street = running(Street(now=EVENING), capabilities)
    planned = later(street)
    street.now = planned.start + dt.timedelta(minutes=10)
    again = restarted(street, planned, capabilities)
    (document,) = again.sent
    assert document.channels[0].level_at(again.now) == 30


def restarted(street: Street, held: Override, capabilities=CARRYING) -> Street:
    """The same street under a daemon that knows only what the store would tell it."""
    again = Street(now=street.now + dt.timedelta(seconds=30))
    newest = street.command()
    document, report = street.desired["n-a"], street.report().report
    known = ev.NodeRestored("n-a", newest.revision, capabilities, document, newest, report)
    fleet = ev.FleetChanged(Fleet.of(again.points, ZONE))
    again.step(known, fleet, ev.IntentChanged(intent()), ev.OverrideSet(held, asked=False))
    return again


@BOTH
def test_a_node_that_reboots_gets_its_override_again_until_it_is_over(capabilities):
    street = running(Street(now=EVENING), capabilities)
    held = override(street, 30)
    street.step(ev.OverrideSet(held))
    confirm(street, level=30, reason=Reason.OVERRIDE)
    street.step(street.hello(revision=0, capabilities=capabilities, boot="b2"), after=60)
    (document,) = street.sent
    assert document.channels[0].level_at(street.now) == 30
    confirm(street, level=30, reason=Reason.OVERRIDE, boot="b2")
    street.run_until(held.until)
    street.step(street.hello(revision=0, capabilities=capabilities, boot="b3"), after=60)
    assert street.sent[-1].channels[0].level_at(street.now) == 100


@settings(max_examples=60, deadline=None)
@given(
    plans=st.lists(
        st.tuples(
            st.sampled_from([("*", Scope.SITE), ("kind=road", Scope.GROUP), ("id=a", Scope.LIGHT_POINT)]),
            st.integers(0, 100),
            st.integers(-30, 90),
            st.integers(1, 120),
        ),
        min_size=1,
        max_size=5,
    ),
    capabilities=st.sampled_from([CARRYING, LIVE]),
)
def test_whatever_is_planned_the_node_is_told_each_minute_what_is_in_force(plans, capabilities):
    street = running(Street((lamp("a", kind="road"),), now=EVENING), capabilities)
    overrides = []
    for number, ((select, scope), level, begins, lasts) in enumerate(plans):
        start = street.now + dt.timedelta(minutes=begins)
        until = max(start + dt.timedelta(minutes=lasts), street.now + dt.timedelta(seconds=1))
        overrides.append(Override(f"o{number}", scope, parse_selector(select), level, start, until))
    street.step(*(ev.OverrideSet(each) for each in overrides))
    for _ in range(211):
        holding = [each for each in overrides if each.start <= street.now < each.until]
        strongest = max(holding, key=lambda each: (each.scope, each.start, each.id), default=None)
        expected = 50 if street.now >= STEP_AT else 100
        expected = expected if strongest is None else strongest.level
        assert street.desired["n-a"].channels[0].level_at(street.now) == expected
        street.run_until(street.now + dt.timedelta(minutes=1))


# -- one beneath another: a node holds the strongest alone, and drops it by itself ------------------------------------


def one_beneath_another(street: Street) -> tuple[Override, Override]:
    """The whole site at 20 % for hours, and the lamp at 90 % for half an hour."""
    site = replace(override(street, 20, minutes=300, select="*", name="site"), scope=Scope.SITE)
    own = override(street, 90, minutes=30, name="own")
    street.step(ev.OverrideSet(site))
    street.step(ev.OverrideSet(own))
    return site, own


def test_a_weaker_override_holds_when_a_stronger_one_ends_though_nobody_can_say_so():
    street = running(Street(now=EVENING))
    site, own = one_beneath_another(street)
    channel = street.desired["n-a"].channels[0]
    assert channel.override.level == 90
    ends = (own.until, site.until)
    second = dt.timedelta(seconds=1)
    assert [channel.level_at(at) for end in ends for at in (end - second, end)] == [90, 20, 20, 50]


def test_a_weaker_override_that_is_taken_back_leaves_the_nights():
    street = running(Street(now=EVENING))
    site, own = one_beneath_another(street)
    street.sent.clear()
    street.step(ev.OverrideEnded(site.id))
    (document,) = street.sent
    assert document.channels[0].level_at(own.until) == 100


def test_a_weaker_override_is_told_by_name_when_a_stronger_one_has_ended():
    street = running(Street(now=EVENING))
    site, own = one_beneath_another(street)
    confirm(street, level=90, reason=Reason.OVERRIDE)
    street.run_until(own.until + dt.timedelta(seconds=1))
    held = street.desired["n-a"].channels[0].override
    assert (held.id, held.level, held.until) == (site.id, 20, site.until)


def test_a_node_that_repeats_its_nights_is_not_given_tonights_override_for_every_night():
    street = running(Street(now=EVENING), replace(CARRYING, dates=Dates.DAILY))
    _, own = one_beneath_another(street)
    channel = street.desired["n-a"].channels[0]
    assert channel.override.level == 90
    assert channel.level_at(own.until) == 100


def test_a_node_without_room_for_what_is_beneath_holds_the_strongest_all_the_same():
    street = running(Street(now=EVENING), replace(CARRYING, slots=4))
    _, own = one_beneath_another(street)
    channel = street.desired["n-a"].channels[0]
    assert channel.override.level == 90
    assert (len(channel.switches), channel.level_at(own.until)) == (4, 100)
