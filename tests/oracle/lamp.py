"""What one lamp may do in one night: the second reading of contracts 1 and 2, written apart from lightctl.planning.

It takes the values people's files become (lightctl.domain) and looks at what they hold; it calls none of their methods
and nothing of the floor it is held against. In comes a lamp, a date and instants; out comes, for each instant, which
levels with which reasons cannot be called wrong. Nearly always that is one.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lightctl.domain.assets import LightPoint
from lightctl.domain.programs import ActivePeriod, ControlProgram, Intent, Moment, Protection, SunEvent, SunTime
from lightctl.domain.states import Override
from tests.oracle.choice import by_strength, calendar_of, floor_over, program_of
from tests.oracle.night import Bools, ProgramNight, angles
from tests.oracle.sun import Floats, Sky, SunMinutes, When
from tests.oracle.wall import night_of

HORIZON_DEG = -0.833
FROM_SUNSET_TO_SUNRISE = ControlProgram(
    "default",
    (
        ActivePeriod(
            Moment(SunTime(SunEvent.SUNSET, HORIZON_DEG)),
            Moment(SunTime(SunEvent.SUNRISE, HORIZON_DEG)),
        ),
    ),
)
DEFAULT, PROGRAM, OVERRIDE, PROTECTION = "default", "program", "override", "protection"


@dataclass(frozen=True, slots=True)
class Possible:
    """A level and its reason, and at which of the instants asked for they may be due."""

    level: int
    reason: str
    at: Bools


@dataclass
class LampNight:
    """One lamp in the night of one date; `sky` is that night's and may be shared by all lamps under one clock."""

    intent: Intent
    zone: str
    point: LightPoint
    date: dt.date
    overrides: tuple[Override, ...] = ()
    sky: Sky | None = None

    @cached_property
    def bounds(self) -> tuple[int, int]:
        return night_of(self.date, self.zone)

    @cached_property
    def sun(self) -> SunMinutes:
        return (self.sky or Sky(*self.bounds)).over(self.point.latitude, self.point.longitude)

    @cached_property
    def choice(self) -> tuple[str, str, int | None]:
        """The calendar ("" for none), the program and the number of the rule that chose it."""
        chosen = calendar_of(self.intent, self.point)
        if chosen is None:
            return "", FROM_SUNSET_TO_SUNRISE.id, None
        return chosen.id, *program_of(chosen, self.date)

    @cached_property
    def program(self) -> ControlProgram:
        name, program, _ = self.choice
        return self.intent.programs[program] if name else FROM_SUNSET_TO_SUNRISE

    @cached_property
    def floor(self) -> Protection | None:
        return floor_over(self.intent, self.point)

    def is_undecided(self) -> bool:
        """Say whether the sun comes so near an angle that matters that two suns need not agree if it passes."""
        wanted = {*angles(self.program), *([HORIZON_DEG] if self.floor else [])}
        return any(self.sun.grazes(angle) for angle in wanted)

    def instants(self) -> Floats:
        """Give every minute of the night, and every clock time and end of an override with the second before it."""
        start, end = self.bounds
        exact = [*self._night.clocks()]
        for each in by_strength(self.overrides, self.point):
            exact += [int(each.start.timestamp()), int(each.until.timestamp())]
        extra = [at for one in exact for at in (one, one - 1) if start <= at < end]
        return np.unique(np.concatenate([self.sun.seconds[:-1], np.array(extra, float)]))

    def bounds_of_change(self) -> Floats:
        """Give every instant, seconds since 1970, between two of which in a row what may be due stays the same."""
        start, end = self.bounds
        found = {float(start), float(end), *(float(at) for when in self._night.whens() for at in when)}
        if self.floor is not None:
            found |= {at for each in self.sun.crossings(HORIZON_DEG) for at in (each.when.first, each.when.last)}
        for each in by_strength(self.overrides, self.point):
            found |= {each.start.timestamp(), each.until.timestamp()}
        return np.array(sorted(at for at in found if start <= at <= end))

    def possible(self, instants: Floats, *, overrides: bool = True) -> list[Possible]:
        """Give what may be due at each instant; without `overrides`, what the lamp's node carries."""
        reason = PROGRAM if self.choice[0] else DEFAULT
        found = [Possible(level, reason, at) for level, at in self._night.may_be(instants)]
        for each in by_strength(self.overrides, self.point) if overrides else ():
            held = (each.start.timestamp() <= instants) & (instants < each.until.timestamp())
            found = [Possible(one.level, one.reason, one.at & ~held) for one in found]
            found.append(Possible(each.level, OVERRIDE, held))
        if self.floor is None:
            return found
        dark, light = self._darkness(instants)
        least = self.floor.min_level
        raised = [Possible(least, PROTECTION, each.at & dark) for each in found if each.level < least]
        return [
            *raised,
            *(Possible(each.level, each.reason, each.at & light) for each in found if each.level < least),
            *(each for each in found if each.level >= least),
        ]

    def way(self, *, down: bool) -> When | None:
        """Give the night's first sunset or last sunrise, None without one."""
        found = [each.when for each in self.sun.crossings(HORIZON_DEG) if each.downwards is down]
        return (found[0] if down else found[-1]) if found else None

    @cached_property
    def _night(self) -> ProgramNight:
        return ProgramNight(self.program, self.date, self.zone, self.sun)

    def _darkness(self, instants: Floats) -> tuple[Bools, Bools]:
        dark = self.sun.altitude_at(instants) < HORIZON_DEG
        light = ~dark
        for each in self.sun.crossings(HORIZON_DEG):
            near = (each.when.first <= instants) & (instants < each.when.last)
            dark, light = dark | near, light | near
        return dark, light
