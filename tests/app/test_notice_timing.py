"""When a target is told and when it is tried again: tables of instants, no clock."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightctl.app.notices.timing import Manner, Patience, Tell, Wait, failed, next_move, pause_s, taken
from lightctl.domain.notices import Parcel, Standing
from lightctl.domain.rollouts import parse_window

NOW = dt.datetime(2026, 12, 4, 18, 0, tzinfo=dt.UTC)  # 19:00 in the city
SECOND, MINUTE, HOUR = dt.timedelta(seconds=1), dt.timedelta(minutes=1), dt.timedelta(hours=1)
AT_ONCE = Manner(dt.timedelta(0), 3, None, "Europe/Berlin")
BY_DAY = replace(AT_ONCE, window=parse_window("06:00-22:00", "hours"))
HOURLY = replace(AT_ONCE, digest=HOUR)
PATIENCE = Patience(900, dt.timedelta(hours=24))
ALL, FIRST = Tell(digest=True), Tell(digest=False)
PARCEL = Parcel("n-1", "t", "s", 7, NOW, NOW, "title", "text", "{}")
STANDING = Standing("ops", 3, PARCEL, failures=2, failing_since=NOW - HOUR, why="HTTP 500", given_up=1)


@pytest.mark.parametrize(
    ("manner", "waiting", "sent", "move"),
    [
        (AT_ONCE, [], [], Wait(None)),
        (AT_ONCE, [NOW], [], FIRST),
        (AT_ONCE, [NOW, NOW, NOW], [], FIRST),
        (AT_ONCE, [NOW] * 4, [], ALL),  # a storm
        (AT_ONCE, [NOW] * 2, [NOW - 50 * SECOND, NOW - 2 * SECOND, NOW - SECOND], Wait(NOW + 10 * SECOND)),
        (AT_ONCE, [NOW], [NOW - MINUTE, NOW - 2 * SECOND, NOW - SECOND], FIRST),
        (AT_ONCE, [NOW] * 4, [NOW - SECOND] * 3, ALL),
        (AT_ONCE, [NOW], [NOW + HOUR] * 3, FIRST),  # the clock was set back
        (HOURLY, [NOW - 59 * MINUTE, NOW], [], Wait(NOW + MINUTE)),
        (HOURLY, [NOW - HOUR, NOW], [], ALL),
        (HOURLY, [NOW - HOUR], [], ALL),
        (HOURLY, [NOW + 5 * HOUR], [], Wait(NOW + HOUR)),  # a node's word of the future delays nothing for longer
        (BY_DAY, [NOW], [], FIRST),
        (BY_DAY, [NOW - 14 * HOUR, NOW], [], ALL),  # 05:00: it waited for the hours to begin
        (BY_DAY, [NOW - 14 * HOUR], [], FIRST),
    ],
)
def test_what_waits_is_told_one_by_one_or_at_once_or_later(manner, waiting, sent, move):
    assert next_move(waiting, manner, sent, NOW) == move


def test_outside_its_hours_a_target_hears_nothing_until_they_begin():
    night = dt.datetime(2026, 12, 4, 23, 30, tzinfo=dt.UTC)
    begin = dt.datetime(2026, 12, 5, 5, 0, tzinfo=dt.UTC)
    assert next_move([night - HOUR] * 50, BY_DAY, [], night) == Wait(begin)
    assert next_move([night - HOUR] * 2, BY_DAY, [], begin) == ALL


@given(
    st.lists(st.integers(-100_000, 100), max_size=30),
    st.lists(st.integers(-200, 100), max_size=30),
    st.sampled_from([AT_ONCE, BY_DAY, HOURLY]),
)
def test_a_wait_is_always_for_an_instant_to_come_and_never_while_a_digest_is_due(waits, sents, manner):
    waiting = sorted(NOW + each * SECOND for each in waits)
    sent = sorted(NOW + each * SECOND for each in sents)
    match next_move(waiting, manner, sent, NOW):
        case Wait(None):
            assert not waiting
        case Wait(until):
            assert NOW < until <= NOW + dt.timedelta(days=1)
        case Tell(digest):
            assert waiting
            assert digest or len(waiting) <= manner.per_minute


@given(st.integers(1, 10_000), st.floats(0, 1), st.booleans())
def test_pauses_grow_to_a_cap_and_are_never_nothing(failures, chance, refused):
    pause = pause_s(failures, PATIENCE, chance, refused=refused)
    assert 2.5 <= pause <= 900
    assert pause_s(failures, PATIENCE, chance, asked_s=5000) == 5000
    assert not refused or pause >= 60


def test_pauses_double_with_each_failure():
    assert [pause_s(n, PATIENCE, 1) for n in range(1, 10)] == [5, 10, 20, 40, 80, 160, 320, 640, 900]
    assert pause_s(3, PATIENCE, 0) == 10
    assert pause_s(1, Patience(20, HOUR), 0.5, refused=True) == 20


def test_what_was_taken_is_settled_and_forgets_the_failures_before():
    assert taken(STANDING, NOW) == Standing("ops", 7, last_success_at=NOW, given_up=1)


def test_what_failed_keeps_its_place_its_id_and_since_when():
    after = failed(STANDING, NOW, "HTTP 503", 40, PATIENCE, refused=True)
    assert (after.settled, after.parcel, after.failures, after.refused) == (3, PARCEL, 3, True)
    assert (after.next_at, after.failing_since, after.why) == (NOW + 40 * SECOND, NOW - HOUR, "HTTP 503")


def test_what_nobody_takes_is_given_up_after_its_time_and_counted():
    old = replace(STANDING, parcel=replace(PARCEL, since=NOW - 24 * HOUR))
    after = failed(old, NOW, "HTTP 503", 900, PATIENCE, refused=True)
    assert (after.settled, after.parcel, after.given_up, after.refused) == (7, None, 2, False)
    assert (after.next_at, after.failing_since) == (NOW + 900 * SECOND, NOW - HOUR)
