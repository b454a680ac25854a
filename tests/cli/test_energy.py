"""energy ...: what the light used and would use, by every way to the operations, and on paper without any."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lightctl.cli.failures import ExitCode
from tests.support.doors import Cli

HALF = """version: 1
programs:
  half:
    active: dusk(-3) .. dawn(-3)
    steps: [{at: "22:00", level: 50}, {at: "06:00", level: 100}]
"""
TARIFF = """
[tariffs.now]
valid_from = 2026-01-01
price_per_kwh = 0.25
price_year = 2026
price_source = "contract 7"
co2_kg_per_kwh = 0.363
co2_year = 2024
co2_source = "an agency"
"""
DUISBURG = ("--place", "51.4344,6.7623", "--tz", "Europe/Berlin", "--year", "2026")
ROW = {
    "key", "kwh", "kwh_metered", "kwh_estimated", "baseline_kwh", "saving_percent", "cost", "co2_kg", "hours", "label",
    "light_points", "without_power",
}  # fmt: skip


@pytest.fixture
def later(offline: Cli) -> Cli:
    """The five lamps two days after they came."""
    settings = offline.folder / "lightctl.toml"
    settings.write_text(settings.read_text().replace("start = 2026-11-23", "start = 2026-11-25"))
    return offline


def test_a_report_has_the_rows_scripts_rely_on(later: Cli) -> None:
    found = later.done("energy", "report", "--from", "2026-11-01", "--by", "group", "-o", "json").json()
    assert all(set(row) == ROW for row in (*found["rows"], found["total"]))
    assert found["total"]["light_points"] == 5
    assert found["total"]["kwh"] == found["total"]["kwh_estimated"] > 0
    assert (found["total"]["cost"], found["total"]["co2_kg"], found["figures"]) == (None, None, [])


def test_a_report_says_what_its_figures_rest_on(later: Cli) -> None:
    told = later.done("energy", "report")
    assert told.out.splitlines()[0].split()[:3] == ["KEY", "KWH", "METERED"]
    assert told.out.splitlines()[-1].startswith("total")
    assert "measured against" in told.err
    assert "no price" in told.err


def test_every_kind_of_row_can_be_asked_for(later: Cli) -> None:
    for by in ("cabinet", "road_class", "kind", "luminaire", "id", "month", "night", "tag:group"):
        assert later.done("energy", "report", "--by", by, "-o", "jsonl").out.count("\n") >= 1, by


def test_a_report_before_there_were_lamps_says_so_by_every_way(city: Cli) -> None:
    ran = city.done("energy", "report", "--from", "2026-11-01", "--to", "2026-11-20")
    assert ran.out.splitlines()[-1].split()[:2] == ["total", "0.0"]
    assert "No light point was known" in ran.err


def test_a_report_is_a_page(later: Cli) -> None:
    page = later.done("energy", "report", "-o", "html").out
    assert page.startswith("<!DOCTYPE html>")
    assert "Energy report" in page


def test_a_report_is_a_pdf_in_a_pipe(later: Cli) -> None:
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "lightctl", "energy", "report", "-o", "pdf"]
    paper = subprocess.run(command, cwd=later.folder, env=environ, capture_output=True, check=True, timeout=60).stdout
    assert paper.startswith(b"%PDF")
    assert paper.rstrip().endswith(b"%%EOF")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("report", "--by", "colour"), "nothing to report by"),
        (("report", "--from", "2027"), "is no day"),
        (("report", "--from", "2026-13"), "is no day"),
        (("report", "--from", "22:00"), "is no day"),
        (("report", "--from", "2030-01-01"), "period is empty"),
        (("report", "--to", "2020-01-01"), "period is empty"),
        (("report", "-l", "=x"), "selector"),
        (("forecast", "--by", "night"), "night by night"),
        (("forecast", "no-such-file.yaml"), "cannot be read"),
        (("indicators", "--by", "month"), "of places"),
        (("estimate", "--lamps", "1", "--rated-w", "50"), "where is not said"),
        (("estimate", "--lamps", "1", "--rated-w", "50", "--hours", "9000"), "no more than"),
        (("estimate", "--lamps", "1", "--rated-w", "5", "--standby-w", "6", "--hours", "1"), "off draws no more"),
        (("estimate", "--lamps", "1", "--rated-w", "5", "--program", "x", *DUISBURG), "names no program"),
        (("estimate", "--lamps", "1", "--rated-w", "5", "--program", "half.yaml:x", *DUISBURG), "Programs: half"),
        (("estimate", "--lamps", "1", "--rated-w", "5", "--hours", "1", "--program", "half.yaml:half"), "both say"),
        (("estimate", "--lamps", "1", "--rated-w", "5", "--place", "x", "--tz", "UTC"), "is not a place"),
        (("estimate", "--lamps", "1", "--rated-w", "5", "--hours", "1", "--tz", "Moon/Base"), "not a time zone"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_word(offline: Cli, argv: tuple[str, ...], said: str) -> None:
    (offline.folder / "half.yaml").write_text(HALF)
    ran = offline("energy", *argv)
    assert ran.code == ExitCode.USAGE
    assert said in ran.err
    assert ran.out == ""


def test_a_forecast_says_what_a_plan_saves_before_it_is_applied(city: Cli) -> None:
    (city.folder / "half.yaml").write_text(
        HALF + "calendars: {c: {default: half}}\nassignments: [{select: '*', calendar: c}]\n"
    )
    found = city.done("energy", "forecast", "half.yaml", "-o", "json").json()
    assert found["total"]["kwh_after"] < found["total"]["kwh_before"]
    assert found["total"]["cost_saving"] is None
    before = city.done("schedule", "export", "-o", "json").out
    assert "half.yaml" not in before, "a forecast changes nothing"
    rows = list(csv.DictReader(io.StringIO(city.done("energy", "forecast", "-o", "csv").out)))
    assert all(float(row["saving_kwh"]) == 0 for row in rows)


def test_a_forecast_of_files_with_errors_names_them(city: Cli) -> None:
    (city.folder / "bad.yaml").write_text("version: 1\nprogramms: {}\n")
    ran = city("energy", "forecast", "bad.yaml", "-o", "json")
    assert ran.code == ExitCode.USAGE
    assert json.loads(ran.out)["errors"][0]["file"] == "bad.yaml"


def test_indicators_balance_and_profile_answer_by_every_way(city: Cli) -> None:
    assert city.done("energy", "indicators", "-o", "json").json()["year"] == 2026
    assert city.done("energy", "balance", "-o", "json").json()["tolerance_percent"] == 10.0
    found = city.done("energy", "profile", "--from", "2026-11-22", "--to", "2026-11-22", "-o", "json").json()
    assert len(found["rows"]) == 48
    assert "light point" in city.done("energy", "profile").err


def test_on_paper_a_lamp_in_duisburg_uses_what_the_field_computed(empty: Cli) -> None:
    (empty.folder / "half.yaml").write_text(HALF)
    argv = ("energy", "estimate", "--lamps", "1", "--rated-w", "50", "--program", "half.yaml:half", *DUISBURG)
    found = empty.done(*argv, "-o", "json").json()
    assert found["kwh"] == pytest.approx(133.4, rel=0.002)
    assert found["saving_percent"] == pytest.approx(34.7, abs=0.05)
    assert (found["cost"], found["co2_kg"]) == (None, None)
    assert "34.7 %" in empty.done(*argv).out
    priced = empty.done(*argv, "--price", "0.2", "--co2", "0.363", "-o", "json").json()
    assert priced["cost"] == pytest.approx(26.67, abs=0.01)
    assert priced["co2_kg"] == pytest.approx(48.41, abs=0.01)


def test_with_a_tariff_there_is_a_cost_and_its_source(later: Cli) -> None:
    with (later.folder / "lightctl.toml").open("a") as settings:
        settings.write(TARIFF)
    found = later.done("energy", "report", "-o", "json").json()
    assert found["total"]["cost"] is not None
    assert [each["source"] for each in found["figures"]] == ["contract 7", "an agency"]
    assert "contract 7" in later.done("energy", "report").err
