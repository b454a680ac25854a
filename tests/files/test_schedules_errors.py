from __future__ import annotations

import pytest

from lightctl.domain.programs import NO_INTENT
from lightctl.files.findings import MAX_FINDINGS_PER_FILE, Code
from lightctl.files.schedules import read_schedules
from tests.support.common_mistakes import MISTAKES
from tests.support.wrong_schedules import ELSEWHERE, HEAD, WARNED, WRONG, program


@pytest.mark.parametrize("wrong", [*WRONG, *MISTAKES], ids=lambda wrong: f"{wrong.code}-{wrong.text[11:60]!r}")
def test_each_mistake_is_one_error_with_its_code_place_and_remedy(wrong):
    read = read_schedules({"wrong.yaml": wrong.text})
    assert [(error.code, error.line, error.column) for error in read.errors] == [
        (wrong.code, wrong.line, wrong.column)
    ], "\n".join(map(str, read.errors))
    assert read.errors[0].file == "wrong.yaml"
    assert read.errors[0].message
    assert wrong.hint in read.errors[0].hint
    assert read.intent is NO_INTENT


@pytest.mark.parametrize("warned", WARNED, ids=lambda warned: warned.code)
def test_a_warning_leaves_the_intent_usable(warned):
    read = read_schedules({"x.yaml": warned.text})
    assert read.errors == ()
    assert (warned.code, warned.line, warned.column) in [(one.code, one.line, one.column) for one in read.warnings]
    assert warned.hint in next(one.hint for one in read.warnings if one.code == warned.code)
    assert read.intent.programs


def test_every_code_has_a_test():
    assert {wrong.code for wrong in (*WRONG, *WARNED)} | ELSEWHERE == {str(code) for code in Code}


def test_a_name_defined_in_two_files_names_both_places():
    text = f"{HEAD}programs:\n  p: {{}}\n"
    read = read_schedules({"one.yaml": text, "two.yaml": text})
    assert [(error.file, error.line, error.column, error.code) for error in read.errors] == [
        ("two.yaml", 3, 3, "LC-S029")
    ]
    assert "one.yaml:3:3" in read.errors[0].message


def test_the_same_name_may_be_a_program_and_a_calendar():
    text = (
        f'{HEAD}programs: {{a: {{}}}}\ncalendars: {{a: {{default: a}}}}\nassignments: [{{select: "*", calendar: a}}]\n'
    )
    assert read_schedules({"x.yaml": text}).errors == ()


def test_very_many_errors_are_cut_off_and_say_so():
    text = HEAD + "programs: {p: {" + ", ".join(f"x{number}: 1" for number in range(500)) + "}}\n"
    errors = read_schedules({"x.yaml": text}).errors
    assert len(errors) == MAX_FINDINGS_PER_FILE + 1
    assert [error.code for error in errors].count("LC-S030") == 1


def test_very_many_warnings_never_become_an_error():
    text = HEAD + "programs:\n" + "".join(f"  p{number}: {{}}\n" for number in range(MAX_FINDINGS_PER_FILE + 50))
    read = read_schedules({"x.yaml": text})
    assert read.errors == ()
    assert len(read.warnings) == MAX_FINDINGS_PER_FILE + 50


def test_all_errors_of_all_files_come_at_once_in_the_order_of_the_files():
    first = "version: 1\nprograms:\n  p: {start_level: 120, steps: [{at: 25:00, level: x, ramp: 1}]}\n  q: {activ: 1}\n"
    second = "version: 1\ncalendars: {c: {rules: [{weekdays: mo, program: p}], default: r}}\n"
    errors = read_schedules({"b.yaml": first, "a.yaml": second}).errors
    assert [(error.file, error.line, error.code) for error in errors] == [
        ("b.yaml", 3, "LC-S015"),
        ("b.yaml", 3, "LC-S016"),
        ("b.yaml", 3, "LC-S014"),
        ("b.yaml", 3, "LC-S017"),
        ("b.yaml", 4, "LC-S009"),
        ("a.yaml", 2, "LC-S022"),
        ("a.yaml", 2, "LC-S027"),
    ]


def test_a_file_that_cannot_be_read_does_not_make_its_names_unknown():
    broken = "version: 1\nprograms: {p: {}\n"
    calendars = "version: 1\ncalendars: {c: {default: p}}\n"
    assert [error.code for error in read_schedules({"a": broken, "b": calendars}).errors] == ["LC-S002"]


def test_a_finding_shows_the_line_with_a_caret_under_the_place():
    error = read_schedules({"x.yaml": program("{start_level: 120}")}).errors[0]
    line, caret = error.snippet.splitlines()
    assert line == "programs: {p: {start_level: 120}}"
    assert line[caret.index("^") :].startswith("120")
    assert str(error).splitlines()[0].startswith("x.yaml:2:29: LC-S015 ")


def test_the_caret_stays_under_the_place_in_a_very_long_line():
    padding = " " * 500
    error = read_schedules({"x.yaml": program(f"{{description: a,{padding}start_level: 120}}")}).errors[0]
    line, caret = error.snippet.splitlines()
    assert len(line) <= 100
    assert line[caret.index("^") :].startswith("120")


def test_an_unquoted_selector_with_a_list_is_told_to_use_quotes():
    text = HEAD + "protections: [{select: kind in (a,b), min_level: 1}]\n"
    hints = [error.hint for error in read_schedules({"x.yaml": text}).errors]
    assert any("quotes" in hint for hint in hints)
