"""The benchmarks still measure what they say; how fast is theirs to tell."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks import energy, ingest, intake, lint, night, rollup
from tests.benchmarks.__main__ import NAMES
from tests.support.benchmark import machine


def test_every_program_is_in_use_in_every_cell_of_the_night():
    figures = night.measure(points=200, cells=2, programs=10, by_district=False)
    assert (figures["nights"], figures["edited_nights"]) == (20, 20)
    assert figures["switch_lists"] >= 20


def test_by_district_a_cell_has_the_programs_of_its_own():
    assert night.measure(points=200, cells=2, programs=10, by_district=True)["nights"] == 10


def test_the_year_of_lint_is_one_of_so_many_programs_and_places():
    figures = lint.measure(programs=2, places=1, calendars=0, everywhere=False)
    assert (figures["programs"], figures["calendars"], figures["places"]) == (2, 2, 1)


def test_ingest_writes_the_same_rows_both_ways():
    figures = ingest.measure(reports=500, nodes=50, batch=100, pairs=1)
    assert (figures["reports"], figures["rows_kept"]) == (500, 500)


def test_the_year_of_energy_is_one_of_every_lamp():
    figures = energy.measure(lamps=60, by="group")
    assert (figures["light_points"], figures["rows"]) == (60, 40)


def test_intake_takes_every_report_to_its_row():
    figures = intake.measure(reports=200, nodes=50, batch=100, pairs=1)
    assert (figures["reports"], figures["rows_kept"]) == (200, 200)


def test_rollup_adds_up_every_quarter_of_every_node():
    assert rollup.measure(nodes=20, hours=0.5)["quarters"] >= 2 * 20


def test_every_benchmark_can_be_asked_for_by_name_and_the_machine_is_named():
    assert {"ingest", "intake", "lint", "night", "rollup"} <= set(NAMES)
    assert all(machine()[key] for key in ("cpu", "cores", "python"))


def test_every_benchmark_stands_on_its_page():
    page = (Path(__file__).parent.parent / "docs" / "benchmarks.md").read_text()
    assert [name for name in NAMES if f"`python -m tests.benchmarks.{name}`" not in page] == []
