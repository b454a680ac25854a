"""Every door keeps its word for every input that was ever kept, and a short search goes on from there."""

from __future__ import annotations

import importlib.util
import json

import pytest

from tests.campaigns import fuzz
from tests.fuzz.breaks import BREAKS, broken
from tests.fuzz.corpus import found, keep, kept, telling
from tests.fuzz.targets import TARGETS, Target, judge

GUIDED = importlib.util.find_spec("atheris") is not None


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_that_was_kept_breaks_a_door(name):
    inputs = [*TARGETS[name].seeds(), *kept(name)]
    failed = {repr(data): what for data in inputs if (what := fuzz.fails(name, data))}
    assert failed == {}


@pytest.mark.parametrize("name", TARGETS)
def test_a_door_whose_guard_is_spoiled_is_broken_by_a_kept_input(name):
    with broken(name):
        assert any(fuzz.fails(name, data) for data in [*TARGETS[name].seeds(), *kept(name)])


def test_every_door_has_a_guard_to_spoil_and_kept_inputs():
    assert BREAKS.keys() == TARGETS.keys()
    assert [name for name in TARGETS if not kept(name)] == []


def test_an_input_that_takes_too_long_is_a_failure():
    slow = Target(lambda _: sum(range(3_000_000)), lambda: (), limit_s=0.001)
    with pytest.raises(AssertionError, match=r"more than 0\.001 s"):
        judge(slow, b"")


def test_what_failed_once_is_kept_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.fuzz.corpus.FOLDER", tmp_path)
    keep("words", [b"a", b"b"], failed=[b"once"])
    keep("words", [b"c", b"once"])
    assert (found("words"), kept("words")) == ([b"once"], [b"once", b"c"])


def test_of_many_inputs_those_are_kept_that_go_another_way():
    assert telling(TARGETS["words"].run, [b"a=b", b"c=d", b"sunset", b"a=b"]) == [b"a=b", b"sunset"]


def test_a_failing_input_is_made_small():
    with broken("words"):
        what = fuzz.fails("words", b"sunset-100000m")
        assert what.startswith("ValueError")
        assert len(fuzz.shrink("words", b"sunset-100000m", what)) < 10


@pytest.mark.skipif(not GUIDED, reason="atheris has no wheel for this system")
@pytest.mark.parametrize("name", ["words", "registers"])
def test_a_short_search_finds_nothing_and_says_what_it_did(name, capsys):
    assert fuzz.main(["--target", name, "--rounds", "2000", "-o", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["rounds"] == 2000
    assert said["targets"][0]["edges"] > 50


@pytest.mark.skipif(not GUIDED, reason="atheris has no wheel for this system")
def test_a_search_that_must_fail_does(capsys):
    assert fuzz.main(["--target", "words", "--rounds", "5000", "--controls"]) == 0
    assert "missed: []" in capsys.readouterr().out
