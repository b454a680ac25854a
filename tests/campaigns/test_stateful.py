"""The campaign of any order of events tells a broken rule small, and again by its command."""

from __future__ import annotations

import json

from tests.campaigns import stateful


def test_a_broken_store_is_told_small_and_again_by_its_command(capsys):
    arguments = ["--machine", "store", "--rounds", "60", "--break", "leaves no entry", "-o", "json"]
    assert stateful.main(arguments) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["failed"] == ["store"]
    assert told["repeat"].endswith("--machine store --rounds 60 --break 'leaves no entry' -o json")
    failure = told["machines"][0]["failure"]
    assert "AssertionError" in failure
    assert failure.count("state.") < 25, "a few steps, not all that were taken"
