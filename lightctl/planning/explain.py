"""Why a light point is due its level: one verdict per layer, from override and protection down to the assignment.

The layer sensor is there where the night's program has dynamic rules.

Verdicts: `decides` gives the level; `raised` would, but a protection lifts it; `outvoted` loses to a stronger layer;
`met` is a protection or a sensor that asks for what is there already; `idle` a protection whose sun is up; `lifted` one
that an override goes below by name; `chosen` leads to the program; `none` has nothing to say.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from lightctl.domain.programs import NOWHERE, Assignment, Calendar, Protection, Source, format_duration
from lightctl.domain.sensors import SILENT, Readings
from lightctl.domain.states import Override, Reason, Scope
from lightctl.planning.dynamics import Sensed, sensed
from lightctl.planning.night import Night


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one layer says: layer is override, protection, sensor, program, calendar or assignment."""

    layer: str
    verdict: str
    detail: str
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class Resolution:
    """The level due (percent) and everything that led to it.

    ref: the override's id, the sensor's name, the program's id or the protection's reason. until: when the level or its
    reason changes next (UTC), None when nothing is in sight. chain: every layer, strongest first.
    """

    level: int
    reason: Reason
    ref: str
    until: dt.datetime | None
    chain: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class PlannedNight:
    """A compiled night and how it was chosen.

    assigned: False when nobody chose a program and DEFAULT_PROGRAM stands in; calendar is then "" where none is
    assigned. rule: the index of the calendar rule, None for the calendar's default.
    """

    night: Night
    calendar: str
    rule: int | None
    program: str
    assigned: bool = True


def chain(
    planned: PlannedNight,
    assignment: Assignment | None,
    calendar: Calendar | None,
    protections: Sequence[Protection],
    overrides: Sequence[Override],
    reason: Reason,
    now: dt.datetime,
    time_zone: str,
    readings: Readings = SILENT,
) -> tuple[Verdict, ...]:
    """Give the verdict of every layer; `overrides` are those in force, the winner first."""
    zone = ZoneInfo(time_zone)
    base = planned.night.level_at(now)
    found = sensed(base, planned.night.dynamics, readings, now)
    overruled = bool(overrides) or (found is not None and found.level != base)
    return (
        *_of_overrides(overrides, reason, zone),
        *_of_protections(protections, reason, overrides[0] if overrides else None, dark=planned.night.is_dark(now)),
        *_of_sensors(planned.night, found, reason, now, zone, overridden=bool(overrides)),
        _of_program(planned.night, reason, now, zone, overruled=overruled),
        _of_calendar(planned, calendar),
        _of_assignment(assignment),
    )


def _of_overrides(overrides: Sequence[Override], reason: Reason, zone: ZoneInfo) -> list[Verdict]:
    if not overrides:
        return [Verdict("override", "none", "no override in force")]
    found = []
    for index, override in enumerate(overrides):
        verdict = "outvoted" if index else "raised" if reason is Reason.PROTECTION else "decides"
        name = override.id if override.scope is Scope.MAINTENANCE else f"override {override.id}"
        lasting = f"from {local_text(override.start, zone)} until {local_text(override.until, zone)}"
        detail = f"{name}: {override.level} % {lasting}"
        if override.user:
            detail += f", by {override.user}"
        if override.reason:
            detail += f" ({override.reason})"
        found.append(Verdict("override", verdict, detail))
    return found


def _of_protections(
    protections: Sequence[Protection], reason: Reason, winner: Override | None, *, dark: bool
) -> list[Verdict]:
    if not protections:
        return [Verdict("protection", "none", "no protection selects this light point")]
    highest = max(protections, key=lambda each: each.min_level)
    found = []
    for protection in protections:
        verdict = "met" if dark else "idle"
        if protection is highest and reason is Reason.PROTECTION:
            verdict = "decides"
        detail = f"at least {protection.min_level} % while the sun is down"
        if protection.reason:
            detail += f" ({protection.reason})"
        if dark and winner is not None and winner.below_protection and winner.level < protection.min_level:
            verdict = "lifted"
            detail += f"; {winner.id} goes below it by name"
        found.append(Verdict("protection", verdict, detail, protection.source))
    return found


def _of_sensors(
    night: Night, found: Sensed | None, reason: Reason, now: dt.datetime, zone: ZoneInfo, *, overridden: bool
) -> list[Verdict]:
    if not night.dynamics:
        return []
    if found is None:
        names = ", ".join(dict.fromkeys(timed.rule.sensor for timed in night.dynamics))
        return [Verdict("sensor", "none", f"nothing in force from {names}: the program rules")]
    verdict = "outvoted" if overridden else "met" if found.level == night.level_at(now) else "decides"
    if verdict == "decides" and reason is Reason.PROTECTION:
        verdict = "raised"
    said = found.reading
    age = format_duration(int((now - said.received_at).total_seconds()))
    whose = f"node {said.node}" if said.node else f"area {said.area}"
    detail = (
        f"rule {found.rule}; {said.kind} {said.value:g} from {whose}, {age} ago: "
        f"{found.level} % until {local_text(found.until, zone)} unless it speaks again"
    )
    return [Verdict("sensor", verdict, detail, found.rule.source)]


def _of_program(night: Night, reason: Reason, now: dt.datetime, zone: ZoneInfo, *, overruled: bool) -> Verdict:
    index = night.index_at(now)
    switch = night.switches[index]
    verdict = "outvoted" if overruled else "raised" if reason is Reason.PROTECTION else "decides"
    detail = (
        f"program {night.program}, night of {night.date}: {switch.level} % since {local_text(switch.at, zone)}, "
        f"{switch.cause.removeprefix(f'program {night.program}, ')}"
    )
    return Verdict("program", verdict, detail, night.sources[index] if night.sources else NOWHERE)


def _of_calendar(planned: PlannedNight, calendar: Calendar | None) -> Verdict:
    if calendar is None:
        return Verdict("calendar", "none", "no calendar is assigned")
    if planned.rule is None:
        detail = f"calendar {calendar.id}, no rule matches {planned.night.date}: default program {planned.program}"
        return Verdict("calendar", "chosen", detail, calendar.source)
    detail = f"calendar {calendar.id}, rules[{planned.rule}] matches {planned.night.date}: program {planned.program}"
    return Verdict("calendar", "chosen", detail, calendar.rules[planned.rule].source)


def _of_assignment(assignment: Assignment | None) -> Verdict:
    if assignment is None:
        return Verdict(
            "assignment", "none", "no assignment selects this light point: full light from sunset to sunrise"
        )
    detail = f"select {assignment.select}: calendar {assignment.calendar}"
    return Verdict("assignment", "chosen", detail, assignment.source)


def local_text(instant: dt.datetime, zone: ZoneInfo) -> str:
    """Write an instant by a city's clock."""
    return instant.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z")
