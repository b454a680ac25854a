"""What differs between two intents, in people's words: what was written, not what it does (`impact` says that)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TypeVar

from lightctl.domain.programs import (
    LAST_OF_MONTH,
    ActivePeriod,
    Assignment,
    Calendar,
    CalendarRule,
    ControlProgram,
    DateRange,
    DynamicRule,
    Intent,
    Protection,
    Step,
    format_duration,
)

T = TypeVar("T", ControlProgram, Calendar)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is added, changed or removed (`verb`).

    kind: program, calendar, assignment or protection. name: of the program or calendar, the selector of the others.
    words: what differs, one line each.
    """

    kind: str
    name: str
    verb: str
    words: tuple[str, ...] = ()


def differences(before: Intent, after: Intent) -> tuple[Difference, ...]:
    """Give what differs between two intents; where things stand in files, and in which, does not count."""
    return (
        *_named("program", before.programs, after.programs, _program_words),
        *_named("calendar", before.calendars, after.calendars, _calendar_words),
        *_listed("assignment", [*map(_assignment, before.assignments)], [*map(_assignment, after.assignments)]),
        *_listed("protection", [*map(_protection, before.protections)], [*map(_protection, after.protections)]),
    )


def _named(
    kind: str, before: Mapping[str, T], after: Mapping[str, T], words: Callable[[T, T], Iterator[str]]
) -> Iterator[Difference]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old is None:
            yield Difference(kind, name, "added")
        elif new is None:
            yield Difference(kind, name, "removed")
        elif old != new:
            yield Difference(kind, name, "changed", tuple(words(old, new)))


def _program_words(old: ControlProgram, new: ControlProgram) -> Iterator[str]:
    if old.active != new.active:
        yield f"lit {_windows(old)} -> {_windows(new)}"
    if old.start_level != new.start_level:
        yield f"start level {old.start_level} % -> {new.start_level} %"
    steps = {str(step.at.at): step for step in old.steps}
    coming = {str(step.at.at): step for step in new.steps}
    for at in dict.fromkeys([*steps, *coming]):
        if at not in coming:
            yield f"step {at} removed ({_step(steps[at])})"
        elif at not in steps:
            yield f"step {at} added: {_step(coming[at])}"
        elif steps[at] != coming[at]:
            yield f"step {at}: {_step(steps[at])} -> {_step(coming[at])}"
    if [*steps] != [*coming] and sorted(steps) == sorted(coming):
        yield "the order of the steps"
    for verb, index, line in _moves([*map(_dynamic_words, old.dynamics)], [*map(_dynamic_words, new.dynamics)]):
        yield f"dynamics[{index}] {verb}: {line}"
    if old.description != new.description:
        yield "the description"


def _dynamic_words(rule: DynamicRule) -> str:
    period = f", {_periods(rule.period)}" if rule.period else ""
    return f"{rule}, held {format_duration(rule.hold_s)}{period}"


def _windows(program: ControlProgram) -> str:
    return _periods(program.active)


def _periods(periods: Iterable[ActivePeriod]) -> str:
    return " and ".join(f"{each.start} .. {each.end}" for each in periods)


def _step(step: Step) -> str:
    clamps = [
        f"{name} {value}" for name, value in (("earliest", step.at.earliest), ("latest", step.at.latest)) if value
    ]
    fade = [f"fading {format_duration(step.ramp_s)}"] if step.ramp_s else []
    return ", ".join([f"{step.level} %", *fade, *clamps])


def _calendar_words(old: Calendar, new: Calendar) -> Iterator[str]:
    if old.default != new.default:
        yield f"default {old.default} -> {new.default}"
    for verb, index, line in _moves([*map(rule_words, old.rules)], [*map(rule_words, new.rules)]):
        yield f"rules[{index}] {verb}: {line}"


def rule_words(rule: CalendarRule) -> str:
    """Give a calendar rule as one line: its conditions and its program."""
    conditions = []
    if rule.dates:
        conditions.append("dates " + ", ".join(map(_dates, rule.dates)))
    if rule.weekdays:
        conditions.append(", ".join(WEEKDAYS[day] for day in sorted(rule.weekdays)))
    if rule.nth:
        conditions.append("nth " + ", ".join("last" if each == LAST_OF_MONTH else str(each) for each in rule.nth))
    if rule.holidays:
        conditions.append(f"holidays {rule.holidays}")
    return f"{'; '.join(conditions)}: program {rule.program}"


def _dates(dates: DateRange) -> str:
    first, last = _date(dates.first), _date(dates.last)
    return first if first == last else f"{first}..{last}"


def _date(date: tuple[int | None, int, int]) -> str:
    year, month, day = date
    return f"{month:02}-{day:02}" if year is None else f"{year}-{month:02}-{day:02}"


def _assignment(assignment: Assignment) -> tuple[str, str]:
    return str(assignment.select), f"calendar {assignment.calendar}"


def _protection(protection: Protection) -> tuple[str, str]:
    reason = f" ({protection.reason})" if protection.reason else ""
    return str(protection.select), f"at least {protection.min_level} %{reason}"


def _listed(kind: str, before: Sequence[tuple[str, str]], after: Sequence[tuple[str, str]]) -> Iterator[Difference]:
    for verb, _, (name, words) in _moves(before, after):
        yield Difference(kind, name, verb, (words,))


Line = TypeVar("Line", str, tuple[str, str])


def _moves(before: Sequence[Line], after: Sequence[Line]) -> Iterator[tuple[str, int, Line]]:
    """Give the lines removed, with their old index, and those added, with their new one; order counts."""
    for _, old_from, old_to, new_from, new_to in _unequal(before, after):
        for index in range(old_from, old_to):
            yield "removed", index, before[index]
        for index in range(new_from, new_to):
            yield "added", index, after[index]


def _unequal(before: Sequence[Line], after: Sequence[Line]) -> Iterator[tuple[str, int, int, int, int]]:
    found = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return (each for each in found if each[0] != "equal")
