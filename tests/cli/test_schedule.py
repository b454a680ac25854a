"""schedule check and preview: nothing but files, planning and a picture; no store, no daemon, no settings."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from lightctl.cli.failures import ExitCode
from tests.support.doors import TEMPLATES, Cli

SHEET = str(TEMPLATES / "residential.yaml")
CHRISTMAS = ("--date", "2026-12-24", "--place", "51.26,7.15", "--tz", "Europe/Berlin")


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path, "nothing")


def test_check_of_good_files_is_ok_and_leaves_nothing_behind(cli: Cli, tmp_path: Path) -> None:
    verdict = cli.done("schedule", "check", SHEET, "-o", "json").json()
    assert verdict == {"ok": True, "errors": [], "warnings": []}
    assert list(tmp_path.iterdir()) == []


def test_check_takes_a_folder_and_stdin(cli: Cli) -> None:
    (cli.folder / "schedules").mkdir()
    (cli.folder / "schedules" / "a.yaml").write_text(Path(SHEET).read_text())
    assert "3 programs" in cli.done("schedule", "check", "schedules").out
    assert "3 programs" in cli.done("schedule", "check", "-", stdin=Path(SHEET).read_text()).out
    (cli.folder / "none").mkdir()
    assert cli("schedule", "check", "none").code == ExitCode.USAGE


def test_check_reads_files_in_the_order_of_their_names_as_apply_does(cli: Cli) -> None:
    (cli.folder / "1.yaml").write_text('version: 1\nassignments: [{select: "*", calendar: c}]\n')
    (cli.folder / "2.yaml").write_text(
        "version: 1\nprograms: {p: {}}\ncalendars: {c: {default: p}}\n"
        "assignments: [{select: kind=street, calendar: c}]\n"
    )
    for files in (("1.yaml", "2.yaml"), ("2.yaml", "1.yaml")):
        (warning,) = cli.done("schedule", "check", *files, "-o", "json").json()["warnings"]
        assert (warning["file"], warning["line"]) == ("2.yaml", 4)


def test_check_gives_every_error_at_once_with_place_and_hint(cli: Cli) -> None:
    (cli.folder / "bad.yaml").write_text(
        'version: 1\nprograms:\n  p:\n    start_level: 120\n    steps:\n      - {at: "25:00", level: 50}\n'
    )
    ran = cli("schedule", "check", "bad.yaml", "-o", "json")
    assert ran.code == ExitCode.USAGE
    verdict = ran.json()
    assert not verdict["ok"]
    assert [error["line"] for error in verdict["errors"]] == [4, 6]
    assert all(error["file"] == "bad.yaml" and error["code"] and error["hint"] for error in verdict["errors"])
    people = cli("schedule", "check", "bad.yaml")
    assert people.code == ExitCode.USAGE
    assert "bad.yaml:4:" in people.err
    assert "2 errors" in people.out
    lines = cli("schedule", "check", "bad.yaml", "-o", "jsonl").out.splitlines()
    assert [json.loads(line)["kind"] for line in lines] == ["error", "error"]


def test_preview_gives_the_shape_scripts_rely_on(cli: Cli) -> None:
    (night,) = cli.done("schedule", "preview", SHEET, *CHRISTMAS, "-o", "json").json()["nights"]
    assert (night["date"], night["calendar"], night["program"], night["rule"]) == (
        "2026-12-24",
        "residential",
        "weekend",
        0,
    )
    first = night["switches"][0]
    assert (first["at"], first["local"], first["level"]) == ("2026-12-24T11:00:00Z", "2026-12-24T12:00:00+01:00", 0)
    assert [switch["level"] for switch in night["switches"]] == [0, 100, 70, 50, 100, 0]
    assert all(switch.keys() == {"at", "local", "level", "ramp_s", "cause"} for switch in night["switches"])
    assert night["sunset"] < night["sunrise"]


def test_preview_of_a_program_names_no_calendar(cli: Cli) -> None:
    argv = ("schedule", "preview", SHEET, "--program", "residential", *CHRISTMAS, "-o", "json")
    (night,) = cli.done(*argv).json()["nights"]
    assert (night["calendar"], night["rule"], night["program"]) == (None, None, "residential")


def test_preview_of_several_nights_follows_the_calendar(cli: Cli) -> None:
    argv = ("schedule", "preview", SHEET, *CHRISTMAS[2:], "--date", "2026-11-26", "--days", "3", "-o", "json")
    nights = cli.done(*argv).json()["nights"]
    assert [(night["date"], night["program"], night["rule"]) for night in nights] == [
        ("2026-11-26", "residential", None),
        ("2026-11-27", "weekend", 1),
        ("2026-11-28", "weekend", 1),
    ]


def test_preview_in_polar_night_and_day_has_no_sun_and_still_a_picture(cli: Cli) -> None:
    place = ("--place", "78.2,15.6", "--tz", "Arctic/Longyearbyen", "--program", "residential")
    (night,) = cli.done("schedule", "preview", SHEET, *place, "--date", "2026-12-24", "-o", "json").json()["nights"]
    assert (night["sunset"], night["sunrise"], night["switches"][0]["level"]) == (None, None, 100)
    assert "sunset none" in cli.done("schedule", "preview", SHEET, *place, "--date", "2026-06-21").out


def test_preview_draws_the_night_from_noon_to_noon(cli: Cli) -> None:
    out = cli.done("schedule", "preview", SHEET, *CHRISTMAS).out
    lines = out.splitlines()
    assert "program weekend (calendar residential, rule 1)" in lines[0]
    top, bottom, axis = lines[2], lines[6], lines[7]
    assert axis.split() == [f"{hour % 24:02}" for hour in range(12, 37, 2)]
    at_eight_pm, at_three_am = axis.index("20"), axis.index("02") + 4
    assert (top[at_eight_pm], bottom[at_eight_pm]) == ("█", "█")
    assert (top[at_three_am], bottom[at_three_am]) == (" ", "█")
    assert "Fri 02:30:00   50 %" in out


@pytest.mark.parametrize("date", ["2026-03-28", "2026-10-24"])
def test_the_picture_of_a_night_when_clocks_change_has_all_its_hours(cli: Cli, date: str) -> None:
    argv = ("schedule", "preview", SHEET, "--place", "51.26,7.15", "--tz", "Europe/Berlin", "--date", date)
    axis = cli.done(*argv).out.splitlines()[7]
    assert axis.split() == [f"{hour % 24:02}" for hour in range(12, 37, 2)]


def test_preview_as_csv_is_a_row_a_switch(cli: Cli) -> None:
    rows = list(csv.DictReader(io.StringIO(cli.done("schedule", "preview", SHEET, *CHRISTMAS, "-o", "csv").out)))
    assert [row["level"] for row in rows] == ["0", "100", "70", "50", "100", "0"]
    assert rows[0]["program"] == "weekend"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--calendar", "nobody"), "no calendar 'nobody'"),
        (("--program", "nobody"), "no program 'nobody'"),
        (("--program", "weekend", "--calendar", "residential"), "Give one of them"),
        (("--date", "24.12.2026"), "is not a date"),
        (("--date", "1850-01-01"), "1970"),
        (("--place", "95,7"), "is not a place"),
        (("--place", "nan,7"), "is not a place"),
        (("--tz", "Europe/Brelin"), "is not a time zone"),
    ],
)
def test_what_cannot_be_previewed_is_said(cli: Cli, argv: tuple[str, ...], said: str) -> None:
    ran = cli("schedule", "preview", SHEET, *CHRISTMAS, *argv)
    assert (ran.code, ran.out) == (ExitCode.USAGE, "")
    assert said in ran.err


def test_preview_takes_the_time_zone_of_the_settings(cli: Cli) -> None:
    (cli.folder / "lightctl.toml").write_text('[site]\ntime_zone = "Asia/Tokyo"\n')
    argv = ("schedule", "preview", SHEET, "--place", "35.7,139.7", "--date", "2026-12-24", "-o", "json")
    assert cli.done(*argv).json()["nights"][0]["switches"][0]["local"].endswith("+09:00")
