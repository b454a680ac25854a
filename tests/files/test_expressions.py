from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightctl.domain.errors import InvalidInput
from lightctl.domain.programs import ClockTime, SunEvent, SunTime, format_duration
from lightctl.files.expressions import (
    MAX_DURATION_S,
    parse_clock_time,
    parse_duration,
    parse_time_expression,
    seconds_after_noon,
)

SUNSET, DUSK = -0.833, -6.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("10m", 600), ("1h30m", 5400), ("1h", 3600), ("0s", 0), ("1h1m1s", 3661), ("720m", 43200)],
)
def test_a_duration_is_read_in_seconds(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "hint"),
    [("", "90s"), ("10", "10s or 10m"), ("10 m", "Write 10m."), ("90 Sec.", "Write 90s."),
     ("1h 30min", "Write 1h30m."), ("m10", "90s"), ("1.5h", "1h30m"), ("-5m", "90s"),
     ("30m1h", "90s"), ("13h", "12 hours"), ("\u0663m", "90s"), ("9" * 5000 + "s", "90s")],
)  # fmt: skip
def test_what_is_no_duration_says_what_to_write(text, hint):
    with pytest.raises(InvalidInput) as caught:
        parse_duration(text)
    assert hint in caught.value.hint


@given(st.integers(0, MAX_DURATION_S))
def test_every_duration_reads_back_as_written(seconds):
    assert parse_duration(format_duration(seconds)) == seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("22:30", ClockTime(81000)),
        ("00:00", ClockTime(0)),
        ("23:59:59", ClockTime(86399)),
        ("sunset", SunTime(SunEvent.SUNSET, SUNSET)),
        ("sunrise", SunTime(SunEvent.SUNRISE, SUNSET)),
        ("dusk", SunTime(SunEvent.DUSK, DUSK)),
        ("dawn(-12)", SunTime(SunEvent.DAWN, -12.0)),
        ("dusk(-3)", SunTime(SunEvent.DUSK, -3.0)),
        ("dusk(2.5)+10m", SunTime(SunEvent.DUSK, 2.5, 600)),
        ("sunset-10m", SunTime(SunEvent.SUNSET, SUNSET, -600)),
        ("sunrise + 1h30m", SunTime(SunEvent.SUNRISE, SUNSET, 5400)),
        ("dawn (-4) - 90s", SunTime(SunEvent.DAWN, -4.0, -90)),
    ],
)
def test_a_time_expression_is_read(text, expected):
    assert parse_time_expression(text) == expected


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("24:00", '"00:00"'),
        ("7:30", '"07:30"'),
        ("22.30", '"22:30"'),
        ("1350", '"22:30"'),
        ("25:00", "23:59"),
        ("Sunset", "small letters"),
        ("sunste", "Did you mean sunset?"),
        ("10pm", '"22:00"'),
        ("12:15 am", '"00:15"'),
        ("7.30 Uhr", '"07:30"'),
        ("midnight", '"00:00"'),
        ("dusk-6", "dusk(-6)"),
        ("Sonnenuntergang", "sunset, sunrise, dusk, dawn"),
        ("sunset10m", "sunset+10m"),
        ("sunset+-10m", "sunset+10m"),
        ("sunset(-6)", "dusk(-6)"),
        ("dusk(91)", "dusk(-3)"),
        ("dusk(nan)", "dusk(-3)"),
        ("dusk()", "dusk(-3)"),
        ("sunset+13h", "12 hours"),
        ("", "HH:MM"),
        ("noon", '"12:00"'),
    ],
)
def test_what_is_no_time_says_what_to_write(text, hint):
    with pytest.raises(InvalidInput) as caught:
        parse_time_expression(text)
    assert hint in caught.value.hint


@given(st.one_of(st.builds(ClockTime, st.integers(0, 86399)), st.builds(
    lambda event, offset: SunTime(event, SUNSET if event in (SunEvent.SUNSET, SunEvent.SUNRISE) else DUSK, offset),
    st.sampled_from(SunEvent), st.integers(-MAX_DURATION_S, MAX_DURATION_S),
)))  # fmt: skip
def test_every_time_expression_reads_back_as_written(expression):
    assert parse_time_expression(str(expression)) == expression


@given(st.text(max_size=200))
def test_no_text_breaks_the_readers_of_times_and_durations(text):
    for parse in (parse_duration, parse_clock_time, parse_time_expression):
        try:
            parse(text)
        except InvalidInput as error:
            assert error.why  # noqa: PT017 - any other exception fails the test; this one must say something


def test_a_night_counts_from_noon():
    texts = ("12:00", "18:00", "23:59", "00:00", "06:00", "11:59")
    order = [seconds_after_noon(parse_clock_time(text)) for text in texts]
    assert order == sorted(order)
    assert order[0] == 0
