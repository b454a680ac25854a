"""How long the level of a live node stands if nobody comes any more: until an hour after its next change was due."""

import datetime as dt

from lightctl.domain import events as ev
from tests.support.controlled import AFTERNOON, LIVE, SCHEDULE, Street, confirm, intent, override, running

HOUR = dt.timedelta(hours=1)
EVENING = dt.datetime(2026, 12, 4, 18, 0, tzinfo=dt.UTC)
STEP_AT = dt.datetime(2026, 12, 4, 21, 0, tzinfo=dt.UTC)
ALWAYS_DARK = SCHEDULE.replace("    start_level: 100\n", "    active: 12:30 .. 12:30\n")
LIGHT_AT_15_40 = SCHEDULE.replace("    start_level: 100\n", "    active: 15:40 .. 06:00\n")


def test_schedules_that_bring_light_sooner_leave_no_lamp_dark_for_as_long_as_those_before():
    street = running(Street(now=AFTERNOON), LIVE)
    street.step(ev.IntentChanged(intent(ALWAYS_DARK)), after=60)
    assert street.desired["n-a"].valid_until > AFTERNOON + 12 * HOUR
    confirm(street)
    street.step(ev.IntentChanged(intent(LIGHT_AT_15_40)), after=60)
    (sent,) = street.sent
    assert sent.channels[0].switches[0].level == 0
    assert sent.valid_until == AFTERNOON + HOUR * 5 / 3


def test_schedules_that_change_no_level_and_no_instant_send_nothing():
    street = running(Street(now=AFTERNOON), LIVE)
    street.step(ev.IntentChanged(intent()), after=60)
    assert street.sent == []


def test_a_level_held_by_people_counts_for_as_long_as_they_asked_whatever_the_program_does_meanwhile():
    street = running(Street(now=EVENING), LIVE)
    held = override(street, 30, minutes=600)
    street.step(ev.OverrideSet(held))
    assert street.desired["n-a"].valid_until == held.until + HOUR


def test_what_is_yet_to_begin_does_not_shorten_what_holds_now():
    street = running(Street(now=EVENING), LIVE)
    street.now += HOUR
    planned = override(street, 0)
    street.now -= HOUR
    street.step(ev.OverrideSet(planned), after=1)
    assert street.sent == []
    street.step(ev.OverrideSet(override(street, 70, minutes=30, name="o2")), after=1)
    confirm(street)
    street.step(ev.OverrideEnded("o2"), after=1)
    assert street.desired["n-a"].valid_until == STEP_AT + HOUR
