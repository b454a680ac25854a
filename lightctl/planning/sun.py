"""Where the sun is, and when it passes an altitude within a night.

The position is Meeus' low-precision solution (Astronomical Algorithms, chapters 12, 22 and 25, with the planetary terms
of his Astronomical Formulae, chapter 18), from 1970 to 2100 within 0.007 degrees of NREL SPA. Within one night
declination and hour angle are quadratics through three positions (error below 1e-5 degrees), the night is cut where the
sun culminates, and each piece, in which the altitude only rises or only falls, holds at most one passage, found by
bracketing. So nothing is assumed about how often the sun passes: polar days, polar nights and grazing nights need no
special case.

Altitudes: the sun's centre, degrees above the horizon, without refraction and parallax.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from lightctl.domain.assets import Place
from lightctl.domain.programs import SUNSET_ALTITUDE_DEG
from lightctl.planning.wall import night_bounds

J2000 = dt.datetime(2000, 1, 1, 12, tzinfo=dt.UTC)
DAY_S = 86400.0
CENTURY_DAYS = 36525.0
DELTA_T_S = 69.0  # Terrestrial Time minus UT; the 1970..2100 range moves the sun by less than 0.001 degrees
ROOT_PRECISION = 1e-11  # of the sine of the altitude: less than a microsecond, 3 ms where the sun just grazes
MOST_ITERATIONS = 100


class SunState(StrEnum):
    """Where the sun is, when it does not pass an altitude."""

    ABOVE = "above"
    BELOW = "below"


def _position(days: float) -> tuple[float, float]:
    """Give declination and Greenwich hour angle (radians) at days since J2000, UT."""
    t = (days + DELTA_T_S / DAY_S) / CENTURY_DAYS
    anomaly = math.radians(357.52911 + t * (35999.05029 - 0.0001537 * t))
    centre = (
        (1.914602 - t * (0.004817 + 0.000014 * t)) * math.sin(anomaly)
        + (0.019993 - 0.000101 * t) * math.sin(2 * anomaly)
        + 0.000289 * math.sin(3 * anomaly)
    )
    since_1900 = t + 1.0
    planets = (
        0.00134 * math.cos(math.radians(153.23 + 22518.7541 * since_1900))
        + 0.00154 * math.cos(math.radians(216.57 + 45037.5082 * since_1900))
        + 0.00200 * math.cos(math.radians(312.69 + 32964.3577 * since_1900))
        + 0.00179 * math.sin(math.radians(350.74 + 445267.1142 * since_1900))
    )
    node = math.radians(125.04 - 1934.136 * t)
    nutation_deg = -0.00478 * math.sin(node)
    mean_longitude = 280.46646 + t * (36000.76983 + 0.0003032 * t)
    longitude = math.radians(mean_longitude + centre + planets - 0.00569 + nutation_deg)
    obliquity = math.radians(23.439291 - 0.0130042 * t + 0.00256 * math.cos(node))
    declination = math.asin(math.sin(obliquity) * math.sin(longitude))
    right_ascension = math.atan2(math.cos(obliquity) * math.sin(longitude), math.cos(longitude))
    sidereal_deg = 280.46061837 + 360.98564736629 * days + nutation_deg * math.cos(obliquity)
    return declination, math.radians(sidereal_deg) - right_ascension


def _days_since_j2000(instant: dt.datetime) -> float:
    return (instant - J2000).total_seconds() / DAY_S


def solar_altitude_deg(latitude: float, longitude: float, instant: dt.datetime) -> float:
    """Give the altitude of the sun's centre in degrees, geometric (no refraction); places in degrees north and east."""
    declination, hour_angle = _position(_days_since_j2000(instant))
    phi = math.radians(latitude)
    sine = math.sin(phi) * math.sin(declination) + math.cos(phi) * math.cos(declination) * math.cos(
        hour_angle + math.radians(longitude)
    )
    return math.degrees(math.asin(max(-1.0, min(1.0, sine))))


@dataclass(frozen=True, slots=True)
class Passage:
    """The sun passes an altitude. `at` is a whole second, the outer one of the time the sun is below."""

    at: dt.datetime
    downwards: bool


@dataclass(frozen=True, slots=True)
class _Quadratic:
    """Through three values at 0, 1/2 and 1 of a night."""

    a: float
    b: float
    c: float

    @classmethod
    def through(cls, first: float, middle: float, last: float) -> _Quadratic:
        return cls(first, 4 * middle - last - 3 * first, 2 * (last + first - 2 * middle))

    def at(self, x: float) -> float:
        return self.a + x * (self.b + x * self.c)

    def slope(self, x: float) -> float:
        return self.b + 2 * x * self.c


@dataclass(frozen=True, slots=True)
class SunNight:
    """The sun over one place from `start` to `end`; ask it for any number of altitudes, each is worked out once."""

    start: dt.datetime
    end: dt.datetime
    _sin_latitude: float
    _cos_latitude: float
    _declination: _Quadratic
    _hour_angle: _Quadratic
    _knots: tuple[float, ...]
    _known: dict[float, tuple[Passage, ...]] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, place: Place, date: dt.date) -> SunNight:
        """Give the sun of the night of a date, noon to noon by the place's clocks."""
        start, end = night_bounds(date, place.time_zone)
        first = _days_since_j2000(start)
        length = (end - start).total_seconds() / DAY_S
        positions = [_position(first + length * x) for x in (0.0, 0.5, 1.0)]
        angles = [angle + math.radians(place.longitude) for _, angle in positions]
        for index in (1, 2):
            ahead = angles[index] - angles[index - 1] - math.pi * length
            angles[index] -= math.tau * round(ahead / math.tau)
        declination = _Quadratic.through(*(each for each, _ in positions))
        hour_angle = _Quadratic.through(*angles)
        latitude = math.radians(place.latitude)
        knots = _culminations(latitude, declination, hour_angle) if end > start else []
        return cls(start, end, math.sin(latitude), math.cos(latitude), declination, hour_angle, (0.0, *knots, 1.0))

    def passages(self, altitude_deg: float) -> tuple[Passage, ...]:
        """Give every passage of an altitude within the night, in order, alternating in direction."""
        found = self._known.get(altitude_deg)
        if found is None:
            found = self._known[altitude_deg] = tuple(self._find(math.sin(math.radians(altitude_deg))))
        return found

    def _find(self, threshold: float) -> Iterator[Passage]:
        length_s = (self.end - self.start).total_seconds()
        values = [self._sine(x) - threshold for x in self._knots]
        for (low, high), (before, after) in zip(pairwise(self._knots), pairwise(values), strict=True):
            downwards = after < 0
            if (before < 0) == downwards:
                continue
            seconds = _root(lambda x: self._sine(x) - threshold, low, high, before, after) * length_s
            whole = math.floor(seconds) if downwards else math.ceil(seconds)
            yield Passage(self.start + dt.timedelta(seconds=whole), downwards)

    def is_below(self, altitude_deg: float, *, at_end: bool) -> bool:
        """Say whether the sun's centre is below an altitude at the night's start, or at its end."""
        return self._sine(1.0 if at_end else 0.0) < math.sin(math.radians(altitude_deg))

    def passes(self, altitude_deg: float, *, downwards: bool) -> dt.datetime | SunState:
        """Give the night's first way down or last way up; without one, the state at its start (down) or end (up)."""
        times = [each.at for each in self.passages(altitude_deg) if each.downwards == downwards]
        if times:
            return times[0] if downwards else times[-1]
        return SunState.BELOW if self.is_below(altitude_deg, at_end=not downwards) else SunState.ABOVE

    def dark(self, altitude_deg: float = SUNSET_ALTITUDE_DEG) -> tuple[tuple[dt.datetime, dt.datetime], ...]:
        """Give the spans (from, until) of the night in which the sun's centre is below an altitude."""
        spans = []
        since = self.start if self.is_below(altitude_deg, at_end=False) else None
        for passage in self.passages(altitude_deg):
            if passage.downwards:
                since = passage.at
            elif since is not None:
                spans.append((since, passage.at))
                since = None
        if since is not None and since < self.end:
            spans.append((since, self.end))
        return tuple(spans)

    def _sine(self, x: float) -> float:
        declination, hour_angle = self._declination, self._hour_angle
        delta = declination.a + x * (declination.b + x * declination.c)
        angle = hour_angle.a + x * (hour_angle.b + x * hour_angle.c)
        return self._sin_latitude * math.sin(delta) + self._cos_latitude * math.cos(delta) * math.cos(angle)


def sun_passes(place: Place, date: dt.date, altitude_deg: float, *, downwards: bool) -> dt.datetime | SunState:
    """Give when the sun passes an altitude in the night of a date (UTC, whole seconds), or where it stays."""
    return SunNight.of(place, date).passes(altitude_deg, downwards=downwards)


def _culminations(latitude: float, declination: _Quadratic, hour_angle: _Quadratic) -> list[float]:
    """Give where in the night, as fractions of it, the altitude has its highest and lowest points.

    They lie off the meridian because the declination drifts; next to a pole the drift wins and there are none.
    """
    found = []
    first, last = hour_angle.at(0.0) / math.pi, hour_angle.at(1.0) / math.pi
    for turn in range(math.ceil(first) - 1, math.floor(last) + 2):
        sign = -1.0 if turn % 2 else 1.0
        x = (turn * math.pi - hour_angle.a) / hour_angle.b
        shift = 0.0
        for _ in range(3):
            drift = declination.slope(x) / hour_angle.slope(x)
            sine = (sign * math.tan(latitude) - math.tan(declination.at(x)) * math.cos(shift)) * drift
            if abs(sine) >= 1.0:
                break
            shift = math.asin(sine)
            x += (turn * math.pi + shift - hour_angle.at(x)) / hour_angle.slope(x)
        else:
            if 0.0 < x < 1.0:
                found.append(x)
    return found


def _root(function: Callable[[float], float], low: float, high: float, at_low: float, at_high: float) -> float:
    """Give where a monotone function changes sign, by false position with the Illinois rule.

    It ends on the value, not on the step: next to a grazing passage steps are short long before the root is near.
    """
    x, stuck = low, 0
    for _ in range(MOST_ITERATIONS):
        x = (low * at_high - high * at_low) / (at_high - at_low)
        value = function(x)
        if abs(value) < ROOT_PRECISION:
            break
        if (value < 0) == (at_high < 0):
            high, at_high = x, value
            at_low = at_low / 2 if stuck > 0 else at_low
            stuck = 1
        else:
            low, at_low = x, value
            at_high = at_high / 2 if stuck < 0 else at_high
            stuck = -1
    return x
