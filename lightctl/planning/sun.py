"""When the sun passes an altitude within a night, at any place on earth.

Two ways find the same passages. Where the sun clearly rises and sets, as nearly everywhere on nearly every night, the
hour angle of a passage follows from the declination, and the declination from the hour angle: a few turns of that give
it to microseconds. Where it may only graze the altitude, or the place is near a pole, the night is cut where the sun
culminates, and each piece, in which the altitude only rises or only falls, holds at most one passage, found by
bracketing. So nothing is assumed about how often the sun passes: polar days, polar nights and grazing nights need no
rule of their own.

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
from lightctl.planning.sky import Quadratic, Sky, days_since_j2000, position, sky_of

ROOT_PRECISION = 1e-11  # of the sine of the altitude: less than a microsecond, 3 ms where the sun just grazes
MOST_ITERATIONS = 100
CLEAR_COSINE = 0.95  # of a passage's hour angle: beyond it the sun may graze the altitude in this night
CLEAR_TANGENT = 4.0  # of the latitude: 76 degrees; nearer to a pole the declination's drift counts
GUESS_OFF = 0.01  # of a night: how far the first guess of a passage may be off
SETTLED = 1e-8  # of a night: the next turn would move the passage by less than a hundredth of that


class SunState(StrEnum):
    """Where the sun is, when it does not pass an altitude."""

    ABOVE = "above"
    BELOW = "below"


def solar_altitude_deg(latitude: float, longitude: float, instant: dt.datetime) -> float:
    """Give the altitude of the sun's centre in degrees, geometric (no refraction); places in degrees north and east."""
    declination, hour_angle = position(days_since_j2000(instant))
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
class SunNight:
    """The sun over one place in one night; ask it for any number of altitudes, each is worked out once."""

    _sky: Sky
    _latitude: float
    _longitude: float
    _known: dict[float, tuple[Passage, ...]] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, place: Place, date: dt.date) -> SunNight:
        """Give the sun of the night of a date, noon to noon by the place's clocks."""
        return cls(sky_of(date, place.time_zone), math.radians(place.latitude), math.radians(place.longitude))

    @property
    def start(self) -> dt.datetime:
        """When the night begins."""
        return self._sky.start

    @property
    def end(self) -> dt.datetime:
        """When the night ends."""
        return self._sky.end

    def passages(self, altitude_deg: float) -> tuple[Passage, ...]:
        """Give every passage of an altitude within the night, in order, alternating in direction."""
        found = self._known.get(altitude_deg)
        if found is None:
            found = self._known[altitude_deg] = tuple(self._find(math.sin(math.radians(altitude_deg))))
        return found

    def _find(self, threshold: float) -> Iterator[Passage]:
        sky, latitude, longitude = self._sky, self._latitude, self._longitude
        down = clear_passages(sky, latitude, longitude, threshold, downwards=True)
        up = clear_passages(sky, latitude, longitude, threshold, downwards=False)
        if down is None or up is None:
            found = bracketed_passages(sky, latitude, longitude, threshold)
        else:
            found = sorted([*((x, True) for x in down), *((x, False) for x in up)])
        for x, downwards in found:
            yield Passage(_whole_second(sky, x, downwards=downwards), downwards)

    def is_below(self, altitude_deg: float, *, at_end: bool) -> bool:
        """Say whether the sun's centre is below an altitude at the night's start, or at its end."""
        sine = _sine(self._sky, self._latitude, self._longitude, 1.0 if at_end else 0.0)
        return sine < math.sin(math.radians(altitude_deg))

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


def sun_passes(place: Place, date: dt.date, altitude_deg: float, *, downwards: bool) -> dt.datetime | SunState:
    """Give when the sun passes an altitude in the night of a date (UTC, whole seconds), or where it stays."""
    sky = sky_of(date, place.time_zone)
    threshold = math.sin(math.radians(altitude_deg))
    found = clear_passages(
        sky, math.radians(place.latitude), math.radians(place.longitude), threshold, downwards=downwards
    )
    if found:
        return _whole_second(sky, found[0 if downwards else -1], downwards=downwards)
    return SunNight.of(place, date).passes(altitude_deg, downwards=downwards)


def _whole_second(sky: Sky, x: float, *, downwards: bool) -> dt.datetime:
    seconds = x * (sky.end - sky.start).total_seconds()
    return sky.start + dt.timedelta(seconds=math.floor(seconds) if downwards else math.ceil(seconds))


def clear_passages(
    sky: Sky, latitude: float, longitude: float, threshold: float, *, downwards: bool
) -> list[float] | None:
    """Give where in a night the sun passes an altitude (its sine) in one direction; None where it may graze it.

    Written out flat: a year of nights at a thousand places asks a million times.
    """
    sin_latitude, cos_latitude = math.sin(latitude), math.cos(latitude)
    if abs(sin_latitude) > CLEAR_TANGENT * cos_latitude:
        return None
    sine, cosine, hour_angle = sky.sine, sky.cosine, sky.hour_angle
    sa, sb, sc = sine.a, sine.b, sine.c
    ca, cb, cc = cosine.a, cosine.b, cosine.c
    first, hb, hc = hour_angle.a + longitude, hour_angle.b, hour_angle.c
    s, c = sa + 0.5 * sb + 0.25 * sc, ca + 0.5 * cb + 0.25 * cc
    cos_hour = (threshold - sin_latitude * s) / (cos_latitude * c)
    if not -CLEAR_COSINE < cos_hour < CLEAR_COSINE or hb <= 0.0:
        return None
    sign = 1.0 if downwards else -1.0
    hour = sign * math.acos(cos_hour)
    found = []
    turn = math.tau * math.ceil((first - hour) / math.tau - GUESS_OFF)
    while (x := (hour + turn - first) / (hb + hc)) < 1.0 + GUESS_OFF:
        before = 2.0
        while abs(x - before) > SETTLED:
            before = x
            s, c = sa + x * (sb + x * sc), ca + x * (cb + x * cc)
            angle = sign * math.acos((threshold - sin_latitude * s) / (cos_latitude * c)) + turn
            x = (angle - first - hc * x * x) / hb
        if 0.0 < x <= 1.0:
            found.append(x)
        turn += math.tau
    return found


def bracketed_passages(sky: Sky, latitude: float, longitude: float, threshold: float) -> list[tuple[float, bool]]:
    """Give where in a night the sun passes an altitude (its sine), and whether downwards, whatever it does there."""
    knots = (0.0, *(_culminations(sky, latitude, longitude) if sky.end > sky.start else ()), 1.0)
    values = [_sine(sky, latitude, longitude, x) - threshold for x in knots]
    found = []
    for (low, high), (before, after) in zip(pairwise(knots), pairwise(values), strict=True):
        downwards = after < 0
        if (before < 0) != downwards:
            root = _root(lambda x: _sine(sky, latitude, longitude, x) - threshold, low, high, before, after)
            found.append((root, downwards))
    return found


def _sine(sky: Sky, latitude: float, longitude: float, x: float) -> float:
    """Give the sine of the sun's altitude."""
    cos_hour = math.cos(sky.hour_angle.at(x) + longitude)
    return math.sin(latitude) * sky.sine.at(x) + math.cos(latitude) * sky.cosine.at(x) * cos_hour


def _culminations(sky: Sky, latitude: float, longitude: float) -> list[float]:
    """Give where in the night, as shares of it, the altitude has its highest and lowest points.

    They lie off the meridian because the declination drifts; next to a pole the drift wins and there are none.
    """
    declination, greenwich = sky.declination, sky.hour_angle
    hour_angle = Quadratic(greenwich.a + longitude, greenwich.b, greenwich.c)
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
