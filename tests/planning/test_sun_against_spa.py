"""Our sun against NREL's Solar Position Algorithm, as pvlib has it: its place in any year, passages in a leap year."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from pvlib.solarposition import spa_python
from pvlib.spa import solar_position_numpy

from lightctl.planning.sun import Passage, SunNight, solar_altitude_deg
from tests.support.programs import (
    AUCKLAND,
    DUISBURG,
    KIRITIMATI,
    LONGYEARBYEN,
    QUITO,
    REYKJAVIK,
    TROMSO,
    Place,
)

# Every fifth night of 2028 and those around the leap day.
DATES = sorted(
    {dt.date(2028, 1, 1) + dt.timedelta(days=day) for day in range(0, 366, 5)}
    | {dt.date(2028, 2, 28), dt.date(2028, 2, 29), dt.date(2028, 3, 1)}
)
PLACES = {
    "Duisburg": DUISBURG,
    "Quito": QUITO,
    "Reykjavik": REYKJAVIK,
    "Tromso": TROMSO,
    "Longyearbyen": LONGYEARBYEN,
    "Auckland": AUCKLAND,
    "Kiritimati": KIRITIMATI,
}
PARALLAX_DEG = 8.794 / 3600
GRAZING_DEG = 0.02
WHOLE_SECOND_S = 1.0


def spa_altitude(place: Place, instants: pd.DatetimeIndex) -> np.ndarray:
    """Give the altitude of the sun's centre as seen from the earth's, as ours is."""
    seen = spa_python(instants, place.latitude, place.longitude, delta_t=69.0)["elevation"].to_numpy()
    return seen + PARALLAX_DEG * np.cos(np.radians(seen))


def passages(place: Place, altitude: float) -> list[Passage]:
    return [passage for date in DATES for passage in SunNight.of(place, date).passages(altitude)]


def test_the_sun_is_where_spa_sees_it_from_1970_to_2100():
    instants = np.random.default_rng(1).uniform(0, dt.datetime(2101, 1, 1, tzinfo=dt.UTC).timestamp(), 10_000)
    sidereal, ascension, declination = np.radians(
        solar_position_numpy(instants, 0, 0, 0, 0, 0, 69.0, 0, numthreads=1, sst=True)
    )
    for name in ("Quito", "Tromso"):
        place = PLACES[name]
        north, angle = np.radians(place.latitude), sidereal - ascension + np.radians(place.longitude)
        theirs = np.degrees(
            np.arcsin(np.sin(north) * np.sin(declination) + np.cos(north) * np.cos(declination) * np.cos(angle))
        )
        ours = [
            solar_altitude_deg(place.latitude, place.longitude, dt.datetime.fromtimestamp(each, dt.UTC))
            for each in instants
        ]
        assert np.abs(theirs - ours).max() < 0.007


@pytest.mark.parametrize("altitude", [-0.833, -6.0])
@pytest.mark.parametrize("name", PLACES)
def test_a_passage_is_within_three_seconds_of_spa_away_from_polar_transitions(name, altitude):
    place = PLACES[name]
    at = pd.DatetimeIndex([each.at for each in passages(place, altitude)])
    error_deg = np.abs(spa_altitude(place, at) - altitude)
    five = pd.Timedelta(seconds=5)
    rate = np.abs(spa_altitude(place, at + five) - spa_altitude(place, at - five)) / 10
    assert len(at) > 20
    # Everywhere, grazing nights included: the altitude. In time: 3 s and the whole second, where the sun passes at
    # an eighth of its full speed or faster; slower passages are those next to a polar transition.
    assert error_deg.max() < 0.01
    steep = rate > 0.0005
    assert steep.mean() > 0.7
    assert (error_deg[steep] / rate[steep]).max() < 3.0 + WHOLE_SECOND_S


@pytest.mark.parametrize("altitude", [-0.833, -6.0])
@pytest.mark.parametrize("name", PLACES)
def test_the_sun_passes_as_often_as_spa_says_except_where_it_grazes(name, altitude):
    place = PLACES[name]
    grazing = 0
    for date in DATES:
        sun = SunNight.of(place, date)
        instants = pd.date_range(sun.start, sun.end, freq="10min")
        above = spa_altitude(place, instants) - altitude
        turns = np.abs(above[1:-1][(np.diff(above)[:-1] > 0) != (np.diff(above)[1:] > 0)])
        ends = np.abs(above[[0, -1]])
        if min([*turns, *ends]) < GRAZING_DEG:
            grazing += 1
            continue
        directions = [bool(each < 0) for each in above[1:][(above[1:] < 0) != (above[:-1] < 0)]]
        found = sun.passages(altitude)
        # Two passages less than ten minutes apart are not seen in the samples.
        if any(two.at - one.at < dt.timedelta(minutes=20) for one, two in pairwise(found)):
            grazing += 1
            continue
        assert [each.downwards for each in found] == directions, date
    assert grazing <= 3
