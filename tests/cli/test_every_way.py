"""Every command, by every way: over the store itself, over this host's daemon, over a URL."""

from __future__ import annotations

import csv
import io
import json

import pytest

from lightctl.cli.failures import ExitCode
from tests.support.doors import TEMPLATES, Cli

LIGHT_KEYS = {"id", "lat", "lon", "state", "tags", "desired", "reported", "settled", "node", "last_seen"}
CHANGE_KEYS = {"affected", "confirmed", "failed", "expired", "pending", "points"}


def test_status_counts_what_the_inventory_brought(city: Cli) -> None:
    status = city.done("status", "-o", "json").json()
    assert (status["light_points"], status["nodes"], status["site"]) == (5, 4, "Test city")
    assert status["daemon"] is (city.way != "store")


def test_status_for_people_names_the_site_and_who_answered(city: Cli) -> None:
    ran = city.done("status")
    assert "Test city (Europe/Berlin)" in ran.out
    assert ("the store in" in ran.err) == (city.way == "store")


def test_light_list_gives_the_keys_scripts_rely_on(city: Cli) -> None:
    lights = city.done("light", "list", "-o", "json").json()
    assert [light["id"] for light in lights] == [f"LP-000{number}" for number in range(1, 6)]
    assert lights[0].keys() >= LIGHT_KEYS
    assert lights[0]["desired"].keys() >= {"level", "reason", "ref", "until", "revision"}


def test_light_list_takes_a_selector(city: Cli) -> None:
    lines = city.done("light", "list", "-l", "road_class=collector", "-o", "jsonl").out.splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["LP-0004", "LP-0005"]


def test_light_show_gives_one_light_point(city: Cli) -> None:
    light = city.done("light", "show", "LP-0003", "-o", "json").json()
    assert (light["id"], light["kind"]) == ("LP-0003", "crossing")
    assert "crossing" in city.done("light", "show", "LP-0003").out


def test_a_list_as_csv_has_a_header_and_a_row_each(city: Cli) -> None:
    rows = list(csv.DictReader(io.StringIO(city.done("light", "list", "-o", "csv").out)))
    assert [row["id"] for row in rows] == [f"LP-000{number}" for number in range(1, 6)]
    assert rows[0]["desired.reason"] == "program"


def test_an_unknown_light_point_is_exit_code_3(city: Cli) -> None:
    ran = city("light", "show", "LP-9999")
    assert (ran.code, ran.out) == (ExitCode.NOT_FOUND, "")
    assert "LP-9999" in ran.err


def test_a_bad_selector_is_exit_code_2(city: Cli) -> None:
    assert city("light", "list", "-l", "road_class==").code == ExitCode.USAGE


def test_node_list_and_show_name_the_channels(city: Cli) -> None:
    nodes = city.done("node", "list", "-o", "json").json()
    assert [node["id"] for node in nodes] == ["N-0001", "N-0002", "N-0003", "N-0004"]
    node = city.done("node", "show", "N-0004", "-o", "json").json()
    assert node["channels"] == {"0": "LP-0004", "1": "LP-0005"}
    assert "LP-0005" in city.done("node", "show", "N-0004").out
    assert city("node", "show", "N-9999").code == ExitCode.NOT_FOUND


def test_why_names_every_layer_with_its_place(city: Cli) -> None:
    verdict = city.done("why", "LP-0001", "-o", "json").json()
    assert (verdict["level"], verdict["reason"]) == (100, "program")
    assert {"override", "program", "calendar", "assignment"} <= {layer["layer"] for layer in verdict["chain"]}
    assert any("residential.yaml:" in layer["source"] for layer in verdict["chain"])


def test_why_at_a_clock_time_means_this_night_by_the_citys_clock(city: Cli) -> None:
    later = city.done("why", "LP-0001", "--at", "01:00", "-o", "json").json()
    assert (later["at"], later["level"]) == ("2026-11-24T00:00:00Z", 50)
    earlier = city.done("why", "LP-0001", "--at", "18:00", "-o", "json").json()
    assert (earlier["at"], earlier["level"]) == ("2026-11-23T17:00:00Z", 100)


def test_why_names_the_schedules_it_read_and_the_next_three_changes(city: Cli) -> None:
    verdict = city.done("why", "LP-0001", "-o", "json").json()
    assert verdict["schedule"]["version"] == 1
    assert [change.keys() >= {"at", "level", "reason", "ref"} for change in verdict["next"]] == [True] * 3
    assert (verdict["next"][0]["at"], verdict["next"][0]["level"]) == (verdict["until"], 70)
    assert verdict["reported"] is None
    shown = city.done("why", "LP-0001").out
    assert "residential.yaml:" in shown
    assert "step 22:00" in shown.partition("NEXT")[2]
    assert len(shown.partition("NEXT")[2].splitlines()) == 4


def test_why_of_a_past_and_of_a_coming_evening_says_with_what_it_was_read(city: Cli) -> None:
    for text in ("2026-11-20 23:30", "2026-11-20T23:30", "2026-11-20T22:30:00Z"):
        past = city.done("why", "LP-0001", "--at", text, "-o", "json").json()
        assert (past["at"], past["reason"], past["schedule"]) == ("2026-11-20T22:30:00Z", "default", None)
        assert {"schedule", "inventory"} <= {layer["layer"] for layer in past["chain"]}
    coming = city.done("why", "LP-0001", "--at", "2026-12-24 23:30")
    assert "as schedules and overrides stand now" in coming.out


def test_dim_holds_a_level_until_the_time_given(city: Cli) -> None:
    change = city.done("dim", "LP-0001", "30", "--until", "23:00", "-o", "json").json()
    assert change.keys() >= CHANGE_KEYS
    assert (change["affected"], change["until"]) == (1, "2026-11-23T22:00:00Z")
    verdict = city.done("why", "LP-0001", "-o", "json").json()
    assert (verdict["level"], verdict["reason"]) == (30, "override")


def test_a_level_without_an_end_lasts_half_an_hour(city: Cli) -> None:
    until = city.done("off", "LP-0001", "-o", "json").json()["until"]
    assert "2026-11-23T21:00:00" <= until <= "2026-11-23T21:10:00"


def test_for_counts_from_the_citys_own_clock(city: Cli) -> None:
    until = city.done("on", "LP-0001", "--for", "1h", "-o", "json").json()["until"]
    assert "2026-11-23T21:30:00" <= until <= "2026-11-23T21:40:00"


def test_a_level_that_begins_later_lasts_from_its_beginning_and_leaves_the_lamp_alone_until_then(city: Cli) -> None:
    change = city.done("off", "LP-0001", "--from", "23:30", "--for", "1h", "-o", "json").json()
    assert (change["start"], change["until"]) == ("2026-11-23T22:30:00Z", "2026-11-23T23:30:00Z")
    assert change["points"] == [{"id": "LP-0001", "state": "pending", "detail": "begins at 2026-11-23T22:30:00Z"}]
    assert city.done("why", "LP-0001", "-o", "json").json()["reason"] == "program"
    held = city.done("why", "LP-0001", "--at", "00:00", "-o", "json").json()
    assert (held["level"], held["next"][0]["at"]) == (0, change["until"])
    across = city.done("dim", "LP-0002", "20", "--from", "23:30", "--until", "02:00", "-o", "json").json()
    assert (across["start"], across["until"]) == ("2026-11-23T22:30:00Z", "2026-11-24T01:00:00Z")
    assert (
        city.done("on", "LP-0003", "--from", "2026-11-24 01:30", "-o", "json").json()["until"] == "2026-11-24T01:00:00Z"
    )


def test_a_level_that_begins_later_is_not_waited_for_and_says_so(city: Cli) -> None:
    ran = city("on", "LP-0001", "--from", "23:30", "--wait", "--timeout", "30")
    assert ran.code == ExitCode.OK
    assert "not waiting: it begins at 2026-11-23 " in ran.err
    assert "1 pending" in ran.out
    assert "from 2026-11-23 " in ran.out


def test_a_beginning_that_has_passed_or_is_too_far_is_exit_code_2(city: Cli) -> None:
    for begins in ("2026-11-23T20:00:00Z", "2026-12-23T20:00:00Z", "soon"):
        ran = city("on", "LP-0001", "--from", begins)
        assert (ran.code, ran.out) == (ExitCode.USAGE, "")
    assert city.done("override", "list", "--ended").out == ""


def test_overrides_are_listed_shown_and_cleared_by_id(city: Cli) -> None:
    street = city.done("dim", "group:centre", "30", "--for", "2h", "--reason", "market", "-o", "json").json()
    lamp = city.done("dim", "LP-0001", "60", "--for", "1h", "-o", "json").json()
    (held,) = street["overrides"]
    (own,) = lamp["overrides"]
    listed = city.done("override", "list", "-o", "json").json()
    assert [(each["id"], each["target"], each["scope"], each["state"]) for each in listed] == [
        (own, "LP-0001", "light_point", "in_force"),
        (held, "group:centre", "group", "in_force"),
    ]
    assert (listed[1]["lamps"], listed[1]["deciding"], listed[1]["outvoted_by"]) == (3, 2, [own])
    assert [each["id"] for each in city.done("override", "list", "LP-0002", "-o", "json").json()] == [held]
    assert [each["id"] for each in city.done("override", "list", "-l", "kind=crossing", "-o", "json").json()] == [held]
    assert len(city.done("override", "list", "group:centre", "-o", "jsonl").out.splitlines()) == 2
    assert "market" in city.done("override", "list").out
    shown = city.done("override", "show", own, "-o", "json").json()
    assert shown["outcomes"] == [
        {
            "count": 1,
            "sample": ["LP-0001"],
            "now": {"level": 60, "reason": "override", "ref": own},
            "after": {"level": 30, "reason": "override", "ref": held},
        }
    ]
    assert f"30 % ({held})" in city.done("override", "show", own).out
    cleared = city.done("override", "clear", own, held, "-o", "json").json()
    assert (cleared["affected"], city.done("override", "list", "-o", "json").json()) == (3, [])
    over = city.done("override", "list", "--ended", "-o", "json").json()
    assert [each["state"] for each in over] == ["ended", "ended"]
    assert over[0]["ended_by"] == over[0]["user"]
    assert city("override", "show", "override-none").code == ExitCode.NOT_FOUND
    assert city("override", "clear", "override-none").code == ExitCode.NOT_FOUND
    assert city("override", "clear").code == ExitCode.USAGE
    assert city("override", "list", "LP-9999").code == ExitCode.NOT_FOUND


def test_clearing_every_override_wants_a_yes_and_keeps_to_the_limit(city: Cli) -> None:
    city.done("on", "-l", "*", "--yes")
    ran = city("override", "clear", "--all")
    assert (ran.code, ran.out) == (ExitCode.USAGE, "")
    assert "--yes" in ran.err
    assert city.done("override", "clear", "--all", "--dry-run", "-o", "json").json()["affected"] == 5
    assert city("override", "clear", "--all", "--yes", "--max-affected", "4").code == ExitCode.REFUSED
    assert city.done("status", "-o", "json").json()["overrides"] == 1
    city.done("override", "clear", "--all", "--yes", "--reason", "storm over")
    assert city.done("status", "-o", "json").json()["overrides"] == 0
    newest = city.done("audit", "list", "--limit", "1", "-o", "json").json()[0]
    assert (newest["verb"], newest["target"], newest["reason"]) == ("override clear", "all", "storm over")


def test_off_never_takes_a_protected_crossing_below_its_floor(city: Cli) -> None:
    city.done("off", "LP-0003")
    verdict = city.done("why", "LP-0003", "-o", "json").json()
    assert (verdict["level"], verdict["reason"]) == (100, "protection")


def test_resume_gives_the_lamp_back_to_its_program(city: Cli) -> None:
    city.done("dim", "LP-0001", "30")
    assert city.done("resume", "LP-0001", "-o", "json").json()["affected"] == 1
    assert city.done("why", "LP-0001", "-o", "json").json()["reason"] == "program"


@pytest.mark.parametrize(
    ("target", "affected"),
    [(("group:centre",), 3), (("-l", "road_class=collector"), 2), (("LP-0001", "LP-0002"), 2)],
)
def test_every_kind_of_target_reaches_its_lamps(city: Cli, target: tuple[str, ...], affected: int) -> None:
    assert city.done("identify", *target, "-o", "json").json()["affected"] == affected


def test_ids_come_from_stdin_as_words_or_as_jsonl(city: Cli) -> None:
    assert city.done("on", "--ids", "-", "-o", "json", stdin="LP-0001, LP-0002\nLP-0003\n").json()["affected"] == 3
    lines = city.done("light", "list", "-l", "road_class=collector", "-o", "jsonl").out
    assert city.done("on", "--ids", "-", "-o", "json", stdin=lines).json()["affected"] == 2


def test_a_group_nobody_has_is_exit_code_3(city: Cli) -> None:
    assert city("on", "group:nowhere").code == ExitCode.NOT_FOUND


def test_a_dry_run_changes_nothing(city: Cli) -> None:
    change = city.done("dim", "group:centre", "10", "--dry-run", "-o", "json").json()
    assert (change["affected"], change["dry_run"]) == (3, True)
    assert city.done("why", "LP-0001", "-o", "json").json()["reason"] == "program"
    assert city.done("status", "-o", "json").json()["overrides"] == 0


def test_more_lamps_than_allowed_by_number_is_exit_code_8(city: Cli) -> None:
    ran = city("off", "-l", "*", "--max-affected", "4", "--yes")
    assert (ran.code, ran.out) == (ExitCode.REFUSED, "")
    assert "5 light points" in ran.err
    assert city.done("status", "-o", "json").json()["overrides"] == 0


def test_an_end_that_has_passed_is_exit_code_2(city: Cli) -> None:
    assert city("on", "LP-0001", "--until", "2026-11-23T20:00:00Z").code == ExitCode.USAGE


def test_every_write_stands_in_the_audit_once_with_its_reason(city: Cli) -> None:
    city.done("dim", "LP-0001", "30", "--reason", "driver test")
    city.done("resume", "LP-0001")
    entries = city.done("audit", "list", "-o", "json").json()
    ours = [entry for entry in entries if not entry["verb"].startswith("token")]
    assert [entry["verb"] for entry in ours] == ["resume", "set level", "schedule apply", "inventory import"]
    assert [entry["reason"] for entry in ours] == ["", "driver test", "", "first import"]


def test_the_audit_says_who_and_which_way(city: Cli) -> None:
    city.done("dim", "LP-0001", "30")
    newest = city.done("audit", "list", "--limit", "1", "-o", "json").json()[0]
    assert newest["origin"] == ("cli" if city.way == "store" else "http")
    assert newest["user"] == "operator" or city.way == "store"


def test_audit_verify_holds(city: Cli) -> None:
    verdict = city.done("audit", "verify", "-o", "json").json()
    assert verdict["ok"]
    assert verdict["entries"] >= 2


def test_commands_and_faults_of_a_quiet_city_are_empty_lists(city: Cli) -> None:
    assert city.done("command", "list", "-o", "json").json() == []
    assert city.done("fault", "list", "--open", "-o", "json").json() == []
    assert city.done("fault", "list").out == ""
    assert city.done("command", "list", "--state", "expired", "--node", "N-0001", "-o", "jsonl").out == ""


def test_what_is_exported_imports_again_as_unchanged(city: Cli) -> None:
    for form in ("csv", "geojson"):
        text = city.done("inventory", "export", "--format", form).out
        view = city.done("inventory", "import", "-", "--format", form, "-o", "json", stdin=text).json()
        assert (view["unchanged"], view["added"], view["changed"]) == (5, [], {})


def test_inventory_list_shows_the_register(city: Cli) -> None:
    lights = city.done("inventory", "list", "-o", "json").json()
    assert lights[0]["road_class"] == "local"
    assert "desired" not in lights[0]


def test_an_import_dry_run_shows_the_difference_field_by_field(city: Cli) -> None:
    text = (TEMPLATES / "inventory.csv").read_text().replace(",78,", ",80,")
    view = city.done("inventory", "import", "-", "--dry-run", "-o", "json", stdin=text).json()
    assert view["changed"].keys() == {"LP-0004", "LP-0005"}
    assert "78" in view["changed"]["LP-0004"][0]
    assert not view["applied"]
    assert "nothing was changed" in city.done("inventory", "import", "-", "--dry-run", stdin=text).err


def test_a_bad_row_changes_nothing_and_is_named(city: Cli) -> None:
    text = "id,lat,lon\nLP-7,51.2,7.1\nLP-8,95.0,7.1\n"
    ran = city("inventory", "import", "-", stdin=text)
    assert ran.code == ExitCode.USAGE
    assert "95" in ran.out
    assert "--skip-bad-rows" in ran.err
    assert city("light", "show", "LP-7").code == ExitCode.NOT_FOUND
    as_json = city("inventory", "import", "-", "-o", "json", stdin=text)
    assert as_json.code == ExitCode.USAGE
    assert as_json.json()["errors"][0]["row"] == 3
    assert json.loads(as_json.err)["error"]["exit_code"] == 2


def test_skipping_bad_rows_takes_the_others_and_lists_them(city: Cli) -> None:
    text = "id,lat,lon\nLP-7,51.2,7.1\nLP-8,95.0,7.1\n"
    view = city.done("inventory", "import", "-", "--skip-bad-rows", "-o", "json", stdin=text).json()
    assert (view["added"], view["applied"]) == (["LP-7"], True)
    assert view["skipped"][0]["column"] == "lat"


def test_a_mapping_file_renames_columns(empty: Cli) -> None:
    (empty.folder / "map.toml").write_text('[columns]\nid = "ID"\nlat = "Y"\nlon = "X"\n')
    (empty.folder / "lamps.csv").write_text("ID,X,Y\n7,7.1,51.2\n")
    empty.done("inventory", "import", "lamps.csv", "--map", "map.toml")
    assert empty.done("light", "show", "7", "-o", "json").json()["lat"] == 51.2


def test_schedules_with_an_error_are_refused_with_their_place(city: Cli) -> None:
    (city.folder / "bad.yaml").write_text("version: 1\nprograms:\n  p:\n    start_level: 120\n")
    ran = city("schedule", "apply", "bad.yaml")
    assert (ran.code, ran.out) == (ExitCode.USAGE, "")
    assert "bad.yaml:4:" in ran.err
    assert "^" in ran.err
    as_json = city("schedule", "apply", "bad.yaml", "-o", "json")
    assert as_json.json()["errors"][0]["line"] == 4
    assert city("schedule", "apply", "bad.yaml", "--dry-run").code == ExitCode.USAGE
    assert city.done("why", "LP-0001", "-o", "json").json()["reason"] == "program"


def test_a_dry_run_of_schedules_counts_the_lamps_that_change_and_not_the_protected_one(city: Cli) -> None:
    text = (TEMPLATES / "residential.yaml").read_text().replace("level: 50", "level: 40")
    view = city.done("schedule", "apply", "-", "--dry-run", "-o", "json", stdin=text).json()
    assert (view["ok"], view["applied"], view["affected"]) == (True, False, 4)
    assert city.done("why", "LP-0001", "--at", "01:00", "-o", "json").json()["level"] == 50


def test_a_token_is_made_listed_and_revoked(city: Cli) -> None:
    made = city.done("token", "create", "vera", "--role", "technician", "--expires", "90d", "-o", "json").json()
    assert made["secret"]
    assert made["expires_at"].startswith("2027-02-21")
    listed = {token["name"]: token for token in city.done("token", "list", "-o", "json").json()}
    assert listed["vera"]["role"] == "technician"
    assert made["secret"] not in city.done("token", "list", "-o", "json").out
    assert city.done("token", "revoke", "vera", "--yes", "-o", "json").json()["revoked_at"]
    assert city("token", "revoke", "nobody", "--yes").code == ExitCode.NOT_FOUND


@pytest.mark.parametrize(
    ("role", "allowed", "refused"),
    [
        (
            "viewer",
            [("status",), ("light", "list"), ("override", "list"), ("audit", "verify"), ("schedule", "export")],
            [("on", "LP-0001"), ("override", "clear", "--all", "--yes"), ("token", "list")],
        ),
        (
            "technician",
            [("on", "LP-0001"), ("override", "clear", "--all", "--yes"), ("resume", "LP-0001")],
            [("schedule", "apply", "s.yaml"), ("token", "list")],
        ),
    ],
)
def test_a_role_does_what_it_may_and_nothing_more(
    city: Cli, role: str, allowed: list[tuple[str, ...]], refused: list[tuple[str, ...]]
) -> None:
    (city.folder / "s.yaml").write_text((TEMPLATES / "residential.yaml").read_text())
    secret = city.done("token", "create", "some-one", "--role", role, "-o", "json").json()["secret"]
    for argv in allowed:
        assert city(*argv, environ={"LIGHTCTL_TOKEN": secret}).code == ExitCode.OK, argv
    for argv in refused:
        ran = city(*argv, environ={"LIGHTCTL_TOKEN": secret})
        assert (ran.code, ran.out) == (ExitCode.NOT_PERMITTED, ""), argv


def test_a_revoked_token_opens_nothing(city: Cli) -> None:
    secret = city.done("token", "create", "some-one", "--role", "operator", "-o", "json").json()["secret"]
    city.done("token", "revoke", "some-one", "--yes")
    ran = city("status", environ={"LIGHTCTL_TOKEN": secret})
    assert ran.code == ExitCode.NOT_PERMITTED
    assert "LIGHTCTL_TOKEN" in ran.err


def test_watch_says_what_there_is_and_ends_by_itself(city: Cli) -> None:
    events = [json.loads(line) for line in city.done("watch", "--for", "1s").out.splitlines()]
    assert [event["kind"] for event in events][:2] == ["connection", "status"]
    assert events[1]["changed"]["light_points"] == 5


def test_doctor_finds_store_and_daemon(city: Cli) -> None:
    found = {check["name"]: check for check in city("doctor", "-o", "json").json()["checks"]}
    assert found["daemon"]["state"] == ("warn" if city.way == "store" else "ok")
    if city.way != "url":
        assert found["store"]["state"] == "ok"
        assert found["inventory"]["state"] == "fail"
        assert "mqtt" in found["inventory"]["found"]
