from __future__ import annotations

import copy
import functools
import json
import operator
import re
from collections.abc import Iterator
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import assume, given, settings
from ruamel.yaml.error import YAMLError

from lightctl.files.calendar_files import ASSIGNMENT, CALENDAR, CONDITIONS, PROTECTION, RULE
from lightctl.files.dynamic_files import DYNAMIC
from lightctl.files.program_files import EDGE, STEP, WINDOW
from lightctl.files.schedule_schema import schedule_schema, schema_text
from lightctl.files.schedules import FILE, read_schedules
from lightctl.files.schema_parts import Schema
from tests.support.common_mistakes import MISTAKES
from tests.support.editor import as_an_editor_reads
from tests.support.plans import plans
from tests.support.wrong_schedules import WRONG

ROOT = Path(__file__).parents[2]
SCHEDULES = ROOT / "schedules"
SHIPPED = [*sorted(SCHEDULES.glob("*.yaml")), *sorted(SCHEDULES.glob("dc/*.yaml"))]
BAD = sorted(set((SCHEDULES / "bad").glob("*.yaml")) - set((SCHEDULES / "bad").glob("lint-*.yaml")))
SCHEMA = schedule_schema()
EDITOR = jsonschema_rs.Draft202012Validator(SCHEMA)
# No YAML to begin with: an editor underlines these without any schema.
NO_YAML = {"duplicate-key", "tabs", "two-documents", "unquoted-star"}
# Only the reader sees what is wrong: an editor takes these.
TAKEN = {
    *("anchors", "limits-swapped", "same-step-twice", "star-first", "unknown-calendar", "unknown-program"),
    *("unknown-region", "unused-calendar", "unused-program"),
}
TAKEN_CODES = {"LC-S020", "LC-S027", "LC-S028"}
TAKEN_VALUES = (
    "0x10",
    '"06:00", latest: "05:00"',
    "2027-02-29",
    "2027-02-20..2027-02-10",
    "11-31",
    "DE-ZZ",
    ": NW",
    ": UK",
)
WRONG_VALUES = [wrong for wrong in (*WRONG, *MISTAKES) if "LC-S009" <= wrong.code <= "LC-S028"]  # before: the YAML
SAMPLE = {
    "version": 1,
    "programs": {
        "p": {
            "description": "Full light",
            "active": [
                "sunset .. 23:00",
                {"from": {"at": "dawn", "earliest": "04:00", "latest": "05:00"}, "to": "sunrise"},
            ],
            "start_level": 90,
            "steps": [{"at": "22:00", "level": 70, "ramp": "30s", "earliest": "21:00", "latest": "23:00"}],
        },
        "q": {
            "active": "dusk(-3) .. dawn(-3)",
            "dynamics": [
                {
                    "sensor": "traffic",
                    "when": {"at_least": 20.5},
                    "operation": "max",
                    "level": 100,
                    "hold": "10m",
                    "period": ["23:00 .. 05:00"],
                },
                {"sensor": "walker", "when": {"present": True}, "operation": "min", "level": 40, "hold": "90s"},
            ],
        },
    },
    "calendars": {
        "c": {
            "rules": [
                {"dates": "12-24", "weekdays": "mon", "nth": 1, "holidays": "DE-NW", "program": "p"},
                {"dates": ["12-24"], "program": "q"},
                {"weekdays": ["mon"], "nth": ["last"], "program": "p"},
            ],
            "default": "p",
        }
    },
    "assignments": [{"select": "*", "calendar": "c"}],
    "protections": [{"select": "kind=crossing", "min_level": 100, "reason": "zebra"}],
}
REQUIRED = {
    key for keys in (FILE, WINDOW, EDGE, STEP, DYNAMIC, CALENDAR, RULE, ASSIGNMENT, PROTECTION) for key in keys.required
}
Place = tuple[str | int, ...]


def pages() -> Iterator[tuple[str, str]]:
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for number, block in enumerate(
            re.findall(
                r"^```yaml[^\n]*\n((?:#[^\n]*\n)?version: 1\n.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL
            )
        ):
            yield f"{page.name}-{number}", block


def objects(schema: object) -> Iterator[Schema]:
    """Give every schema inside this one."""
    if isinstance(schema, dict):
        yield schema
        for inner in schema.values():
            yield from objects(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from objects(inner)


def places(value: object, here: Place = ()) -> Iterator[tuple[Place, object]]:
    yield here, value
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield from places(inner, (*here, key))


def with_value(place: Place, value: object) -> str:
    """Give the sample as text with another value in one place; JSON is YAML."""
    if not place:
        return json.dumps(value)
    spoiled = copy.deepcopy(SAMPLE)
    functools.reduce(operator.getitem, place[:-1], spoiled)[place[-1]] = value
    return json.dumps(spoiled)


def test_the_schema_is_one_of_draft_2020_12():
    jsonschema_rs.meta.validate(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert json.loads(schema_text()) == SCHEMA


def test_every_mapping_knows_its_keys_and_explains_each_of_them():
    mappings = [one for one in objects(SCHEMA) if one.get("type") == "object"]
    assert len(mappings) == 13
    for one in mappings:
        assert one["additionalProperties"] is False
        for key, explained in one.get("properties", {}).items():
            assert explained["description"].endswith("."), key


def test_every_example_in_the_schema_is_valid_where_it_stands():
    shown = [one for one in objects(SCHEMA) if "examples" in one]
    assert shown
    for one in shown:
        validator = jsonschema_rs.Draft202012Validator(one | {"$defs": SCHEMA["$defs"]})
        for example in one["examples"]:
            assert validator.is_valid(example), example


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_an_editor_takes_every_shipped_schedule(path):
    EDITOR.validate(as_an_editor_reads(path.read_text()))


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in pages()])
def test_an_editor_and_the_reader_agree_on_every_schedule_of_the_pages(text):
    assert EDITOR.is_valid(as_an_editor_reads(text)) == (read_schedules({"page.yaml": text}).errors == ())


def verdict(text: str) -> str:
    try:
        return "taken" if EDITOR.is_valid(as_an_editor_reads(text)) else "refused"
    except YAMLError:
        return "no YAML"


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_an_editor_refuses_each_bad_example_but_those_that_need_the_reader(path):
    expected = "no YAML" if path.stem in NO_YAML else "taken" if path.stem in TAKEN else "refused"
    assert verdict(path.read_text()) == expected


@pytest.mark.parametrize("wrong", WRONG_VALUES, ids=lambda wrong: f"{wrong.code}-{wrong.text[11:60]!r}")
def test_an_editor_refuses_each_mistake_but_those_that_need_the_reader(wrong):
    needs_reader = wrong.code in TAKEN_CODES or any(value in wrong.text for value in TAKEN_VALUES)
    assert verdict(wrong.text) == ("taken" if needs_reader else "refused")


def spoiled() -> Iterator[tuple[str, str]]:
    """Give the sample with one thing wrong in it, wherever that can be."""
    for place, value in places(SAMPLE):
        if isinstance(value, dict):
            yield f"{place}.unheard_of", with_value(place, value | {"unheard_of": 1})
            for key in sorted(value.keys() & REQUIRED):
                yield f"{place} without {key}", with_value(place, {k: v for k, v in value.items() if k != key})
        for wrong in (None, "?!" if isinstance(value, dict | list) else [], [None]):
            yield f"{place}: {wrong}", with_value(place, wrong)
        name = str(place[-1]) if place else "the file"
        if name.endswith("level"):
            for wrong in (-1, 101, 50.5, "50", "50%", True):
                yield f"{place}: {wrong!r}", with_value(place, wrong)
        if name in {"at", "from", "to", "earliest", "latest", "ramp", "hold", "active", "period", *CONDITIONS}:
            for wrong in ("", "soon", 1350, True, "sunset..", "24:00", "1h m"):
                yield f"{place}: {wrong!r}", with_value(place, wrong)
        if name in {"operation", "when", "at_least", "present"}:
            for wrong in ("", "Max", "20", {}, {"at_least": 1, "below": 5}, 0 if name == "present" else -1):
                yield f"{place}: {wrong!r}", with_value(place, wrong)


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in spoiled()])
def test_what_is_spoiled_in_any_place_is_refused_by_reader_and_editor(text):
    assert read_schedules({"spoiled.yaml": text}).errors
    assert verdict(text) == "refused"


def test_the_sample_that_is_spoiled_is_taken_by_reader_and_editor():
    assert read_schedules({"sample.yaml": json.dumps(SAMPLE)}).errors == ()
    assert verdict(json.dumps(SAMPLE)) == "taken"


@settings(deadline=None, max_examples=60)
@given(plans())
def test_whatever_the_reader_takes_an_editor_takes(text):
    read = read_schedules({"plan.yaml": text})
    assume(read.errors == ())
    EDITOR.validate(as_an_editor_reads(text))
