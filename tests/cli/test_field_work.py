"""maintenance, node claim, replace and self-test on the command line, by every way."""

from __future__ import annotations

import json

import pytest

from lightctl.cli.failures import ExitCode
from lightctl.domain.events import NodeDiscovered
from lightctl.domain.states import CommandState
from lightctl.store.base import Recorded
from lightctl.store.sqlite import SqliteStore
from tests.support.doors import EVENING, Cli, Street
from tests.support.stores import fault

NEW = "id,lat,lon,state\nLP-0006,51.25800,7.15300,planned\nLP-0007,51.25900,7.15300,planned\n"
LABEL = "lightctl:N-0099:native:mqtt"
WHY = ("--reason", "cable works")


def started(cli: Cli, *argv: str) -> dict[str, object]:
    return cli.done("maintenance", "start", *argv, *WHY, "-o", "json").json()


def test_a_maintenance_is_started_listed_and_stopped_by_its_name(city: Cli) -> None:
    name = started(city, "group:centre", "--off", "--for", "4h")["change"]
    (shown,) = city.done("maintenance", "list", "-o", "json").json()
    assert (shown["id"], shown["target"], shown["level"], shown["running"]) == (name, "group=centre", 0, True)
    assert shown["until"].startswith("2026-11-24T00:3")
    assert city.done("why", "LP-0001", "-o", "json").json()["reason"] == "override"
    assert city.done("status", "-o", "json").json()["maintenances"] == 1
    assert "1 running" in city.done("status").out
    assert name in city.done("light", "show", "LP-0001").out
    ran = city.done("maintenance", "stop", str(name), "--reason", "done")
    assert f"{name} is over" in ran.err
    assert city.done("maintenance", "list").out == ""
    table = city.done("maintenance", "list", "--ended").out
    assert str(name) in table
    assert "cable works" in table
    assert city.done("why", "LP-0001", "-o", "json").json()["reason"] == "program"


@pytest.mark.parametrize(("argv", "level"), [(("--on",), 100), (("--level", "30"), 30), ((), None)])
def test_a_maintenance_holds_the_level_asked_for_or_leaves_the_light_as_it_is(
    offline: Cli, argv: tuple[str, ...], level: int | None
) -> None:
    started(offline, "LP-0001", "LP-0002", "--until", "23:00", *argv)
    (shown,) = offline.done("maintenance", "list", "-o", "json").json()
    assert (shown["level"], shown["until"], shown["light_points"]) == (level, "2026-11-23T22:00:00Z", 2)


def test_a_protection_is_gone_below_only_by_name(city: Cli) -> None:
    kept = city.done("maintenance", "start", "LP-0003", "--off", *WHY)
    assert "the protection of 1 light point holds" in kept.err
    assert city.done("why", "LP-0003", "-o", "json").json()["level"] == 100
    named = city.done("maintenance", "start", "LP-0003", "--off", "--below-protection", *WHY)
    assert "goes below the protection of 1 light point by name" in named.err
    verdict = city.done("why", "LP-0003", "-o", "json").json()
    assert (verdict["level"], verdict["reason"]) == (0, "override")
    assert "by name" in city.done("audit", "list", "--limit", "1", "-o", "json").json()[0]["detail"]


@pytest.mark.parametrize(
    ("argv", "code", "word"),
    [
        (("LP-0001", "--off"), ExitCode.USAGE, "needs one"),
        (("LP-0001", "--off", "--on", *WHY), ExitCode.USAGE, "more than one"),
        (("LP-0001", "--below-protection", *WHY), ExitCode.USAGE, "nothing to go below with"),
        (("LP-0001", "--for", "25h", *WHY), ExitCode.USAGE, "max_maintenance_h"),
        (("LP-0001", "--for", "1h", "--until", "23:00", *WHY), ExitCode.USAGE, "Give one of them"),
        (("LP-9999", *WHY), ExitCode.NOT_FOUND, "LP-9999"),
        (("-l", "*", "--max-affected", "4", *WHY), ExitCode.REFUSED, "5 light points"),
    ],
)
def test_a_maintenance_that_cannot_be_is_refused_with_its_exit_code(
    city: Cli, argv: tuple[str, ...], code: ExitCode, word: str
) -> None:
    ran = city("maintenance", "start", *argv)
    assert (ran.code, ran.out) == (code, "")
    assert word in ran.err
    assert city.done("maintenance", "list", "--ended", "-o", "json").json() == []


def test_resume_does_not_end_what_a_crew_asked_for(city: Cli) -> None:
    name = started(city, "LP-0001", "--off")["change"]
    ran = city("resume", "LP-0001")
    assert ran.code == ExitCode.REFUSED
    assert str(name) in ran.err
    assert city("maintenance", "stop", "maintenance-0").code == ExitCode.NOT_FOUND


def test_waiting_for_a_maintenance_says_how_the_nodes_answered(hosted: Cli, street: Street) -> None:
    street.answers = {"N-0001": CommandState.CONFIRMED, "N-0002": CommandState.FAILED}
    assert hosted("maintenance", "start", "LP-0001", "--off", "--wait", *WHY).code == ExitCode.OK
    assert hosted("maintenance", "start", "LP-0002", "--off", "--wait", *WHY).code == ExitCode.FAILED
    assert hosted("maintenance", "start", "LP-0004", "--wait", *WHY).code == ExitCode.OK


def test_a_planned_light_point_gets_the_node_of_a_label_and_is_in_use(city: Cli) -> None:
    city.done("inventory", "import", "-", stdin=NEW)
    ran = city.done("node", "claim", "--qr", LABEL, "LP-0006", "--reason", "new street")
    assert "LP-0006 is switched by node N-0099 channel 0 (native on mqtt)" in ran.err
    light = city.done("light", "show", "LP-0006", "-o", "json").json()
    assert (light["node"], light["state"]) == ("N-0099", "in_use")
    (mounting,) = city.done("light", "nodes", "LP-0006", "-o", "json").json()
    assert (mounting["node"], mounting["until"]) == ("N-0099", None)
    assert mounting["since"].startswith("2026-11-23T20:3")


def test_a_node_heard_is_listed_and_claimed_by_the_nearest_place_that_waits(offline: Cli) -> None:
    offline.done("inventory", "import", "-", stdin=NEW)
    assert "is in the inventory" in offline.done("node", "unclaimed").err
    store = SqliteStore(offline.folder / "store")
    topic = "lightctl/v1/main/N-0099/hello"
    store.commit(Recorded(discovered=(NodeDiscovered("N-0099", "mqtt", topic, EVENING, "Lux 3"),)))
    store.close()
    (node,) = offline.done("node", "unclaimed", "-o", "json").json()
    assert (node["id"], node["profile"], node["claimed"]) == ("N-0099", "native", False)
    assert "Lux 3" in offline.done("node", "unclaimed").out
    far = offline("node", "claim", "N-0099", "--nearest", "51.3,7.2")
    assert far.code == ExitCode.NOT_FOUND
    change = offline.done("node", "claim", "N-0099", "--nearest", "51.2580,7.1531", "-o", "json").json()
    assert change["points"][0]["id"] == "LP-0006"


@pytest.mark.parametrize(
    "argv",
    [
        ("N-0099",),
        ("N-0099", "LP-0001", "LP-0002"),
        ("--qr", "N-0099", "N-0099", "LP-0001"),
        ("N-0099", "--nearest", "here"),
        ("N-0099", "--nearest", "51.2"),
        ("N-0099", "--nearest", "91,7"),
        ("--qr", "no label", "LP-0001"),
        ("N-0002", "LP-0001"),
    ],
)
def test_a_claim_nobody_can_understand_or_that_is_taken_is_exit_code_2(offline: Cli, argv: tuple[str, ...]) -> None:
    ran = offline("node", "claim", *argv)
    assert (ran.code, ran.out) == (ExitCode.USAGE, "")
    assert ran.err


def test_a_node_is_replaced_and_its_light_points_keep_their_history(city: Cli) -> None:
    before = {light["id"]: light for light in city.done("inventory", "list", "-o", "json").json()}
    assert city("node", "replace", "N-0004", "N-0001", *WHY).code == ExitCode.USAGE
    assert "LP-0001" in city("node", "replace", "N-0004", "N-0001", *WHY).err
    city.done("node", "replace", "N-0004", "N-0099", "--reason", "driver burnt")
    after = {light["id"]: light for light in city.done("inventory", "list", "-o", "json").json()}
    for light in ("LP-0004", "LP-0005"):
        assert after[light] == before[light] | {"node": "N-0099"}
        nodes = city.done("light", "nodes", light, "-o", "json").json()
        assert [each["node"] for each in nodes] == ["N-0004", "N-0099"]
    assert city("node", "show", "N-0004").code == ExitCode.NOT_FOUND
    entry = city.done("audit", "list", "--limit", "1", "-o", "json").json()[0]
    assert (entry["verb"], entry["target"], entry["reason"]) == ("node replace", "N-0004", "driver burnt")


def test_a_replacement_wants_a_reason_and_one_new_node(offline: Cli) -> None:
    for argv in (("N-0004", "N-0099"), ("N-0004", *WHY), ("N-0004", "N-0099", "--qr", LABEL, *WHY)):
        assert offline("node", "replace", *argv).code == ExitCode.USAGE
    assert offline.done("node", "replace", "N-0004", "--qr", LABEL, "--dry-run", *WHY).code == ExitCode.OK
    assert offline.done("node", "show", "N-0004", "-o", "json").json()["channels"] == {"0": "LP-0004", "1": "LP-0005"}


def test_a_self_test_is_begun_shown_and_refused_without_a_daemon(city: Cli) -> None:
    if city.way == "store":
        ran = city("node", "self-test", "LP-0001")
        assert (ran.code, ran.out) == (ExitCode.UNREACHABLE, "")
        return
    plan = city.done("node", "self-test", "LP-0003", "--dry-run", "-o", "json").json()
    assert [check["name"] for check in plan["checks"] if not check["skipped"]] == ["on"]
    ran = city.done("node", "self-test", "N-0004", "--step", "1m", "-o", "json")
    test = json.loads(ran.out)
    assert (test["finished"], test["ok"], test["node"]) == (False, None, "N-0004")
    again = city.done("node", "self-test", "--show", test["test"])
    assert again.out.split()[:4] == ["CHECK", "LIGHT", "RESULT", "DETAIL"]
    assert city("node", "self-test", "N-0004").code == ExitCode.USAGE
    assert city("node", "self-test", "--show", "self-test-0").code == ExitCode.NOT_FOUND
    assert city("node", "self-test").code == ExitCode.USAGE


def test_faults_that_a_maintenance_keeps_back_are_listed_with_all(offline: Cli) -> None:
    store = SqliteStore(offline.folder / "store")
    store.commit(Recorded(faults=(fault("LP-0001", suppressed_by="maintenance-1"), fault("LP-0002"))))
    store.close()
    assert [each["subject"] for each in offline.done("fault", "list", "-o", "json").json()] == ["LP-0002"]
    assert "LP-0001" in offline.done("fault", "list", "--open", "--all").out
    assert "1 fault kept back" in offline.done("status").out
    assert offline.done("light", "show", "LP-0001", "-o", "json").json()["faults"] == []
