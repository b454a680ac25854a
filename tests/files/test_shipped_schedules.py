from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from lightctl.domain.assets import LightPoint
from lightctl.domain.programs import Calendar
from lightctl.domain.sensors import SensorKind, SensorReading
from lightctl.domain.states import Reason
from lightctl.files.findings import Code
from lightctl.files.inventory import read_inventory
from lightctl.files.schedules import ScheduleSet, read_schedules
from lightctl.planning.calendars import choose
from lightctl.planning.lint import LintCode, lint
from lightctl.planning.night import night
from lightctl.planning.resolve import Plan
from tests.support.programs import DUISBURG, Place

SCHEDULES = Path(__file__).parents[2] / "schedules"
CITY = sorted(SCHEDULES.glob("*.yaml"))
LINTED = sorted((SCHEDULES / "bad").glob("lint-*.yaml"))
BAD = sorted(set((SCHEDULES / "bad").glob("*.yaml")) - set(LINTED))
LAMPS = read_inventory((SCHEDULES / "lamps.csv").read_text(encoding="utf-8"), format="csv").points
WASHINGTON = Place(38.9072, -77.0369, "America/New_York")


def read(*paths: Path) -> ScheduleSet:
    return read_schedules({path.name: path.read_text(encoding="utf-8") for path in paths})


def test_the_city_reads_without_errors_and_warnings():
    city = read(*CITY)
    assert city.errors == ()
    assert city.warnings == ()
    assert len(city.intent.programs) >= 10
    assert len(city.intent.calendars) >= 6


def test_washington_reads_without_errors_and_warnings():
    washington = read(SCHEDULES / "dc" / "dc.yaml")
    assert (washington.errors, washington.warnings) == ((), ())


@pytest.mark.parametrize("year", [2026, 2027, 2028])
def test_nothing_is_odd_about_the_city_in_duisburg_nor_about_washington(year):
    assert lint(read(*CITY).intent, (DUISBURG,), year) == ()
    assert lint(read(SCHEDULES / "dc" / "dc.yaml").intent, (WASHINGTON,), year) == ()


@pytest.mark.parametrize("year", [2026, 2027])
def test_nothing_is_odd_about_the_city_with_its_lamps(year):
    assert lint(read(*CITY).intent, (DUISBURG,), year, LAMPS) == ()


def followed(light: LightPoint) -> str:
    """Name the calendar of a light point."""
    assignments = read(*CITY).intent.assignments
    return next(entry.calendar for entry in assignments if light.selected_by(entry.select))


def goes_dark(calendar: Calendar) -> bool:
    """Say whether a lamp with this calendar is ever off while the sun is down, in two years of nights."""
    programs = read(*CITY).intent.programs
    for number in range(2 * 365):
        date = dt.date(2026, 1, 1) + dt.timedelta(days=number)
        compiled = night(programs[choose(calendar, date)[0]], date, DUISBURG)
        ((down, up),) = compiled.dark
        if not compiled.level_at(down) or any(not each.level for each in compiled.switches if down <= each.at < up):
            return True
    return False


def test_every_calendar_of_the_city_has_a_lamp_among_its_lamps():
    assert {followed(lamp) for lamp in LAMPS} == set(read(*CITY).intent.calendars)


def test_no_lamp_without_sign_394_goes_dark_while_the_sun_is_down():
    dark = {name for name, calendar in read(*CITY).intent.calendars.items() if goes_dark(calendar)}
    assert dark == {"park-part-night"}
    signed = {lamp.id for lamp in LAMPS if lamp.tags.get("sign_394") == "yes"}
    assert {lamp.id for lamp in LAMPS if followed(lamp) in dark} == signed


@pytest.mark.parametrize(
    ("light", "calendar"),
    [
        (LightPoint("a", 51.4, 6.7, kind="crossing", road_class="arterial"), "crossings"),
        (LightPoint("b", 51.4, 6.7, kind="park"), "park"),
        (LightPoint("b", 51.4, 6.7, kind="park", tags={"sign_394": "no"}), "park"),
        (LightPoint("b", 51.4, 6.7, kind="park", tags={"sign_394": "yes"}), "park-part-night"),
        (LightPoint("b", 51.4, 6.7, kind="path", tags={"sign_394": "yes", "district": "stadtpark"}), "park-part-night"),
        (LightPoint("b", 51.4, 6.7, kind="crossing", tags={"sign_394": "yes"}), "crossings"),
        (LightPoint("b", 51.4, 6.7, kind="underpass"), "underpasses"),
        (LightPoint("c", 51.4, 6.7, road_class="arterial"), "arterial"),
        (LightPoint("d", 51.4, 6.7, road_class="arterial", tags={"zone": "pedestrian"}), "centre"),
        (LightPoint("e", 51.4, 6.7, tags={"zone": "school"}), "school"),
        (LightPoint("f", 51.4, 6.7, tags={"district": "hafen"}), "industrial"),
        (LightPoint("g", 51.4, 6.7), "residential"),
    ],
)
def test_every_kind_of_place_in_the_city_has_its_calendar(light, calendar):
    assert followed(light) == calendar


def test_zebra_crossings_are_protected_at_full_light():
    crossing = LightPoint("a", 51.4, 6.7, kind="crossing")
    floors = [entry.min_level for entry in read(*CITY).intent.protections if crossing.selected_by(entry.select)]
    assert floors == [100]


@pytest.mark.parametrize(
    ("clock", "vehicles", "due"),
    [
        ("23:45", None, (75, Reason.PROGRAM)),
        ("23:45", 5, (60, Reason.SENSOR)),
        ("23:45", 30, (75, Reason.PROGRAM)),
        ("23:45", 90, (100, Reason.SENSOR)),
        ("22:00", 5, (100, Reason.PROGRAM)),
    ],
)
def test_a_main_road_of_the_city_follows_its_traffic(clock, vehicles, due):
    road = LightPoint("a", 51.4, 6.7, road_class="arterial")
    now = dt.datetime.fromisoformat(f"2026-11-24 {clock}+01:00").astimezone(dt.UTC)
    said = SensorReading("main", "", "traffic", SensorKind.VEHICLES, vehicles or 0, now, now)
    readings = {} if vehicles is None else {"traffic": (said,)}
    assert Plan(read(*CITY).intent, "Europe/Berlin").level_at(road, (), now, readings) == due


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_each_bad_example_raises_the_one_code_its_first_line_names(path):
    expected = path.read_text(encoding="utf-8").partition(":")[0].removeprefix("# ")
    found = read(path)
    assert [finding.code for finding in (*found.errors, *found.warnings)] == [expected]


def test_there_is_a_bad_example_for_every_code_but_those_nobody_would_learn_from():
    named = {path.read_text(encoding="utf-8").partition(":")[0].removeprefix("# ") for path in BAD}
    told = {Code.TOO_BIG, Code.TOO_DEEP, Code.TAG, Code.EMPTY, Code.DEFINED_TWICE, Code.MORE}
    assert named == set(Code) - told


@pytest.mark.parametrize("path", LINTED, ids=lambda path: path.stem)
def test_each_odd_example_reads_without_errors_and_says_how_to_lint_it(path):
    assert read(path).errors == ()
    assert path.read_text(encoding="utf-8").splitlines()[1].startswith("# lint with: --")


def test_there_is_an_odd_example_for_every_code_of_the_lint():
    named = [path.read_text(encoding="utf-8").partition(":")[0].removeprefix("# ") for path in LINTED]
    assert sorted(named) == sorted(LintCode)
