from __future__ import annotations

import datetime as dt

import pytest

from lightctl.reports.charts.values import Bars, HeatMap, Lines, Mark, Ranking, Series, Tone
from lightctl.reports.terminal import BLOCKS, PLAIN, lines, sparkline


def plain(chart, width=80, signs=BLOCKS, *, colours=False) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines(chart, width, signs, colours=colours)]


def test_a_sparkline_rises_from_its_least_to_its_most_and_shows_gaps():
    assert sparkline((0.0, 50.0, 100.0, None), BLOCKS, 0.0, 100.0) == " ▅█·"
    assert sparkline((0.0, 50.0, 100.0, None), PLAIN, 0.0, 100.0) == " +#?"
    assert sparkline((99.0, 99.5, 100.0), BLOCKS, 99.0, 100.0) == "▁▅█"
    assert sparkline((5.0, 5.0), BLOCKS, 5.0, 5.0) == "██"


def test_lying_bars_are_as_long_as_their_values_and_name_their_sum():
    chart = Ranking(
        "Worst", "h", ("KV-1", "KV-2"), (Series("dark", (10.0, 5.0), Tone.BAD), Series("?", (10.0, None), Tone.UNKNOWN))
    )
    title, first, second, key = plain(chart)
    assert title == "Worst"
    assert (first.count("█"), first.count("▓"), second.count("█")) == (29, 29, 14) or first.count(
        "█"
    ) == 2 * second.count("█")
    assert first.endswith(" 20")
    assert second.endswith(" 5")
    assert "dark" in key


def test_a_value_nobody_knows_is_not_drawn_as_nothing():
    chart = Bars("Energy", "kWh", ("10-01", "10-02"), (Series("counted", (1.0, None), Tone.METERED),))
    assert plain(chart)[2].endswith("not known")


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize("signs", [BLOCKS, PLAIN], ids=["blocks", "plain"])
def test_no_line_of_a_chart_is_wider_than_the_terminal(width, signs):
    night = (0.0,) * 24 + (100.0,) * 40 + (None,) * 32
    labels = tuple(f"10-{day:02}" for day in range(1, 32))
    charts = [
        HeatMap("LP1", (dt.date(2026, 10, 24),), (night,), 4),
        Ranking("Worst", "h", ("KV-1", "a name much longer than a terminal is" * 3), (Series("x", (1, 2), Tone.BAD),)),
        Bars("Few", "h", ("a", "b"), (Series("x", (1.0, 2.0), Tone.BAD),)),
    ]  # fmt: skip
    if width >= 80:
        charts += [
            Lines("In light", "%", labels, (Series("in light", (99.0,) * 31, Tone.GOOD),), "night", Mark("93 %", 93.0))
        ]
    for chart in charts:
        assert max(map(len, plain(chart, width, signs))) <= width


def test_the_heat_map_shows_a_dark_quarter_of_an_hour_even_where_columns_are_wider():
    night = (100.0,) * 40 + (0.0,) + (100.0,) * 55
    (_, hours, row, _) = plain(HeatMap("LP1", (dt.date(2026, 10, 24),), (night,), 4), 80)
    assert hours.split()[0] == "12"
    assert row.removeprefix("Sat 2026-10-24 ").count(" ") == 1


def test_without_colours_and_blocks_every_level_still_has_a_sign_of_its_own_and_gaps_another():
    cells = (0.0,) * 24 + (25.0,) * 12 + (50.0,) * 12 + (75.0,) * 12 + (100.0,) * 12 + (None,) * 24
    (_, _, row, key) = plain(HeatMap("LP1", (dt.date(2026, 10, 24),), (cells,), 4), 120, PLAIN)
    assert set(row.removeprefix("Sat 2026-10-24 ")) == set(" .:+#?")
    assert "? not known" in key
    assert "blank: off" in key


def test_in_colour_levels_are_grounds_and_gaps_are_signs():
    night = (0.0,) * 24 + (100.0,) * 48 + (None,) * 24
    parts = lines(HeatMap("LP1", (dt.date(2026, 10, 24),), (night,), 4), 120, BLOCKS, colours=True)[2]
    assert {text for text, style in parts if style.startswith("on ")} == {" "}
    assert ("·", "dim") in parts
