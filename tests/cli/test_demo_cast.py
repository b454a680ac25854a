"""The demo's processes: they load before it is their turn, and nobody is left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lightctl.cli.demo.cast import Cast
from lightctl.cli.demo.night import Outcome
from lightctl.domain.errors import LinkDown

UNDERSTUDY = [sys.executable, "-m", "lightctl.cli.demo.understudy"]


def play(cue: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*UNDERSTUDY, *arguments], input=cue, capture_output=True, text=True, timeout=60, check=False)


def test_an_understudy_becomes_its_module_with_the_arguments_of_its_cue():
    played = play('["-c", "{\\"a\\": 1}"]\n', "json.tool", "json.decoder")
    assert played.stdout.startswith("{}\n")
    assert played.returncode == 2, "json.tool knows no -c: it was started with the arguments of the cue"
    assert "json.tool: error" in played.stderr


def test_an_understudy_without_a_cue_ends():
    assert play("", "json.tool").returncode == 0


def test_a_cast_starts_ends_and_replaces_its_processes_and_leaves_none(tmp_path: Path):
    with Cast(tmp_path) as cast:
        cast.await_broker()
        cast.await_loaded()
        cast.begin("simulators", "no-such-scenario.yaml")
        with pytest.raises(LinkDown, match="no-such-scenario"):
            cast.next_line("simulators")
        cast.kill("simulators")
        cast.begin("simulators", "--help")
        pids = [cast.pid("simulators"), cast.pid("daemon"), cast.broker.pid]
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_the_outcome_says_when_the_first_lamp_was_lit():
    assert json.loads(json.dumps(Outcome(1, 3, 2.5).as_json()))["first_lit_s"] == 2.5
