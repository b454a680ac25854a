"""One night as a picture: the curve of light over the hours, the sun's lines, and every change with its cause."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from lightctl.cli.nights import PreviewedNight, where
from lightctl.cli.svg.shapes import HEADER, LINE, MARGIN, WIDTH, Page, Words
from lightctl.domain.programs import NOON_S, format_duration
from lightctl.domain.states import Switch
from lightctl.planning.night import Night
from lightctl.planning.wall import wall_instant
from lightctl.reports.shades import as_hex, shade

_LEFT, _RIGHT = MARGIN + 44.0, WIDTH - MARGIN
_HEIGHT = 260.0
_HEADROOM = 26.0
_LEAST_WIDTH = 56.0
_LEAST_INSIDE = 20
_SEEN = dt.timedelta(minutes=10)
_TABLE = ((MARGIN, "start"), (MARGIN + 170.0, "end"), (MARGIN + 190.0, "start"), (MARGIN + 250.0, "start"))
_NAMES = ("local", "level", "ramp", "cause")
_SMALL = Words(size=12, tone="soft", anchor="middle")
_SUN = Words(size=12, tone="ink", anchor="middle")


@dataclass(frozen=True, slots=True)
class _Fade:
    """A change of level from one instant to another, the same one where there is no ramp."""

    start: dt.datetime
    before: float
    end: dt.datetime
    after: float

    @property
    def is_seen(self) -> bool:
        return self.end - self.start >= _SEEN


def draw_night(page: Page, y: float, heading: str, previewed: PreviewedNight) -> float:
    """Draw a night below `y`; gives where it ends."""
    night, place = previewed.night, previewed.place
    zone = ZoneInfo(place.time_zone)
    title = previewed.title[0].upper() + previewed.title[1:]
    top = page.title(y, title, *([heading] if heading else []), where(place))
    top += LINE
    _curve(page, top, night, zone)
    return _changes(page, top + _HEIGHT + 2.6 * LINE, night, zone)


def _curve(page: Page, top: float, night: Night, zone: ZoneInfo) -> None:
    bottom, length = top + _HEIGHT, max(night.end - night.start, dt.timedelta(seconds=1))

    def x(instant: dt.datetime) -> float:
        return _LEFT + (_RIGHT - _LEFT) * ((instant - night.start) / length)

    def y(level: float) -> float:
        return bottom - (_HEIGHT - _HEADROOM) * level / 100

    page.rect(_LEFT, top, _RIGHT - _LEFT, _HEIGHT, "day")
    for start, end in night.dark:
        page.rect(x(start), top, x(end) - x(start), _HEIGHT, as_hex(shade(0)))
    fades = list(_fades(night))
    corners = [(x(at), y(level)) for each in fades for at, level in ((each.start, each.before), (each.end, each.after))]
    page.area([(_LEFT, bottom), *corners, (_RIGHT, corners[-1][1]), (_RIGHT, bottom)], shade(100))
    for level in (0, 25, 50, 75, 100):
        page.grid(_LEFT, y(level), _RIGHT, y(level))
        page.words(_LEFT - 8, y(level) + 4, f"{level} %", Words(size=12, tone="soft", anchor="end"))
    for instant, hour in _hours(night, zone):
        page.grid(x(instant), top, x(instant), bottom + 4)
        page.words(x(instant), bottom + LINE, f"{hour:02}:00", _SMALL)
    for name, sun in (("sunset", night.sunset), ("sunrise", night.sunrise)):
        if sun is not None:
            page.curve([(x(sun), top), (x(sun), bottom)], dashed=True)
            page.words(x(sun), top - 6, f"{name} {sun.astimezone(zone):%H:%M}", _SUN)
    for switch, until in zip(night.switches, _ends(night), strict=True):
        if x(until) - x(switch.at) >= _LEAST_WIDTH:
            middle = switch.at + (until - switch.at) / 2
            _name(page, x(middle), y(switch.level), switch, zone, night)
    for switch, fade in list(zip(night.switches, fades, strict=True))[1:]:
        page.dot(x(fade.start), y(fade.before if fade.is_seen else fade.after), _told(switch, zone))


def _name(page: Page, x: float, y: float, switch: Switch, zone: ZoneInfo, night: Night) -> None:
    """Write level and time on a plateau: into the light where it is high enough, else above it."""
    dark = night.is_dark(switch.at)
    inside = switch.level >= _LEAST_INSIDE
    if not inside and not dark:
        return
    tone = as_hex(shade(0)) if inside else as_hex(shade(100))
    y += 19 if inside else -23
    page.words(x, y, f"{switch.level} %" if switch.level else "off", Words(15, tone, "middle", bold=True))
    if switch.at > night.start:
        page.words(x, y + 16, f"{switch.at.astimezone(zone):%H:%M}", Words(12, tone, "middle"))


def _fades(night: Night) -> Iterator[_Fade]:
    """Give the change each switch makes; one that has not come to its end at the next switch stops there."""
    level: float = night.switches[0].level
    for switch, until in zip(night.switches, _ends(night), strict=True):
        ramp, lasts = dt.timedelta(seconds=switch.ramp_s), until - switch.at
        reached = level + (switch.level - level) * (1.0 if ramp <= lasts else lasts / ramp)
        yield _Fade(switch.at, level, switch.at + min(ramp, lasts), reached)
        level = reached


def _ends(night: Night) -> list[dt.datetime]:
    return [*(switch.at for switch in night.switches[1:]), night.end]


def _hours(night: Night, zone: ZoneInfo) -> Iterator[tuple[dt.datetime, int]]:
    """Give every other hour of the wall clock with its instant; one that clocks skip is left out."""
    for hours in range(0, 25, 2):
        date = night.date + dt.timedelta(days=(12 + hours) // 24)
        hour = (12 + hours) % 24
        instant = wall_instant(date, (NOON_S + hours * 3600) % 86400, zone)
        if night.start <= instant <= night.end and instant.astimezone(zone).hour == hour:
            yield instant, hour


def _changes(page: Page, y: float, night: Night, zone: ZoneInfo) -> float:
    _row(page, y, _NAMES, header=True)
    for switch in night.switches:
        y += LINE
        fade = format_duration(switch.ramp_s) if switch.ramp_s else ""
        _row(page, y, (f"{switch.at.astimezone(zone):%a %H:%M:%S}", f"{switch.level} %", fade, switch.cause))
    return y


def _row(page: Page, y: float, cells: Sequence[str], *, header: bool = False) -> None:
    for (x, anchor), text in zip(_TABLE, cells, strict=True):
        page.words(x, y, text, Words(HEADER.size, HEADER.tone, anchor, bold=True) if header else Words(anchor=anchor))


def _told(switch: Switch, zone: ZoneInfo) -> str:
    return f"{switch.at.astimezone(zone):%a %H:%M:%S}: {switch.level} %, {switch.cause}"
