"""work and citizen on the command line, by every way."""

from __future__ import annotations

import csv
import io
import json

import pytest

from lightctl.app.asking import Actor, Role
from lightctl.app.citizens.intake import Given
from lightctl.app.operations import Operations
from lightctl.cli.failures import ExitCode
from lightctl.files.settings import load_settings
from lightctl.store.base import Recorded
from lightctl.store.sqlite import SqliteStore
from tests.support.doors import EVENING, Cli
from tests.support.stores import fault

JSON = ("-o", "json")


def test_an_order_goes_its_way_from_opening_to_its_close(city: Cli) -> None:
    opened = city.done(
        "work", "open", "LP-0001", "--event", "glass broken", "--note", "seen on patrol", "--photo", "/p/1.jpg"
    )
    assert "not" not in opened.out
    assert "stays where it is" in opened.err
    again = city.done("work", "open", "LP-0001", "--event", "Glass broken", *JSON)
    assert (again.json()["id"], again.json()["created"]) == (1, False)
    assert "no second one was opened" in city.done("work", "open", "LP-0001", "--event", "glass broken").err
    assert city.done("work", "assign", "1", "crew 2", *JSON).json()["assignee"] == "crew 2"
    noted = city.done("work", "note", "1", "needs a lift", "--photo", "https://photos.example/7").out
    assert "https://photos.example/7" in noted
    (listed,) = city.done("work", "list", "--assignee", "crew 2", "-l", "group=centre", *JSON).json()
    assert (listed["id"], listed["state"], len(listed["notes"])) == (1, "assigned", 2)
    closed = city.done("work", "close", "1", "--cause", "vandalism", "--note", "new glass", *JSON).json()
    assert (closed["state"], closed["cause"], closed["repair_by"]) == ("done", "vandalism", "order")
    assert city.done("work", "list").err == "no work order is under way\n"
    assert "vandalism" in city.done("work", "list", "--state", "all").out
    shown = city.done("work", "show", "1").out
    assert "new glass" in shown
    assert "from the order's opening to its close" in shown
    stats = city.done("work", "stats", "--by", "cause", "--to", "2026-12-01", *JSON).json()
    assert [(row["key"], row["repaired"], row["by_order"]) for row in stats["rows"]] == [("vandalism", 1, 1)]
    table = city.done("work", "stats", "--to", "2026-12-01")
    assert "MEDIAN" in table.out
    assert "0 of 1 repairs are measured from the fault's opening" in table.err
    (row,) = csv.DictReader(io.StringIO(city.done("work", "export", "--from", "2026-11-01", "--to", "2026-12-01").out))
    assert (row["id"], row["cause"], row["light_points"]) == ("1", "vandalism", "LP-0001")
    assert "needs a lift [https://photos.example/7]" in row["notes"]
    (whole,) = city.done("work", "export", "--to", "2026-12-01", *JSON).json()
    assert [note["text"] for note in whole["notes"]] == ["seen on patrol", "needs a lift", "new glass"]


@pytest.mark.parametrize(
    ("argv", "code", "word"),
    [
        (("open",), ExitCode.USAGE, "say what the order is for"),
        (("open", "LP-0001"), ExitCode.USAGE, "say what the order is for"),
        (("open", "LP-0001", "--fault", "1"), ExitCode.USAGE, "say what the order is for"),
        (("open", "--fault", "7"), ExitCode.NOT_FOUND, "no fault has the number 7"),
        (("open", "--report", "7"), ExitCode.NOT_FOUND, "no citizen report"),
        (("open", "LP-9999", "--event", "x"), ExitCode.NOT_FOUND, "LP-9999"),
        (("show", "7"), ExitCode.NOT_FOUND, "no work order has the number 7"),
        (("close", "7", "--cause", "rust"), ExitCode.USAGE, "rust"),
        (("list", "--state", "gone"), ExitCode.USAGE, "state"),
        (("stats", "--by", "colour"), ExitCode.USAGE, "nothing to sort by"),
        (("stats", "--from", "22:00"), ExitCode.USAGE, "no date"),
        (("export", "--from", "2026-12-01", "--to", "2026-11-01"), ExitCode.USAGE, "not after"),
    ],
)
def test_what_cannot_be_is_refused_with_its_exit_code(
    offline: Cli, argv: tuple[str, ...], code: int, word: str
) -> None:
    ran = offline("work", *argv)
    assert (ran.code, ran.out) == (code, "")
    assert word in ran.err


def break_lamp(cli: Cli, *faults: object) -> None:
    store = SqliteStore(cli.folder / "store")
    store.commit(Recorded(faults=faults or (fault("LP-0001", opened_at=EVENING),)))
    store.close()


def test_an_order_whose_fault_is_still_there_is_closed_only_by_name(offline: Cli) -> None:
    break_lamp(offline)
    assert offline.done("work", "open", "--fault", "1", *JSON).json()["fault"] == 1
    refused = offline("work", "close", "1", "--cause", "lamp")
    assert refused.code == ExitCode.REFUSED
    assert "is still open" in refused.err
    assert "closed all the same" in offline.done("work", "close", "1", "--cause", "lamp", "--yes").err
    again = offline.done("work", "open", "--fault", "1", *JSON).json()
    assert (again["id"], again["created"]) == (2, True)
    assert offline.done("work", "close", "2", "--cause", "no_fault_found").code == 0
    assert offline.done("work", "open", "--fault", "1").code == 0
    assert offline.done("work", "cancel", "3", *JSON).json()["state"] == "cancelled"


def report(cli: Cli, **fields: str) -> int:
    store = SqliteStore(cli.folder / "store")
    settings = load_settings(cli.folder / "lightctl.toml", {}, cli.folder)
    operations = Operations(store, settings, lambda: EVENING, lambda _events: None)
    given = Given({"service_code": "lamp_out", "address_id": "LP-0002"} | fields, {})
    taken = operations.citizen_take(Actor("public", Role.VIEWER, "open311"), given)
    store.close()
    return int(taken.service_request_id or 0)


def test_reports_are_listed_shown_linked_and_closed(offline: Cli) -> None:
    report(offline, description="dark \x1b[2J since\r\nMonday " + "x" * 100, email="ada@example.org")
    report(offline)
    lost = report(offline, address_id="", address_string="by the church")
    listed = offline.done("citizen", "list")
    assert "\x1b" not in listed.out
    assert "ada@example.org" not in listed.out
    assert "\u2026" in listed.out
    assert [each["id"] for each in offline.done("citizen", "list", "--unmatched", *JSON).json()] == [lost]
    shown = offline.done("citizen", "show", "1").out
    assert "ada@example.org" in shown
    assert "Monday" in shown
    assert offline.done("citizen", "show", "2", *JSON).json()["parent"] == 1
    linked = offline.done("citizen", "link", str(lost), "--light", "LP-0003", *JSON).json()
    assert linked["light_point"] == "LP-0003"
    order = offline.done("work", "open", "--report", "2", *JSON).json()
    assert (order["subject"], order["reports"]) == ("LP-0002", [1, 2])
    assert [each["id"] for each in offline.done("citizen", "list", "--light", "LP-0002", *JSON).json()] == [2, 1]
    closed = offline.done("citizen", "close", str(lost), "--note", "seen to", *JSON).json()
    assert (closed["status"], closed["note"]) == ("closed", "seen to")
    assert offline.done("citizen", "accept", "1", *JSON).json()[0]["accepted"]
    offline.done("work", "close", "1", "--cause", "fuse")
    assert offline.done("citizen", "list").err == "no citizen report is open\n"
    assert len(offline.done("citizen", "list", "--all", *JSON).json()) == 3
    assert offline("citizen", "link", "1").code == ExitCode.USAGE
    assert offline("citizen", "show", "99").code == ExitCode.NOT_FOUND
    assert offline("citizen", "close", "1", "--note", "x").code == ExitCode.USAGE


def test_reports_of_a_fault_are_found_by_its_number(offline: Cli) -> None:
    break_lamp(offline, fault("LP-0002", opened_at=EVENING))
    number = report(offline)
    assert [each["id"] for each in offline.done("citizen", "list", "--fault", "1", *JSON).json()] == [number]
    assert json.loads(offline.done("citizen", "show", str(number), *JSON).out)["fault"] == 1
