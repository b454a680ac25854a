"""Intent: control programs, calendars, assignments and protections, as people write them (docs/schedules.md).

Times are expressions (a local clock time or a sun event); levels integer percent; ramps and offsets in seconds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from lightctl.domain.selectors import Selector
from lightctl.domain.sensors import Condition, Operation

SUNSET_ALTITUDE_DEG = -0.833
DUSK_ALTITUDE_DEG = -6.0
NOON_S = 12 * 3600


@dataclass(frozen=True, slots=True)
class Source:
    """Where in people's files something stands: line and column count from 1."""

    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.file else ""


NOWHERE = Source()


class SunEvent(StrEnum):
    """The sun's way down (sunset, dusk) or up (dawn, sunrise) through an altitude."""

    SUNSET = "sunset"
    DUSK = "dusk"
    DAWN = "dawn"
    SUNRISE = "sunrise"

    @property
    def downwards(self) -> bool:
        """Whether the sun is setting at this event."""
        return self in (SunEvent.SUNSET, SunEvent.DUSK)


@dataclass(frozen=True, slots=True)
class ClockTime:
    """A local wall time, seconds since midnight (0..86399); from 12:00 on it belongs to D, before to D+1."""

    seconds: int

    def __str__(self) -> str:
        hours, rest = divmod(self.seconds, 3600)
        minutes, seconds = divmod(rest, 60)
        return f"{hours:02}:{minutes:02}" + (f":{seconds:02}" if seconds else "")


@dataclass(frozen=True, slots=True)
class SunTime:
    """The instant the sun's centre passes an altitude (degrees above the horizon), plus an offset in seconds."""

    event: SunEvent
    altitude_deg: float
    offset_s: int = 0

    def __str__(self) -> str:
        text = str(self.event)
        if self.event in (SunEvent.DUSK, SunEvent.DAWN) and self.altitude_deg != DUSK_ALTITUDE_DEG:
            text += f"({self.altitude_deg:g})"
        return text + (
            f"{'+' if self.offset_s > 0 else '-'}{format_duration(abs(self.offset_s))}" if self.offset_s else ""
        )


TimeExpression = ClockTime | SunTime


@dataclass(frozen=True, slots=True)
class Moment:
    """A time expression with optional clamps, applied after the offset."""

    at: TimeExpression
    earliest: ClockTime | None = None
    latest: ClockTime | None = None

    def __str__(self) -> str:
        clamps = [f"{name} {value}" for name, value in (("earliest", self.earliest), ("latest", self.latest)) if value]
        return f"{self.at} ({', '.join(clamps)})" if clamps else str(self.at)


@dataclass(frozen=True, slots=True)
class Step:
    """A switch point: from `at` on hold `level` percent, fading to it over `ramp_s` seconds."""

    at: Moment
    level: int
    ramp_s: int = 0
    source: Source = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class ActivePeriod:
    """A window in which the lamp may be lit."""

    start: Moment
    end: Moment
    source: Source = field(default=NOWHERE, compare=False)


SUNSET_TO_SUNRISE = ActivePeriod(
    Moment(SunTime(SunEvent.SUNSET, SUNSET_ALTITUDE_DEG)), Moment(SunTime(SunEvent.SUNRISE, SUNSET_ALTITUDE_DEG))
)


@dataclass(frozen=True, slots=True)
class DynamicRule:
    """While the sensor `sensor` says so, and `hold_s` seconds after, the program's level is changed by `operation`.

    level: percent, for `add` points of it (-99..99). period: where the rule counts, () for all the program's windows.
    """

    sensor: str
    when: Condition
    operation: Operation
    level: int
    hold_s: int
    period: tuple[ActivePeriod, ...] = ()
    source: Source = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        sign = "+" if self.operation is Operation.ADD and self.level > 0 else ""
        return f"{self.sensor} {self.when}: {self.operation} {sign}{self.level}"


@dataclass(frozen=True, slots=True)
class ControlProgram:
    """What a lamp does in a night: windows of light, the level they start with, and the steps inside them.

    dynamics: what sensors may change of it; the first rule in force counts.
    """

    id: str
    active: tuple[ActivePeriod, ...] = (SUNSET_TO_SUNRISE,)
    start_level: int = 100
    steps: tuple[Step, ...] = ()
    description: str = ""
    source: Source = field(default=NOWHERE, compare=False)
    dynamics: tuple[DynamicRule, ...] = ()


DEFAULT_PROGRAM = ControlProgram(
    "default", description="Full light from sunset to sunrise: what an unassigned lamp does"
)


@dataclass(frozen=True, slots=True)
class DateRange:
    """Inclusive dates: yearly (year None, may wrap over New Year) or of one year each; month and day as written."""

    first: tuple[int | None, int, int]
    last: tuple[int | None, int, int]

    def covers(self, date: dt.date) -> bool:
        """Say whether the date lies in the range."""
        day = (date.month, date.day)
        first, last = self.first[1:], self.last[1:]
        if self.first[0] is not None and self.last[0] is not None:
            return (self.first[0], *first) <= (date.year, *day) <= (self.last[0], *last)
        return first <= day <= last if first <= last else day >= first or day <= last


LAST_OF_MONTH = -1


@dataclass(frozen=True, slots=True)
class CalendarRule:
    """Chooses `program` for the nights on which every condition given holds; all speak of the night's own date D.

    weekdays: 0 Monday .. 6 Sunday. nth: 1..5 or LAST_OF_MONTH, of that weekday in the month. holidays: a code of the
    `holidays` library such as DE-NW.
    """

    program: str
    dates: tuple[DateRange, ...] = ()
    weekdays: frozenset[int] = frozenset()
    nth: tuple[int, ...] = ()
    holidays: str = ""
    source: Source = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Ordered rules, first match wins, else the default program."""

    id: str
    default: str
    rules: tuple[CalendarRule, ...] = ()
    source: Source = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Assignment:
    """The calendar of the light points a selector names; in order, first match wins."""

    select: Selector
    calendar: str
    source: Source = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Protection:
    """A floor no program, override or sensor goes below while the sun is down."""

    select: Selector
    min_level: int
    reason: str = ""
    source: Source = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Intent:
    """Everything people asked for, of one or several files."""

    programs: Mapping[str, ControlProgram] = field(default_factory=lambda: MappingProxyType({}))
    calendars: Mapping[str, Calendar] = field(default_factory=lambda: MappingProxyType({}))
    assignments: tuple[Assignment, ...] = ()
    protections: tuple[Protection, ...] = ()


NO_INTENT = Intent()


def format_duration(seconds: int) -> str:
    """Write seconds as people do: 90s, 10m, 1h30m."""
    if seconds == 0:
        return "0s"
    if seconds % 60:
        return f"{seconds}s"
    hours, minutes = divmod(seconds // 60, 60)
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if minutes else "")
