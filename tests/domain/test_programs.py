from __future__ import annotations

import datetime as dt

import pytest

from lightctl.domain.programs import ClockTime, DateRange, Moment, Source, SunEvent, SunTime, format_duration


@pytest.mark.parametrize(
    ("first", "last", "date", "covered"),
    [
        ((None, 12, 24), (None, 12, 26), dt.date(2031, 12, 25), True),
        ((None, 12, 24), (None, 12, 26), dt.date(2031, 12, 27), False),
        ((None, 12, 20), (None, 1, 6), dt.date(2026, 12, 31), True),  # wraps over New Year
        ((None, 12, 20), (None, 1, 6), dt.date(2026, 1, 6), True),
        ((None, 12, 20), (None, 1, 6), dt.date(2026, 1, 7), False),
        ((None, 12, 20), (None, 1, 6), dt.date(2026, 12, 19), False),
        ((None, 5, 1), (None, 5, 1), dt.date(2026, 5, 1), True),
        ((None, 2, 29), (None, 2, 29), dt.date(2028, 2, 29), True),
        ((None, 2, 29), (None, 2, 29), dt.date(2026, 2, 28), False),
        ((2026, 11, 27), (2026, 12, 23), dt.date(2026, 11, 27), True),
        ((2026, 11, 27), (2026, 12, 23), dt.date(2027, 12, 1), False),
        ((2026, 11, 27), (2027, 1, 3), dt.date(2027, 1, 3), True),
        ((2026, 12, 23), (2026, 11, 27), dt.date(2026, 12, 1), False),
    ],
)
def test_dates_cover_their_ends_and_yearly_ones_wrap_over_new_year(first, last, date, covered):
    assert DateRange(first, last).covers(date) is covered


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (Moment(ClockTime(22 * 3600)), "22:00"),
        (Moment(ClockTime(1800 + 5)), "00:30:05"),
        (Moment(SunTime(SunEvent.SUNSET, -0.833, -600)), "sunset-10m"),
        (Moment(SunTime(SunEvent.SUNRISE, -0.833, 5400)), "sunrise+1h30m"),
        (Moment(SunTime(SunEvent.DUSK, -6.0)), "dusk"),
        (Moment(SunTime(SunEvent.DAWN, -3.0, 90)), "dawn(-3)+90s"),
        (
            Moment(SunTime(SunEvent.SUNRISE, -0.833, -2700), ClockTime(18000), ClockTime(23400)),
            "sunrise-45m (earliest 05:00, latest 06:30)",
        ),
        (Moment(ClockTime(3600), latest=ClockTime(0)), "01:00 (latest 00:00)"),
    ],
)
def test_time_expressions_read_as_people_write_them(moment, text):
    assert str(moment) == text


@pytest.mark.parametrize(("seconds", "text"), [(0, "0s"), (90, "90s"), (600, "10m"), (3600, "1h"), (5400, "1h30m")])
def test_durations_read_as_people_write_them(seconds, text):
    assert format_duration(seconds) == text


def test_where_a_value_stands_does_not_make_it_another_value():
    assert str(Source("centre.yaml", 7, 13)) == "centre.yaml:7:13"
    assert str(Source()) == ""
