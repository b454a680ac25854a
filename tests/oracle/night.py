"""A control program in one night, read from contracts 1 and 2 for many instants at once.

Where the instant of a sun event is known only to some seconds, so is what depends on it: each question has the answers
yes, no and perhaps, kept as two arrays, "may be" and "may be not". A level is wrong only if it cannot be.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lightctl.domain.programs import ActivePeriod, ClockTime, ControlProgram, Moment
from tests.oracle.sun import Floats, SunMinutes, When
from tests.oracle.wall import clock_in_night

Bools = NDArray[np.bool_]


def angles(program: ControlProgram) -> Iterator[float]:
    """Give every angle of the sun that a program speaks of."""
    moments = [step.at for step in program.steps]
    for period in program.active:
        moments += [period.start, period.end]
    for moment in moments:
        if not isinstance(moment.at, ClockTime):
            yield moment.at.altitude_deg


@dataclass
class ProgramNight:
    """A program on one date under one sun and one clock."""

    program: ControlProgram
    date: dt.date
    zone: str
    sun: SunMinutes

    def clocks(self) -> Iterator[int]:
        """Give the instants of every clock time the program speaks of."""
        moments = [step.at for step in self.program.steps]
        moments += [edge for period in self.program.active for edge in (period.start, period.end)]
        for moment in moments:
            for each in (moment.at, moment.earliest, moment.latest):
                if isinstance(each, ClockTime):
                    yield clock_in_night(each.seconds, self.date, self.zone)

    def whens(self) -> Iterator[tuple[float, float]]:
        """Give between which instants everything the program speaks of falls."""
        moments = [step.at for step in self.program.steps]
        moments += [edge for period in self.program.active for edge in (period.start, period.end)]
        for moment in moments:
            for when in self._all(moment):
                yield when.first, when.last

    def may_be(self, instants: Floats) -> list[tuple[int, Bools]]:
        """Give every level the program has, each with where it may be due."""
        lit, off = self._lit(instants)
        return [(0, off), *((level, lit & due) for level, due in self._inside(instants))]

    def _inside(self, instants: Floats) -> Iterator[tuple[int, Bools]]:
        """The level of the latest step at or before, else the start level."""
        steps = [(when, step.level) for step in self.program.steps if (when := self._step(step.at)) is not None]
        begun = [when.first <= instants for when, _ in steps]
        past = [when.last <= instants for when, _ in steps]
        for number, (when, level) in enumerate(steps):
            due = begun[number].copy()
            for other, (after, _) in enumerate(steps):
                if after.first > when.last or (after.first >= when.last and other > number):
                    due &= ~past[other]
            yield level, due
        yield self.program.start_level, ~np.any(past, axis=0) if past else np.ones(len(instants), bool)

    def _lit(self, instants: Floats) -> tuple[Bools, Bools]:
        lit, off = np.zeros(len(instants), bool), np.ones(len(instants), bool)
        for period in self.program.active:
            may, may_not = self._in_window(period, instants)
            lit |= may
            off &= may_not
        return lit, off

    def _in_window(self, period: ActivePeriod, instants: Floats) -> tuple[Bools, Bools]:
        """Inside: one opening behind that no closing has followed, and a closing to come."""
        openings, closings = self._openings(period.start), self._closings(period.end)
        inside, outside = np.zeros(len(instants), bool), np.ones(len(instants), bool)
        ends_later = _any([each.last > instants for each in closings], instants)
        surely_ends_later = _any([each.first > instants for each in closings], instants)
        for opens in openings:
            surely_shut = _any([(each.first > opens.last) & (each.last <= instants) for each in closings], instants)
            maybe_shut = _any([(each.last > opens.first) & (each.first <= instants) for each in closings], instants)
            inside |= (opens.first <= instants) & ~surely_shut & ends_later
            outside &= ~((opens.last <= instants) & ~maybe_shut & surely_ends_later)
        return inside, outside

    def _openings(self, moment: Moment) -> list[When]:
        """A way down, or where the sun is down already, the night's own start."""
        found = self._all(moment)
        if isinstance(moment.at, ClockTime):
            return found
        if self.sun.is_below(moment.at.altitude_deg, at_end=False) and (_sets(moment) or not found):
            found.append(When(self.sun.seconds[0], self.sun.seconds[0]))
        return found

    def _closings(self, moment: Moment) -> list[When]:
        """A way up, or where the sun stays down, the night's own end."""
        found = self._all(moment)
        if isinstance(moment.at, ClockTime):
            return found
        if self.sun.is_below(moment.at.altitude_deg, at_end=True) and (not _sets(moment) or not found):
            found.append(When(self.sun.seconds[-1], self.sun.seconds[-1]))
        return found

    def _step(self, moment: Moment) -> When | None:
        """The first way down, the last way up; without one the step is skipped."""
        found = self._all(moment)
        if not found:
            return None
        if isinstance(moment.at, ClockTime) or _sets(moment):
            return found[0]
        return found[-1]

    def _all(self, moment: Moment) -> list[When]:
        if isinstance(moment.at, ClockTime):
            found = [self._clock(moment.at)]
        else:
            crossings = self.sun.crossings(moment.at.altitude_deg)
            found = [each.when.later(moment.at.offset_s) for each in crossings if each.downwards == _sets(moment)]
        if moment.earliest is not None:
            bound = self._clock(moment.earliest).first
            found = [When(max(each.first, bound), max(each.last, bound)) for each in found]
        if moment.latest is not None:
            bound = self._clock(moment.latest).first
            found = [When(min(each.first, bound), min(each.last, bound)) for each in found]
        return found

    def _clock(self, clock: ClockTime) -> When:
        instant = clock_in_night(clock.seconds, self.date, self.zone)
        return When(instant, instant)


def _sets(moment: Moment) -> bool:
    return not isinstance(moment.at, ClockTime) and moment.at.event.name in ("SUNSET", "DUSK")


def _any(cases: list[Bools], instants: Floats) -> Bools:
    return np.any(cases, axis=0) if cases else np.zeros(len(instants), bool)
