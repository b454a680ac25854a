"""schedule preview -o svg: a picture for a report, well-formed, at rest and complete in itself."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from lightctl.cli.failures import ExitCode
from tests.support.doors import TEMPLATES, Cli
from tests.support.terminals import lightctl

SHEET = str(TEMPLATES / "residential.yaml")
AT = ("--place", "51.26,7.15", "--tz", "Europe/Berlin")
SVG = "{http://www.w3.org/2000/svg}"
SHAPES = {"svg", "title", "style", "rect", "text", "circle", "path", "polygon", "polyline", "line"}
BOX = re.compile(r"M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)h-[\d.]+z")


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path, "nothing")


def picture(cli: Cli, *argv: str) -> ET.Element:
    return ET.fromstring(cli.done("schedule", "preview", *argv, "-o", "svg").out)


def texts(root: ET.Element) -> list[str]:
    return [each.text or "" for each in root.iter(f"{SVG}text")]


def tips(root: ET.Element) -> list[str]:
    return [each.text or "" for each in root.iter(f"{SVG}title")][1:]


def boxes(root: ET.Element, colour: str) -> list[tuple[float, ...]]:
    """Give x, y, width and height of all that is filled in a colour."""
    paths = [path.get("d", "") for path in root.iter(f"{SVG}path") if path.get("fill") == colour]
    return [tuple(map(float, found)) for path in paths for found in BOX.findall(path)]


def axes(root: ET.Element) -> list[ET.Element]:
    return [each for each in root.iter(f"{SVG}text") if each.get("class") == "soft"]


def hours_of(root: ET.Element) -> list[tuple[str, float]]:
    """Give the hours written along the picture, each with where it stands."""
    found = [(each.text or "", float(each.get("x", "nan"))) for each in axes(root)]
    return [(text, x) for text, x in found if re.fullmatch(r"\d\d:00", text)]


def colour_of(root: ET.Element, name: str) -> str:
    """Give the colour of a swatch of the legend."""
    shapes = list(root)
    at = next(index for index, each in enumerate(shapes) if each.tag == f"{SVG}text" and each.text == name)
    return shapes[at - 1].get("fill", "")


def test_one_night_shows_its_sun_its_levels_and_every_cause(cli: Cli) -> None:
    argv = (SHEET, *AT, "--date", "2026-12-24")
    root = picture(cli, *argv)
    (night,) = cli.done("schedule", "preview", *argv, "-o", "json").json()["nights"]
    told = texts(root)
    assert "Night of Thu 2026-12-24 to Fri 2026-12-25: program weekend (calendar residential, rule 1)" in told
    assert {
        "sunset 16:27",
        "sunrise 08:35",
        "12:00",
        "00:00",
        "100 %",
        "51.26\xb0 N, 7.15\xb0 E, Europe/Berlin",
    } <= set(told)
    assert {switch["cause"] for switch in night["switches"]} <= set(told)
    assert [tip for tip in tips(root) if "step 02:30" in tip] == ["Fri 02:30:00: 50 %, program weekend, step 02:30"]


def test_the_curve_has_the_height_of_the_level(cli: Cli) -> None:
    steps = '[{at: "18:00", level: 20, ramp: 1h}]'
    (cli.folder / "s.yaml").write_text(
        f'version: 1\nprograms: {{p: {{active: "16:00 .. 20:00", start_level: 80, steps: {steps}}}}}\n'
    )
    root = picture(cli, "s.yaml", *AT, "--date", "2026-12-24")
    points = [tuple(map(float, each.split(","))) for each in root.find(f"{SVG}polygon").get("points").split()]
    hours = dict(hours_of(root))
    levels = {each.text: float(each.get("y")) - 4 for each in axes(root) if each.text.endswith(" %")}
    per_percent = (levels["0 %"] - levels["100 %"]) / 100
    told = {(round(x), round((levels["0 %"] - y) / per_percent)) for x, y in points}
    x = {clock: round(at) for clock, at in hours.items()}
    assert told >= {(x["16:00"], 80), (x["18:00"], 80), (round((hours["18:00"] + hours["20:00"]) / 2), 20)}
    assert told >= {(x["20:00"], 20), (x["20:00"], 0)}


@pytest.mark.parametrize(("date", "hours"), [("2026-03-28", 23), ("2026-10-24", 25), ("2026-12-24", 24)])
def test_a_night_when_clocks_change_has_its_true_length(cli: Cli, date: str, hours: int) -> None:
    root = picture(cli, SHEET, *AT, "--date", date)
    ticks = [x for _, x in hours_of(root)]
    assert (ticks[-1] - ticks[0]) / (ticks[1] - ticks[0]) == pytest.approx(hours / 2, abs=0.02)
    assert len(ticks) == (12 if hours == 23 else 13), "02:00 is no time in the night of 23 hours"


def test_a_season_is_a_map_with_months_hours_and_a_tip_for_every_night(cli: Cli) -> None:
    argv = (SHEET, *AT, "--heatmap", "--date", "2026-01-01")
    root = picture(cli, *argv)
    told = texts(root)
    assert [f"{dt.date(2026, month, 1):%b}" for month in range(1, 13)] == [text for text in told if len(text) == 3][:12]
    assert [text for text in told if re.fullmatch(r"\d\d:00", text)].count("22:00") == 2
    nights = [tip.splitlines() for tip in tips(root)]
    assert len(nights) == 366
    assert nights[357] == [
        "Thu 2026-12-24: weekend (rule 1)",
        "sunset 16:27, sunrise 08:35",
        *("12:00 0 %", "16:17 100 %", "23:30 70 %", "02:30 50 %", "05:30 100 %", "08:45 0 %"),
    ]
    assert {"residential", "its default", "fri..sat", "sunset, sunrise"} <= set(told)


def test_in_a_map_every_night_has_its_levels_at_their_hours_also_when_clocks_change(cli: Cli) -> None:
    argv = (SHEET, *AT, "--program", "residential", "--heatmap", "--date", "2026-03-20")
    root = picture(cli, *argv)
    hours = dict(hours_of(root))
    per_hour = (hours["02:00"] - hours["00:00"]) / 2
    half = boxes(root, colour_of(root, "50 %"))
    assert len(half) == 366
    assert len({y for _, y, _, _ in half}) == 366
    for x, _, width, _ in half:
        assert x == pytest.approx(hours["00:00"] + per_hour / 2, abs=0.1)
        assert width == pytest.approx(4.5 * per_hour, abs=0.1)


def test_the_suns_line_of_a_map_breaks_where_clocks_change_and_ends_where_the_sun_stays(cli: Cli) -> None:
    root = picture(cli, SHEET, *AT, "--heatmap", "--date", "2026-01-01")
    curves = [each for each in root.iter(f"{SVG}polyline") if len(each.get("points", "").split()) > 2]
    assert len(curves) == 2 * 3
    polar = picture(
        cli,
        SHEET,
        "--place",
        "78.2,15.6",
        "--tz",
        "Arctic/Longyearbyen",
        "--heatmap",
        "--date",
        "2026-06-01",
        "--days",
        "30",
    )
    assert len(list(polar.iter(f"{SVG}polyline"))) == 1, "only the legend's"


def test_the_picture_is_complete_in_itself_and_at_rest(cli: Cli) -> None:
    for argv in (("--date", "2026-12-24"), ("--heatmap",), ("--days", "20")):
        text = cli.done("schedule", "preview", SHEET, *AT, *argv, "-o", "svg").out
        assert text.isascii()
        root = ET.fromstring(text)
        assert {each.tag.removeprefix(SVG) for each in root.iter()} <= SHAPES
        names = {name for each in root.iter() for name in each.attrib}
        assert not {name for name in names if "href" in name or name.startswith("on") or name in ("style", "src", "id")}
        assert re.findall(r"https?://[^\"]*", text) == ["http://www.w3.org/2000/svg"]
        style = root.find(f"{SVG}style").text
        assert not re.search(r"url|@import|@font", style)
        assert "prefers-color-scheme: dark" in style
        assert root.find(f"{SVG}title").text


def test_names_people_gave_stay_words(offline: Cli) -> None:
    text = (TEMPLATES / "residential.yaml").read_text().replace("zebra crossings stay lit", "</text><script>x&y\u202e")
    (offline.folder / "odd.yaml").write_text(text)
    told = texts(picture(offline, "odd.yaml", "--light", "LP-0003"))
    assert any("(</text><script>x&y\\u202e)" in each for each in told)


def test_lamps_with_other_nights_get_a_panel_each(offline: Cli) -> None:
    told = texts(picture(offline, "-l", "*", "--days", "3"))
    assert [text for text in told if text.startswith(("1 lamp ", "4 lamps "))] == [
        "4 lamps (LP-0001, LP-0002, LP-0004, ...): calendar residential",
        "1 lamp (LP-0003): calendar crossings, at least 100 % while the sun is down (zebra crossings stay lit)",
    ]


def test_only_preview_draws(offline: Cli) -> None:
    for argv in (("light", "list"), ("schedule", "check", SHEET), ("schedule", "export")):
        ran = offline(*argv, "-o", "svg")
        assert (ran.code, ran.out) == (ExitCode.USAGE, ""), argv


def test_a_picture_goes_through_any_pipe(tmp_path: Path) -> None:
    argv = ("schedule", "preview", SHEET, *AT, "-o", "svg")
    ran = lightctl(*argv, cwd=tmp_path, environ={"PYTHONIOENCODING": "ascii"})
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ET.fromstring(ran.stdout) is not None
