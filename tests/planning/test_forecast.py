"""What a night adds up to, against a second-by-second count."""

import datetime as dt
from dataclasses import replace

import pytest

from lightctl.domain.programs import DUSK_ALTITUDE_DEG
from lightctl.planning.floors import Floor, floored
from lightctl.planning.forecast import below_s, night_sum, overlap_s
from lightctl.planning.night import night
from lightctl.planning.sun import SunNight
from tests.support.programs import DUISBURG, program, step, utc, window

DATE = dt.date(2026, 11, 23)
SECOND = dt.timedelta(seconds=1)
PARK = program(
    window("sunset", "23:00"), window("05:30", "sunrise"), start_level=70, steps=(step("20:00", 40, ramp_s=600),)
)


def counted(compiled, dark):
    """Add up second by second, fades as straight lines."""
    lit = level_s = dark_s = 0.0
    instants = [compiled.start + SECOND * n for n in range(int((compiled.end - compiled.start) / SECOND))]
    for at in instants:
        index = compiled.index_at(at)
        switch = compiled.switches[index]
        level = float(switch.level)
        passed = (at - switch.at).total_seconds() + 0.5
        if index and passed < switch.ramp_s:
            before = compiled.switches[index - 1].level
            level = before + (switch.level - before) * passed / switch.ramp_s
        level_s += level
        lit += switch.level > 0
        dark_s += switch.level == 0 and any(since <= at < until for since, until in dark)
    return lit, level_s, dark_s


@pytest.mark.parametrize("date", [DATE, dt.date(2026, 10, 24), dt.date(2026, 3, 28), dt.date(2026, 6, 21)])
@pytest.mark.parametrize("shape", [PARK, program(steps=(step("22:00", 50, ramp_s=30), step("05:00", 100)))])
def test_a_night_adds_up_as_its_seconds_do(shape, date):
    compiled = night(shape, date, DUISBURG)
    dark = SunNight.of(DUISBURG, date).dark(DUSK_ALTITUDE_DEG)
    found = night_sum(compiled, dark)
    lit, level_s, dark_s = counted(compiled, dark)
    assert (found.lit_s, found.dark_s) == (lit, dark_s)
    assert found.level_s == pytest.approx(level_s, rel=1e-6)
    assert found.length_s == (compiled.end - compiled.start).total_seconds()


def test_energy_is_standby_all_day_and_the_rest_by_level():
    compiled = night(program(steps=()), DATE, DUISBURG)
    found = night_sum(compiled, ())
    hours = found.lit_s / 3600
    assert found.energy_kwh(50.0, 1.0) == pytest.approx((49.0 * hours + 24.0) / 1000)


def test_a_lamp_that_is_off_by_day_is_not_off_in_the_dark():
    compiled = night(program(), DATE, DUISBURG)
    assert night_sum(compiled, compiled.dark).dark_s == 0


def test_time_below_a_floor_counts_while_the_sun_is_down_alone():
    compiled = night(program(steps=(step("22:00", 50), step("05:00", 100))), DATE, DUISBURG)
    assert below_s(compiled, Floor(80)) == 7 * 3600
    assert below_s(compiled, Floor(50)) == 0
    assert below_s(compiled, Floor()) == 0
    assert below_s(floored(compiled, Floor(80)), Floor(80)) == 0
    never = night(replace(program(), start_level=0), DATE, DUISBURG)
    assert below_s(never, Floor(1)) == sum((until - since).total_seconds() for since, until in never.dark)


def test_spans_overlap_by_what_they_share():
    at = utc("2026-11-23T20:00:00")
    hour = dt.timedelta(hours=1)
    assert overlap_s((at, at + hour), [(at - hour, at), (at + hour / 2, at + 3 * hour)]) == 1800
