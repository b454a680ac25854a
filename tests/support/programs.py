"""Short ways to write programs, places and light points in tests."""

from __future__ import annotations

import datetime as dt

from lightctl.domain.assets import LightPoint, Place
from lightctl.domain.programs import (
    DUSK_ALTITUDE_DEG,
    SUNSET_ALTITUDE_DEG,
    ActivePeriod,
    ClockTime,
    ControlProgram,
    Moment,
    Step,
    SunEvent,
    SunTime,
)

DUISBURG = Place(51.4344, 6.7623, "Europe/Berlin")
REYKJAVIK = Place(64.1466, -21.9426, "Atlantic/Reykjavik")
TROMSO = Place(69.6492, 18.9553, "Europe/Oslo")
LONGYEARBYEN = Place(78.2232, 15.6267, "Arctic/Longyearbyen")
QUITO = Place(-0.1807, -78.4678, "America/Guayaquil")
AUCKLAND = Place(-36.8509, 174.7645, "Pacific/Auckland")
KIRITIMATI = Place(1.8721, -157.4278, "Pacific/Kiritimati")
VADSO = Place(70.0740, 29.7493, "Europe/Oslo")
NOME = Place(64.5011, -165.4064, "America/Nome")


def utc(text: str) -> dt.datetime:
    """Read an ISO time as UTC."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def clock(text: str) -> ClockTime:
    hour, minute, *second = (int(part) for part in text.split(":"))
    return ClockTime(hour * 3600 + minute * 60 + (second[0] if second else 0))


def expression(text: str) -> ClockTime | SunTime:
    """Read "22:00", "sunset", "sunrise-45m", "dusk+90s": enough of the grammar for tests."""
    if text[0].isdigit():
        return clock(text)
    for sign in "+-":
        name, found, amount = text.partition(sign)
        if found:
            seconds = int(amount[:-1]) * {"s": 1, "m": 60, "h": 3600}[amount[-1]]
            return sun(name, seconds if sign == "+" else -seconds)
    return sun(text)


def sun(name: str, offset_s: int = 0, altitude_deg: float | None = None) -> SunTime:
    event = SunEvent(name)
    usual = SUNSET_ALTITUDE_DEG if event in (SunEvent.SUNSET, SunEvent.SUNRISE) else DUSK_ALTITUDE_DEG
    return SunTime(event, usual if altitude_deg is None else altitude_deg, offset_s)


def moment(text: str, *, earliest: str | None = None, latest: str | None = None) -> Moment:
    return Moment(expression(text), earliest and clock(earliest), latest and clock(latest))


def window(start: str | Moment, end: str | Moment) -> ActivePeriod:
    return ActivePeriod(
        moment(start) if isinstance(start, str) else start, moment(end) if isinstance(end, str) else end
    )


def step(at: str | Moment, level: int, ramp_s: int = 0) -> Step:
    return Step(moment(at) if isinstance(at, str) else at, level, ramp_s)


def program(
    *windows: ActivePeriod, steps: tuple[Step, ...] = (), start_level: int = 100, name: str = "test"
) -> ControlProgram:
    return ControlProgram(name, windows or (window("sunset", "sunrise"),), start_level, steps)


def lamp(name: str = "LP1", place: Place = DUISBURG, **fields) -> LightPoint:
    return LightPoint(name, place.latitude, place.longitude, **fields)
