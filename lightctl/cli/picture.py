"""A night as a picture for the terminal: levels over the hours from noon to noon, sun lines, the list of switches."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from lightctl.cli import output
from lightctl.cli.nights import PreviewedNight
from lightctl.cli.output import Column, Format, percent
from lightctl.domain.programs import format_duration
from lightctl.planning.night import Night

ROWS = 5
COLUMNS_PER_HOUR = (4, 3, 2)
_MARGIN = 6
_EIGHTHS = " ▁▂▃▄▅▆▇█"
_PLAIN = " .:-=+*##"
_DAY_S = 24 * 3600

_SWITCHES = (
    Column("LOCAL", lambda row: row["local"]),
    Column("LEVEL", lambda row: percent(row["level"]), right=True),
    Column("RAMP", lambda row: row["ramp"]),
    Column("CAUSE", lambda row: row["cause"]),
)


def draw(previewed: PreviewedNight) -> None:
    """Draw a night on stdout."""
    night, zone = previewed.night, ZoneInfo(previewed.place.time_zone)
    output.write(previewed.title)
    output.write(f"sunset {_clock(night.sunset, zone)}, sunrise {_clock(night.sunrise, zone)}, {zone.key}")
    for line in picture(night, zone, _columns_per_hour(), _glyphs()):
        output.write(line)
    switches = [
        {
            "local": switch.at.astimezone(zone).strftime("%a %H:%M:%S"),
            "level": switch.level,
            "ramp": format_duration(switch.ramp_s) if switch.ramp_s else "",
            "cause": switch.cause,
        }
        for switch in night.switches
    ]
    output.show_list(switches, Format.TABLE, _SWITCHES)


def picture(night: Night, zone: ZoneInfo, columns_per_hour: int, glyphs: Sequence[str]) -> list[str]:
    """Give the lines of the picture: one column is the level at its middle, a bar marks sunset and sunrise."""
    width = round((night.end - night.start).total_seconds() / 3600) * columns_per_hour
    step = (night.end - night.start) / width
    levels = [night.level_at(night.start + step * (column + 0.5)) for column in range(width)]
    suns = {int((sun - night.start) / step) for sun in (night.sunset, night.sunrise) if sun is not None}
    full = len(glyphs) - 1
    bar = "│" if glyphs is not _PLAIN else "|"
    lines = []
    for row in reversed(range(ROWS)):
        cells = []
        for column, level in enumerate(levels):
            height = round(level / 100 * ROWS * full) - row * full
            glyph = glyphs[max(0, min(full, height))]
            cells.append(bar if glyph == " " and column in suns else glyph)
        lines.append(f"{_label(row)} {''.join(cells)}".rstrip())
    return [*lines, _axis(night, zone, width, step), *_sun_line(night, width, step, "▲" if bar == "│" else "^")]


def _label(row: int) -> str:
    top = (row + 1) * 100 // ROWS
    return f"{top:>3} %" if row in (ROWS - 1, ROWS // 2) else "     "


def _axis(night: Night, zone: ZoneInfo, width: int, step: dt.timedelta) -> str:
    line = [" "] * (width + _MARGIN + 2)
    for hours in range(0, 25, 2):
        local = dt.datetime.combine(
            night.date + dt.timedelta(days=(12 + hours) // 24), dt.time((12 + hours) % 24), zone
        )
        column = round((local.astimezone(dt.UTC) - night.start) / step)
        line[_MARGIN + column : _MARGIN + column + 2] = f"{local:%H}"
    return "".join(line).rstrip()


def _sun_line(night: Night, width: int, step: dt.timedelta, mark: str) -> list[str]:
    line = [" "] * (width + _MARGIN + len("sunrise") + 3)
    for name, sun in (("sunset", night.sunset), ("sunrise", night.sunrise)):
        if sun is not None:
            text = f"{mark} {name}"
            column = _MARGIN + int((sun - night.start) / step)
            line[column : column + len(text)] = text
    return ["".join(line).rstrip()] if night.sunset or night.sunrise else []


def _columns_per_hour() -> int:
    width = output.terminal().width - _MARGIN - 2 if output.on_terminal() else COLUMNS_PER_HOUR[0] * 24
    return next((each for each in COLUMNS_PER_HOUR if each * 25 <= width), 1)


def _glyphs() -> str:
    try:
        _EIGHTHS.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return _PLAIN
    return _EIGHTHS


def _clock(instant: dt.datetime | None, zone: ZoneInfo) -> str:
    return "none" if instant is None else instant.astimezone(zone).strftime("%H:%M")
