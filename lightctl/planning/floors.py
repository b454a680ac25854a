"""Protections: the floor under a compiled night while the sun is down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lightctl.domain.programs import SUNSET_ALTITUDE_DEG, Protection, SunEvent, SunTime
from lightctl.domain.states import Switch
from lightctl.planning.night import Night


@dataclass(frozen=True, slots=True)
class Floor:
    """The level nothing goes below while the sun is down, and why; 0 protects nothing."""

    level: int = 0
    reason: str = ""


NO_FLOOR = Floor()
SUNSET = SunTime(SunEvent.SUNSET, SUNSET_ALTITUDE_DEG)
SUNRISE = SunTime(SunEvent.SUNRISE, SUNSET_ALTITUDE_DEG)


def floor_of(protections: Sequence[Protection]) -> Floor:
    """Give the highest floor of some protections; of equals the first."""
    if not protections:
        return NO_FLOOR
    highest = max(protections, key=lambda each: each.min_level)
    return Floor(highest.min_level, highest.reason)


def raised(night: Night, floor: Floor) -> tuple[Switch, ...]:
    """Give a night's switches with the floor applied: rises from it and drops back are switches of their own."""
    if floor.level <= min(switch.level for switch in night.switches):
        return night.switches
    marks = {switch.at for switch in night.switches}
    marks.update(edge for span in night.dark for edge in span if night.start < edge < night.end)
    found: list[Switch] = []
    own, coming = night.switches[0], list(reversed(night.switches))
    for at in sorted(marks):
        if coming and coming[-1].at == at:
            own = coming.pop()
        switch = _raised_at(at, own, floor) if own.level < floor.level and night.is_dark(at) else _own_at(at, own)
        if not found or switch.level != found[-1].level:
            found.append(switch)
    return tuple(found)


def floored(night: Night, floor: Floor) -> Night:
    """Give a night with the floor applied to its switches; it no longer says where in files they come from."""
    return replace(night, switches=raised(night, floor), sources=())


def _raised_at(at: dt.datetime, own: Switch, floor: Floor) -> Switch:
    # A fade down to below the floor stops at it; a rise with the sunset is the floor's own and has no ramp.
    ramp, sun = (own.ramp_s, own.sun) if own.at == at else (0, SUNSET)
    return Switch(at, floor.level, ramp, f"protection: {floor.reason or 'a minimum while the sun is down'}", sun)


def _own_at(at: dt.datetime, own: Switch) -> Switch:
    return own if own.at == at else Switch(at, own.level, 0, f"protection ends, {own.cause}", SUNRISE)


def merged(nights: Sequence[tuple[Switch, ...]]) -> tuple[Switch, ...]:
    """Join the switches of nights that follow one another, keeping only changes of level."""
    if len(nights) == 1:
        return nights[0]
    found: list[Switch] = []
    for switches in nights:
        for switch in switches:
            if found and found[-1].at == switch.at:
                found.pop()
            if not found or switch.level != found[-1].level:
                found.append(switch)
    return tuple(found)
