from __future__ import annotations

import datetime as dt
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightctl.planning.wall import night_bounds, night_date, noons_from, wall_instant
from tests.support import brute_force
from tests.support.programs import Place, utc

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [
    "Europe/Berlin",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Cairo",
]


@pytest.mark.parametrize(
    ("date", "seconds", "expected"),
    [
        (dt.date(2026, 3, 29), 2 * 3600 + 1800, "2026-03-29T01:30"),  # does not exist: the offset before the gap
        (dt.date(2026, 10, 25), 2 * 3600 + 1800, "2026-10-25T00:30"),  # exists twice: the first
        (dt.date(2026, 3, 29), 3 * 3600, "2026-03-29T01:00"),
        (dt.date(2026, 7, 1), 12 * 3600, "2026-07-01T10:00"),
        (dt.date(2026, 1, 1), 86399, "2026-01-01T22:59:59"),
    ],
)
def test_a_wall_time_in_a_gap_or_fold_is_read_as_rfc_5545_does(date, seconds, expected):
    assert wall_instant(date, seconds, BERLIN) == utc(expected)


@pytest.mark.parametrize(
    ("date", "hours"), [(dt.date(2026, 3, 28), 23), (dt.date(2026, 10, 24), 25), (dt.date(2026, 6, 1), 24)]
)
def test_a_night_runs_from_noon_to_noon_and_is_an_hour_off_when_clocks_change(date, hours):
    start, end = night_bounds(date, "Europe/Berlin")
    assert end - start == dt.timedelta(hours=hours)
    assert start.astimezone(BERLIN).hour == end.astimezone(BERLIN).hour == 12


def test_noons_are_those_between_the_nights_and_one_more_than_these():
    first = dt.date(2026, 10, 24)
    noons = noons_from(first, 3, "Europe/Berlin")
    nights = [night_bounds(first + dt.timedelta(days=ahead), "Europe/Berlin") for ahead in range(3)]
    assert list(pairwise(noons)) == nights


def test_noon_begins_the_new_night_and_the_second_before_it_ends_the_old_one():
    assert night_date(utc("2026-01-06T10:59:59"), "Europe/Berlin") == dt.date(2026, 1, 5)
    assert night_date(utc("2026-01-06T11:00:00"), "Europe/Berlin") == dt.date(2026, 1, 6)


def test_the_instant_may_be_given_in_any_zone():
    there = utc("2026-01-06T11:00:00").astimezone(ZoneInfo("Pacific/Auckland"))
    assert night_date(there, "Europe/Berlin") == dt.date(2026, 1, 6)


def test_a_date_that_a_zone_skipped_has_a_night_without_length_and_owns_no_instant():
    start, end = night_bounds(dt.date(2011, 12, 30), "Pacific/Apia")
    assert start == end
    owners = {night_date(start + dt.timedelta(minutes=minute), "Pacific/Apia") for minute in range(-1440, 1440)}
    assert owners == {dt.date(2011, 12, 29), dt.date(2011, 12, 31)}


@settings(max_examples=150, deadline=None)
@given(
    seconds=st.integers(0, 4102444800),  # 1970..2100
    zone=st.sampled_from(ZONES),
)
def test_every_instant_lies_in_the_night_that_owns_it(seconds, zone):
    instant = dt.datetime.fromtimestamp(seconds, dt.UTC)
    start, end = night_bounds(night_date(instant, zone), zone)
    assert start <= instant < end


@settings(max_examples=150, deadline=None)
@given(
    date=st.dates(dt.date(1970, 1, 2), dt.date(2100, 1, 1)),
    seconds=st.integers(0, 86399),
    zone=st.sampled_from([zone for zone in ZONES if zone != "Pacific/Apia"]),
)
def test_wall_times_agree_with_a_second_reading_of_the_rfc(date, seconds, zone):
    assert wall_instant(date, seconds, ZoneInfo(zone)) == brute_force.wall(date, seconds, ZoneInfo(zone))


@pytest.mark.parametrize("date", [dt.date(2026, 3, 29), dt.date(2026, 10, 25)])
def test_wall_times_agree_with_the_second_reading_on_the_days_clocks_change(date):
    for seconds in range(0, 86400, 60):
        assert wall_instant(date, seconds, BERLIN) == brute_force.wall(date, seconds, BERLIN)


def test_a_place_names_the_zone_of_its_nights():
    place = Place(51.4, 6.7, "Europe/Berlin")
    assert brute_force.bounds(dt.date(2026, 3, 28), place) == night_bounds(dt.date(2026, 3, 28), "Europe/Berlin")
