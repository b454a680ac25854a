"""schedule export: what is in force comes out as files, and applied again changes nothing."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from lightctl.cli.failures import ExitCode
from tests.support.doors import TEMPLATES, Cli, Street, way_in

TEXT = (TEMPLATES / "residential.yaml").read_text()
PROGRAMS = 'version: 1\nprograms:\n  a: {}\n  b: {steps: [{at: "22:00", level: 50}]}\n'
CALENDARS = "calendars:\n  dim: {default: b}\n  full: {default: a}\n"
FIRST = """version: 1
assignments: [{select: "road_class=local, kind!=crossing", calendar: dim}]
protections: [{select: "*", min_level: 10, reason: first}]
"""
THEN = """version: 1
assignments: [{select: "*", calendar: full}]
protections: [{select: "*", min_level: 10, reason: then}]
"""


def put(cli: Cli, name: str, text: str) -> None:
    path = cli.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def changes_nothing(cli: Cli, *files: str) -> None:
    cli.done("schedule", "check", *files)
    plan = cli.done("schedule", "apply", *files, "--dry-run", "-o", "json").json()
    assert plan["ok"]
    assert (plan["affected"], plan["summary"]) == (0, ["0 light points change in the 366 nights from 2026-11-23 on"])


def test_what_is_exported_is_checked_and_applied_again_without_a_change(city: Cli) -> None:
    written = city.done("schedule", "export", "out").out.splitlines()
    assert written == ["out/residential.yaml"]
    assert (city.folder / "out" / "residential.yaml").read_text() == TEXT
    changes_nothing(city, "out")


def test_files_that_count_in_the_order_of_their_folders_still_do_so_in_one_folder(city: Cli) -> None:
    """Their own names would sort the other way round, and every local street would get the other calendar."""
    put(city, "1/z.yaml", FIRST)
    put(city, "2/a.yaml", THEN)
    put(city, "3/m.yaml", PROGRAMS + CALENDARS)
    city.done("schedule", "apply", "1/z.yaml", "2/a.yaml", "3/m.yaml")
    ran = city.done("schedule", "export", "out")
    assert ran.out.splitlines() == ["out/01-z.yaml", "out/02-a.yaml", "out/03-m.yaml"]
    assert "1/z.yaml is written as 01-z.yaml" in ran.err
    changes_nothing(city, "out")
    (city.folder / "out" / "01-z.yaml").rename(city.folder / "out" / "04-z.yaml")
    plan = city.done("schedule", "apply", "out", "--dry-run", "-o", "json").json()
    assert plan["affected"] > 0, "the order counts for nothing here, so this test shows nothing"


def test_an_earlier_version_can_be_had_and_one_that_never_was_is_exit_code_3(city: Cli) -> None:
    put(city, "dark.yaml", TEXT.replace("level: 50", "level: 40"))
    city.done("schedule", "apply", "dark.yaml")
    now, before = (city.done("schedule", "export", *which, "-o", "json").json() for which in ((), ("--version", "1")))
    assert (now["version"], list(now["files"])) == (2, ["dark.yaml"])
    assert (before["version"], list(before["files"].values())) == (1, [TEXT])
    assert now["applied_at"] != before["applied_at"]
    assert now["user"] == "operator" or city.way == "store"
    ran = city("schedule", "export", "--version", "3")
    assert (ran.code, ran.out) == (ExitCode.NOT_FOUND, "")
    assert "no version 3" in ran.err


def test_before_the_first_schedule_there_is_nothing_to_export(empty: Cli) -> None:
    ran = empty.done("schedule", "export", "out")
    assert (ran.out, (empty.folder / "out").exists()) == ("", False)
    assert "no schedules are in force" in ran.err
    view = empty.done("schedule", "export", "-o", "json").json()
    assert view == {"version": 0, "applied_at": None, "user": "", "files": {}}
    assert empty("schedule", "export", "--version", "1").code == ExitCode.NOT_FOUND


def test_a_single_file_on_stdout_says_whose_it_is_and_can_be_applied_again(offline: Cli) -> None:
    sheet = offline.done("schedule", "export").out
    assert sheet.startswith("# version 1, 1 file, applied 2026-11-23")
    put(offline, "again.yaml", sheet)
    changes_nothing(offline, "again.yaml")


def test_as_rows_each_file_is_one(offline: Cli) -> None:
    (row,) = csv.DictReader(io.StringIO(offline.done("schedule", "export", "-o", "csv").out))
    assert (row["version"], Path(row["file"]).name, row["text"]) == ("1", "residential.yaml", TEXT)
    (line,) = offline.done("schedule", "export", "-o", "jsonl").out.splitlines()
    assert json.loads(line)["text"] == TEXT


def test_a_file_that_differs_is_not_overwritten_unless_forced_and_nothing_else_is_written_either(offline: Cli) -> None:
    put(offline, "a.yaml", PROGRAMS)
    put(offline, "b.yaml", "version: 1\n" + CALENDARS)
    offline.done("schedule", "apply", "a.yaml", "b.yaml")
    put(offline, "out/b.yaml", "mine\n")
    ran = offline("schedule", "export", "out")
    assert (ran.code, ran.out) == (ExitCode.USAGE, "")
    assert "out/b.yaml: there already, and different" in ran.err
    assert not (offline.folder / "out" / "a.yaml").exists()
    assert (offline.folder / "out" / "b.yaml").read_text() == "mine\n"
    assert offline.done("schedule", "export", "out", "--force").out.splitlines() == ["out/a.yaml", "out/b.yaml"]
    changes_nothing(offline, "out")
    again = offline.done("schedule", "export", "out", "-o", "json")
    assert again.json()["written"] == []
    assert "kept out/b.yaml: it is the same" in again.err


def test_nothing_is_written_outside_the_folder_whatever_the_files_are_called(
    tmp_path: Path, street: Street, five_lamps: Path
) -> None:
    with way_in("store", tmp_path, street, five_lamps) as cli:
        outside = cli.folder / "outside.yaml"
        outside.write_text("mine\n")
        (cli.folder / "deep").mkdir()
        put(cli, "p.yaml", PROGRAMS)
        cli.done("schedule", "apply", "deep/../p.yaml")
        (cli.folder / "out").mkdir()
        (cli.folder / "out" / "p.yaml").symlink_to(outside)
        assert cli("schedule", "export", "out").code == ExitCode.USAGE
        cli.done("schedule", "export", "out", "--force")
        assert outside.read_text() == "mine\n"
        assert not (cli.folder / "out" / "p.yaml").is_symlink()
        assert sorted(path.name for path in (cli.folder / "out").iterdir()) == ["p.yaml"]


def test_a_stranger_in_the_folder_is_warned_of(offline: Cli) -> None:
    put(offline, "out/old.yaml", PROGRAMS)
    assert "out/old.yaml was there and is not in force" in offline.done("schedule", "export", "out").err


@pytest.mark.parametrize("folder", ["taken", "taken/below"])
def test_a_folder_that_cannot_be_written_is_exit_code_2(offline: Cli, folder: str) -> None:
    put(offline, "taken", "a file stands here")
    ran = offline("schedule", "export", folder)
    assert (ran.code, ran.out) == (ExitCode.USAGE, "")
    assert "cannot be written" in ran.err


def test_what_people_wrote_does_not_steer_the_terminal(offline: Cli) -> None:
    put(offline, "evil.yaml", PROGRAMS + "# \u202e\t tail\r\n")
    offline.done("schedule", "apply", "evil.yaml")
    out = offline.done("schedule", "export").out
    assert "\\u202e\t tail\n" in out
    assert not {"\u202e", "\r"} & set(out)
