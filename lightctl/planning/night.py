"""One program on one date at one place: a night of UTC switches (contracts 1 and 2).

In comes a program with its time expressions, out come the changes of level between local noon and noon. The lamp is
off outside every window; inside, it has the level of the latest step so far in this night, else the program's
start_level. `reading` says where windows and steps fall; nothing raises.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from lightctl.domain.assets import Place
from lightctl.domain.programs import ControlProgram, Moment, Source, SunTime
from lightctl.domain.states import Switch
from lightctl.planning.dynamics import Span, TimedRule, timed_rules
from lightctl.planning.reading import Reader, TimedStep, Window
from lightctl.planning.wall import night_bounds, night_date

__all__ = ["Night", "Script", "Span", "compile_night", "night", "night_bounds", "night_date"]

BY_INSTANT = attrgetter("at")
Cause = tuple[str, SunTime | None]  # for people, and the sun event that is followed
NIGHTS_OWN = "at noon (the sun is down)"


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
        return max(0, bisect_right(self.switches, instant, key=BY_INSTANT) - 1)

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


@dataclass(frozen=True, slots=True)
class Script:
    """A program with what explains its switches, which is the same in every night and at every place.

    opens, closes, steps: the words, and the sun event followed, by the identity of an edge or step, all of which the
    program keeps.
    """

    program: ControlProgram
    opens: Mapping[int, Cause]
    closes: Mapping[int, Cause]
    steps: Mapping[int, Cause]

    @classmethod
    def of(cls, program: ControlProgram) -> Script:
        """Write down what explains a program."""
        return cls(
            program,
            {id(each.start): (f"window opens {each.start}", _sun_of(each.start)) for each in program.active},
            {id(each.end): (f"window closes {each.end}", _sun_of(each.end)) for each in program.active},
            {id(each): (f"program {program.id}, step {each.at}", _sun_of(each.at)) for each in program.steps},
        )

    def switch(
        self, at: dt.datetime, level: int, window: Window | None, last_open: Window | None, timed: TimedStep | None
    ) -> tuple[Switch, Source]:
        """Give a switch with its cause: a step that falls on it, else the window that opens or closes."""
        if window is None:
            if last_open is None:
                return Switch(at, level, 0, "outside every window"), self.program.source
            cause = self.closes.get(id(last_open.closes.moment), (f"window closes {NIGHTS_OWN}", None))
            return Switch(at, level, 0, *cause), last_open.period.source
        if timed is not None and timed.at == at:
            return Switch(at, level, timed.step.ramp_s, *self.steps[id(timed.step)]), timed.step.source
        cause = self.opens.get(id(window.opens.moment), (f"window opens {NIGHTS_OWN}", None))
        return Switch(at, level, 0, *cause), window.period.source


def night(program: ControlProgram, date: dt.date, place: Place) -> Night:
    """Compile a program for the night of a date."""
    return compile_night(Script.of(program), Reader.of(place, date))


def compile_night(script: Script, reader: Reader) -> Night:
    """Compile a program for the night and place of a reader."""
    windows = reader.windows(script.program)
    switches, sources = _walk(script, reader, windows)
    sun, dark = reader.sun, reader.sun.dark()
    return Night(
        reader.date,
        sun.start,
        sun.end,
        script.program.id,
        next((start for start, _ in dark if start > sun.start), None),
        next((end for _, end in reversed(dark) if end < sun.end), None),
        switches,
        dark,
        sources,
        timed_rules(script.program, reader, windows),
    )


def _walk(script: Script, reader: Reader, windows: Sequence[Window]) -> tuple[tuple[Switch, ...], tuple[Source, ...]]:
    """Visit every instant of the night at which something may change and keep those at which the level does."""
    start, end = reader.sun.start, reader.sun.end
    steps = reader.steps(script.program)
    marks = {timed.at for timed in steps}
    for each in windows:
        marks |= {each.opens.at, each.closes.at}
    switches: list[Switch] = []
    sources: list[Source] = []
    last_open: Window | None = None
    timed: TimedStep | None = None
    coming = steps[::-1]
    for at in [start, *sorted(mark for mark in marks if start < mark < end)]:
        window = next((each for each in windows if each.opens.at <= at < each.closes.at), None)
        while coming and coming[-1].at <= at:
            timed = coming.pop()
        level = 0 if window is None else script.program.start_level if timed is None else timed.step.level
        if not switches or level != switches[-1].level:
            switch, source = script.switch(at, level, window, last_open, timed)
            switches.append(switch)
            sources.append(source)
        last_open = last_open if window is None else window
    return tuple(switches), tuple(sources)


def _sun_of(moment: Moment | None) -> SunTime | None:
    """Give the sun event an instant follows; one with clamps may stand on the clock, and is taken to."""
    if moment is None or moment.earliest is not None or moment.latest is not None:
        return None
    return moment.at if isinstance(moment.at, SunTime) else None
