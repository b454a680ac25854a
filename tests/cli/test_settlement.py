"""settlement: control files in and out by every way, and a day's events by any formatter."""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path

import pytest

from lightctl.cli.failures import ExitCode
from lightctl.domain.states import ChannelReport, ReportedState
from lightctl.store.sqlite import SqliteStore
from tests.support.doors import Cli

CONTROL = b"Habc123420261101001\nUNIT000000010000019994200500400100\nUNIT000000020000029984200250400100\nT000004\n"
NAME = "controlabc123420261101.log"
DAY = dt.datetime(2026, 11, 22, 23, 0, tzinfo=dt.UTC)  # midnight in Berlin


@pytest.fixture
def tagged(city: Cli) -> Cli:
    register = city.done("inventory", "export").out
    lines = register.splitlines()
    head = lines[0] + ",settlement_unit"
    units = {"LP-0001": "UNIT00000001", "LP-0002": "UNIT00000002"}
    rows = [f"{line},{units.get(line.partition(',')[0], '')}" for line in lines[1:]]
    (city.folder / "tags.csv").write_text("\n".join([head, *rows]) + "\n")
    city.done("inventory", "import", "tags.csv", "--yes")
    (city.folder / NAME).write_bytes(CONTROL)
    return city


def test_a_control_file_goes_in_and_comes_out_byte_for_byte(tagged: Cli) -> None:
    tried = tagged.done("settlement", "import", NAME, "--dry-run", "-o", "json").json()
    assert (tried["applied"], set(tried["changed"])) == (False, {"LP-0001", "LP-0002"})
    assert "tags.settlement_charge_code: - -> 4200500400100" in tried["changed"]["LP-0001"]
    done = tagged.done("settlement", "import", NAME, "--yes", "--reason", "April", "-o", "json").json()
    assert (done["applied"], done["rows"], done["unchanged"]) == (True, 2, 0)
    tags = tagged.done("light", "show", "LP-0002", "-o", "json").json()["tags"]
    assert (tags["settlement_items"], tags["settlement_regime"], tags["settlement_sub_meter"]) == (
        "2",
        "998",
        "abc1234",
    )
    asked = ("settlement", "export", "--sub-meter", "abc1234", "--effective", "2026-11-01", "--version", "1")
    assert tagged.done(*asked).out.encode() == CONTROL
    tagged.done(*asked, "--out", ".", "--force")
    assert (tagged.folder / NAME).read_bytes() == CONTROL
    entry = tagged.done("audit", "list", "-o", "json").json()[0]
    assert (entry["verb"], entry["target"], entry["reason"]) == ("settlement import", NAME, "April")
    again = tagged.done("settlement", "import", NAME, "--yes", "-o", "json").json()
    assert (again["applied"], again["unchanged"]) == (False, 2)
    assert len([e for e in tagged.done("audit", "list", "-o", "json").json() if e["verb"] == entry["verb"]]) == 1


def test_units_that_a_new_version_no_longer_names_leave_the_sub_meter(tagged: Cli) -> None:
    tagged.done("settlement", "import", NAME, "--yes")
    shorter = b"Habc123420261101002\nUNIT000000010000019994200500400100\nT000003\n"
    (tagged.folder / NAME).write_bytes(shorter)
    view = tagged.done("settlement", "import", NAME, "--yes", "-o", "json").json()
    assert set(view["changed"]) == {"LP-0002"}
    assert tagged.done("light", "show", "LP-0002", "-o", "json").json()["tags"].keys() & {
        "settlement_sub_meter", "settlement_charge_code", "settlement_unit",
    } == {"settlement_unit"}  # fmt: skip


def test_units_nobody_has_refuse_the_file_unless_they_are_passed_over(tagged: Cli) -> None:
    (tagged.folder / NAME).write_bytes(CONTROL.replace(b"UNIT00000002", b"UNIT00000009"))
    refused = tagged("settlement", "import", NAME, "--yes")
    assert refused.code == ExitCode.USAGE
    assert "UNIT00000009" in refused.out
    assert "settlement_sub_meter" not in tagged.done("light", "show", "LP-0001", "-o", "json").json()["tags"]
    view = tagged.done("settlement", "import", NAME, "--yes", "--skip-unknown", "-o", "json").json()
    assert [row["value"] for row in view["skipped"]] == ["UNIT00000009"]
    assert set(view["changed"]) == {"LP-0001"}


def test_a_bad_file_is_refused_with_line_and_column(tagged: Cli) -> None:
    (tagged.folder / NAME).write_bytes(CONTROL.replace(b"998", b"997"))
    for command in (("check",), ("import", "--yes")):
        ran = tagged("settlement", command[0], NAME, *command[1:])
        assert ran.code == ExitCode.USAGE
        assert "997" in ran.out
    found = tagged("settlement", "check", NAME, "-o", "json").json()
    assert [(error["line"], error["column"]) for error in found["errors"]] == [(3, 19)]
    (tagged.folder / "other.log").write_bytes(CONTROL)
    assert tagged("settlement", "check", "other.log").code == ExitCode.USAGE
    assert tagged("settlement", "check", "-", stdin=CONTROL.decode()).code == ExitCode.OK


def test_an_export_of_what_is_not_tagged_names_what_is_missing(tagged: Cli) -> None:
    asked = ("settlement", "export", "--effective", "2026-11-01", "--version", "1", "--sub-meter")
    unknown = tagged(*asked, "abc1234")
    assert unknown.code == ExitCode.NOT_FOUND
    ran = tagged(*asked, "abc1234", "-l", "id in (LP-0001,LP-0003)")
    assert ran.code == ExitCode.USAGE
    assert "LP-0001 has no charge code" in ran.err
    assert "LP-0003 has no unit reference" in ran.err
    assert tagged(*asked, "ABC").code == ExitCode.USAGE
    assert tagged("settlement", "export", "--sub-meter", "abc1234", "--effective", "x", "--version", "1").code == 2


@pytest.fixture
def heard(offline: Cli) -> Cli:
    """Two units, one of which reported all day: lit at full level but for the hours from 06:00 to 17:00."""
    register = offline.done("inventory", "export").out.splitlines()
    (offline.folder / "t.csv").write_text(
        "\n".join([
            register[0] + ",settlement_unit,settlement_sub_meter",
            *(f"{row},UNIT0000000{n},abc1234" for n, row in enumerate(register[1:3], 1)),
        ]) + "\n"
    )  # fmt: skip
    offline.done("inventory", "import", "t.csv", "--yes")
    lights = offline.done("light", "list", "-o", "json").json()
    store = SqliteStore(offline.folder / "store")
    reports = []
    for number in range(-1, 288):
        at = DAY + dt.timedelta(minutes=5 * number)
        level = 0 if 6 <= number / 12 < 17 else 100
        channel = {lights[0]["channel"]: ChannelReport(level, level)}
        reports.append(ReportedState(lights[0]["node"], at, channel, "b1", number + 2, at, 1))
    store.add_reports(reports)
    store.close()
    return offline


def test_events_are_a_line_each_and_silent_units_are_named(heard: Cli) -> None:
    lines = [json.loads(line) for line in heard.done(*EVENTS).out.splitlines()]
    assert (lines[0]["sub_meter"], lines[0]["units"], lines[0]["start"]) == ("abc1234", 2, "2026-11-22T23:00:00Z")
    assert [(e["unit"], e["at"][11:16], e["level"], e["information"]) for e in lines[1:-1]] == [
        ("UNIT00000001", "23:00", 100, "carried"),
        ("UNIT00000001", "05:00", 0, "reported"),
        ("UNIT00000001", "16:00", 100, "reported"),
    ]
    assert lines[-1] == {"units_without_events": ["UNIT00000002"]}


EVENTS = ("settlement", "events", "--sub-meter", "abc1234", "--date", "2026-11-23")


def test_the_profile_is_watts_times_hours_and_names_what_is_left_to_the_default(heard: Cli) -> None:
    watts = float(heard.done("inventory", "export").out.splitlines()[1].split(",")[6])
    standby = float(heard.done("inventory", "export").out.splitlines()[1].split(",")[7])
    asked = ("settlement", "profile", "--sub-meter", "abc1234", "--date", "2026-11-23")
    view = heard.done(*asked, "-o", "json").json()
    # the clock of this city stands at 21:30 local: the last report is of five minutes before midnight all the same
    assert view["kwh"] == pytest.approx((watts * 13 + standby * 11) / 1000, abs=1e-4)
    assert len(view["half_hours"]) == 48
    assert view["units_without_events"] == ["UNIT00000002"]
    assert (view["unknown_h"], view["complete"]) == (24, False)
    shown = heard.done(*asked)
    assert "kWh" in shown.out
    assert "UNIT00000002" in shown.err


def test_a_formatter_of_a_package_is_found_and_its_failure_is_told(heard: Cli, tmp_path: Path, monkeypatch) -> None:
    package = tmp_path / "site"
    info = package / "theirs-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[lightctl.settlement_log]\nfixed = theirs:fixed\nbroken = theirs:broken\nabsent = theirs:absent\n"
    )
    (package / "theirs.py").write_text(
        "def fixed(day, events):\n"
        "    yield f'{day.sub_meter}{day.date:%Y%m%d}\\n'.encode()\n"
        "    for event in events:\n"
        "        yield f'{event.unit}{event.at:%H%M}{event.circuit_w or 0:05.1f}{event.information}\\n'.encode()\n"
        "def broken(day, events):\n    yield 'text'\n"
    )
    monkeypatch.setattr(sys, "path", [str(package), *sys.path])
    ran = heard.done(*EVENTS, "--format", "fixed")
    assert ran.out.splitlines()[0] == "abc123420261123"
    assert ran.out.splitlines()[2].startswith("UNIT000000010500")
    for name, told in (("broken", "failed"), ("absent", "cannot be loaded"), ("none", "fixed, jsonl")):
        ran = heard(*EVENTS, "--format", name, "--out", "log")
        assert ran.code == ExitCode.USAGE
        assert told in ran.err
        assert not (heard.folder / "log").exists()


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (("--sub-meter", "zzzzzzz", "--date", "2026-11-23"), ExitCode.NOT_FOUND),
        (("--sub-meter", "abc1234", "--date", "2027-01-01"), ExitCode.USAGE),
        (("--sub-meter", "abc1234", "--date", "23.11.2026"), ExitCode.USAGE),
    ],
)
def test_a_day_or_sub_meter_that_is_not_there_is_told(heard: Cli, asked: tuple[str, ...], code: ExitCode) -> None:
    for command in ("events", "profile"):
        assert heard("settlement", command, *asked).code == code
