"""schedule plan, apply, undo, approve, diff, history, proposals: by every way to a city."""

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


def version(city: Cli) -> int:
    return int(city.done("schedule", "history", "-o", "json").json()[0]["version"])


def test_a_plan_in_a_file_is_shown_kept_and_put_in_force(sheets: Cli) -> None:
    shown = sheets.done("schedule", "plan", "dimmed.yaml", "--out", "plan.json")
    assert "program residential changed: step 00:30: 50 %, fading 30s -> 40 %, fading 30s" in shown.out
    assert "4 light points change in the 366 nights from 2026-11-23 on" in shown.out
    assert "kWh a year" in shown.out
    assert version(sheets) == 1
    plan = json.loads((sheets.folder / "plan.json").read_text())
    assert sheets.done("schedule", "plan", "dimmed.yaml", "-o", "json").json()["plan"]["id"] == plan["plan"]["id"]
    view = sheets.done("schedule", "apply", "plan.json", "--reason", "quiet hours", "-o", "json").json()
    assert (view["applied"], view["version"], view["affected"]) == (True, 2, 4)
    newest = sheets.done("schedule", "history", "-o", "json").json()[0]
    assert (newest["reason"], newest["affected"], newest["in_force"]) == ("quiet hours", 4, True)


def test_what_a_relay_loses_is_shown_and_needs_the_operators_word(sheets: Cli) -> None:
    relay = "id,lat,lon,state,profile,node,link,address\nR-1,51.2,7.1,in_use,cabinet,K-1,line,3\n"
    sheets.done("inventory", "import", "-", "--yes", stdin=relay)
    shown = sheets.done("schedule", "plan", "dimmed.yaml", "--out", "plan.json")
    assert "cabinet (1 light point) loses of a lamp's year:" in shown.out
    assert "levels (" in shown.out
    ran = sheets("schedule", "apply", "plan.json", "--yes")
    assert ran.code == ExitCode.REFUSED
    assert "say --accept-losses if you mean it" in ran.err
    assert version(sheets) == 1
    view = sheets.done("schedule", "apply", "plan.json", "--yes", "--accept-losses", "-o", "json").json()
    assert (view["version"], view["plan"]["guards"]) == (2, [])
    (lost,) = view["plan"]["losses"]
    assert (lost["model"], lost["light_points"], lost["changes_light"]) == ("cabinet", 1, True)


def test_a_stale_plan_is_refused_and_changes_nothing(sheets: Cli) -> None:
    sheets.done("schedule", "plan", "dimmed.yaml", "--out", "plan.json")
    sheets.done("schedule", "apply", "same.yaml", "--yes")
    ran = sheets("schedule", "apply", "plan.json", "--yes")
    assert ran.code == ExitCode.REFUSED
    assert "stale" in ran.err
    assert version(sheets) == 2


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"lightctl_plan": 1, "plan": {}, "files": {}}', "version: 1\n"])
def test_a_file_that_is_no_plan_is_refused_in_words(sheets: Cli, text: str) -> None:
    (sheets.folder / "wrong.json").write_text(text)
    ran = sheets("schedule", "apply", "wrong.json")
    assert (ran.code, ran.out) == (ExitCode.USAGE, "")
    assert "it is no plan" in ran.err


def test_a_plan_of_files_with_errors_is_refused_with_their_place(sheets: Cli) -> None:
    (sheets.folder / "bad.yaml").write_text("version: 1\nprograms:\n  p:\n    start_level: 120\n")
    ran = sheets("schedule", "plan", "bad.yaml", "--out", "plan.json")
    assert (ran.code, ran.out) == (ExitCode.USAGE, "")
    assert "bad.yaml:4:" in ran.err
    assert not (sheets.folder / "plan.json").exists()


def test_what_a_guard_rail_stops_a_second_person_lets_pass(sheets: Cli) -> None:
    secret = sheets.done("token", "create", "sven", "--role", "operator", "-o", "json").json()["secret"]
    sven = {"LIGHTCTL_TOKEN": secret}
    ran = sheets("schedule", "apply", "dark.yaml", "--yes", "-o", "json")
    assert ran.code == ExitCode.REFUSED
    plan = ran.json()["plan"]["id"]
    assert ran.json()["plan"]["guards"][0]["rule"] == "dark_minutes"
    assert version(sheets) == 1
    (waiting,) = sheets.done("schedule", "proposals", "-o", "json").json()
    assert (waiting["plan"], waiting["approved_by"]) == (plan, "")
    assert sheets("schedule", "approve", plan, "--yes").code == ExitCode.NOT_PERMITTED
    tried = sheets("schedule", "approve", plan, "--dry-run", environ=sven)
    assert tried.code == ExitCode.OK
    assert "dark minutes a night" in tried.out
    approved = sheets("schedule", "approve", plan, "--yes", "--reason", "council", "-o", "json", environ=sven)
    assert approved.json()["approved_by"] == "sven"
    assert sheets.done("schedule", "apply", "dark.yaml", "--yes", "-o", "json").json()["version"] == 2
    verbs = [entry["verb"] for entry in sheets.done("audit", "list", "-o", "json").json()][:3]
    assert verbs == ["schedule apply", "schedule approve", "schedule refused"]
    assert sheets("schedule", "approve", "plan-0", environ=sven).code == ExitCode.NOT_FOUND


def test_a_refusal_tells_people_what_they_can_do(sheets: Cli) -> None:
    ran = sheets("schedule", "apply", "dark.yaml", "--yes")
    assert ran.code == ExitCode.REFUSED
    assert "needs a second person" in ran.out
    assert "lightctl schedule approve plan-" in ran.err
    assert ran.err.count("error:") == 1


def test_undo_brings_the_version_before_back(sheets: Cli) -> None:
    assert sheets("schedule", "undo").code == ExitCode.NOT_FOUND
    sheets.done("schedule", "apply", "dimmed.yaml", "--yes")
    tried = sheets.done("schedule", "undo", "--dry-run")
    assert "40 %, fading 30s -> 50 %" in tried.out
    assert version(sheets) == 2
    assert sheets.done("schedule", "undo", "--yes", "-o", "json").json()["version"] == 3
    assert sheets.done("schedule", "diff", "same.yaml", "-o", "json").json() == {"differences": []}
    assert sheets.done("schedule", "undo", "--to", "2", "--yes", "-o", "json").json()["version"] == 4
    causes = [each["cause"] for each in sheets.done("schedule", "history", "-o", "json").json()]
    assert causes == ["undo of 3", "undo of 2", "apply", "apply"]
    assert "in force" in sheets.done("schedule", "history").out


def test_diff_tells_what_differs_and_says_so_with_its_exit_code(sheets: Cli) -> None:
    same = sheets("schedule", "diff", "same.yaml", "--exit-code")
    assert (same.code, same.out) == (ExitCode.OK, "")
    assert "nothing differs" in same.err
    ran = sheets("schedule", "diff", "dimmed.yaml", "--exit-code")
    assert ran.code == ExitCode.DIFFERENT
    assert "step 00:30: 50 %, fading 30s -> 40 %" in ran.out
    assert sheets("schedule", "diff", "dimmed.yaml").code == ExitCode.OK
    sheets.done("schedule", "apply", "dimmed.yaml", "--yes")
    (last,) = sheets.done("schedule", "diff", "-o", "json").json()["differences"]
    assert (last["name"], last["verb"]) == ("residential", "changed")
    first = sheets.done("schedule", "diff", "--from", "0", "--to", "1", "-o", "json").json()["differences"]
    assert {each["verb"] for each in first} == {"added"}
    assert sheets("schedule", "diff", "--to", "9").code == ExitCode.NOT_FOUND
    assert sheets("schedule", "diff", "same.yaml", "--to", "1").code == ExitCode.USAGE
