from __future__ import annotations

import re
from pathlib import Path

import pytest

from lightctl.domain.selectors import parse_selector
from lightctl.files.expressions import parse_duration, parse_time_expression
from lightctl.files.findings import Code
from lightctl.files.inventory import read_inventory, read_mapping
from lightctl.files.mapping import FIELDS
from lightctl.files.schedules import read_schedules
from lightctl.files.settings import describe_settings
from lightctl.planning.lint import LintCode

DOCS = Path(__file__).parents[2] / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}[^\n]*\n(.*?)^```$", page(name), re.MULTILINE | re.DOTALL)


def first_cells(name: str, header: str) -> list[str]:
    """Give what stands in code marks in the first column of the table with this header."""
    table = page(name).partition(f"| {header} |")[2].partition("\n\n")[0]
    return re.findall(r"^\| `([^`]+)`", table, re.MULTILINE)


def test_every_code_is_explained_once_and_every_explained_code_exists():
    explained = re.findall(r"^\| (LC-S\d+) \|", page("errors.md"), re.MULTILINE)
    assert explained == [str(code) for code in Code]


def test_every_code_of_the_lint_is_explained_once_and_every_explained_code_exists():
    explained = re.findall(r"^\| (LC-L\d+) \|", page("errors.md"), re.MULTILINE)
    assert explained == [str(code) for code in LintCode]


def test_every_code_of_the_source_is_one_of_the_codes():
    source = "".join(path.read_text() for path in (DOCS.parent / "lightctl").rglob("*.py"))
    assert set(re.findall(r"LC-S\d{3}", source)) == {str(code) for code in Code}
    assert set(re.findall(r"LC-L\d{3}", source)) == {str(code) for code in LintCode}


@pytest.mark.parametrize("text", blocks("schedules.md", "yaml"), ids=lambda text: text[11:40])
def test_every_schedule_of_the_grammar_reads_without_errors_and_warnings(text):
    read = read_schedules({"page.yaml": text})
    assert (read.errors, read.warnings) == ((), ())


def test_every_time_expression_of_the_grammar_is_one():
    expressions = first_cells("schedules.md", "time expression")
    assert len(expressions) == 9
    assert len({parse_time_expression(text) for text in expressions}) == 9


def test_every_duration_of_the_grammar_is_one():
    assert [parse_duration(text) for text in first_cells("schedules.md", "duration")] == [90, 600, 5400]


def test_every_selector_of_the_grammar_is_one():
    selectors = first_cells("schedules.md", "selector")
    assert len({parse_selector(text) for text in selectors}) == len(selectors) == 7


def test_the_inventory_of_the_page_is_one():
    (text,) = blocks("inventory.md", "csv")
    read = read_inventory(text, format="csv")
    assert read.errors == ()
    assert [point.groups for point in read.points] == [("centre",), ("centre", "schools"), ()]


def test_the_geojson_of_the_page_is_one():
    (text,) = blocks("inventory.md", "json")
    (point,) = read_inventory(text, format="geojson").points
    assert (point.id, point.latitude, point.tags) == ("LP-0001", 51.4344, {"district": "Altstadt"})


def test_the_mapping_of_the_page_reads_the_register_of_the_page():
    (mapping,), (register,) = blocks("inventory.md", "toml"), blocks("inventory.md", "text")
    first, second = read_inventory(register, format="csv", mapping=read_mapping(mapping, "page")).points
    assert (first.node, first.kind, first.rated_power_w, first.tags) == ("n-7", "street", 38, {"street": "Hohe Straße"})
    assert (second.kind, second.rated_power_w, second.tags) == ("crossing", None, {})


def test_every_column_is_explained():
    table = page("inventory.md").partition("| column |")[2].partition("\n\n")[0]
    named = {name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1] if row else "")}
    assert named == set(FIELDS)


def test_every_setting_is_explained_with_its_default():
    text = page("settings.md")
    for row in describe_settings():
        key = row.key.partition(" ")[0].rpartition(".")[2]
        assert any(
            f"`{key}`" in line and row.description in line and row.default in line for line in text.splitlines()
        ), row.key
