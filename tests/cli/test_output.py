"""Tables and JSON: clean in a pipe, harmless in a spreadsheet and in a terminal."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lightctl.cli import output
from lightctl.cli.failures import ExitCode, Failure
from lightctl.cli.output import Column, Format
from tests.support.doors import Cli
from tests.support.terminals import LAUNCH, lightctl, on_a_terminal

ROOT = Path(__file__).parents[2]
COLUMNS = (Column("NAME", lambda item: item["name"]), Column("SIZE", lambda item: str(item["size"]), right=True))
ITEMS = [{"name": "a", "size": 5}, {"name": "long" * 60, "size": 12345}]


def test_a_table_in_a_pipe_is_aligned_and_cuts_nothing_off(capsys: pytest.CaptureFixture[str]) -> None:
    output.show_list(ITEMS, Format.TABLE, COLUMNS)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("NAME ")
    assert {len(line) for line in lines} == {len(lines[2])}
    assert lines[2].startswith("long" * 60)


def test_an_empty_table_is_nothing_on_stdout_and_a_word_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    output.show_list([], Format.TABLE, COLUMNS, empty="nothing yet")
    assert capsys.readouterr() == ("", "nothing yet\n")
    output.show_list([], Format.JSON, COLUMNS, empty="nothing yet")
    assert capsys.readouterr() == ("[]\n", "")


@pytest.mark.parametrize("lead", ["=", "+", "-", "@", "\t", "\r"])
def test_csv_keeps_spreadsheets_from_running_texts_and_leaves_numbers_alone(lead: str) -> None:
    rows = list(
        csv.DictReader(
            io.StringIO(output.to_csv([{"text": f"{lead}1+1", "number": -5, "deep": {"x": -0.5}}]), newline="")
        )
    )
    assert rows == [{"text": f"'{lead}1+1".replace("\r", " "), "number": "-5", "deep.x": "-0.5"}]


def test_csv_joins_lists_and_fills_what_a_row_does_not_have() -> None:
    assert output.to_csv([{"a": ["x", "y"], "b": None}, {"c": True}]) == "a,b,c\nx y,,\n,,true\n"
    assert output.to_csv([]) == ""


def test_what_a_node_says_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    evil = {"name": "\x1b[2J\x07owned\u202e\n", "size": 1}
    output.show_list([evil], Format.TABLE, COLUMNS)
    output.show_one(evil, Format.TABLE, COLUMNS)
    output.complain(Failure("x", evil["name"], where="\x1b[31m"), Format.TABLE)
    said = "".join(capsys.readouterr())
    assert "owned" in said
    assert not {"\x1b", "\x07", "\u202e"} & set(said)


def test_json_keeps_every_character(capsys: pytest.CaptureFixture[str]) -> None:
    output.show_one({"name": "Straße \x1b"}, Format.JSON, ())
    assert json.loads(capsys.readouterr().out) == {"name": "Straße \x1b"}


def test_in_a_pipe_there_is_no_colour_and_no_drawing(offline: Cli) -> None:
    ran = lightctl("light", "list", cwd=offline.folder)
    assert ran.returncode == 0
    assert "\x1b" not in ran.stdout + ran.stderr
    assert ran.stdout.startswith("ID ")


def test_on_a_terminal_there_is_colour_and_no_color_takes_it_away(offline: Cli) -> None:
    code, screen = on_a_terminal("light", "list", cwd=offline.folder)
    assert (code, "\x1b[" in screen) == (0, True)
    code, screen = on_a_terminal("light", "list", cwd=offline.folder, environ={"NO_COLOR": "1"})
    assert (code, "\x1b[3" in screen) == (0, False)
    assert "LP-0005" in screen


def test_on_a_terminal_more_than_one_lamp_is_asked_about(offline: Cli) -> None:
    code, screen = on_a_terminal("off", "group:centre", cwd=offline.folder, keys="n\n")
    assert code == ExitCode.FAILED
    assert "3 lamps (group:centre). Go on? [y/N]" in screen
    assert "nothing was changed" in screen
    assert offline.done("status", "-o", "json").json()["overrides"] == 0
    code, screen = on_a_terminal("off", "group:centre", cwd=offline.folder, keys="y\n")
    assert code == ExitCode.OK
    assert offline.done("status", "-o", "json").json()["overrides"] == 1


def test_on_a_terminal_one_lamp_or_yes_is_not_asked_about(offline: Cli) -> None:
    for argv in (("on", "LP-0001"), ("on", "group:centre", "--yes"), ("on", "group:centre", "--dry-run")):
        code, screen = on_a_terminal(*argv, cwd=offline.folder)
        assert (code, "[y/N]" in screen) == (ExitCode.OK, False)


def test_on_a_terminal_schedules_are_shown_before_they_are_put_in_force(offline: Cli) -> None:
    sheet = str(ROOT / "lightctl" / "cli" / "templates" / "residential.yaml")
    code, screen = on_a_terminal("schedule", "apply", sheet, cwd=offline.folder, keys="n\n")
    assert code == ExitCode.FAILED
    assert "Put this in force" in screen


def test_a_reader_that_has_seen_enough_is_no_error(offline: Cli) -> None:
    text = "id,lat,lon\n" + "".join(f"X-{number},51.2,7.1\n" for number in range(3000))
    offline.done("inventory", "import", "-", "--max-affected", "5000", stdin=text)
    command = f'"{sys.executable}" -c "{LAUNCH}" light list -o jsonl | head -1; echo ${{PIPESTATUS[0]}}'
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(offline.folder), "LANG": "C.UTF-8"}
    ran = subprocess.run(
        ["bash", "-c", command], cwd=offline.folder, env=environ, capture_output=True, text=True, check=True, timeout=60
    )
    first, code = ran.stdout.splitlines()
    assert json.loads(first)["id"] == "LP-0001"
    assert (code, ran.stderr) == ("0", "")


def test_a_terminal_that_knows_no_blocks_gets_letters(offline: Cli) -> None:
    sheet = str(ROOT / "lightctl" / "cli" / "templates" / "residential.yaml")
    argv = ["schedule", "preview", sheet, "--place", "51.26,7.15", "--tz", "Europe/Berlin", "--date", "2026-12-24"]
    ran = lightctl(*argv, cwd=offline.folder, environ={"PYTHONIOENCODING": "ascii"})
    assert ran.stdout.isascii()
    assert "#########" in ran.stdout
