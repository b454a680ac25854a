from __future__ import annotations

from pathlib import Path

import pytest

from lightctl.domain.assets import LightPoint
from lightctl.files.schedules import ScheduleSet, read_schedules
from lightctl.planning.lint import LintCode, lint
from tests.support.programs import DUISBURG, Place

SCHEDULES = Path(__file__).parents[2] / "schedules"
CITY = sorted(SCHEDULES.glob("*.yaml"))
LINTED = sorted((SCHEDULES / "bad").glob("lint-*.yaml"))
BAD = sorted(set((SCHEDULES / "bad").glob("*.yaml")) - set(LINTED))
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


@pytest.mark.parametrize(
    ("light", "calendar"),
    [
        (LightPoint("a", 51.4, 6.7, kind="crossing", road_class="arterial"), "crossings"),
        (LightPoint("b", 51.4, 6.7, kind="park"), "park"),
        (LightPoint("c", 51.4, 6.7, road_class="arterial"), "arterial"),
        (LightPoint("d", 51.4, 6.7, road_class="arterial", tags={"zone": "pedestrian"}), "centre"),
        (LightPoint("e", 51.4, 6.7, tags={"zone": "school"}), "school"),
        (LightPoint("f", 51.4, 6.7, tags={"district": "hafen"}), "industrial"),
        (LightPoint("g", 51.4, 6.7), "residential"),
    ],
)
def test_every_kind_of_place_in_the_city_has_its_calendar(light, calendar):
    assignments = read(*CITY).intent.assignments
    assert next(entry.calendar for entry in assignments if light.selected_by(entry.select)) == calendar


def test_zebra_crossings_are_protected_at_full_light():
    crossing = LightPoint("a", 51.4, 6.7, kind="crossing")
    floors = [entry.min_level for entry in read(*CITY).intent.protections if crossing.selected_by(entry.select)]
    assert floors == [100]


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_each_bad_example_raises_the_one_code_its_first_line_names(path):
    expected = path.read_text(encoding="utf-8").partition(":")[0].removeprefix("# ")
    assert [error.code for error in read(path).errors] == [expected]


def test_there_are_bad_examples():
    assert len(BAD) >= 8


@pytest.mark.parametrize("path", LINTED, ids=lambda path: path.stem)
def test_each_odd_example_reads_without_errors_and_says_how_to_lint_it(path):
    assert read(path).errors == ()
    assert path.read_text(encoding="utf-8").splitlines()[1].startswith("# lint with: --")


def test_there_is_an_odd_example_for_every_code_of_the_lint():
    named = [path.read_text(encoding="utf-8").partition(":")[0].removeprefix("# ") for path in LINTED]
    assert sorted(named) == sorted(LintCode)
