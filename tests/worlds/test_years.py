"""Years at odd places in small: a few nights around what is odd, and controls that must be found."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from tests.campaigns.years import main
from tests.worlds.expected import Allowed, Segment
from tests.worlds.sites import SITES
from tests.worlds.year_breaks import BREAKS
from tests.worlds.years import Judged, Years, live

CLOCKS_GO_BACK = ("duisburg", "2026-10-23", 3)
LEAP_DAY = ("duisburg", "2028-02-28", 2)
POLAR_NIGHT = ("longyearbyen", "2027-12-28", 1)
TROUBLED = ("duisburg", "2026-10-20", 12)
SEED, VERY_OFTEN = 3, 30.0  # a seed in which everything happens that can


def lived(site: str, first: str, nights: int, breaking: str = "", often: float = 1.0) -> Judged:
    return live(
        Years(SITES[site], 24, nights, SEED, often=often, breaking=breaking, first=dt.date.fromisoformat(first))
    )


@pytest.mark.parametrize(
    ("site", "first", "nights"),
    [CLOCKS_GO_BACK, LEAP_DAY, POLAR_NIGHT, ("apia", "2011-12-28", 4), ("lord-howe", "2026-04-03", 3)],
)
def test_every_lamp_is_right_at_every_instant(site, first, nights):
    found = lived(site, first, nights)
    assert found.violations == []
    assert found.refused == []
    assert found.counts["lamp_nights"] - found.counts["undecided"] > 20


def test_troubles_do_not_show_in_the_light():
    found = lived(*TROUBLED, often=VERY_OFTEN)
    assert found.violations == []
    assert all(found.counts[kind] for kind in ("reboot", "dip", "cut", "forlorn", "mains", "flash", "override"))


@pytest.mark.parametrize(
    ("breaking", "when"),
    [
        ("second-of-two-times", CLOCKS_GO_BACK),
        ("hours-counted-from-noon", CLOCKS_GO_BACK),
        ("sun-a-quarter-of-a-minute-late", CLOCKS_GO_BACK),
        ("sun-two-minutes-late", CLOCKS_GO_BACK),
        ("calendar-of-the-morning", LEAP_DAY),
        ("leap-day-skipped", LEAP_DAY),
        ("polar-night-is-dark", POLAR_NIGHT),
    ],
)
def test_planning_that_is_broken_on_purpose_is_found_out(breaking, when):
    assert lived(*when, breaking=breaking).violated


@pytest.mark.parametrize("breaking", ["nights-forgotten-on-reboot", "valid-until-ignored", "override-never-ends"])
def test_firmware_that_is_broken_on_purpose_is_found_out(breaking):
    assert lived(*TROUBLED, breaking=breaking, often=VERY_OFTEN).violated


def test_lamps_that_do_not_give_what_they_are_told_are_found_out():
    found = lived("duisburg", "2026-10-20", 1, "dimmer-stops-at-half")
    assert any("gives 50 % and was told 40 %" in each for each in found.violations)


def test_a_level_is_wrong_where_it_may_not_be_due_and_only_there():
    may = Allowed((0.0, 100.0, 200.0), (frozenset({0}), frozenset({0, 70}), frozenset({70})), 300.0)
    assert may.fault_of([Segment(0.0, 150.0, 0), Segment(150.0, 300.0, 70)], 0.0) == ""
    assert may.fault_of([Segment(0.0, 90.0, 0), Segment(90.0, 300.0, 70)], 0.0)
    assert may.fault_of([Segment(0.0, 210.0, 0), Segment(210.0, 300.0, 70)], 5.0)
    assert may.fault_of([Segment(0.0, 210.0, 0), Segment(210.0, 300.0, 70)], 11.0) == ""
    assert may.fault_of([Segment(290.0, 300.0, 0)], 10.0) == ""


def test_a_coarse_grid_may_give_more_light_but_never_less():
    may = Allowed((0.0, 100.0), (frozenset({40}), frozenset({90})), 300.0)
    assert may.fault_of([Segment(0.0, 60.0, 40), Segment(60.0, 300.0, 90)], 1.0, 60.0) == ""
    assert may.fault_of([Segment(0.0, 130.0, 40), Segment(130.0, 300.0, 90)], 1.0, 60.0)


def test_the_command_says_what_it_found_as_json_and_fails_on_a_violation(capsys):
    arguments = ["--lamps", "24", "--nights", "2", "--sites", "duisburg", "--first", "2026-10-24", "-o", "json"]
    assert main(arguments) == 0
    assert json.loads(capsys.readouterr().out)["violations"] == 0
    assert main([*arguments, "--break", "sun-two-minutes-late"]) == 1
    assert json.loads(capsys.readouterr().out)["sites"][0]["violated"]


def test_every_site_has_a_plan_and_every_break_a_name():
    assert len(SITES) == 12
    assert len({site.zone for site in SITES.values()}) == 12
    assert {"leap-day-skipped", "valid-until-ignored", "second-of-two-times"} <= BREAKS.keys()
