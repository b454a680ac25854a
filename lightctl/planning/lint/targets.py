"""What is odd about who follows what: assignments nobody meets, lamps nobody assigned, programs below a protection.

With light points in hand this looks at each of them. Without, it goes by what selectors show of each other: a
protection is held against an assignment when every light point of the assignment is shown to be one of the protection.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from lightctl.domain.assets import LifeCycle, LightPoint
from lightctl.domain.programs import Assignment, Intent, Protection
from lightctl.planning.lint.findings import NIGHTS_NAMED, LintCode, LintFinding
from lightctl.planning.lint.programs import ProgramYear
from lightctl.planning.lint.selectors import implies, selects_nothing
from lightctl.planning.standing import Standings

NOWHERE = ""  # the time zone of what is asked for no sun
Protected = tuple[str, Protection, int | None]  # a calendar, a floor under it, and how many light points have both


def assignment_findings(assignments: Sequence[Assignment]) -> Iterator[LintFinding]:
    """Give the assignments that can never decide anything."""
    for index, assignment in enumerate(assignments):
        earlier = _earlier(assignments, index)
        if selects_nothing(assignment.select):
            message = f"the assignment {assignment.select} selects nothing: its conditions exclude each other"
        elif earlier is not None:
            place = f" at {earlier.source}" if earlier.source.file else ""
            message = (
                f"the assignment {assignment.select} is never reached: {earlier.select}{place} takes all of its "
                "light points"
            )
        else:
            continue
        yield LintFinding(LintCode.IDLE_ASSIGNMENT, message, assignment.source, calendar=assignment.calendar)


def unassigned_findings(intent: Intent, points: Iterable[LightPoint]) -> Iterator[LintFinding]:
    """Give the light points in use that no assignment reaches, as one finding."""
    standings = Standings(intent, NOWHERE)
    lost = [each.id for each in _in_use(points) if standings.lot(each).assignment is None]
    if lost:
        names = ", ".join(lost[:NIGHTS_NAMED]) + (", ..." if len(lost) > NIGHTS_NAMED else "")
        what = "light point is" if len(lost) == 1 else "light points are"
        message = f"{len(lost):,} {what} reached by no assignment and lit from sunset to sunrise: {names}"
        yield LintFinding(LintCode.UNASSIGNED, message, count=len(lost))


def protected(intent: Intent, points: Iterable[LightPoint] | None) -> Iterator[Protected]:
    """Give the calendars that have light points under a protection."""
    if points is None:
        for index, assignment in enumerate(intent.assignments):
            if _earlier(intent.assignments, index) is None and not selects_nothing(assignment.select):
                for protection in intent.protections:
                    if implies(assignment.select, protection.select):
                        yield assignment.calendar, protection, None
        return
    standings = Standings(intent, NOWHERE)
    found: Counter[tuple[str, int]] = Counter()
    for lot, lamps in Counter(map(standings.lot, _in_use(points) if intent.protections else ())).items():
        if lot.assignment is not None:
            for index, protection in enumerate(intent.protections):
                if protection in lot.protections:
                    found[lot.assignment.calendar, index] += lamps
    for (calendar, index), count in sorted(found.items()):
        yield calendar, intent.protections[index], count


def protection_findings(
    protected: Iterable[Protected],
    years: Mapping[str, ProgramYear],
    nights: Mapping[str, Mapping[str, Sequence[dt.date]]],
) -> Iterator[LintFinding]:
    """Give the programs that ask for less than a protection keeps; `nights` are those of calendar and program."""
    seen: set[tuple[str, str, Protection]] = set()
    for calendar, protection, lamps in protected:
        for program, chosen in nights.get(calendar, {}).items():
            if (calendar, program, protection) not in seen:
                seen.add((calendar, program, protection))
                yield from _below(years[program], calendar, protection, lamps, set(chosen))


def _below(
    year: ProgramYear, calendar: str, protection: Protection, lamps: int | None, chosen: set[dt.date]
) -> Iterator[LintFinding]:
    low = {
        date: each.facts.lowest_in_dark
        for each in year.sightings
        if each.facts.lowest_in_dark is not None and each.facts.lowest_in_dark < protection.min_level
        for date in each.nights
        if date in chosen
    }
    if not low:
        return
    where = f" at {protection.source}" if protection.source.file else ""
    reason = f" ({protection.reason})" if protection.reason else ""
    at = "" if lamps is None else f", at {lamps:,} light point{'s' if lamps != 1 else ''}"
    message = (
        f"program {year.program.id} asks for {min(low.values())} % while the sun is down, where the protection "
        f"{protection.select}{where} keeps {protection.min_level} %{reason}{at}"
    )
    nights = sorted(low)
    yield LintFinding(
        LintCode.BELOW_PROTECTION,
        message,
        year.program.source,
        year.program.id,
        calendar,
        tuple(nights[:NIGHTS_NAMED]),
        len(nights),
    )


def _earlier(assignments: Sequence[Assignment], index: int) -> Assignment | None:
    select = assignments[index].select
    return next((each for each in assignments[:index] if implies(select, each.select)), None)


def _in_use(points: Iterable[LightPoint]) -> Iterator[LightPoint]:
    return (each for each in points if each.state is LifeCycle.IN_USE)
