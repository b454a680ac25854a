"""What operations on settlement answer, in the shapes that scripts rely on. Instants are aware UTC; kWh, hours."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ControlView:
    """A control file: the name it must have, its text, byte for byte, and how many units it lists."""

    name: str
    text: str
    units: int


@dataclass(frozen=True, slots=True)
class HalfHourView:
    """One half hour from `start` on."""

    start: dt.datetime
    kwh: float


@dataclass(frozen=True, slots=True)
class ProfileView:
    """The half hours of a sub-meter's day; complete: the day is over.

    kwh: of what is known. unknown_h: hours of units at levels or watts that nobody knows. units_without_events,
    units_without_watts: those to which the data default applies, and those of which no wattage is known.
    """

    sub_meter: str
    date: str
    complete: bool
    units: int
    kwh: float
    unknown_h: float
    half_hours: tuple[HalfHourView, ...]
    units_without_events: tuple[str, ...] = ()
    units_without_watts: tuple[str, ...] = ()
