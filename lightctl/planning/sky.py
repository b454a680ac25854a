"""The sky of a night: where the sun stands over the whole earth from noon to noon, worked out once for all places.

The position is Meeus' low-precision solution (Astronomical Algorithms, chapters 12, 22 and 25, with the planetary terms
of his Astronomical Formulae, chapter 18), from 1970 to 2100 within 0.007 degrees of NREL SPA. Within one night the
declination, its sine and cosine, and the hour angle are quadratics through three positions (error below 1e-5 degrees).
Angles are radians; x is the share of the night that has passed, 0 to 1.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from functools import lru_cache

from lightctl.planning.wall import night_bounds

J2000 = dt.datetime(2000, 1, 1, 12, tzinfo=dt.UTC)
DAY_S = 86400.0
CENTURY_DAYS = 36525.0
DELTA_T_S = 69.0  # Terrestrial Time minus UT; the 1970..2100 range moves the sun by less than 0.001 degrees
KEPT_SKIES = 1024  # more than a year of nights in two time zones


def position(days: float) -> tuple[float, float]:
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


def days_since_j2000(instant: dt.datetime) -> float:
    """Give the days from 2000-01-01 12:00 UT to an instant."""
    return (instant - J2000).total_seconds() / DAY_S


@dataclass(frozen=True, slots=True)
class Quadratic:
    """a + b x + c x^2."""

    a: float
    b: float
    c: float

    @classmethod
    def through(cls, first: float, middle: float, last: float) -> Quadratic:
        """Give the one through three values at 0, 1/2 and 1."""
        return cls(first, 4 * middle - last - 3 * first, 2 * (last + first - 2 * middle))

    def at(self, x: float) -> float:
        """Give its value."""
        return self.a + x * (self.b + x * self.c)

    def slope(self, x: float) -> float:
        """Give its derivative."""
        return self.b + 2 * x * self.c


@dataclass(frozen=True, slots=True)
class Sky:
    """The sun from `start` to `end`; `hour_angle` is Greenwich's, to which a place adds its longitude."""

    start: dt.datetime
    end: dt.datetime
    declination: Quadratic
    sine: Quadratic
    cosine: Quadratic
    hour_angle: Quadratic


@lru_cache(maxsize=KEPT_SKIES)
def sky_of(date: dt.date, time_zone: str) -> Sky:
    """Give the sky of the night of a date, noon to noon by the clocks of a time zone."""
    start, end = night_bounds(date, time_zone)
    first = days_since_j2000(start)
    length = (end - start).total_seconds() / DAY_S
    positions = [position(first + length * x) for x in (0.0, 0.5, 1.0)]
    angles = [angle for _, angle in positions]
    for index in (1, 2):
        ahead = angles[index] - angles[index - 1] - math.pi * length
        angles[index] -= math.tau * round(ahead / math.tau)
    angles = [angle - math.tau * math.floor(angles[0] / math.tau) for angle in angles]
    declinations = [each for each, _ in positions]
    return Sky(
        start,
        end,
        Quadratic.through(*declinations),
        Quadratic.through(*map(math.sin, declinations)),
        Quadratic.through(*map(math.cos, declinations)),
        Quadratic.through(*angles),
    )
