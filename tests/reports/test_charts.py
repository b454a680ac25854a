from __future__ import annotations

import datetime as dt
from xml.etree import ElementTree as ET

import pytest

from lightctl.reports.charts.drawing import draw
from lightctl.reports.charts.figures import figures_of
from lightctl.reports.charts.picture import WIDTH, Dot, Line, Picture, Rect, Text
from lightctl.reports.charts.scale import scale_of
from lightctl.reports.charts.svg import svg
from lightctl.reports.charts.tones import COLOURS
from lightctl.reports.charts.values import Bars, HeatMap, Lines, Mark, Ranking, Series, Tone

DARK = Series("known dark", (1.0, 3.0, 0.0), Tone.BAD)
UNKNOWN = Series("not known", (2.0, None, 0.0), Tone.UNKNOWN)
BARS = Bars("Lost", "lamp-hours", ("a", "b", "c"), (DARK, UNKNOWN), "night", Series("base", (4, 4, 4), Tone.REFERENCE))
LINES = Lines(
    "In light", "%", ("a", "b", "c"), (Series("in light", (99, None, 97), Tone.GOOD),), "night", Mark("93 %", 93), 100
)
RANKING = Ranking("Worst", "lamp-hours", ("KV-1", "KV-2", "KV-3"), (DARK, UNKNOWN))
HEAT = HeatMap("LP1", (dt.date(2026, 10, 24),), ((None,) * 24 + (100.0,) * 48 + (0.0,) * 24,), 4)
EVERY = [BARS, LINES, RANKING, HEAT]
EMPTY = [
    Bars("Lost", "h", (), (Series("x", (), Tone.BAD),)),
    Lines("In light", "%", (), (Series("x", (), Tone.BAD),), most=100.0),
    Lines("In light", "%", ("a",), (Series("x", (None,), Tone.BAD),)),
    Ranking("Worst", "h", (), (Series("x", (), Tone.BAD),)),
    Bars("All nothing", "h", ("a", "b"), (Series("x", (0.0, None), Tone.BAD),)),
    HeatMap("LP1", (), (), 4),
]


def rects(picture: Picture, tone: str) -> list[Rect]:
    return [each for each in picture.shapes if isinstance(each, Rect) and each.tone == tone and each.tip]


@pytest.mark.parametrize("chart", [*EVERY, *EMPTY], ids=lambda chart: f"{type(chart).__name__}-{chart.title}")
def test_every_chart_is_well_formed_svg_inside_its_own_bounds(chart):
    picture = draw(chart)
    root = ET.fromstring(svg(picture, alone=True))
    assert root.findtext("{*}title") == chart.title
    for shape in picture.shapes:
        match shape:
            case Rect(x, y, width, height):
                corners = [(x, y), (x + width, y + height)]
                assert min(width, height) >= 0
            case Line(points):
                corners = list(points)
            case Dot(x, y) | Text(x, y):
                corners = [(x, y)]
        assert all(-1 <= x <= WIDTH + 1 and 0 <= y <= picture.height for x, y in corners), shape


def test_bars_are_as_high_as_their_values_and_stand_on_each_other():
    picture = draw(BARS)
    first, second = rects(picture, Tone.BAD)
    assert second.height == pytest.approx(3 * first.height)
    assert first.y + first.height == pytest.approx(second.y + second.height)
    (above,) = rects(picture, Tone.UNKNOWN)
    assert above.y + above.height == pytest.approx(first.y)
    assert above.height == pytest.approx(2 * first.height)


def test_a_line_breaks_where_nothing_is_known_instead_of_bridging_it():
    picture = draw(LINES)
    dots = [each for each in picture.shapes if isinstance(each, Dot)]
    assert len(dots) == 2
    assert not [each for each in picture.shapes if isinstance(each, Line) and each.tone == Tone.GOOD]


def test_the_scale_of_shares_ends_at_all_and_holds_the_threshold():
    scale = scale_of(93.0, 99.8, 100.0)
    assert scale.high == 100.0
    assert scale.low <= 93.0


@pytest.mark.parametrize(("low", "high"), [(0, 0), (0, 1e-9), (0, 7), (0, 99), (3.2, 3.3), (0, 1e12), (-5, 5)])
def test_scales_are_even_hold_everything_and_have_names_of_their_own(low, high):
    scale = scale_of(low, high)
    assert scale.low <= low
    assert scale.high >= high
    assert len(set(scale.names)) == len(scale.names)
    assert 2 <= len(scale.ticks) <= 12


def test_a_heat_map_shows_a_gap_as_a_gap_and_not_as_dark():
    picture = draw(HEAT)
    tips = [each.tip for each in picture.shapes if isinstance(each, Rect) and each.tip]
    assert tips == [
        "Sat 2026-10-24 12:00 to 18:00: not known",
        "Sat 2026-10-24 18:00 to 06:00: 100 %",
        "Sat 2026-10-24 06:00 to 12:00: 0 %",
    ]
    gap = next(each for each in picture.shapes if isinstance(each, Rect) and each.tip.endswith("not known"))
    assert gap.height < 4


def test_figures_tell_every_value_of_every_chart_and_charts_over_the_same_nights_share_a_table():
    nights, worst, levels = figures_of([BARS, LINES, RANKING, HEAT])
    assert [column.title for column in nights.columns] == [
        "Night", "known dark (lamp-hours)", "not known (lamp-hours)", "base (lamp-hours)", "in light (%)",
    ]  # fmt: skip
    assert nights.rows[0] == ("a", "1", "2", "4", "99.0")
    assert nights.rows[1] == ("b", "3", "-", "4", "-")
    assert worst.rows[1] == ("KV-2", "3", "-")
    assert levels.rows[0][1] == "12:00 not known, 18:00 100, 06:00 0"


def lightness(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((lightness(one), lightness(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("ground", "at"), [("#ffffff", 0), ("#161923", 1)])
def test_words_and_the_tones_that_matter_stand_out_from_paper_and_from_dark_screens(ground, at):
    for tone, least in (("ink", 7.0), ("soft", 4.5), (Tone.GOOD, 3.0), (Tone.BAD, 3.0), (Tone.METERED, 3.0)):
        assert contrast(COLOURS[tone][at], ground) >= least, tone
    # What is drawn next to each other differs in lightness as well, for a copy in grey.
    for one, other in ((Tone.BAD, Tone.UNKNOWN), (Tone.METERED, Tone.ESTIMATED)):
        assert contrast(COLOURS[one][at], COLOURS[other][at]) >= 1.3
