"""A season as a picture: nights downwards, hours from noon to noon across, light as colour, the sun as two lines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

from lightctl.cli.nights import PreviewedNight, Shown, where
from lightctl.cli.season import HOURS, Row, Span, row_of, uses, weekdays, when
from lightctl.cli.svg.shapes import HEADER, LINE, MARGIN, WIDTH, Box, Page, Words
from lightctl.reports.shades import as_hex, shade

_LEFT, _RIGHT = MARGIN + 68.0, WIDTH - MARGIN
_HOUR = (_RIGHT - _LEFT) / HOURS
_TALLEST = 600
_HIGHEST_ROW, _LOWEST_ROW, _ROW_WITH_DATE = 16, 2, 12
_JUMP_H = 0.5
_SWATCH = 14.0
_SMALL = Words(size=12, tone="soft", anchor="middle")
_SIDE = Words(size=12, tone="soft", anchor="end")
_TABLE = (
    (MARGIN, "start"), (MARGIN + 190.0, "start"), (MARGIN + 330.0, "end"), (MARGIN + 350.0, "start"),
    (MARGIN + 460.0, "start"),
)  # fmt: skip
_NAMES = ("program", "chosen by", "nights", "weekdays", "when")


def draw_season(page: Page, y: float, heading: str, shown: Shown) -> float:
    """Draw nights as a map below `y`; gives where it ends."""
    nights = shown.nights
    y = page.title(y, shown.title, *([heading] if heading else []), where(nights[0].place))
    rows = [row_of(each) for each in nights]
    height = max(_LOWEST_ROW, min(_HIGHEST_ROW, _TALLEST // len(rows)))
    bottom = _map(page, y + LINE / 2, height, rows)
    y = _legend(page, bottom + 2.6 * LINE, rows)
    return _uses(page, y + 2 * LINE, shown)


def _map(page: Page, top: float, height: int, rows: Sequence[Row]) -> float:
    bottom = top + height * len(rows)
    page.rect(_LEFT, top, _RIGHT - _LEFT, bottom - top, "day")
    dark = [(at, span) for at, row in enumerate(rows) for span in row.dark]
    page.boxes(_boxes(dark, top, height), as_hex(shade(0)))
    for level in _lit(rows):
        lit = [(at, (a, b)) for at, row in enumerate(rows) for a, b, found in row.levels if found == level]
        page.boxes(_boxes(lit, top, height), as_hex(shade(level)))
    for hours in range(0, HOURS + 1, 2):
        x = _x(hours)
        page.grid(x, top, x, bottom)
        for y in (top - 5, bottom + 15):
            page.words(x, y, f"{(12 + hours) % 24:02}:00", _SMALL)
    _dates(page, top, height, rows)
    for suns in ([row.sunset for row in rows], [row.sunrise for row in rows]):
        for curve in _curves(suns):
            page.curve([(_x(sun), top + (at + 0.5) * height) for at, sun in curve])
    for at, row in enumerate(rows):
        page.pane(_LEFT, top + at * height, _RIGHT - _LEFT, height, _told(row.previewed))
    return bottom


def _x(hour: float) -> float:
    return _LEFT + hour * _HOUR


def _lit(rows: Sequence[Row]) -> list[int]:
    return sorted({level for row in rows for _, _, level in row.levels if level}, reverse=True)


def _boxes(spans: Sequence[tuple[int, Span]], top: float, height: int) -> Iterator[Box]:
    """Give the boxes of spans of hours, each with the number of its row."""
    for at, (start, end) in spans:
        yield _x(start), top + at * height, _x(end) - _x(start), height


def _dates(page: Page, top: float, height: int, rows: Sequence[Row]) -> None:
    """Name each night where rows are high enough, else each month."""
    if height >= _ROW_WITH_DATE:
        for at, row in enumerate(rows):
            page.words(_LEFT - 6, top + (at + 0.5) * height + 4, f"{row.date:%a %m-%d}", _SIDE)
        return
    at = 0
    for month, nights in groupby(rows, key=lambda row: (row.date.year, row.date.month)):
        number = len(list(nights))
        if at:
            page.grid(_LEFT - 30, top + at * height, _RIGHT, top + at * height)
        if number * height >= LINE:
            page.words(_LEFT - 6, top + at * height + 14, f"{dt.date(*month, 1):%b}", _SIDE)
        at += number


def _curves(suns: Sequence[float | None]) -> Iterator[list[tuple[int, float]]]:
    """Give the pieces of a sun's line: it breaks where there is none, and where clocks change."""
    points = [(at, sun) for at, sun in enumerate(suns) if sun is not None]
    piece = points[:1]
    for before, after in pairwise(points):
        if after[0] - before[0] > 1 or abs(after[1] - before[1]) > _JUMP_H:
            yield piece
            piece = []
        piece.append(after)
    if piece:
        yield piece


def _told(previewed: PreviewedNight) -> str:
    night, zone = previewed.night, ZoneInfo(previewed.place.time_zone)
    by = f" ({previewed.chosen_by})" if previewed.chosen_by else ""
    suns = [
        f"{name} {sun.astimezone(zone):%H:%M}"
        for name, sun in (("sunset", night.sunset), ("sunrise", night.sunrise))
        if sun is not None
    ]
    switches = [f"{switch.at.astimezone(zone):%H:%M} {switch.level} %" for switch in night.switches]
    return "\n".join(
        [f"{night.date:%a %Y-%m-%d}: {night.program}{by}", *([", ".join(suns)] if suns else []), *switches]
    )


def _legend(page: Page, y: float, rows: Sequence[Row]) -> float:
    x = _LEFT
    swatches = [(as_hex(shade(level)), f"{level} %") for level in _lit(rows)]
    if any(row.is_off_in_the_dark for row in rows):
        swatches.append((as_hex(shade(0)), "off, sun down"))
    for colour, name in (*swatches, ("day", "off, daylight")):
        width = _SWATCH + 6 + 7 * len(name)
        if x + width > _RIGHT:
            x, y = _LEFT, y + LINE
        page.rect(x, y - _SWATCH + 2, _SWATCH, _SWATCH, colour)
        page.words(x + _SWATCH + 6, y, name)
        x += width + 12
    page.curve([(x, y - 5), (x + 24, y - 5)])
    page.words(x + 30, y, "sunset, sunrise")
    return y


def _uses(page: Page, y: float, shown: Shown) -> float:
    _row(page, y, _NAMES, header=True)
    for use in uses(shown.nights):
        y += LINE
        _row(page, y, (use.program, use.chosen_by, str(len(use.dates)), weekdays(use.dates), when(use.dates)))
    return y


def _row(page: Page, y: float, cells: Sequence[str], *, header: bool = False) -> None:
    for (x, anchor), text in zip(_TABLE, cells, strict=True):
        page.words(x, y, text, Words(HEADER.size, HEADER.tone, anchor, bold=True) if header else Words(anchor=anchor))
