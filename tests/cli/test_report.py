"""report night, month and lamp on the command line, by every way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lightctl.cli.failures import ExitCode
from tests.support.doors import Cli
from tests.support.paper_text import words_of
from tests.support.terminals import on_a_terminal

NIGHT = ("report", "night", "--date", "2026-11-22")


def test_a_night_is_told_as_values_and_to_people(city: Cli) -> None:
    report = city.done(*NIGHT, "-o", "json").json()
    assert (report["kind"], report["first"], report["light_points"], report["complete"]) == (
        "night",
        "2026-11-22",
        5,
        True,
    )
    assert {"in_light_percent", "outages", "cabinets", "burning", "energy", "nights"} <= report.keys()
    table = city.done(*NIGHT).out
    assert "Night report" in table
    assert "Nothing was out." in table
    assert "\x1b" not in table


def test_a_page_and_a_pdf_go_to_stdout_or_to_a_file(offline: Cli, tmp_path: Path) -> None:
    assert offline.done(*NIGHT, "-o", "html").out.startswith("<!DOCTYPE html>")
    page, paper = tmp_path / "night.html", tmp_path / "night.pdf"
    assert f"wrote {page}" in offline.done(*NIGHT, "-o", "html", "--out", str(page)).err
    offline.done(*NIGHT, "-o", "pdf", "--out", str(paper))
    assert "Night report" in page.read_text(encoding="utf-8")
    assert "Lamps in light" in words_of(paper.read_bytes())
    assert sorted(path.name for path in tmp_path.glob("night*")) == ["night.html", "night.pdf"]


def test_a_month_and_a_lamp_have_reports_too(hosted: Cli) -> None:
    month = hosted.done("report", "month", "--month", "2026-11", "-o", "json").json()
    assert (month["kind"], month["complete"]) == ("month", False)
    assert "Monthly report" in hosted.done("report", "month", "--month", "2026-11").out
    lamp = hosted.done("report", "lamp", "LP-0001", "--nights", "3", "-o", "json").json()
    assert (lamp["light_point"], len(lamp["nights"])) == ("LP-0001", 3)
    assert hosted.done("report", "lamp", "LP-0001", "-o", "svg").out.startswith("<svg")
    assert "not known" in hosted.done("report", "lamp", "LP-0001", "--nights", "3").out


def test_a_selector_narrows_a_report(offline: Cli) -> None:
    assert offline.done(*NIGHT, "-l", "id=LP-0001", "-o", "json").json()["light_points"] == 1


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("report", "night", "--date", "yesterday"), ExitCode.USAGE),
        (("report", "night", "--date", "2036-01-01"), ExitCode.USAGE),
        (("report", "month", "--month", "2026-13"), ExitCode.USAGE),
        (("report", "night", "--out", "x.txt"), ExitCode.USAGE),
        (("report", "night", "-l", "district=nowhere"), ExitCode.NOT_FOUND),
        (("report", "night", "-l", "!!"), ExitCode.USAGE),
        (("report", "lamp", "LP-9999"), ExitCode.NOT_FOUND),
        (("report", "lamp", "LP-0001", "--nights", "0"), ExitCode.USAGE),
        ((*NIGHT, "-o", "html", "--out", "/no/such/folder/x.html"), ExitCode.USAGE),
    ],
)
def test_what_cannot_be_reported_is_refused_with_a_word(offline: Cli, argv: tuple[str, ...], code: ExitCode) -> None:
    ran = offline(*argv)
    assert ran.code == code
    assert "error:" in ran.err
    assert "Traceback" not in ran.err


def test_a_pdf_is_not_poured_into_a_terminal(offline: Cli) -> None:
    code, screen = on_a_terminal(*NIGHT, "-o", "pdf", cwd=offline.folder)
    assert code == ExitCode.USAGE
    assert "a PDF is not for a terminal" in screen
    assert "%PDF" not in screen


def test_json_is_one_object_that_scripts_can_read(offline: Cli) -> None:
    json.loads(offline.done("report", "month", "--month", "2026-11", "-o", "json").out)
