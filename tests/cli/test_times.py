from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from lightctl.cli.times import parse_coming, parse_duration, parse_of_night, zone_of
from lightctl.domain.errors import InvalidInput

BERLIN = ZoneInfo("Europe/Berlin")
EVENING = dt.datetime(2026, 11, 23, 20, 30, tzinfo=dt.UTC)  # 21:30 in Berlin


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("1h30m", 5400), ("2d", 172_800), ("1d1h1m1s", 90_061)]
)
def test_a_duration_is_read_as_written(text: str, seconds: int) -> None:
    assert parse_duration(text, where="--for").total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "10", "m", "0m", "-5m", "1.5h", "10 m", "1m1h", "99999999999h", "\u0661\u0660m"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_duration(text, where="--for")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("23:00", "2026-11-23T22:00:00Z"),
        ("06:30:15", "2026-11-24T05:30:15Z"),
        ("21:30", "2026-11-24T20:30:00Z"),
        ("2026-11-24T06:00", "2026-11-24T05:00:00Z"),
        ("2026-11-24T06:00:00+09:00", "2026-11-23T21:00:00Z"),
    ],
)
def test_a_time_to_come_is_the_next_one_on_the_citys_clock(text: str, instant: str) -> None:
    assert parse_coming(text, EVENING, BERLIN, where="--until") == utc(instant)


def test_a_time_that_clocks_skip_is_read_with_the_offset_before_the_gap() -> None:
    now = dt.datetime(2026, 3, 28, 22, 0, tzinfo=dt.UTC)
    assert parse_coming("02:30", now, BERLIN, where="--until") == utc("2026-03-29T01:30:00Z")


def test_a_time_that_clocks_show_twice_is_the_first() -> None:
    now = dt.datetime(2026, 10, 24, 22, 0, tzinfo=dt.UTC)
    assert parse_coming("02:30", now, BERLIN, where="--until") == utc("2026-10-25T00:30:00Z")


@pytest.mark.parametrize(
    ("text", "instant"),
    [("18:00", "2026-11-23T17:00:00Z"), ("12:00", "2026-11-23T11:00:00Z"), ("11:59", "2026-11-24T10:59:00Z")],
)
def test_a_clock_time_of_this_night_lies_between_its_noons(text: str, instant: str) -> None:
    assert parse_of_night(text, EVENING, BERLIN, where="--at") == utc(instant)
    for written in ("2026-11-20 23:15", "2026-11-20T23:15", "2026-11-20T22:15:00Z"):
        assert parse_of_night(written, EVENING, BERLIN, where="--at") == utc("2026-11-20T22:15:00Z")
    early_morning = EVENING + dt.timedelta(hours=7)
    assert parse_of_night(text, early_morning, BERLIN, where="--at") == utc(instant)


@pytest.mark.parametrize("text", ["", "24:00", "7pm", "tomorrow", "2026-13-01T00:00", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_coming(text, EVENING, BERLIN, where="--until")


@pytest.mark.parametrize("name", ["Europe/Brelin", "", "../etc/passwd", "/etc/localtime", "\0"])
def test_what_is_no_time_zone_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput):
        zone_of(name)
