"""schedule preview of real light points: their calendar, their own sun, their protections, by every way."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest

from lightctl.cli.failures import ExitCode
from tests.support.doors import TEMPLATES, Cli

TEXT = (TEMPLATES / "residential.yaml").read_text()
HEADER = "id,lat,lon,kind,node,channel,profile,link,group,state\n"
# Two kilometres to the east of the others, in a place cell of its own, and one that nobody commands yet.
AWAY = "LP-0009,51.2567,7.1802,street,N-0009,0,native,mqtt,centre;a=b (old),in_use\n"
PLANNED = "LP-0010,51.2567,7.1502,street,N-0010,0,native,mqtt,,planned\n"
CROSSING = """version: 1
programs:
  short: {active: sunset .. sunrise, steps: [{at: "22:00", level: 40}, {at: "23:00", level: 0}]}
calendars: {short: {default: short}}
assignments: [{select: "*", calendar: short}]
protections: [{select: kind=crossing, min_level: 60, reason: zebra crossings stay lit}]
"""


def nights(cli: Cli, *argv: str) -> list[dict]:
    return cli.done("schedule", "preview", *argv, "-o", "json").json()["nights"]


def level_at(night: dict, at: str) -> int:
    """Give what the shown switches mean at an instant."""
    return [switch["level"] for switch in night["switches"] if switch["at"] <= at][-1]


def test_what_is_shown_of_a_lamp_is_what_is_due_at_every_hour(city: Cli) -> None:
    for light in ("LP-0001", "LP-0003"):
        (night,) = nights(city, "--light", light, "--date", "2026-11-24")
        evening, morning = ("13:00", "16:30", "21:00", "23:00"), ("02:00", "05:30", "08:05", "11:59")
        for clock in (*(f"2026-11-24 {each}" for each in evening), *(f"2026-11-25 {each}" for each in morning)):
            due = city.done("why", light, "--at", clock, "-o", "json").json()
            assert level_at(night, due["at"]) == due["level"], (light, clock)


def test_lamps_that_share_nights_are_shown_once_with_their_count(city: Cli) -> None:
    shown = nights(city, "-l", "*", "--date", "2026-11-23", "--days", "2")
    assert [(night["date"], night["count"]) for night in shown] == [
        ("2026-11-23", 4),
        ("2026-11-24", 4),
        ("2026-11-23", 1),
        ("2026-11-24", 1),
    ]
    assert (shown[0]["lights"], shown[2]["lights"]) == (["LP-0001", "LP-0002", "LP-0004", "LP-0005"], ["LP-0003"])
    assert shown[0]["calendar"] == "residential"
    out = city.done("schedule", "preview", "-l", "*", "--date", "2026-11-23").out
    assert "4 lamps (LP-0001, LP-0002, LP-0004, ...): calendar residential\n" in out
    floor = "at least 100 % while the sun is down (zebra crossings stay lit)"
    assert f"1 lamp (LP-0003): calendar crossings, {floor}\n" in out


def test_without_a_date_it_is_the_night_of_the_citys_own_clock(city: Cli) -> None:
    assert nights(city, "--light", "LP-0001")[0]["date"] == "2026-11-23"


def test_with_files_it_is_what_the_lamps_would_do_under_them(city: Cli) -> None:
    (city.folder / "new.yaml").write_text(TEXT.replace("level: 50", "level: 40"))
    argv = ("--light", "LP-0001", "--date", "2026-11-23")
    levels = [{s["level"] for s in nights(city, *files, *argv)[0]["switches"]} for files in ((), ("new.yaml",))]
    assert levels == [{0, 50, 70, 100}, {0, 40, 70, 100}]


def test_a_protection_raises_what_is_shown_and_is_named_as_the_cause(city: Cli) -> None:
    (city.folder / "short.yaml").write_text(CROSSING)
    argv = ("short.yaml", "--date", "2026-11-23", "-o", "csv")
    street, crossing = (
        list(csv.DictReader(io.StringIO(city.done("schedule", "preview", *argv, "--light", light).out)))
        for light in ("LP-0001", "LP-0003")
    )
    assert [row["level"] for row in street] == ["0", "100", "40", "0"]
    assert [row["level"] for row in crossing] == ["0", "100", "60", "0"]
    assert crossing[2]["cause"] == "protection: zebra crossings stay lit"
    assert (crossing[2]["count"], crossing[2]["lights"]) == ("1", "LP-0003")
    assert (
        "protection: zebra crossings stay lit" in city.done("schedule", "preview", *argv[:-2], "--group", "centre").out
    )


def test_files_count_in_the_order_of_their_names_as_they_would_when_applied(city: Cli) -> None:
    (city.folder / "b.yaml").write_text('version: 1\nassignments: [{select: "*", calendar: late}]\n')
    (city.folder / "a.yaml").write_text(
        "version: 1\nprograms: {p: {}}\ncalendars: {early: {default: p}, late: {default: p}}\n"
        "assignments: [{select: kind=street, calendar: early}]\n"
    )
    for files in (("a.yaml", "b.yaml"), ("b.yaml", "a.yaml")):
        assert nights(city, *files, "--light", "LP-0001")[0]["calendar"] == "early"


def test_a_lamp_nobody_assigned_has_full_light_from_sunset_to_sunrise(city: Cli) -> None:
    (city.folder / "none.yaml").write_text("version: 1\n")
    (night,) = nights(city, "none.yaml", "--light", "LP-0001", "--date", "2026-11-23")
    assert (night["calendar"], night["rule"]) == (None, None)
    assert [switch["level"] for switch in night["switches"]] == [0, 100, 0]
    assert (night["sunset"], night["sunrise"]) == tuple(switch["at"] for switch in night["switches"][1:])
    assert "no calendar" in city.done("schedule", "preview", "none.yaml", "--light", "LP-0001").out


def test_before_the_first_schedule_that_is_said(empty: Cli) -> None:
    empty.done("inventory", "import", "-", stdin=HEADER + AWAY)
    ran = empty.done("schedule", "preview", "--light", "LP-0009")
    assert "no schedules are in force" in ran.err


def test_each_lamp_follows_the_sun_of_its_own_place(city: Cli) -> None:
    city.done("inventory", "import", "-", stdin=HEADER + AWAY)
    near, far = nights(city, "--light", "LP-0001", "--light", "LP-0009", "--date", "2026-11-23")
    apart = [
        dt.datetime.fromisoformat(near[sun]) - dt.datetime.fromisoformat(far[sun]) for sun in ("sunset", "sunrise")
    ]
    # The sun takes 240 s for a degree: 7.2 s for the 0.03 degrees between the cells.
    assert all(abs(each.total_seconds() - 7.2) <= 1 for each in apart)
    out = city.done("schedule", "preview", "-l", "id in (LP-0001,LP-0002,LP-0009)", "--date", "2026-11-23").out
    assert "3 lamps (LP-0001, LP-0002, LP-0009): calendar residential; sunsets up to " in out
    assert " s apart, shown as at LP-0001\n" in out


def test_a_group_of_any_name_can_be_asked_for(city: Cli) -> None:
    city.done("inventory", "import", "-", stdin=HEADER + AWAY)
    assert [night["lights"] for night in nights(city, "--group", "a=b (old)")] == [["LP-0009"]]
    assert sum(night["count"] for night in nights(city, "--group", "centre")) == 4


def test_a_lamp_that_nobody_commands_is_shown_and_said(city: Cli) -> None:
    city.done("inventory", "import", "-", stdin=HEADER + PLANNED)
    assert (
        "not in use, so nobody commands them: LP-0010 (planned)"
        in city.done("schedule", "preview", "--light", "LP-0010").err
    )


def test_a_season_of_lamps_is_a_map_each(city: Cli) -> None:
    out = city.done("schedule", "preview", "-l", "*", "--heatmap", "--date", "2026-12-01", "--days", "31").out
    assert out.count("31 nights, Tue 2026-12-01 to Thu 2026-12-31: calendar ") == 2
    assert out.count("sunset, sunrise") == 2


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (("--light", "LP-9999"), ExitCode.NOT_FOUND, "LP-9999"),
        (("--light", "LP 9999"), ExitCode.USAGE, "cannot be an id"),
        (("--group", "nowhere"), ExitCode.NOT_FOUND, "nowhere"),
        (("-l", "district=moon"), ExitCode.NOT_FOUND, "district=moon"),
        (("-l", "road_class=="), ExitCode.USAGE, "road_class=="),
        (("--light", "LP-0001", "--group", "centre"), ExitCode.USAGE, "more than one choice"),
        (("--light", "LP-0001", "--place", "51,7"), ExitCode.USAGE, "lamps have their own"),
        (("--light", "LP-0001", "--tz", "Europe/Berlin"), ExitCode.USAGE, "lamps have their own"),
        (("--light", "LP-0001", "--calendar", "residential"), ExitCode.USAGE, "lamps have their own"),
        (("--light", "LP-0001", "--program", "weekend"), ExitCode.USAGE, "lamps have their own"),
        (("bad.yaml", "--light", "LP-0001"), ExitCode.USAGE, "bad.yaml:4:"),
        ((), ExitCode.USAGE, "nothing to preview"),
        (("bad.yaml",), ExitCode.USAGE, "--place"),
    ],
)
def test_what_cannot_be_shown_is_said(hosted: Cli, argv: tuple[str, ...], code: ExitCode, said: str) -> None:
    (hosted.folder / "bad.yaml").write_text("version: 1\nprograms:\n  p:\n    start_level: 120\n")
    ran = hosted("schedule", "preview", *argv)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err


def test_more_than_can_be_shown_is_refused_with_a_way_out(offline: Cli) -> None:
    rows = "".join(f"X-{n},{51 + n / 50:.2f},7.15,street,,0,native,mqtt,,in_use\n" for n in range(120))
    offline.done("inventory", "import", "-", "--max-affected", "1000", stdin=HEADER + rows)
    ran = offline("schedule", "preview", "-l", "*", "--days", "366", "-o", "csv")
    assert (ran.code, ran.out) == (ExitCode.USAGE, "")
    assert "--days" in ran.err
