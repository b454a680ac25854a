"""One program on one date at one place: a night of UTC switches (contracts 1 and 2).

In comes a program with its time expressions, out come the changes of level between local noon and noon. The lamp is
off outside every window; inside, it has the level of the latest step so far in this night, else the program's
start_level. `reading` says where windows and steps fall; nothing raises.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter

from lightctl.domain.assets import Place
from lightctl.domain.programs import ControlProgram, Source
from lightctl.domain.states import Switch
from lightctl.planning.dynamics import Span, TimedRule, timed_rules
from lightctl.planning.reading import Reader, TimedStep, Window
from lightctl.planning.sun import SunNight
from lightctl.planning.wall import night_bounds, night_date

__all__ = ["Night", "Span", "night", "night_bounds", "night_date"]


@dataclass(frozen=True, slots=True)
class Night:
    """A compiled night: `switches` are its changes of level, ascending, no two at one instant, the first at `start`.

    sunset and sunrise: the first way down and the last way up of the night, None where there is none. dark: the spans
    in which the sun is below the sunset altitude. sources: where in people's files each switch comes from. dynamics:
    the program's dynamic rules with the spans in which each counts.
    """

    date: dt.date
    start: dt.datetime
    end: dt.datetime
    program: str
    sunset: dt.datetime | None
    sunrise: dt.datetime | None
    switches: tuple[Switch, ...]
    dark: tuple[Span, ...] = ()
    sources: tuple[Source, ...] = ()
    dynamics: tuple[TimedRule, ...] = ()

    def index_at(self, instant: dt.datetime) -> int:
        """Give the index of the switch in force at an instant of the night."""
        return max(0, bisect_right(self.switches, instant, key=attrgetter("at")) - 1)

    def switch_at(self, instant: dt.datetime) -> Switch:
        """Give the switch in force at an instant of the night."""
        return self.switches[self.index_at(instant)]

    def level_at(self, instant: dt.datetime) -> int:
        """Give the level due at an instant of the night, in percent."""
        return self.switches[self.index_at(instant)].level

    def segments(self) -> Iterator[tuple[dt.datetime, dt.datetime, int]]:
        """Give the night as (from, until, level), without gaps."""
        ends = [*(switch.at for switch in self.switches[1:]), self.end]
        for switch, until in zip(self.switches, ends, strict=True):
            yield switch.at, until, switch.level

    def is_dark(self, instant: dt.datetime) -> bool:
        """Say whether the sun is down at an instant of the night."""
        return any(start <= instant < end for start, end in self.dark)


def night(program: ControlProgram, date: dt.date, place: Place, sun: SunNight | None = None) -> Night:
    """Compile a program for the night of a date; `sun`, when already known, is the sun of that place and date."""
    reader = Reader.of(place, date, sun)
    sun = reader.sun
    windows = reader.windows(program)
    steps = reader.steps(program)
    switches, sources = _walk(program, windows, steps, sun.start, sun.end)
    dark = sun.dark()
    return Night(
        date,
        sun.start,
        sun.end,
        program.id,
        next((start for start, _ in dark if start > sun.start), None),
        next((end for _, end in reversed(dark) if end < sun.end), None),
        switches,
        dark,
        sources,
        timed_rules(program, reader, windows),
    )


def _walk(
    program: ControlProgram, windows: list[Window], steps: list[TimedStep], start: dt.datetime, end: dt.datetime
) -> tuple[tuple[Switch, ...], tuple[Source, ...]]:
    """Visit every instant of the night at which something may change and keep those at which the level does."""
    marks = {timed.at for timed in steps}
    for each in windows:
        marks |= {each.opens.at, each.closes.at}
    switches: list[Switch] = []
    sources: list[Source] = []
    last_open: Window | None = None
    for at in [start, *sorted(mark for mark in marks if start < mark < end)]:
        window = next((each for each in windows if each.opens.at <= at < each.closes.at), None)
        timed = next((each for each in reversed(steps) if each.at <= at), None)
        level = 0 if window is None else program.start_level if timed is None else timed.step.level
        if not switches or level != switches[-1].level:
            switch, source = _explained(program, at, level, window, last_open, timed)
            switches.append(switch)
            sources.append(source)
        last_open = last_open if window is None else window
    return tuple(switches), tuple(sources)


def _explained(
    program: ControlProgram,
    at: dt.datetime,
    level: int,
    window: Window | None,
    last_open: Window | None,
    timed: TimedStep | None,
) -> tuple[Switch, Source]:
    """Give a switch with its cause: a step that falls on it, else the window that opens or closes."""
    if window is None:
        if last_open is None:
            return Switch(at, level, 0, "outside every window"), program.source
        return Switch(at, level, 0, f"window closes {last_open.closes.text}"), last_open.period.source
    if timed is not None and timed.at == at:
        return Switch(at, level, timed.step.ramp_s, f"program {program.id}, step {timed.step.at}"), timed.step.source
    return Switch(at, level, 0, f"window opens {window.opens.text}"), window.period.source
