"""One program on one date at one place: a night of UTC switches (contracts 1 and 2).

In comes a program with its time expressions, out come the changes of level between local noon and noon. The lamp is
off outside every window; inside, it has the level of the latest step so far in this night, else the program's
start_level. Nothing here raises: a sun event that does not happen makes its edge the night's own boundary (sun down)
or leaves the window empty (sun up), and skips its step.

A window from the sun's way down to its way up is the time the sun is below those altitudes. In most nights that is
one span. Around polar night, and where clocks run far from the sun, the night can begin or end inside such a span
(Vadsø in November: the sun sets before noon; Nome in December: it rises after noon); each span counts, so that no
street goes dark because its sunrise fell on the other side of noon.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from dataclasses import dataclass
from operator import attrgetter
from zoneinfo import ZoneInfo

from lightctl.domain.assets import Place
from lightctl.domain.programs import NOON_S, ClockTime, ControlProgram, Moment, Source, Step, SunTime
from lightctl.domain.states import Switch
from lightctl.planning.sun import SunNight, SunState
from lightctl.planning.wall import ONE_DAY, night_bounds, night_date, wall_instant

__all__ = ["Night", "night", "night_bounds", "night_date"]

Span = tuple[dt.datetime, dt.datetime]


@dataclass(frozen=True, slots=True)
class Night:
    """A compiled night: `switches` are its changes of level, ascending, no two at one instant, the first at `start`.

    sunset and sunrise: the first way down and the last way up of the night, None where there is none. dark: the spans
    in which the sun is below the sunset altitude. sources: where in people's files each switch comes from.
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

    def index_at(self, instant: dt.datetime) -> int:
        """Give the index of the switch in force at an instant of the night."""
        return max(0, bisect_right(self.switches, instant, key=attrgetter("at")) - 1)

    def switch_at(self, instant: dt.datetime) -> Switch:
        """Give the switch in force at an instant of the night."""
        return self.switches[self.index_at(instant)]

    def level_at(self, instant: dt.datetime) -> int:
        """Give the level due at an instant of the night, in percent."""
        return self.switches[self.index_at(instant)].level

    def is_dark(self, instant: dt.datetime) -> bool:
        """Say whether the sun is down at an instant of the night."""
        return any(start <= instant < end for start, end in self.dark)


def night(program: ControlProgram, date: dt.date, place: Place, sun: SunNight | None = None) -> Night:
    """Compile a program for the night of a date; `sun`, when already known, is the sun of that place and date."""
    reader = _Reader(date, ZoneInfo(place.time_zone), sun or SunNight.of(place, date))
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
    )


@dataclass(frozen=True, slots=True)
class _Edge:
    """An end of a window: an instant and the words for it."""

    at: dt.datetime
    text: str


@dataclass(frozen=True, slots=True)
class _Window:
    opens: _Edge
    closes: _Edge
    source: Source


@dataclass(frozen=True, slots=True)
class _TimedStep:
    at: dt.datetime
    step: Step


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads time expressions as instants of one night."""

    date: dt.date
    zone: ZoneInfo
    sun: SunNight

    def windows(self, program: ControlProgram) -> list[_Window]:
        """Give the program's windows of this night: each opening with the first closing after it."""
        found = []
        for period in program.active:
            closings = self._edges(period.end, at_end=True)
            for opens in self._edges(period.start, at_end=False):
                closes = next((edge for edge in closings if edge.at > opens.at), None)
                if closes is not None:
                    found.append(_Window(opens, closes, period.source))
        return found

    def steps(self, program: ControlProgram) -> list[_TimedStep]:
        """Give the program's steps that have an instant in this night, in time order; the later in the file wins."""
        timed = ((self._step_instant(step), step) for step in program.steps)
        return sorted((_TimedStep(at, step) for at, step in timed if at is not None), key=attrgetter("at"))

    def _step_instant(self, step: Step) -> dt.datetime | None:
        match step.at.at:
            case ClockTime() as clock:
                return self._clamped(self._clock(clock), step.at)
            case SunTime() as expression:
                passed = self.sun.passes(expression.altitude_deg, downwards=expression.event.downwards)
                if isinstance(passed, SunState):
                    return None
                return self._clamped(passed + dt.timedelta(seconds=expression.offset_s), step.at)

    def _edges(self, moment: Moment, *, at_end: bool) -> list[_Edge]:
        """Give the instants at which a window edge lies in this night, in order; none leaves the window empty."""
        text = str(moment)
        if isinstance(moment.at, ClockTime):
            return [_Edge(self._clamped(self._clock(moment.at), moment), text)]
        altitude, event, offset = moment.at.altitude_deg, moment.at.event, dt.timedelta(seconds=moment.at.offset_s)
        passages = [each.at for each in self.sun.passages(altitude) if each.downwards == event.downwards]
        edges = [_Edge(self._clamped(at + offset, moment), text) for at in passages]
        # A window opens on the way down and closes on the way up; only then is "sun below at this end" part of it
        # when the event happens elsewhere in the night too.
        natural = event.downwards != at_end
        if (natural or not edges) and self.sun.is_below(altitude, at_end=at_end):
            if at_end:
                edges.append(_Edge(self.sun.end, "at noon (the sun is down)"))
            else:
                edges.insert(0, _Edge(self.sun.start, "at noon (the sun is down)"))
        return edges

    def _clock(self, clock: ClockTime) -> dt.datetime:
        date = self.date if clock.seconds >= NOON_S else self.date + ONE_DAY
        return wall_instant(date, clock.seconds, self.zone)

    def _clamped(self, at: dt.datetime, moment: Moment) -> dt.datetime:
        if moment.earliest is not None:
            at = max(at, self._clock(moment.earliest))
        if moment.latest is not None:
            at = min(at, self._clock(moment.latest))
        return at


def _walk(
    program: ControlProgram, windows: list[_Window], steps: list[_TimedStep], start: dt.datetime, end: dt.datetime
) -> tuple[tuple[Switch, ...], tuple[Source, ...]]:
    """Visit every instant of the night at which something may change and keep those at which the level does."""
    marks = {timed.at for timed in steps}
    for each in windows:
        marks |= {each.opens.at, each.closes.at}
    switches: list[Switch] = []
    sources: list[Source] = []
    last_open: _Window | None = None
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
    window: _Window | None,
    last_open: _Window | None,
    timed: _TimedStep | None,
) -> tuple[Switch, Source]:
    """Give a switch with its cause: a step that falls on it, else the window that opens or closes."""
    if window is None:
        if last_open is None:
            return Switch(at, level, 0, "outside every window"), program.source
        return Switch(at, level, 0, f"window closes {last_open.closes.text}"), last_open.source
    if timed is not None and timed.at == at:
        return Switch(at, level, timed.step.ramp_s, f"program {program.id}, step {timed.step.at}"), timed.step.source
    return Switch(at, level, 0, f"window opens {window.opens.text}"), window.source
