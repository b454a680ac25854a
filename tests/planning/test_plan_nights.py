"""A slice of the campaign `plan_nights`: the planning floor against an oracle that shares no code with it."""

from __future__ import annotations

import ast
import datetime as dt
import json
from pathlib import Path

import pytest

from lightctl.domain.programs import NO_INTENT
from lightctl.files.schedules import read_schedules
from tests.campaigns import plan_nights
from tests.campaigns.__main__ import NAMES
from tests.oracle.lamp import LampNight
from tests.oracle.sun import GRAZING_DEG, TOLERANCE_DEG
from tests.oracle.wall import instant_of, night_of
from tests.support.plan_breaks import BREAKS
from tests.support.plan_cases import case_of, changing_zones
from tests.support.plan_shrink import as_text
from tests.support.programs import DUISBURG, LONGYEARBYEN, REYKJAVIK, lamp, utc

ORACLE = Path(__file__).parent.parent / "oracle"
SEED = 6  # in its first rounds every break shows
ROUNDS, SLICE, FEW = 40, 20, 8


def seconds(text: str) -> int:
    return int(utc(text).timestamp())


def test_every_minute_of_random_nights_is_what_the_oracle_says():
    figures = plan_nights.campaign(SEED, range(SLICE))
    assert figures["failures"] == []
    assert figures["plan_nights"] > 200
    assert figures["zones"] == SLICE
    assert figures["skipped"]["grazing"] < figures["plan_nights"] * 0.02
    assert figures["open_instants"] < figures["instants"] * 0.01
    assert all(figures["nights"].values()), "shorter and longer nights, leap days and polar ones are among them"


@pytest.mark.parametrize("name", BREAKS)
def test_planning_broken_on_purpose_is_found(name):
    assert plan_nights.run(SEED, range(ROUNDS), name, until_found=True).failed


def test_a_failing_round_is_told_small_and_again_by_its_command(capsys):
    arguments = ["--seed", str(SEED), "--break", "ties-to-the-earlier-step", "-o", "json"]
    assert plan_nights.main([*arguments, "--rounds", "5"]) == 1
    first = json.loads(capsys.readouterr().out)["failures"][0]
    whole = as_text(case_of(SEED, first["round"]))
    assert len(first["plan"]) < len(whole) / 2
    program = read_schedules({"small.yaml": first["plan"]})
    assert program.errors == ()
    assert first["repeat"].startswith("python -m tests.campaigns plan_nights ")
    assert plan_nights.main([*first["repeat"].split()[4:], "-o", "json"]) == 1
    again = json.loads(capsys.readouterr().out)
    assert (again["rounds"], again["failures"][0]["plan"]) == (1, first["plan"])


def test_random_plans_are_such_as_validation_accepts():
    for number in range(FEW):
        assert read_schedules({"drawn.yaml": as_text(case_of(SEED, number))}).errors == ()


def test_the_oracle_shares_no_code_with_planning():
    modules = [ast.parse(path.read_text()) for path in ORACLE.glob("*.py")]
    imported = {node.module for tree in modules for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    plain = {
        alias.name
        for tree in modules
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    ours = {name for name in imported | plain if name.startswith(("lightctl", "tests", "simulators"))}
    assert {name for name in ours if not name.startswith("tests.oracle.")} == {
        "lightctl.domain.assets",
        "lightctl.domain.programs",
        "lightctl.domain.selectors",
        "lightctl.domain.states",
    }


def test_zones_whose_clocks_change_are_all_there():
    zones = changing_zones()
    assert len(zones) > 300
    assert {"Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "America/St_Johns"} <= set(
        zones
    )
    assert not {"UTC", "Etc/GMT+5"} & set(zones)


@pytest.mark.parametrize(
    ("date", "at", "zone", "expected"),
    [
        (dt.date(2026, 3, 29), 2 * 3600 + 1800, "Europe/Berlin", "2026-03-29T01:30"),
        (dt.date(2026, 10, 25), 2 * 3600 + 1800, "Europe/Berlin", "2026-10-25T00:30"),
        (dt.date(2026, 7, 1), 43200, "Europe/Berlin", "2026-07-01T10:00"),
        (dt.date(1971, 6, 1), 43200, "Africa/Monrovia", "1971-06-01T12:44:30"),
    ],
)
def test_the_oracle_reads_clocks_as_the_contract_says(date, at, zone, expected):
    assert instant_of(date, at, zone) == seconds(expected)


def test_the_oracle_knows_short_long_and_missing_nights():
    lengths = [
        end - start
        for start, end in (
            night_of(dt.date(2026, 3, 28), "Europe/Berlin"),
            night_of(dt.date(2026, 10, 24), "Europe/Berlin"),
            night_of(dt.date(2011, 12, 30), "Pacific/Apia"),
        )
    ]
    assert lengths == [23 * 3600, 25 * 3600, 0]


def test_the_oracle_knows_published_sunsets_polar_night_and_polar_day():
    def way(place, date, *, down):
        return LampNight(NO_INTENT, place.time_zone, lamp(place=place), date).way(down=down)

    # Duisburg 2026-01-05, sunset 16:39:32 local time; Reykjavik 2026-06-21, after midnight, at 00:03 to 00:04.
    duisburg = way(DUISBURG, dt.date(2026, 1, 5), down=True)
    assert duisburg.first < seconds("2026-01-05T15:39:32") < duisburg.last < duisburg.first + 25
    reykjavik = way(REYKJAVIK, dt.date(2026, 6, 20), down=True)
    assert seconds("2026-06-21T00:02") < reykjavik.first < reykjavik.last < seconds("2026-06-21T00:05")
    assert way(LONGYEARBYEN, dt.date(2026, 12, 21), down=True) is None
    polar_night = LampNight(NO_INTENT, LONGYEARBYEN.time_zone, lamp(place=LONGYEARBYEN), dt.date(2026, 12, 21))
    assert polar_night.sun.is_below(-0.833, at_end=False)
    polar_day = LampNight(NO_INTENT, LONGYEARBYEN.time_zone, lamp(place=LONGYEARBYEN), dt.date(2026, 6, 21))
    assert not polar_day.sun.is_below(-0.833, at_end=True)
    assert not polar_day.is_undecided()


def test_every_campaign_and_the_number_of_ways_to_break_planning_stand_on_the_page_of_proof():
    page = (Path(__file__).parent.parent.parent / "docs" / "proof.md").read_text()
    assert [name for name in NAMES if f"| `{name}` |" not in page] == []
    assert f"in {len(BREAKS)} ways" in page


def test_what_is_left_undecided_is_wider_than_what_two_suns_may_differ():
    assert GRAZING_DEG > TOLERANCE_DEG > 0.0067
