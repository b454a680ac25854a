from __future__ import annotations

import datetime as dt
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightctl.planning.sky import sky_of
from lightctl.planning.sun import (
    SunNight,
    SunState,
    bracketed_passages,
    clear_passages,
    solar_altitude_deg,
    sun_passes,
)
from tests.support.programs import (
    AUCKLAND,
    DUISBURG,
    KIRITIMATI,
    LONGYEARBYEN,
    NOME,
    QUITO,
    REYKJAVIK,
    TROMSO,
    VADSO,
    Place,
    utc,
)

SUNSET = -0.833
SECOND = dt.timedelta(seconds=1)


def test_sunset_in_duisburg_is_the_almanacs():
    # US Naval Observatory, to the minute: 16:40 and 08:37 local time
    assert (
        abs(sun_passes(DUISBURG, dt.date(2026, 1, 5), SUNSET, downwards=True) - utc("2026-01-05T15:40")) < 60 * SECOND
    )
    assert (
        abs(sun_passes(DUISBURG, dt.date(2026, 1, 5), SUNSET, downwards=False) - utc("2026-01-06T07:37")) < 60 * SECOND
    )


def test_the_june_sunset_of_reykjavik_comes_after_midnight_and_still_belongs_to_the_night():
    sunset = sun_passes(REYKJAVIK, dt.date(2026, 6, 21), SUNSET, downwards=True)
    sunrise = sun_passes(REYKJAVIK, dt.date(2026, 6, 21), SUNSET, downwards=False)
    assert utc("2026-06-22T00:03") < sunset < utc("2026-06-22T00:05")
    assert utc("2026-06-22T02:54") < sunrise < utc("2026-06-22T02:57")


@pytest.mark.parametrize("place", [KIRITIMATI, AUCKLAND, DUISBURG])
def test_sunset_comes_before_the_sunrise_of_the_same_night_far_from_greenwich_too(place):
    for day in range(0, 366, 5):
        date = dt.date(2028, 1, 1) + dt.timedelta(days=day)
        sunset, sunrise = (sun_passes(place, date, SUNSET, downwards=down) for down in (True, False))
        assert dt.timedelta(hours=7) < sunrise - sunset < dt.timedelta(hours=17)


@pytest.mark.parametrize(
    ("date", "state"), [(dt.date(2026, 6, 21), SunState.ABOVE), (dt.date(2026, 12, 21), SunState.BELOW)]
)
@pytest.mark.parametrize("place", [TROMSO, LONGYEARBYEN])
def test_polar_day_and_polar_night_give_a_state_and_no_event(place, date, state):
    assert sun_passes(place, date, SUNSET, downwards=True) is state
    assert sun_passes(place, date, SUNSET, downwards=False) is state


def test_the_last_sunset_before_polar_day_or_after_polar_night_says_where_each_end_stands():
    # The night that begins with the sun up and ends with it down: a sunset, no sunrise.
    for day in range(365):
        sun = SunNight.of(LONGYEARBYEN, dt.date(2026, 1, 1) + dt.timedelta(days=day))
        passages = sun.passages(SUNSET)
        if len(passages) == 1:
            down = passages[0].downwards
            missing = sun.passes(SUNSET, downwards=not down)
            assert missing is (SunState.BELOW if down or not sun.is_below(SUNSET, at_end=True) else SunState.ABOVE)
            assert sun.is_below(SUNSET, at_end=True) is down
            break
    else:
        pytest.fail("no night with a single passage in a year of Longyearbyen")


def test_a_night_that_starts_after_the_suns_setting_has_its_dark_spans_at_both_ends():
    # Vadsø in November: solar noon is at 10:45, so the sun sets again before the night's closing noon.
    dark = SunNight.of(VADSO, dt.date(2026, 11, 22)).dark()
    assert len(dark) == 2
    assert dark[0][0] == SunNight.of(VADSO, dt.date(2026, 11, 22)).start
    assert dark[1][1] == SunNight.of(VADSO, dt.date(2026, 11, 22)).end
    # Nome in December: the sun rises a little after noon and sets in the same night.
    directions = [each.downwards for each in SunNight.of(NOME, dt.date(2026, 12, 20)).passages(SUNSET)]
    assert directions == [False, True]


def test_of_two_sunsets_in_one_night_the_first_is_its_sunset_and_of_two_sunrises_the_last():
    # Vadsø: the sun sets just after this noon and again before the next; further west it rises twice.
    sun = SunNight.of(VADSO, dt.date(2026, 11, 20))
    assert [each.downwards for each in sun.passages(SUNSET)] == [True, False, True]
    assert sun.passes(SUNSET, downwards=True) == sun.passages(SUNSET)[0].at
    for day in range(60):
        twice = SunNight.of(Place(66.0, -170.0, "America/Nome"), dt.date(2026, 12, 22) + dt.timedelta(days=day))
        if [each.downwards for each in twice.passages(SUNSET)] == [False, True, False]:
            assert twice.passes(SUNSET, downwards=False) == twice.passages(SUNSET)[2].at
            break
    else:
        pytest.fail("no night with two sunrises found")


@pytest.mark.parametrize("latitude", [90.0, 89.99, -90.0, -89.97])
def test_at_the_poles_the_sun_passes_once_in_half_a_year(latitude):
    place = Place(latitude, 0.0, "UTC")
    passages = [
        passage
        for day in range(366)
        for passage in SunNight.of(place, dt.date(2028, 1, 1) + dt.timedelta(days=day)).passages(SUNSET)
    ]
    assert {each.at.month for each in passages} <= {3, 9}
    assert len({each.at.month for each in passages}) == 2


def test_the_sun_stands_in_the_zenith_of_the_tropics_without_a_numeric_accident():
    highest = max(solar_altitude_deg(23.4, 0.0, utc("2026-06-21T11:30") + 30 * SECOND * n) for n in range(120))
    assert 89.9 < highest <= 90.0


@settings(max_examples=400, deadline=None)
@given(
    latitude=st.floats(-90, 90),
    longitude=st.floats(-180, 180),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Kiritimati", "America/Nome", "Pacific/Apia"]),
    date=st.dates(dt.date(1970, 1, 2), dt.date(2100, 1, 1)),
    altitude=st.floats(-18, 10),
)
def test_where_the_sun_clearly_rises_and_sets_both_ways_of_finding_it_agree(latitude, longitude, zone, date, altitude):
    sky, sine = sky_of(date, zone), math.sin(math.radians(altitude))
    place = (math.radians(latitude), math.radians(longitude))
    clear = [clear_passages(sky, *place, sine, downwards=down) for down in (True, False)]
    assert (clear[0] is None) == (clear[1] is None)
    if clear[0] is None:
        return
    found = sorted([*((x, True) for x in clear[0]), *((x, False) for x in clear[1])])
    bracketed = bracketed_passages(sky, *place, sine)
    inside = [each for each in bracketed if 1e-7 < each[0] < 1 - 1e-7]
    assert [each[1] for each in found if 1e-7 < each[0] < 1 - 1e-7] == [each[1] for each in inside]
    assert all(
        abs(x - y) < 2e-9 for (x, _), (y, _) in zip([e for e in found if 1e-7 < e[0] < 1 - 1e-7], inside, strict=True)
    )


@pytest.mark.parametrize(
    ("place", "clear"), [(DUISBURG, True), (QUITO, True), (TROMSO, False), (Place(80, 0, "UTC"), False)]
)
def test_only_where_the_sun_may_graze_the_horizon_the_night_is_cut_into_pieces(place, clear):
    sky = sky_of(dt.date(2026, 12, 21), place.time_zone)
    angles = math.radians(place.latitude), math.radians(place.longitude)
    assert (clear_passages(sky, *angles, math.sin(math.radians(SUNSET)), downwards=True) is not None) is clear


@settings(max_examples=120, deadline=None)
@given(
    latitude=st.floats(-90, 90),
    longitude=st.floats(-180, 180),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Kiritimati", "America/Nome"]),
    date=st.dates(dt.date(1970, 1, 2), dt.date(2100, 1, 1)),
    altitude=st.sampled_from([SUNSET, -6.0, -12.0, -18.0, 3.0]),
)
def test_passages_are_where_the_altitude_changes_side_and_nowhere_else(latitude, longitude, zone, date, altitude):
    sun = SunNight.of(Place(latitude, longitude, zone), date)
    passages = sun.passages(altitude)

    def above(instant: dt.datetime) -> float:
        return solar_altitude_deg(latitude, longitude, instant) - altitude

    for passage in passages:
        before, after = above(passage.at - SECOND), above(passage.at + SECOND)
        assert (before > after) is passage.downwards or abs(before - after) < 1e-5
        assert min(abs(before), abs(after)) < 0.006  # the sun moves 0.0042 degrees a second at most
    below = sun.is_below(altitude, at_end=False)
    minute = dt.timedelta(minutes=5)
    instant, coming = sun.start, list(passages)
    while instant < sun.end:
        while coming and coming[0].at <= instant:
            below = coming.pop(0).downwards
        # a whole second of play around a passage, and 1e-4 degrees where the sun grazes
        near = any(abs(each.at - instant) <= SECOND for each in passages)
        assert near or abs(above(instant)) < 1e-4 or (above(instant) < 0) is below
        instant += minute
