from __future__ import annotations

import datetime as dt

import pytest

from lightctl.domain.programs import SUNSET_TO_SUNRISE, ControlProgram, Moment, Source, Step
from lightctl.planning.night import Night, night
from lightctl.planning.sun import sun_passes
from tests.support.programs import (
    DUISBURG,
    LONGYEARBYEN,
    NOME,
    REYKJAVIK,
    TROMSO,
    VADSO,
    Place,
    moment,
    program,
    step,
    sun,
    utc,
    window,
)

WINTER = dt.date(2026, 1, 5)  # Duisburg: sunset 15:39:32Z, sunrise 07:37:05Z
ALL_NIGHT = window("12:00", "11:59:59")


def changes(compiled: Night) -> list[tuple[str, int]]:
    return [(f"{each.at:%dT%H:%M:%S}", each.level) for each in compiled.switches]


def test_the_issues_residential_program_on_a_winter_night():
    residential = program(
        window("sunset-10m", "sunrise+10m"),
        steps=(
            step("22:00", 70, 30),
            step("00:30", 50),
            step(moment("sunrise-45m", earliest="05:00", latest="06:30"), 100),
        ),
        name="residential",
    )
    compiled = night(residential, WINTER, DUISBURG)
    assert changes(compiled) == [
        ("05T11:00:00", 0),
        ("05T15:29:32", 100),
        ("05T21:00:00", 70),
        ("05T23:30:00", 50),
        ("06T05:30:00", 100),
        ("06T07:47:05", 0),
    ]
    assert [each.ramp_s for each in compiled.switches] == [0, 0, 30, 0, 0, 0]
    assert [each.cause for each in compiled.switches] == [
        "outside every window",
        "window opens sunset-10m",
        "program residential, step 22:00",
        "program residential, step 00:30",
        "program residential, step sunrise-45m (earliest 05:00, latest 06:30)",
        "window closes sunrise+10m",
    ]
    assert (compiled.sunset, compiled.sunrise) == (utc("2026-01-05T15:39:32"), utc("2026-01-06T07:37:05"))
    assert (compiled.start, compiled.end) == (utc("2026-01-05T11:00"), utc("2026-01-06T11:00"))


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        (dt.date(2026, 3, 28), "2026-03-29T01:30"),  # 02:30 does not exist: 03:30 summer time
        (dt.date(2026, 10, 24), "2026-10-25T00:30"),  # 02:30 comes twice: the first
    ],
)
def test_a_step_at_half_past_two_fires_once_on_the_nights_clocks_change(date, expected):
    compiled = night(program(steps=(step("02:30", 40),)), date, DUISBURG)
    assert [each.at for each in compiled.switches if each.level == 40] == [utc(expected)]


def test_in_the_spring_gap_a_step_keeps_its_place_after_an_earlier_instant():
    # 02:59 reads as 01:59Z, after 03:00 which is 01:00Z: the later instant holds.
    compiled = night(program(steps=(step("02:59", 20), step("03:00", 60))), dt.date(2026, 3, 28), DUISBURG)
    assert compiled.level_at(utc("2026-03-29T01:30")) == 60
    assert compiled.level_at(utc("2026-03-29T02:30")) == 20


@pytest.mark.parametrize(("date", "hours"), [(dt.date(2026, 3, 28), 22), (dt.date(2026, 10, 24), 24)])
def test_a_window_by_the_clock_is_an_hour_off_on_the_nights_clocks_change(date, hours):
    compiled = night(program(window("12:00", "11:00")), date, DUISBURG)
    assert compiled.switches[-1].at - compiled.switches[0].at == dt.timedelta(hours=hours)


def test_clock_times_from_noon_on_are_of_the_evening_and_earlier_ones_of_the_morning():
    compiled = night(program(window("12:00", "11:59")), WINTER, DUISBURG)
    assert changes(compiled) == [("05T11:00:00", 100), ("06T10:59:00", 0)]


def test_clamps_apply_after_the_offset():
    late = program(window(moment("sunset+2h", latest="17:00"), "sunrise"))
    early = program(window(moment("sunset-2h", earliest="16:00"), "sunrise"))
    assert night(late, WINTER, DUISBURG).switches[1].at == utc("2026-01-05T16:00")
    assert night(early, WINTER, DUISBURG).switches[1].at == utc("2026-01-05T15:00")


def test_a_step_that_fell_before_the_window_opened_gives_its_level():
    compiled = night(program(steps=(step("13:00", 60),)), WINTER, DUISBURG)
    assert changes(compiled) == [("05T11:00:00", 0), ("05T15:39:32", 60), ("06T07:37:05", 0)]
    assert compiled.switches[1].cause == "window opens sunset"


def test_before_the_first_step_the_start_level_holds_and_never_yesterdays_last_step():
    compiled = night(program(ALL_NIGHT, steps=(step("02:00", 30),), start_level=80), WINTER, DUISBURG)
    assert changes(compiled) == [("05T11:00:00", 80), ("06T01:00:00", 30), ("06T10:59:59", 0)]


def test_several_windows_are_a_union():
    compiled = night(
        program(window("17:00", "20:00"), window("19:00", "22:00"), window("05:00", "sunrise")), WINTER, DUISBURG
    )
    assert changes(compiled) == [
        ("05T11:00:00", 0),
        ("05T16:00:00", 100),
        ("05T21:00:00", 0),
        ("06T04:00:00", 100),
        ("06T07:37:05", 0),
    ]
    assert compiled.switches[2].cause == "window closes 22:00"


def test_windows_that_touch_leave_no_dark_instant_between_them():
    compiled = night(program(window("17:00", "20:00"), window("20:00", "22:00")), WINTER, DUISBURG)
    assert [level for _, level in changes(compiled)] == [0, 100, 0]


@pytest.mark.parametrize("period", [window("23:00", "22:00"), window("22:00", "22:00"), window("09:00", "sunrise")])
def test_a_window_that_does_not_start_before_its_end_is_empty(period):
    assert changes(night(program(period), WINTER, DUISBURG)) == [("05T11:00:00", 0)]


def test_two_changes_at_one_instant_collapse_and_the_later_step_in_the_file_wins():
    compiled = night(
        program(ALL_NIGHT, steps=(step("22:00", 10, 5), step("21:00", 60), step("22:00:00", 90, 7))), WINTER, DUISBURG
    )
    at_ten = [each for each in compiled.switches if each.at == utc("2026-01-05T21:00")]
    assert [(each.level, each.ramp_s) for each in at_ten] == [(90, 7)]


def test_a_step_on_the_windows_edge_brings_its_ramp():
    compiled = night(program(steps=(step("sunset", 80, 60),)), WINTER, DUISBURG)
    assert (compiled.switches[1].level, compiled.switches[1].ramp_s) == (80, 60)
    assert compiled.switches[1].cause == "program test, step sunset"


def test_a_step_to_the_level_in_force_is_no_change():
    compiled = night(program(steps=(step("22:00", 100, 30),)), WINTER, DUISBURG)
    assert [level for _, level in changes(compiled)] == [0, 100, 0]


def test_a_step_to_zero_inside_the_window_is_a_switch():
    compiled = night(program(steps=(step("23:00", 0), step("05:00", 100))), WINTER, DUISBURG)
    assert [level for _, level in changes(compiled)] == [0, 100, 0, 100, 0]


def test_a_window_that_opened_before_noon_is_open_at_noon():
    compiled = night(program(window("sunset-6h", "sunrise+6h")), WINTER, DUISBURG)
    assert changes(compiled) == [("05T11:00:00", 100)]
    assert compiled.switches[0].cause == "window opens sunset-6h"


def test_every_switch_says_where_in_the_file_it_comes_from():
    there = Source("centre.yaml", 12, 9)
    compiled = night(
        ControlProgram("p", (SUNSET_TO_SUNRISE,), 100, (Step(moment("22:00"), 50, 0, there),)), WINTER, DUISBURG
    )
    assert len(compiled.sources) == len(compiled.switches)
    assert compiled.sources[2] == there


class TestPolar:
    def test_in_polar_night_sunset_to_sunrise_is_the_whole_night(self):
        compiled = night(program(), dt.date(2026, 12, 20), LONGYEARBYEN)
        assert changes(compiled) == [("20T11:00:00", 100)]
        assert (compiled.sunset, compiled.sunrise) == (None, None)
        assert compiled.dark == ((compiled.start, compiled.end),)

    def test_in_polar_day_sunset_to_sunrise_is_empty(self):
        compiled = night(program(), dt.date(2026, 6, 20), LONGYEARBYEN)
        assert changes(compiled) == [("20T10:00:00", 0)]
        assert compiled.dark == ()

    def test_a_step_on_a_missing_event_is_skipped(self):
        steps = (step("sunset+1h", 20), step("22:00", 60))
        compiled = night(program(steps=steps), dt.date(2026, 12, 20), LONGYEARBYEN)
        assert changes(compiled) == [("20T11:00:00", 100), ("20T21:00:00", 60)]

    def test_a_missing_edge_is_no_subject_for_clamps(self):
        clamped = program(window(moment("sunset", earliest="16:30"), moment("sunrise", latest="06:00")))
        assert changes(night(clamped, dt.date(2026, 12, 20), LONGYEARBYEN)) == [("20T11:00:00", 100)]

    def test_each_angle_is_judged_by_itself(self):
        # Tromsø in polar night: the sun never rises, but it does come above 6 degrees below the horizon.
        twilight = program(window("dusk", "dawn"))
        levels = [each.level for each in night(twilight, dt.date(2026, 12, 20), TROMSO).switches]
        assert levels == [0, 100, 0]

    def test_reykjaviks_june_night_is_lit_after_midnight(self):
        compiled = night(program(), dt.date(2026, 6, 21), REYKJAVIK)
        sunset = sun_passes(REYKJAVIK, dt.date(2026, 6, 21), -0.833, downwards=True)
        assert compiled.switches[1].at == sunset == compiled.sunset
        assert compiled.switches[1].at.date() == dt.date(2026, 6, 22)
        assert [level for _, level in changes(compiled)] == [0, 100, 0]

    def test_reykjavik_has_no_dusk_in_june_and_a_window_from_it_is_empty(self):
        assert changes(night(program(window("dusk", "dawn")), dt.date(2026, 6, 21), REYKJAVIK)) == [("21T12:00:00", 0)]

    def test_where_the_sun_sets_before_noon_the_street_is_lit_from_noon(self):
        compiled = night(program(), dt.date(2026, 11, 22), VADSO)
        assert compiled.level_at(compiled.start) == 100
        assert [level for _, level in changes(compiled)] == [100, 0, 100]
        assert compiled.switches[0].cause == "window opens at noon (the sun is down)"

    def test_where_the_sun_rises_after_noon_the_street_is_lit_until_then_and_again_from_sunset(self):
        compiled = night(program(), dt.date(2026, 12, 20), NOME)
        assert [level for _, level in changes(compiled)] == [100, 0, 100]
        assert compiled.level_at(compiled.end - dt.timedelta(seconds=1)) == 100

    def test_a_night_without_length_has_one_switch_and_raises_nothing(self):
        compiled = night(program(), dt.date(2011, 12, 30), Place(-13.83, -171.77, "Pacific/Apia"))
        assert compiled.start == compiled.end
        assert len(compiled.switches) == 1


def test_dusk_takes_any_angle():
    compiled = night(program(ALL_NIGHT, steps=(Step(Moment(sun("dusk", altitude_deg=-3.0)), 70),)), WINTER, DUISBURG)
    civil = sun_passes(DUISBURG, WINTER, -6.0, downwards=True)
    assert compiled.switches[1].at == sun_passes(DUISBURG, WINTER, -3.0, downwards=True) < civil
