"""What a change of intent does to the street over a year, against the resolver asked minute by minute."""

import datetime as dt

import pytest

from lightctl.domain.assets import LifeCycle, Place
from lightctl.domain.programs import DUSK_ALTITUDE_DEG, NO_INTENT
from lightctl.files.schedules import read_schedules
from lightctl.planning.impact import impact
from lightctl.planning.resolve import Plan
from lightctl.planning.sun import solar_altitude_deg
from lightctl.planning.wall import night_bounds
from tests.support.programs import DUISBURG, lamp

FIRST = dt.date(2026, 11, 23)
ZONE = DUISBURG.time_zone
MINUTE = dt.timedelta(minutes=1)
TEXT = """
version: 1
programs:
  street: {steps: [{at: "22:00", level: 50}]}
  park: {active: ["sunset .. 23:00", "05:30 .. sunrise"]}
calendars:
  street: {default: street}
  park: {rules: [{weekdays: fri..sat, program: street}], default: park}
assignments:
  - {select: kind=park, calendar: park}
  - {select: "*", calendar: street}
protections:
  - {select: kind=crossing, min_level: 80}
"""
STREET = lamp("S", kind="street", rated_power_w=50.0, tags={"group": "north;all"})
PARK = lamp("P", kind="park", rated_power_w=30.0, standby_power_w=1.0, tags={"group": "all"})
ZEBRA = lamp("Z", kind="crossing", lamps=2)
POINTS = (STREET, PARK, ZEBRA)


def intent(text=TEXT, **changes):
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new)
    read = read_schedules({"s.yaml": text})
    assert not read.errors, read.errors[0]
    return read.intent


def dark_minutes(of, point, date):
    """Count the minutes in which a lamp is off and the sun more than 6 degrees down."""
    plan = Plan(of, ZONE)
    start, end = night_bounds(date, ZONE)
    instants = [start + MINUTE * n for n in range(int((end - start) / MINUTE))]
    return sum(
        1
        for at in instants
        if plan.level_at(point, (), at)[0] == 0
        and solar_altitude_deg(point.latitude, point.longitude, at) < DUSK_ALTITUDE_DEG
    )


def test_darkness_is_what_a_minute_by_minute_count_says():
    found = impact(NO_INTENT, intent(), [PARK], ZONE, FIRST, 7)
    (dark,) = [each for each in found.changes if each.after == "park"]
    assert dark.nights == tuple(FIRST + dt.timedelta(days=ahead) for ahead in (0, 1, 2, 3, 6))
    counted = [dark_minutes(intent(), PARK, date) for date in dark.nights]
    assert dark.dark_after_s / 60 == pytest.approx(sum(counted) / len(counted), abs=1)
    assert dark.most_added_s / 60 == pytest.approx(max(counted), abs=1)
    assert dark.dark_before_s == 0
    assert found.most_added_s == dark.most_added_s


def test_darkness_taken_away_is_told_and_adds_nothing():
    found = impact(intent(), NO_INTENT, [PARK], ZONE, FIRST, 7)
    (dark,) = [each for each in found.changes if each.before == "park"]
    assert (dark.dark_after_s, dark.most_added_s) == (0, 0)
    assert dark.dark_before_s > 3600


def test_a_lamp_is_touched_when_any_night_of_the_year_differs():
    christmas = intent(rule=("park: {rules: [", "park: {rules: [{dates: 12-24, program: street}, "))
    assert impact(intent(), christmas, POINTS, ZONE, FIRST, 7).touched == 0
    found = impact(intent(), christmas, POINTS, ZONE, FIRST)
    (change,) = found.changes
    assert (found.touched, change.group, change.before, change.after) == (1, "all", "park", "street")
    assert change.nights == (dt.date(2026, 12, 24),)


def test_groups_are_told_each_and_a_lamp_without_one_too():
    found = impact(NO_INTENT, intent(), POINTS, ZONE, FIRST, 1)
    told = {(each.group, each.after): each.light_points for each in found.changes}
    assert told == {("all", "park"): 1, ("all", "street"): 1, ("north", "street"): 1, ("", "street"): 1}
    assert found.touched == 3


def test_what_does_not_change_is_no_change_whatever_its_name():
    assert impact(intent(), intent(), POINTS, ZONE, FIRST).touched == 0
    renamed = intent(
        name=("street: {default: street}", "roads: {default: street}"), use=("calendar: street", "calendar: roads")
    )
    found = impact(intent(), renamed, POINTS, ZONE, FIRST, 30)
    assert (found.touched, found.changes) == (0, ())
    assert found.kwh_before == found.kwh_after


def test_energy_is_that_of_the_lamps_in_use_whose_watts_are_known():
    found = impact(NO_INTENT, intent(), POINTS, ZONE, FIRST, 30)
    assert found.without_power == 1
    assert found.kwh_after < found.kwh_before
    alone = [impact(NO_INTENT, intent(), [point], ZONE, FIRST, 30) for point in POINTS]
    assert sum(each.kwh_after for each in alone) == pytest.approx(found.kwh_after)
    planned = lamp("X", rated_power_w=1000.0, state=LifeCycle.PLANNED)
    assert impact(NO_INTENT, intent(), [*POINTS, planned], ZONE, FIRST, 30) == found


def test_a_program_below_a_protection_is_found_and_only_when_it_is_new():
    (below,) = impact(NO_INTENT, intent(), POINTS, ZONE, FIRST, 30).below
    assert (below.program, below.floor.level, below.light_points, below.asked) == ("street", 80, 1, True)
    assert len(below.nights) == 30
    assert impact(intent(), intent(level=("level: 50", "level: 40")), POINTS, ZONE, FIRST, 30).below == ()
    deeper = impact(intent(), intent(level=('"22:00", level: 50', '"20:00", level: 50')), POINTS, ZONE, FIRST, 30)
    assert [each.asked for each in deeper.below] == [True]


def test_a_protection_taken_away_is_found_where_lamps_then_go_below_it():
    gone = intent(floor=("protections:\n  - {select: kind=crossing, min_level: 80}\n", ""))
    (below,) = impact(intent(), gone, POINTS, ZONE, FIRST, 30).below
    assert (below.floor.level, below.light_points, below.asked) == (80, 1, False)
    lower = intent(floor=("min_level: 80", "min_level: 60"))
    assert [each.asked for each in impact(intent(), lower, POINTS, ZONE, FIRST, 30).below] == [False]
    bright = intent(level=("level: 50", "level: 90"))
    harmless = intent(level=("level: 50", "level: 90"), floor=("min_level: 80", "min_level: 60"))
    assert impact(bright, harmless, POINTS, ZONE, FIRST, 30).below == ()


def test_lamps_in_different_corners_of_the_city_follow_their_own_sun():
    far = lamp("F", Place(54.8, 9.4, ZONE), kind="park", tags={"group": "all"})
    both = impact(NO_INTENT, intent(), [PARK, far], ZONE, dt.date(2026, 6, 1), 5)
    one = impact(NO_INTENT, intent(), [PARK], ZONE, dt.date(2026, 6, 1), 5)
    (dark, alone) = (next(c for c in found.changes if c.after == "park") for found in (both, one))
    assert dark.light_points == 2
    assert dark.dark_after_s < alone.dark_after_s
