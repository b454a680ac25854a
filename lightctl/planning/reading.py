"""Time expressions read as instants of one night: where a program's windows and steps fall (contracts 1 and 2).

Nothing here raises: a sun event that does not happen makes its edge the night's own boundary (sun down) or leaves the
window empty (sun up), and skips its step.

A window from the sun's way down to its way up is the time the sun is below those altitudes. In most nights that is
one span. Around polar night, and where clocks run far from the sun, the night can begin or end inside such a span
(Vadsø in November: the sun sets before noon; Nome in December: it rises after noon); each span counts, so that no
street goes dark because its sunrise fell on the other side of noon.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import attrgetter
from zoneinfo import ZoneInfo

from lightctl.domain.assets import Place
from lightctl.domain.programs import NOON_S, ActivePeriod, ClockTime, ControlProgram, Moment, Step, SunTime
from lightctl.planning.sun import SunNight, SunState
from lightctl.planning.wall import ONE_DAY, wall_instant


@dataclass(frozen=True, slots=True)
class Edge:
    """An end of a window: an instant, and the expression that gave it; None for the night's own boundary."""

    at: dt.datetime
    moment: Moment | None


@dataclass(frozen=True, slots=True)
class Window:
    """A window as it falls in one night; it may reach beyond the night's ends."""

    opens: Edge
    closes: Edge
    period: ActivePeriod


@dataclass(frozen=True, slots=True)
class TimedStep:
    """A step with its instant in one night."""

    at: dt.datetime
    step: Step


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads time expressions as instants of one night."""

    date: dt.date
    zone: ZoneInfo
    sun: SunNight
    _clocks: dict[int, dt.datetime] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, place: Place, date: dt.date) -> Reader:
        """Give the reader of one night."""
        return cls(date, ZoneInfo(place.time_zone), SunNight.of(place, date))

    def elsewhere(self, place: Place) -> Reader:
        """Give the reader of the same night at another place of the same time zone; both share what clocks say."""
        return Reader(self.date, self.zone, SunNight.of(place, self.date), self._clocks)

    def windows(self, program: ControlProgram) -> list[Window]:
        """Give the program's windows of this night: each opening with the first closing after it."""
        return self.periods(program.active)

    def periods(self, periods: Iterable[ActivePeriod]) -> list[Window]:
        """Give some windows as they fall in this night."""
        found = []
        for period in periods:
            closings = self.edges(period.end, at_end=True)
            for opens in self.edges(period.start, at_end=False):
                closes = next((edge for edge in closings if edge.at > opens.at), None)
                if closes is not None:
                    found.append(Window(opens, closes, period))
        return found

    def steps(self, program: ControlProgram) -> list[TimedStep]:
        """Give the program's steps that have an instant in this night, in time order; the later in the file wins."""
        timed = ((self.step_instant(step), step) for step in program.steps)
        return sorted((TimedStep(at, step) for at, step in timed if at is not None), key=attrgetter("at"))

    def step_instant(self, step: Step) -> dt.datetime | None:
        """Give when a step falls in this night, None when the sun event it hangs on does not happen."""
        match step.at.at:
            case ClockTime() as clock:
                return self._clamped(self._clock(clock), step.at)
            case SunTime() as expression:
                passed = self.sun.passes(expression.altitude_deg, downwards=expression.event.downwards)
                if isinstance(passed, SunState):
                    return None
                return self._clamped(passed + dt.timedelta(seconds=expression.offset_s), step.at)

    def edges(self, moment: Moment, *, at_end: bool) -> list[Edge]:
        """Give the instants at which a window edge lies in this night, in order; none leaves the window empty."""
        if isinstance(moment.at, ClockTime):
            return [Edge(self._clamped(self._clock(moment.at), moment), moment)]
        altitude, event, offset = moment.at.altitude_deg, moment.at.event, dt.timedelta(seconds=moment.at.offset_s)
        passages = [each.at for each in self.sun.passages(altitude) if each.downwards == event.downwards]
        edges = [Edge(self._clamped(at + offset, moment), moment) for at in passages]
        # A window opens on the way down and closes on the way up; only then is "sun below at this end" part of it
        # when the event happens elsewhere in the night too.
        natural = event.downwards != at_end
        if (natural or not edges) and self.sun.is_below(altitude, at_end=at_end):
            if at_end:
                edges.append(Edge(self.sun.end, None))
            else:
                edges.insert(0, Edge(self.sun.start, None))
        return edges

    def _clock(self, clock: ClockTime) -> dt.datetime:
        found = self._clocks.get(clock.seconds)
        if found is None:
            date = self.date if clock.seconds >= NOON_S else self.date + ONE_DAY
            found = self._clocks[clock.seconds] = wall_instant(date, clock.seconds, self.zone)
        return found

    def _clamped(self, at: dt.datetime, moment: Moment) -> dt.datetime:
        if moment.earliest is not None:
            at = max(at, self._clock(moment.earliest))
        if moment.latest is not None:
            at = min(at, self._clock(moment.latest))
        return at
