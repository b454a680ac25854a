from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightctl.domain.programs import NO_INTENT
from lightctl.files.findings import Code
from lightctl.files.schedules import read_schedules

SCHEDULES = Path(__file__).parents[2] / "schedules"
VALID = tuple(path.read_text(encoding="utf-8") for path in sorted(SCHEDULES.glob("*.yaml")))
PIECES = ("{", "}", "[", "]", ":", "- ", "? ", "&a ", "*a", "!!int ", "|", ">", "'", '"', "#", "%YAML 1.1\n", "---\n",
          "...\n", "\t", "\n", "\x00", "\ufeff", "\u2028", "\x85", "\ud800", "\U0010ffff", "<<: *a", "null", "~", "0x1",
          "1e999", "1350", "sunset", "..", "-", "9" * 5000, " " * 200, "@", "`", "\\", "!", "&", "*")  # fmt: skip


def check_says_something(text: str) -> None:
    read = read_schedules({"x.yaml": text})
    for finding in (*read.errors, *read.warnings):
        assert finding.code in Code
        assert finding.message
        assert finding.line >= 1
        assert finding.column >= 1
        assert finding.snippet.isprintable() or "\n" in finding.snippet
    if read.errors:
        assert read.intent is NO_INTENT


@given(st.text(max_size=300))
def test_no_text_at_all_raises(text):
    check_says_something(text)


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_no_heap_of_yaml_signs_raises(text):
    check_says_something("version: 1\nprograms:\n" + text)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(VALID), st.data())
def test_no_damaged_schedule_raises(text, data):
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 20)))
        text = text[:start] + data.draw(st.sampled_from(("", *PIECES))) + text[end:]
    check_says_something(text)


def test_a_schedule_cut_at_any_line_or_character_of_its_head_raises_nothing():
    text = VALID[0]
    for end in (*range(120), *(index for index, sign in enumerate(text) if sign == "\n")):
        check_says_something(text[:end])


@pytest.mark.parametrize(
    "text",
    [
        "[" * 5000,
        "{a: " * 2000,
        "- " * 2000,
        "? " * 2000,
        "&a [" * 1000,
        "!" * 5000,
        "%YAML 1." + "9" * 5000 + "\n---\na",
        "a: " + '"' * 5001,
        "version: 1\nprotections: [{min_level: 1, select: 'a" + " " * 5000 + "('}]",
        "version: 1\nprotections: [{min_level: 1, select: 'a=" + "b " * 2500 + "('}]",
        "version: 1\nprograms: {p: {active: '" + "." * 5000 + "'}}",
        "version: 1\nprograms: {p: {active: 'dusk(" + " " * 5000 + " .. sunset'}}",
        "version: 1\nprograms: {p: {steps: [{at: " + "9" * 5000 + ", level: " + "9" * 5000 + "}]}}",
        "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: &d [*c,*c]\ne: [*d,*d]",
    ],
    ids=lambda text: text[:30],
)
def test_a_small_hostile_file_is_refused_within_a_tenth_of_a_second(text):
    read_schedules({"x.yaml": "version: 1"})
    spent = []
    for _ in range(3):  # the best of three: the figure is ours, not the machine's other work
        start = time.process_time()
        errors = read_schedules({"x.yaml": text}).errors
        spent.append(time.process_time() - start)
    assert errors
    assert min(spent) < 0.1


def test_reading_time_grows_with_the_text_and_not_with_its_square():
    def spent(size: int) -> float:
        body = "".join(
            f"  p{n}:\n    steps: [{{at: '22:00', level: 7}}, {{at: dawn, level: 9}}]\n" for n in range(size)
        )
        start = time.process_time()
        assert read_schedules({"x.yaml": f"version: 1\nprograms:\n{body}"}).errors == ()
        return time.process_time() - start

    spent(10)
    assert spent(800) < 30 * min(spent(100), spent(100))
