"""A season for the terminal: nights downwards, the hours from noon to noon across, light as shade, the sun as a line.

On a terminal with colours each half of a line is a row of its own; elsewhere, and in a pipe, signs of four densities
stand for the shades. A row is one night where all fit on the screen, else whole weeks, so that every row has the same
weekdays; it shows the level most of its nights have, because a mean would be a level no lamp ever has.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightctl.cli import output
from lightctl.cli.nights import Shown
from lightctl.cli.output import Column, Format
from lightctl.cli.season import HOURS, Row, row_of, uses, weekdays, when
from lightctl.reports.shades import DAYLIGHT_ON_DARK, SUN_ON_DARK, Colour, as_hex, shade

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

COLUMNS_PER_HOUR = (4, 3, 2)
NIGHTS_PER_ROW = (1, 7, 14, 28)
COLUMNS_IN_A_PIPE, LINES_IN_A_PIPE = 80, 60
LINES_AROUND = 6
LINES_OF_A_TABLE = 4
LEAST_LINES = 14
_MARGIN = 7
_MOST_USES = 8
_SWATCHES = 6
_BLOCKS, _PLAIN = " ░▒▓█│", " .:+#|"

_USES = (
    Column("PROGRAM", lambda row: row["program"]),
    Column("CHOSEN BY", lambda row: row["by"]),
    Column("NIGHTS", lambda row: str(row["nights"]), right=True),
    Column("WEEKDAYS", lambda row: row["weekdays"]),
    Column("WHEN", lambda row: row["when"]),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """Some minutes of some nights: the level most have (None: no such night), whether the sun is up, or passes here."""

    level: int | None
    day: bool
    sun: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """How a map is drawn: columns an hour, nights a row; with a console in colour, two rows a line, else with signs."""

    columns_per_hour: int
    nights_per_row: int
    console: Console | None
    signs: str


def draw(shown: Shown) -> None:
    """Draw nights as a map on stdout, with a legend and the nights of each program."""
    nights = shown.nights
    found = uses(nights)
    sheet = _sheet(len(nights), min(len(found), _MOST_USES) + LINES_OF_A_TABLE if len(found) > 1 else 0)
    output.write(shown.title)
    output.write(f"{nights[0].place.time_zone}; {_scale(sheet)}")
    rows = [row_of(each) for each in nights]
    groups = [rows[at : at + sheet.nights_per_row] for at in range(0, len(rows), sheet.nights_per_row)]
    cells = [_cells(group, sheet.columns_per_hour) for group in groups]
    labels = [_label(group, first=not at) for at, group in enumerate(groups)]
    levels = sorted({level for row in rows for _, _, level in row.levels}, reverse=True)
    output.write(_axis(sheet.columns_per_hour))
    if sheet.console is None:
        for label, each in zip(labels, cells, strict=True):
            output.write(f"{label}{''.join(_sign(cell, sheet.signs) for cell in each)}".rstrip())
        output.write(_legend(levels, sheet.signs))
    else:
        _paint(sheet.console, labels, cells)
        sheet.console.print(_swatches(levels, dark=any(row.is_off_in_the_dark for row in rows)))
    if len(found) > 1:
        _show_uses(shown)


def _show_uses(shown: Shown) -> None:
    found = uses(shown.nights)
    rows = [
        {
            "program": use.program,
            "by": use.chosen_by,
            "nights": len(use.dates),
            "weekdays": weekdays(use.dates),
            "when": when(use.dates),
        }
        for use in found[:_MOST_USES]
    ]
    output.show_list(rows, Format.TABLE, _USES)
    if len(found) > _MOST_USES:
        output.write(f"... and {len(found) - _MOST_USES} more; -o csv lists every night")


def _sheet(nights: int, lines_below: int) -> Sheet:
    signs = _signs()
    terminal = output.on_terminal()
    console = output.terminal() if terminal else None
    in_colour = (
        console is not None
        and signs is _BLOCKS
        and console.color_system in ("256", "truecolor")
        and not os.environ.get("NO_COLOR")
    )
    width = console.width if console is not None else _asked_for("COLUMNS", COLUMNS_IN_A_PIPE)
    columns = next((each for each in COLUMNS_PER_HOUR if _MARGIN + each * HOURS <= width), 1)
    room = (
        max(console.height - LINES_AROUND - lines_below, LEAST_LINES)
        if console
        else _asked_for("LINES", LINES_IN_A_PIPE)
    )
    rows = room * 2 if in_colour else room
    per_row = next((each for each in NIGHTS_PER_ROW if math.ceil(nights / each) <= rows), NIGHTS_PER_ROW[-1])
    return Sheet(columns, per_row, console if in_colour else None, signs)


def _asked_for(name: str, usual: int) -> int:
    asked = os.environ.get(name, "")
    return int(asked) if asked.isdecimal() and int(asked) > 0 else usual


def _signs() -> str:
    try:
        _BLOCKS.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return _PLAIN
    return _BLOCKS


def _cells(group: Sequence[Row], columns_per_hour: int) -> list[Cell]:
    """Give the cells of one row: each is what holds at its middle, and the sun is that of the row's middle night."""
    middle = group[len(group) // 2]
    suns = {int(sun * columns_per_hour) for sun in (middle.sunset, middle.sunrise) if sun is not None}
    cells = []
    for column in range(HOURS * columns_per_hour):
        hour = (column + 0.5) / columns_per_hour
        levels = [level for row in group if (level := row.level_at(hour)) is not None]
        # Of two levels as frequent the lower: a dark hour must not be missed.
        most = min(set(levels), key=lambda level: (-levels.count(level), level)) if levels else None
        cells.append(Cell(most, not middle.is_dark(hour), column in suns))
    return cells


def _scale(sheet: Sheet) -> str:
    line = "half a line" if sheet.console else "a line"
    if sheet.nights_per_row == 1:
        return f"{line} is a night"
    weeks = "a week" if sheet.nights_per_row == 7 else f"{sheet.nights_per_row // 7} weeks"  # noqa: PLR2004
    return f"{line} is {weeks}: what most nights of it have"


def _label(group: Sequence[Row], *, first: bool) -> str:
    """Name the month where it begins; and the day, where a row is one night."""
    begins = next((row.date for row in group if row.date.day == 1), group[0].date if first else None)
    month = f"{begins:%b}" if begins else ""
    return f"{month:<3} {group[0].date.day:>2} " if len(group) == 1 else f"{month:<{_MARGIN}}"


def _axis(columns_per_hour: int) -> str:
    every = 2 if columns_per_hour > 1 else 4
    line = [" "] * (_MARGIN + HOURS * columns_per_hour + 1)
    for hour in range(0, HOURS + 1, every):
        at = _MARGIN + hour * columns_per_hour - 1
        line[at : at + 2] = f"{(12 + hour) % 24:02}"
    return "".join(line).rstrip()


def _density(level: int) -> int:
    return math.ceil(level / 25)


def _sign(cell: Cell, signs: str) -> str:
    if cell.sun:
        return signs[-1]
    return " " if cell.level is None else signs[_density(cell.level)]


def _legend(levels: Sequence[int], signs: str) -> str:
    by_sign: dict[str, list[int]] = {}
    for level in levels:
        by_sign.setdefault(signs[_density(level)], []).append(level)
    parts = [f"{sign} {', '.join(map(str, sorted(found)))} %" for sign, found in by_sign.items() if sign != " "]
    return " " * _MARGIN + "   ".join([*parts, "blank: off", f"{signs[-1]} sunset, sunrise"])


def _paint(console: Console, labels: Sequence[str], cells: Sequence[Sequence[Cell]]) -> None:
    from rich.text import Text  # noqa: PLC0415 - start-up stays short

    for at in range(0, len(cells), 2):
        lower = cells[at + 1] if at + 1 < len(cells) else [None] * len(cells[at])
        two = labels[at : at + 2]
        line = Text(next((label for label in two if label[:1].strip()), two[0]))
        for upper, under in zip(cells[at], lower, strict=True):
            background = "" if under is None else f" on {as_hex(_colour(under))}"
            line.append("▀", f"{as_hex(_colour(upper))}{background}")
        console.print(line, soft_wrap=True)


def _colour(cell: Cell) -> Colour:
    if cell.sun:
        return SUN_ON_DARK
    if not cell.level and cell.day:
        return DAYLIGHT_ON_DARK
    return shade(cell.level or 0)


def _swatches(levels: Sequence[int], *, dark: bool) -> Text:
    from rich.text import Text  # noqa: PLC0415 - start-up stays short

    lit = [level for level in levels if level]
    told = lit if len(lit) <= _SWATCHES else [100, 75, 50, 25]
    line = Text(" " * _MARGIN)
    for colour, name in (
        *((shade(level), f"{level} %") for level in told),
        *([(shade(0), "off, sun down")] if dark else []),
        (DAYLIGHT_ON_DARK, "off, daylight"),
        (SUN_ON_DARK, "sunset, sunrise"),
    ):
        line.append("██", as_hex(colour))
        line.append(f" {name}  ")
    line.rstrip()
    return line
