"""rollout start, list, status, pause, resume, undo: by every way to a city."""

from __future__ import annotations

import json

import pytest

from lightctl.cli.failures import ExitCode
from tests.support.doors import TEMPLATES, Cli

TEMPLATE = (TEMPLATES / "residential.yaml").read_text()
DIMMED = TEMPLATE.replace('"00:30", level: 50', '"00:30", level: 40')
DARK = TEMPLATE.replace('"00:30", level: 50', '"00:30", level: 0')


@pytest.fixture
def sheets(city: Cli) -> Cli:
    for name, text in (("same.yaml", TEMPLATE), ("dimmed.yaml", DIMMED), ("dark.yaml", DARK)):
        (city.folder / name).write_text(text)
    return city


def test_a_roll_out_is_tried_started_shown_paused_resumed_and_undone(sheets: Cli) -> None:
    assert sheets.done("rollout", "list").err == "no roll-out yet\n"
    assert sheets("rollout", "status").code == ExitCode.NOT_FOUND
    order = ("rollout", "start", "dimmed.yaml", "--canary", "1", "--waves", "50%,100%", "--window", "22:00-05:00")
    tried = sheets.done(*order, "--dry-run")
    assert [line.split()[:2] for line in tried.out.splitlines()[-4:]] == [
        ["WAVE", "NODES"], ["canary", "1"], ["1", "1"], ["2", "1"],
    ]  # fmt: skip
    assert "nothing was changed" in tried.err
    view = sheets.done(*order, "--yes", "--reason", "quiet hours", "-o", "json").json()
    assert (view["id"], view["state"], view["nodes"], view["reason"]) == ("1", "running", 3, "quiet hours")
    assert (view["window"], view["max_failures_percent"], view["on_failure"]) == ("22:00-05:00", 5.0, "pause")
    assert [wave["nodes"] for wave in view["waves"]] == [1, 1, 1]
    refused = sheets("schedule", "apply", "same.yaml", "--yes")
    assert refused.code == ExitCode.REFUSED
    assert "roll-out 1 is running" in refused.err
    assert sheets("rollout", "start", "dimmed.yaml", "--yes").code == ExitCode.REFUSED
    shown = sheets.done("rollout", "status").out
    assert "0.0" not in shown
    assert "5 % may fail, else pause" in shown
    assert sheets.done("rollout", "pause", "--reason", "storm", "-o", "json").json()["state"] == "paused"
    assert "paused: by" in sheets.done("rollout", "status", "1").out
    assert sheets.done("rollout", "resume", "1", "--yes", "-o", "json").json()["state"] == "running"
    assert sheets.done("rollout", "undo", "--yes", "-o", "json").json()["state"] == "undone"
    (listed,) = sheets.done("rollout", "list", "-o", "json").json()
    assert (listed["id"], listed["state"], listed["moved"]) == ("1", "undone", 0)
    assert sheets("rollout", "undo", "1").code == ExitCode.USAGE
    assert sheets.done("schedule", "history", "-o", "json").json()[0]["version"] == 1
    verbs = [entry["verb"] for entry in sheets.done("audit", "list", "-o", "json").json()]
    assert verbs.count("rollout start") == 1
    assert {"rollout pause", "rollout resume", "rollout undo"} < set(verbs)


def test_a_plan_of_a_file_is_rolled_out_under_its_guard_rails(sheets: Cli) -> None:
    sheets.done("schedule", "plan", "dark.yaml", "--out", "plan.json")
    ran = sheets("rollout", "start", "plan.json", "--yes")
    assert ran.code == ExitCode.REFUSED
    assert "start again" in ran.err
    assert any(line.startswith("needs a second person") for line in ran.out.splitlines())
    ran = sheets("rollout", "start", "plan.json", "--yes", "-o", "json")
    assert json.loads(ran.out)["plan"]["guards"]
    assert len(sheets.done("schedule", "proposals", "-o", "json").json()) == 1


def test_what_cannot_be_rolled_out_is_said_with_its_place(hosted: Cli) -> None:
    for name, text in (("bad.yaml", "version: 1\nprograms:\n  p:\n    start_level: 120\n"), ("dimmed.yaml", DIMMED)):
        (hosted.folder / name).write_text(text)
    ran = hosted("rollout", "start", "bad.yaml", "--yes")
    assert ran.code == ExitCode.USAGE
    assert "bad.yaml:4:" in ran.err
    ran = hosted("rollout", "start", "dimmed.yaml", "--yes", "--waves", "50%,10%")
    assert (ran.code, ran.out) == (ExitCode.USAGE, "")
    assert "waves: each wave has those before in it" in ran.err
    assert hosted("rollout", "start", "dimmed.yaml", "--soak", "long").code == ExitCode.USAGE
    assert hosted("rollout", "pause", "9").code == ExitCode.NOT_FOUND
    assert hosted.done("rollout", "list", "-o", "json").json() == []


def test_waiting_ends_when_it_is_paused_or_there_is_no_time_left(hosted: Cli) -> None:
    (hosted.folder / "dimmed.yaml").write_text(DIMMED)
    ran = hosted("rollout", "start", "dimmed.yaml", "--yes", "--wait", "--timeout", "0.01")
    assert ran.code == ExitCode.UNREACHABLE
    assert "the roll-out goes on" in ran.err


def test_where_no_daemon_runs_that_is_said(offline: Cli) -> None:
    (offline.folder / "dimmed.yaml").write_text(DIMMED)
    ran = offline.done("rollout", "start", "dimmed.yaml", "--yes")
    assert "no daemon runs" in ran.err
