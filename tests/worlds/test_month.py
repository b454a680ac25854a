"""A small slice of the scripted month, and controls: rules broken on purpose must show in precision or recall."""

from __future__ import annotations

import json

import pytest

from simulators.specs import FAULT_KINDS
from tests.campaigns.month import main, told
from tests.worlds.run import BREAKS, Lived, Plan, live

SMALL = Plan(seed=1, lamps=150, nights=4)
# `slow` is real time, `stuck` shows as two faults one after the other, `unit_dead` and `breaker_trip` are on lines.
NOT_IN_IT = {"slow", "stuck"}


@pytest.fixture(scope="module")
def lived() -> Lived:
    return live(SMALL)


def test_every_fault_is_found_once_and_none_is_invented(lived):
    assert lived.score.missed == []
    assert lived.score.false == []
    assert lived.score.unseen == []
    assert (lived.score.precision, lived.score.recall) == (1.0, 1.0)
    assert lived.score.found == sum(len(each.expected) for each in lived.script.injected)


def test_the_script_has_every_kind_of_fault_there_is(lived):
    put_in = {fault.kind for each in (*lived.script.injected, *lived.script.noise) for fault in each.faults}
    assert put_in == FAULT_KINDS - NOT_IN_IT


def test_energy_is_within_a_percent_of_the_lamps_own(lived):
    assert lived.energy.truth_kwh > 100
    assert abs(lived.energy.error_percent) < 1


def test_no_invariant_was_broken_and_no_message_refused(lived):
    assert lived.violations == []
    assert lived.refused == []
    assert lived.passed


def test_what_happens_to_lamps_a_crew_works_on_is_no_alarm(lived):
    assert lived.score.suppressed >= 3


@pytest.mark.parametrize("breaking", sorted(BREAKS))
def test_rules_that_are_broken_on_purpose_are_found_out(breaking):
    broken = live(Plan(seed=1, lamps=150, nights=2, breaking=breaking))
    assert not broken.passed
    assert broken.score.precision < 0.9 or broken.score.recall < 0.97


def test_the_command_says_what_it_found_as_json(capsys, lived):
    assert main(["--lamps", "150", "--nights", "1", "--seed", "2", "-o", "json"]) in (0, 1)
    said = json.loads(capsys.readouterr().out)
    assert said.keys() == json.loads(json.dumps(told(lived))).keys()
