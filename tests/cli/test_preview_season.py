"""schedule preview --heatmap: a season on one screen, hour by hour, whatever clocks do."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.support.doors import TEMPLATES, Cli
from tests.support.terminals import lightctl, on_a_terminal

SHEET = str(TEMPLATES / "residential.yaml")
AT = ("--place", "51.26,7.15", "--tz", "Europe/Berlin")
BERLIN = ZoneInfo("Europe/Berlin")
MARGIN, PER_HOUR = 7, 3
PIXEL = re.compile(r"▀")


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path, "nothing")


def drawn(cli: Cli, *argv: str) -> list[str]:
    return cli.done("schedule", "preview", SHEET, *AT, "--heatmap", *argv).out.splitlines()


def map_of(lines: list[str]) -> list[str]:
    """Give the rows of a map: what stands between the hours and the legend, filled up to the last noon."""
    first = next(index for index, line in enumerate(lines) if line.split()[:3] == ["12", "14", "16"])
    last = next(index for index, line in enumerate(lines) if "sunset, sunrise" in line)
    return [line.ljust(MARGIN + 24 * PER_HOUR) for line in lines[first + 1 : last]]


def at(row: str, clock: str) -> str:
    """Give what a row shows in the minutes that begin at a time of the wall clock."""
    hours, minutes = map(int, clock.split(":"))
    return row[MARGIN + int(((hours - 12) % 24 + minutes / 60) * PER_HOUR)]


def test_a_year_is_a_screen_of_weeks_and_leaves_nothing_behind(cli: Cli, tmp_path: Path) -> None:
    lines = drawn(cli, "--date", "2026-01-01")
    assert lines[0] == "366 nights, Thu 2026-01-01 to Fri 2027-01-01: calendar residential"
    assert "a line is a week" in lines[1]
    rows = map_of(lines)
    assert len(rows) == 53
    assert max(len(row) for row in rows) <= 80
    months = [row[:3] for row in rows if row[:3].strip()]
    assert months == [f"{dt.date(2026, month, 1):%b}" for month in range(1, 13)] + ["Jan"]
    assert list(tmp_path.iterdir()) == []


def test_a_week_shows_what_most_of_its_nights_have_and_never_a_level_between(cli: Cli) -> None:
    first_week = map_of(drawn(cli, "--date", "2026-01-05"))[0]
    assert [at(first_week, clock) for clock in ("21:00", "23:00", "02:00", "05:00")] == ["█", "▓", "▒", "█"]


def test_each_row_of_a_month_is_a_night_with_its_own_program(cli: Cli) -> None:
    rows = map_of(drawn(cli, "--date", "2026-11-23", "--days", "14"))
    assert [row[:6] for row in rows[:3]] == ["Nov 23", "    24", "    25"]
    assert rows[8][:6] == "Dec  1"
    weekend = [at(row, "23:00") == "█" for row in rows]
    assert weekend == [False, False, False, False, True, True, False] * 2


@pytest.mark.parametrize("date", ["2026-03-25", "2026-10-21"])
def test_columns_stay_the_same_hours_in_nights_when_clocks_change(cli: Cli, date: str) -> None:
    """The step at 05:00 is drawn at 05:00 before, in and after the night of 23 or 25 hours."""
    argv = ("--program", "residential", "--date", date, "--days", "9")
    rows = map_of(drawn(cli, *argv))
    for row in rows:
        assert [at(row, clock) for clock in ("21:40", "22:00", "00:00", "00:40")] == ["█", "▓", "▓", "▒"]
        assert at(row, "04:40") == "▒"
        assert at(row, "05:00") == "█"


@pytest.mark.parametrize("date", ["2026-03-25", "2026-10-21", "2026-06-20"])
def test_the_suns_line_stands_at_sunset_and_sunrise_of_each_night(cli: Cli, date: str) -> None:
    argv = ("--date", date, "--days", "8")
    rows = map_of(drawn(cli, *argv))
    nights = cli.done("schedule", "preview", SHEET, *AT, *argv, "-o", "json").json()["nights"]
    for row, night in zip(rows, nights, strict=True):
        suns = [dt.datetime.fromisoformat(night[name]).astimezone(BERLIN) for name in ("sunset", "sunrise")]
        assert [at(row, f"{sun:%H:%M}") for sun in suns] == ["│", "│"]
        assert row.count("│") == 2


def test_where_the_sun_never_passes_there_is_no_line_and_a_polar_night_is_lit(cli: Cli) -> None:
    argv = ("--heatmap", "--place", "78.2,15.6", "--tz", "Arctic/Longyearbyen", "--program", "residential")
    for date, sign in (("2026-12-20", "█"), ("2026-06-20", " ")):
        out = cli.done("schedule", "preview", SHEET, *argv, "--date", date, "--days", "3").out
        rows = map_of(out.splitlines())
        assert {row.count("│") for row in rows} == {0}
        assert {at(row, "18:00") for row in rows} == {sign}


def test_a_day_that_a_zone_left_out_is_an_empty_row(cli: Cli) -> None:
    argv = ("--place", "-13.8,-171.8", "--tz", "Pacific/Apia", "--date", "2011-12-28", "--days", "4", "--heatmap")
    rows = map_of(cli.done("schedule", "preview", SHEET, *argv).out.splitlines())
    assert [bool(row[MARGIN:].strip()) for row in rows] == [True, True, False, True]


def test_the_legend_names_every_level_that_occurs_by_its_sign(cli: Cli) -> None:
    legend = next(line for line in drawn(cli, "--date", "2026-11-23", "--days", "7") if "sunset, sunrise" in line)
    assert legend.split("   ") == ["", "", " █ 100 %", "▓ 70 %", "▒ 50 %", "blank: off", "│ sunset, sunrise"]


def test_below_the_map_stands_which_program_has_which_nights(cli: Cli) -> None:
    lines = drawn(cli, "--date", "2026-12-01", "--days", "31")
    told = [re.split(r"\s{2,}", line.strip()) for line in lines[-3:]]
    assert told == [
        ["residential", "its default", "17", "sun..thu", "12-01..12-03, 12-06..12-10, 12-13..12-17, 12-20..12-23"],
        ["weekend", "rule 1", "8", "12-24..12-31"],
        ["weekend", "rule 2", "6", "fri..sat", "12-04..12-05, 12-11..12-12, 12-18..12-19"],
    ]
    assert "PROGRAM" not in "".join(drawn(cli, "--program", "weekend", "--date", "2026-12-01", "--days", "31"))


def test_a_short_screen_gets_more_weeks_a_line_and_a_long_one_a_line_a_night(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    for lines, rows in (("400", 366), ("60", 53), ("30", 27), ("10", 14), ("none", 53)):
        monkeypatch.setenv("LINES", lines)
        assert len(map_of(drawn(cli, "--date", "2026-01-01"))) == rows, lines


def test_a_narrow_screen_gets_fewer_columns_an_hour(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    for columns in (40, 60, 80, 120):
        monkeypatch.setenv("COLUMNS", str(columns))
        rows = drawn(cli, "--program", "residential", "--date", "2026-12-01", "--days", "5")[2:-1]
        assert all(len(row) <= columns for row in rows)
        assert max(map(len, rows)) > columns * 0.7


def test_a_season_as_data_has_every_night(cli: Cli) -> None:
    argv = ("schedule", "preview", SHEET, *AT, "--heatmap", "--date", "2026-01-01")
    nights = cli.done(*argv, "-o", "json").json()["nights"]
    dates = [dt.date(2026, 1, 1) + dt.timedelta(days=day) for day in range(366)]
    assert [night["date"] for night in nights] == [date.isoformat() for date in dates]
    rows = list(csv.DictReader(io.StringIO(cli.done(*argv, "-o", "csv").out)))
    assert len(rows) == sum(len(night["switches"]) for night in nights)
    lines = cli.done(*argv, "-o", "jsonl").out.splitlines()
    assert json.loads(lines[0]) == {"date": "2026-01-01", "calendar": "residential", "program": "residential",
                                    "rule": None, **nights[0]["switches"][0]}  # fmt: skip


def test_in_letters_where_no_blocks_can_be_written(tmp_path: Path) -> None:
    argv = ("schedule", "preview", SHEET, *AT, "--date", "2026-11-23", "--days", "7", "--heatmap")
    out = lightctl(*argv, cwd=tmp_path, environ={"PYTHONIOENCODING": "ascii"}).stdout
    assert out.isascii()
    assert "|#####" in out


def test_on_a_terminal_with_colours_two_rows_share_a_line(tmp_path: Path) -> None:
    argv = ("schedule", "preview", SHEET, *AT, "--date", "2026-01-01", "--heatmap")
    code, screen = on_a_terminal(*argv, cwd=tmp_path, environ={"LINES": "40"})
    painted = [line for line in screen.splitlines() if PIXEL.search(line)]
    assert (code, len(painted)) == (0, 27)
    assert {len(PIXEL.findall(line)) for line in painted} == {72}
    assert len(screen.splitlines()) <= 45


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": "xterm"}])
def test_without_the_colours_it_needs_it_is_drawn_with_signs(tmp_path: Path, environ: dict[str, str]) -> None:
    argv = ("schedule", "preview", SHEET, *AT, "--date", "2026-11-23", "--days", "7", "--heatmap")
    code, screen = on_a_terminal(*argv, cwd=tmp_path, environ={"LINES": "40"} | environ)
    assert (code, "▒▒▒" in screen, "▀" in screen) == (0, True, False)
    assert "\x1b[38" not in screen
