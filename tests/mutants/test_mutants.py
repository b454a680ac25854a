"""Mutation testing changes what it should, finds what tests do not notice, and is stopped by nothing."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.mutants.mutate import mutants_of
from tests.mutants.rooms import ROOMS, ROOT, equivalents


def changes(tmp_path, text: str) -> list[str]:
    (tmp_path / "room.py").write_text(text)
    return [each.words for each in mutants_of(tmp_path / "room.py", tmp_path)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("return a < b", ["return a < b => return None", "a < b => a <= b", "a < b => a >= b"]),
        ("return a is b", ["return a is b => return None", "a is b => a is not b"]),
        ("return a and b", ["return a and b => return None", "a and b => a or b"]),
        ("return a + b", ["return a + b => return None", "a + b => a - b"]),
        ("return 7", ["return 7 => return None", "7 => 8", "7 => 6"]),
        ("return True", ["return True => return None", "True => False"]),
        ("return max(a)", ["return max(a) => return None", "max(a) => min(a)"]),
        ("a.clear()", ["a.clear() => left out"]),
        ("a.b = c", ["a.b = c => left out"]),
        ("a -= b", ["a -= b => left out"]),
        ("raise a", ["raise a => left out"]),
        ("if a: b()", ["a => not a", "b() => left out"]),
        ("if not a: b()", ["not a => a", "b() => left out"]),
        ("x = [c for c in a if c]", ["for c in a if c => for c in a if not c"]),
    ],
)
def test_each_kind_of_slip_is_made(tmp_path, line, expected):
    assert changes(tmp_path, f"def f(a, b):\n    {line}\n") == expected


@pytest.mark.parametrize(
    "line",
    [
        '"words"',
        "x = a",
        "return None",
        "assert a < 3",
        'x = "a" + b',
        "x: tuple[int, 3] = a",
        "x = zip(a, b, strict=True)",
    ],
)
def test_what_is_no_slip_or_is_noticed_by_any_call_is_left_alone(tmp_path, line):
    assert changes(tmp_path, f"def f(a, b=3):\n    {line}\n") == []


def test_a_mutant_keeps_its_name_when_lines_move_and_equal_ones_are_told_apart(tmp_path):
    text = "LIMIT = 3\nclass Lamp:\n    def f(self, a):\n        a.go()\n        a.go()\n"
    (tmp_path / "room.py").write_text(text)
    keys = [each.key for each in mutants_of(tmp_path / "room.py", tmp_path)]
    assert keys == [
        "room.py -: LIMIT = 3 => 4",
        "room.py -: LIMIT = 3 => 2",
        "room.py Lamp.f: a.go() => left out",
        "room.py Lamp.f: a.go() => left out (2)",
    ]
    (tmp_path / "room.py").write_text(f"# moved\n\n{text}")
    assert [each.key for each in mutants_of(tmp_path / "room.py", tmp_path)] == keys


def test_every_mutant_listed_as_never_to_be_seen_exists_and_says_why():
    keys = {each.key for room in ROOMS.values() for each in room.mutants()}
    assert [key for key, why in equivalents().items() if key not in keys or not why] == []


def campaign(*options: str) -> tuple[int, dict[str, object]]:
    command = [sys.executable, "-m", "tests.campaigns", "mutants", *options, "-o", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_the_tests_of_a_room_kill_its_mutants():
    code, told = campaign("--room", "fit", "--rounds", "12", "--tests", "tests/devices/test_fit.py")
    (room,) = told["rooms"]
    assert (code, told["failed"], room["mutants"], room["survivors"]) == (0, [], 12, [])


def test_against_tests_that_insist_on_nothing_every_mutant_lives():
    code, told = campaign("--room", "fit", "--rounds", "30", "--tests", "tests/mutants/toothless.py")
    (room,) = told["rooms"]
    assert (code, told["failed"], room["killed"], len(room["survivors"])) == (1, ["fit"], 0, 30)
    assert {each["state"] for each in room["survivors"]} == {"survived", "unreached"}


def test_a_mutant_that_never_ends_is_stopped_and_counts_as_noticed():
    endless = ("--only", "Plan.floor_within: date += ONE_DAY => left out")
    code, told = campaign("--room", "planning", *endless, "--tests", "tests/planning/test_below_protection.py")
    (room,) = told["rooms"]
    assert (code, room["mutants"], room["timed_out"]) == (0, 1, 1)
