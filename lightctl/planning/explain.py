"""Why a light point is due its level: one verdict per layer, from override and protection down to the assignment.

Verdicts: `decides` gives the level; `raised` would, but a protection lifts it; `outvoted` loses to a stronger layer;
`met` is a protection that asks for no more than is there; `idle` one whose sun is up; `chosen` leads to the program;
`none` has nothing to say.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from lightctl.domain.programs import NOWHERE, Assignment, Calendar, Protection, Source
from lightctl.domain.states import Override, Reason
from lightctl.planning.night import Night


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one layer says: layer is override, protection, program, calendar or assignment."""

    layer: str
    verdict: str
    detail: str
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class Resolution:
    """The level due (percent) and everything that led to it.

    ref: the override's id, the program's id or the protection's reason. until: when the level or its reason changes
    next (UTC), None when nothing is in sight. chain: every layer, strongest first.
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
) -> tuple[Verdict, ...]:
    """Give the verdict of every layer; `overrides` are those in force, the winner first."""
    zone = ZoneInfo(time_zone)
    return (
        *_of_overrides(overrides, reason, zone),
        *_of_protections(protections, reason, dark=planned.night.is_dark(now)),
        _of_program(planned.night, reason, now, zone, overridden=bool(overrides)),
        _of_calendar(planned, calendar),
        _of_assignment(assignment),
    )


def _of_overrides(overrides: Sequence[Override], reason: Reason, zone: ZoneInfo) -> list[Verdict]:
    if not overrides:
        return [Verdict("override", "none", "no override in force")]
    found = []
    for index, override in enumerate(overrides):
        verdict = "outvoted" if index else "raised" if reason is Reason.PROTECTION else "decides"
        lasting = f"from {local_text(override.start, zone)} until {local_text(override.until, zone)}"
        detail = f"override {override.id}: {override.level} % {lasting}"
        if override.user:
            detail += f", by {override.user}"
        if override.reason:
            detail += f" ({override.reason})"
        found.append(Verdict("override", verdict, detail))
    return found


def _of_protections(protections: Sequence[Protection], reason: Reason, *, dark: bool) -> list[Verdict]:
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
        found.append(Verdict("protection", verdict, detail, protection.source))
    return found


def _of_program(night: Night, reason: Reason, now: dt.datetime, zone: ZoneInfo, *, overridden: bool) -> Verdict:
    index = night.index_at(now)
    switch = night.switches[index]
    verdict = "outvoted" if overridden else "raised" if reason is Reason.PROTECTION else "decides"
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
