"""What is odd about an intent over a year of nights at some places: nothing here is an error, each finding is a doubt.

In come an intent that reads without errors, the places, a year, and light points when there are any; out come findings
in the order of people's files. Pure, and the same on any machine. Read in this order: findings, facts (what one night
shows), year (how a year of many programs stays cheap), programs, rules, selectors, targets, zones.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from lightctl.domain.assets import LightPoint, Place
from lightctl.domain.programs import Intent
from lightctl.planning.lint.findings import USUAL_LIMITS, Limits, LintCode, LintFinding
from lightctl.planning.lint.programs import ProgramYear, program_findings
from lightctl.planning.lint.rules import choices, rule_findings
from lightctl.planning.lint.targets import assignment_findings, protected, protection_findings, unassigned_findings
from lightctl.planning.lint.year import nights_of, sightings
from lightctl.planning.lint.zones import zone_findings

__all__ = ["Limits", "LintCode", "LintFinding", "lint"]


def lint(
    intent: Intent,
    places: Sequence[Place],
    year: int,
    points: Sequence[LightPoint] | None = None,
    limits: Limits = USUAL_LIMITS,
) -> tuple[LintFinding, ...]:
    """Give what is odd in the 366 nights from the first of January of a year (1970..2100).

    Programs are judged in the nights a calendar chooses them for. Without `points` protections are held against what
    selectors show of each other, and nobody can say which light points are assigned.
    """
    found = [*_findings(intent, tuple(dict.fromkeys(places)), year, points, limits)]
    return tuple(sorted(found, key=_position))


def _findings(
    intent: Intent, places: Sequence[Place], year: int, points: Sequence[LightPoint] | None, limits: Limits
) -> Iterator[LintFinding]:
    dates = nights_of(year)
    for zone in dict.fromkeys(place.time_zone for place in places):
        yield from zone_findings(zone, year)
    chosen = {name: choices(calendar, dates) for name, calendar in intent.calendars.items()}
    for calendar in intent.calendars.values():
        yield from rule_findings(calendar, dates)
    years = _years(intent, chosen, places, dates, dt.timedelta(seconds=limits.daylight_s))
    for each in years.values():
        yield from program_findings(each, limits)
    yield from assignment_findings(intent.assignments)
    yield from protection_findings(protected(intent, points), years, chosen)
    if points is not None:
        yield from unassigned_findings(intent, points)


def _years(
    intent: Intent,
    chosen: Mapping[str, Mapping[str, Sequence[dt.date]]],
    places: Sequence[Place],
    dates: Sequence[dt.date],
    tolerance: dt.timedelta,
) -> dict[str, ProgramYear]:
    calendars: dict[str, dict[dt.date, str]] = {}
    for calendar, programs in chosen.items():
        for program, nights in programs.items():
            if program in intent.programs:
                known = calendars.setdefault(program, {})
                known.update({date: calendar for date in nights if date not in known})
    all_nights = {program: sorted(by_date) for program, by_date in calendars.items()}
    seen = sightings(all_nights, intent.programs, places, dates, tolerance)
    return {
        name: ProgramYear(intent.programs[name], seen[name], calendars[name])
        for name in intent.programs
        if name in seen
    }


def _position(finding: LintFinding) -> tuple[bool, str, int, int, str]:
    source = finding.source
    return not source.file, source.file, source.line, source.column, finding.code
