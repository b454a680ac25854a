"""schedule lint: a year of nights from files alone; no store, no daemon, no settings."""

from __future__ import annotations

import csv
import io
import json
import shlex
from pathlib import Path

import pytest

from lightctl.cli.failures import ExitCode
from lightctl.cli.lint import USUAL_SWITCHINGS
from lightctl.planning.lint.findings import USUAL_LIMITS
from tests.support.doors import TEMPLATES, Cli

ROOT = Path(__file__).parents[2]
ODD = sorted((ROOT / "schedules" / "bad").glob("lint-*.yaml"))
YEAR = ("--place", "51.43,6.76", "--tz", "Europe/Berlin", "--year", "2027")
KEYS = ["code", "program", "calendar", "nights", "count", "message", "file", "line"]
EARLY = """version: 1
programs: {early: {active: 18:00 .. sunrise}}
calendars: {all: {default: early}}
assignments: [{select: kind=street, calendar: all}]
"""


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    (tmp_path / "early.yaml").write_text(EARLY)
    return Cli(tmp_path, "nothing")


@pytest.mark.parametrize("path", ODD, ids=lambda path: path.stem)
def test_each_odd_example_is_the_one_finding_its_first_line_names(path: Path) -> None:
    code, how, *_ = path.read_text().splitlines()
    argv = shlex.split(how.removeprefix("# lint with: "))
    ran = Cli(ROOT, "nothing").done("schedule", "lint", str(path.relative_to(ROOT)), *argv, "-o", "json")
    (finding,) = ran.json()["findings"]
    assert finding["code"] == code.partition(":")[0].removeprefix("# ")


def test_findings_have_the_shape_scripts_rely_on_and_leave_nothing_behind(cli: Cli, tmp_path: Path) -> None:
    (finding,) = cli.done("schedule", "lint", "early.yaml", *YEAR, "-o", "json").json()["findings"]
    assert list(finding) == KEYS
    assert finding["code"] == "LC-L001"
    assert (finding["program"], finding["calendar"], finding["file"], finding["line"]) == (
        "early",
        "all",
        "early.yaml",
        2,
    )
    assert finding["nights"] == ["2027-03-11", "2027-03-12", "2027-03-13", "2027-03-14", "2027-03-15"]
    assert finding["count"] == 223
    assert [path.name for path in tmp_path.iterdir()] == ["early.yaml"]


def test_a_finding_without_place_and_program_has_null(cli: Cli) -> None:
    zone = ("--place", "51.43,6.76", "--tz", "UTC", "--year", "2027")
    (finding,) = cli.done("schedule", "lint", str(TEMPLATES / "residential.yaml"), *zone, "-o", "json").json()[
        "findings"
    ]
    assert finding["code"] == "LC-L014"
    assert [finding[key] for key in ("program", "calendar", "file", "line")] == [None] * 4
    assert (finding["nights"], finding["count"]) == ([], 0)


def test_people_see_place_code_message_and_nights(cli: Cli) -> None:
    ran = cli.done("schedule", "lint", "early.yaml", *YEAR)
    first, second = ran.out.splitlines()
    assert first.startswith("early.yaml:2: [LC-L001] program early burns in daylight")
    assert second == "  223 nights: 2027-03-11, 2027-03-12, 2027-03-13, 2027-03-14, 2027-03-15, ..."
    assert ran.err == "1 finding: 1 program in 366 nights from 2027-01-01 at 1 place, Europe/Berlin\n"


def test_jsonl_and_csv_have_a_row_a_finding(cli: Cli) -> None:
    (line,) = cli.done("schedule", "lint", "early.yaml", *YEAR, "-o", "jsonl").out.splitlines()
    assert list(json.loads(line)) == KEYS
    (row,) = csv.DictReader(io.StringIO(cli.done("schedule", "lint", "early.yaml", *YEAR, "-o", "csv").out))
    assert (row["code"], row["count"]) == ("LC-L001", "223")


def test_findings_are_no_failure_unless_the_exit_code_is_asked_for(cli: Cli) -> None:
    assert cli("schedule", "lint", "early.yaml", *YEAR).code == ExitCode.OK
    assert cli("schedule", "lint", "early.yaml", *YEAR, "--exit-code").code == ExitCode.DIFFERENT
    assert cli("schedule", "lint", str(TEMPLATES / "residential.yaml"), *YEAR, "--exit-code").code == ExitCode.OK


def test_an_inventory_gives_the_places_and_the_lamps_nobody_assigned(cli: Cli) -> None:
    rows = "id,lat,lon,kind\nLP-1,51.43,6.76,street\nLP-2,51.44,6.75,park\nLP-3,51.435,6.755,street\n"
    (cli.folder / "lamps.csv").write_text(rows)
    argv = ("schedule", "lint", "early.yaml", "--inventory", "lamps.csv", "--tz", "Europe/Berlin", "--year", "2027")
    found = cli.done(*argv, "-o", "json").json()["findings"]
    assert [(each["code"], each["count"]) for each in found] == [("LC-L001", 223), ("LC-L011", 1)]
    assert "at 2 places" in cli.done(*argv).err
    assert "at 1 place," in cli.done(*argv, "--place", "51.43,6.76").err


def test_how_many_switchings_are_fine_can_be_said_and_is_the_lints_own_number_by_default(cli: Cli) -> None:
    assert USUAL_LIMITS.switchings == USUAL_SWITCHINGS
    argv = ("schedule", "lint", str(TEMPLATES / "residential.yaml"), *YEAR, "--max-switchings", "3", "-o", "json")
    assert {each["code"] for each in cli.done(*argv).json()["findings"]} == {"LC-L012"}


def test_several_places_are_looked_at_together(cli: Cli) -> None:
    far = cli.done("schedule", "lint", "early.yaml", *YEAR, "--place", "60.2,24.9", "-o", "json").json()["findings"]
    assert far[0]["count"] > 223 - 60
    assert "at 2 places" in cli.done("schedule", "lint", "early.yaml", *YEAR, "--place", "60.2,24.9").err


def test_the_year_is_this_one_and_the_zone_that_of_the_settings_unless_said(cli: Cli) -> None:
    (cli.folder / "lightctl.toml").write_text('[site]\ntime_zone = "Asia/Tokyo"\n')
    ran = cli.done("schedule", "lint", "early.yaml", "--place", "35.7,139.7")
    assert ran.err.endswith("at 1 place, Asia/Tokyo\n")
    assert "-01-01" in ran.err


def test_files_with_errors_are_not_linted(cli: Cli) -> None:
    (cli.folder / "bad.yaml").write_text("version: 1\nprograms: {p: {start_level: 120}}\n")
    ran = cli("schedule", "lint", "bad.yaml", *YEAR)
    assert (ran.code, ran.out) == (ExitCode.USAGE, "")
    assert "LC-S015" in ran.err


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ((), "--place"),
        (("--place", "95,7"), "is not a place"),
        (("--place", "51,7", "--tz", "Europe/Brelin"), "is not a time zone"),
        (("--inventory", "nobody.csv"), "cannot be read"),
        (("--inventory", "early.yaml"), "early.yaml"),
        (("--place", "51,7", "--year", "2101"), "2100"),
    ],
)
def test_what_cannot_be_linted_is_said(cli: Cli, argv: tuple[str, ...], said: str) -> None:
    ran = cli("schedule", "lint", "early.yaml", *argv)
    assert (ran.code, ran.out) == (ExitCode.USAGE, "")
    assert said in ran.err


def test_an_inventory_with_bad_rows_is_refused_with_the_first(cli: Cli) -> None:
    (cli.folder / "lamps.csv").write_text("id,lat,lon\nLP-1,north,6.76\n")
    ran = cli("schedule", "lint", "early.yaml", "--inventory", "lamps.csv", "--tz", "Europe/Berlin")
    assert ran.code == ExitCode.USAGE
    assert "1 row cannot be read, first row 2, lat" in ran.err
