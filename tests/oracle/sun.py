"""The sun, asked minute by minute: NREL's Solar Position Algorithm, as pvlib has it (0.0003 degrees).

Nothing is solved for: the altitude is asked at every minute of a night, and where it crosses an angle between two of
them, or comes near it, is read off the line between (error below 0.1 s and 0.0002 degrees).

How near two suns must be. The one under test is good to 0.0067 degrees (200,000 instants of 1970..2100 measured) and
may be that of a place cell, which contracts allow to be 5 s off; it gives whole seconds. So a passage is believed to
lie anywhere between the times our sun is TOLERANCE_DEG before and behind the angle, 6 s added on either side. Whether
there is a passage at all is not decided where a turning point or an end of the night is within GRAZING_DEG of the
angle: TOLERANCE_DEG and 0.0071 degrees from the middle to the corner of the largest cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pvlib.spa import solar_position_numpy

MINUTE_S = 60
DELTA_T_S = 69.0
TOLERANCE_DEG = 0.008
GRAZING_DEG = 0.016
CELL_AND_WHOLE_SECOND_S = 6.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class When:
    """An instant that is known to lie between two (seconds since 1970); a clock's has both the same."""

    first: float
    last: float

    def later(self, seconds: float) -> When:
        return When(self.first + seconds, self.last + seconds)


@dataclass(frozen=True, slots=True)
class Crossing:
    """The sun passes an angle."""

    when: When
    downwards: bool


class Sky:
    """Where the sun stands at every minute of a night, whatever the place."""

    def __init__(self, start: int, end: int) -> None:
        self.seconds = np.append(np.arange(start, end, MINUTE_S), end).astype(float)
        sidereal, ascension, declination = solar_position_numpy(
            self.seconds, 0, 0, 0, 0, 0, DELTA_T_S, 0, numthreads=1, sst=True
        )
        self._hour_angle = np.radians(sidereal - ascension)
        self._declination = np.radians(declination)

    def over(self, latitude: float, longitude: float) -> SunMinutes:
        """Give the sun over one place."""
        north, angle = np.radians(latitude), self._hour_angle + np.radians(longitude)
        sine = np.sin(north) * np.sin(self._declination) + np.cos(north) * np.cos(self._declination) * np.cos(angle)
        return SunMinutes(self.seconds, np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0))))


@dataclass
class SunMinutes:
    """The altitude of the sun's centre at every minute of a night at one place, degrees."""

    seconds: Floats
    altitude: Floats

    def crossings(self, angle: float) -> list[Crossing]:
        """Give every passage of an angle that does not graze it."""
        below = self.altitude < angle
        return [
            self._crossing(angle, int(index), downwards=not below[index])
            for index in np.flatnonzero(below[1:] != below[:-1])
        ]

    def grazes(self, angle: float) -> bool:
        """Say whether the sun turns, or the night begins or ends, too near an angle to tell if it is passed."""
        return bool((np.abs(self._turns - angle) < GRAZING_DEG).any())

    def is_below(self, angle: float, *, at_end: bool) -> bool:
        return bool(self.altitude[-1 if at_end else 0] < angle)

    def altitude_at(self, instants: Floats) -> Floats:
        return np.interp(instants, self.seconds, self.altitude)

    @cached_property
    def _turns(self) -> Floats:
        rising = np.diff(self.altitude) > 0
        return self.altitude[[0, *(np.flatnonzero(rising[1:] != rising[:-1]) + 1), -1]]

    def _crossing(self, angle: float, index: int, *, downwards: bool) -> Crossing:
        fall = (self.altitude - angle) * (1 if downwards else -1)
        early = index
        while fall[early] < TOLERANCE_DEG and early > 0:
            early -= 1
        late = index + 1
        while fall[late] > -TOLERANCE_DEG and late < len(fall) - 1:
            late += 1
        first = self._between(fall, early, TOLERANCE_DEG)
        last = self._between(fall, late - 1, -TOLERANCE_DEG)
        return Crossing(When(first - CELL_AND_WHOLE_SECOND_S, last + CELL_AND_WHOLE_SECOND_S), downwards)

    def _between(self, fall: Floats, index: int, height: float) -> float:
        share = (fall[index] - height) / (fall[index] - fall[index + 1])
        return float(self.seconds[index] + share * (self.seconds[index + 1] - self.seconds[index]))
