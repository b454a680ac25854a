"""A failing case made small, and written as a schedule file that `lightctl schedule preview` reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from lightctl.domain.programs import Calendar, CalendarRule, ControlProgram, DateRange, Moment, format_duration
from tests.support.plan_cases import Case

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def shrink(case: Case, fails: Callable[[Case], bool]) -> Case:
    """Leave out whatever can go while the case still fails."""
    while True:
        smaller = next((each for each in _smaller(case) if fails(each)), None)
        if smaller is None:
            return case
        case = smaller


def _smaller(case: Case) -> Iterator[Case]:
    if len(case.points) > 1:
        yield from (replace(case, points=(each,)) for each in case.points)
    if len(case.dates) > 1:
        yield from (replace(case, dates=(each,)) for each in case.dates)
    yield from (replace(case, overrides=each) for each in _without_one(case.overrides))
    intent = case.intent
    yield from (replace(case, intent=replace(intent, protections=each)) for each in _without_one(intent.protections))
    yield from (replace(case, intent=replace(intent, assignments=each)) for each in _without_one(intent.assignments))
    for name, calendar in intent.calendars.items():
        for rules in _without_one(calendar.rules):
            calendars = {**intent.calendars, name: replace(calendar, rules=rules)}
            yield replace(case, intent=replace(intent, calendars=calendars))
    for name, program in intent.programs.items():
        for each in _smaller_programs(program):
            yield replace(case, intent=replace(intent, programs={**intent.programs, name: each}))


def _smaller_programs(program: ControlProgram) -> Iterator[ControlProgram]:
    yield from (replace(program, steps=each) for each in _without_one(program.steps))
    yield from (replace(program, active=each) for each in _without_one(program.active) if each)
    for index, step in enumerate(program.steps):
        for moment in _plainer(step.at):
            yield replace(program, steps=_with(program.steps, index, replace(step, at=moment)))
    for index, period in enumerate(program.active):
        for moment in _plainer(period.start):
            yield replace(program, active=_with(program.active, index, replace(period, start=moment)))
        for moment in _plainer(period.end):
            yield replace(program, active=_with(program.active, index, replace(period, end=moment)))


def _plainer(moment: Moment) -> Iterator[Moment]:
    if moment.earliest:
        yield replace(moment, earliest=None)
    if moment.latest:
        yield replace(moment, latest=None)


def _without_one(values: tuple) -> Iterator[tuple]:
    return (values[:index] + values[index + 1 :] for index in range(len(values)))


def _with(values: tuple, index: int, value: object) -> tuple:
    return (*values[:index], value, *values[index + 1 :])


def as_text(case: Case) -> str:
    """Write a case: its schedule, with lamps, nights and overrides as comments."""
    lines = [f"# time zone {case.zone}", *(f"# night of {date}" for date in case.dates)]
    for point in case.points:
        fields = [f"{name}={getattr(point, name)}" for name in ("kind", "road_class", "lamps")]
        words = ", ".join([*fields, *(f"{key}={value}" for key, value in point.tags.items())])
        lines.append(f"# {point.id} at {point.latitude},{point.longitude}: {words}")
    lines += [
        f"# override {each.id}: {each.scope.name.lower()} {each.select}, {each.level} %, {each.start} .. {each.until}"
        for each in case.overrides
    ]
    used = {calendar: case.intent.calendars[calendar] for calendar in (a.calendar for a in case.intent.assignments)}
    programs = {name for each in used.values() for name in (each.default, *(rule.program for rule in each.rules))}
    sections = {
        "programs": [line for name in sorted(programs) for line in _program(case.intent.programs[name])],
        "calendars": [line for each in used.values() for line in _calendar(each)],
        "assignments": [f'  - {{select: "{a.select}", calendar: {a.calendar}}}' for a in case.intent.assignments],
        "protections": [f'  - {{select: "{p.select}", min_level: {p.min_level}}}' for p in case.intent.protections],
    }
    lines.append("version: 1")
    for name, body in sections.items():
        lines += [f"{name}:", *body] if body else []
    return "\n".join(lines) + "\n"


def _program(program: ControlProgram) -> Iterator[str]:
    yield f"  {program.id}:"
    yield f"    start_level: {program.start_level}"
    yield "    active:"
    for period in program.active:
        yield f"      - {{from: {{{_moment(period.start)}}}, to: {{{_moment(period.end)}}}}}"
    if program.steps:
        yield "    steps:"
    for step in program.steps:
        yield f"      - {{{_moment(step.at)}, level: {step.level}, ramp: {format_duration(step.ramp_s)}}}"


def _moment(moment: Moment) -> str:
    clamps = (("earliest", moment.earliest), ("latest", moment.latest))
    return ", ".join([f'at: "{moment.at}"', *(f'{name}: "{value}"' for name, value in clamps if value)])


def _calendar(calendar: Calendar) -> Iterator[str]:
    yield f"  {calendar.id}:"
    if calendar.rules:
        yield "    rules:"
    yield from (f"      - {{{_rule(rule)}, program: {rule.program}}}" for rule in calendar.rules)
    yield f"    default: {calendar.default}"


def _rule(rule: CalendarRule) -> str:
    found = []
    if rule.dates:
        found.append(f"dates: [{', '.join(_range(each) for each in rule.dates)}]")
    if rule.weekdays:
        found.append(f"weekdays: [{', '.join(WEEK[day] for day in sorted(rule.weekdays))}]")
    if rule.nth:
        found.append(f"nth: [{', '.join('last' if each < 0 else str(each) for each in rule.nth)}]")
    if rule.holidays:
        found.append(f"holidays: {rule.holidays}")
    return ", ".join(found)


def _range(dates: DateRange) -> str:
    ends = [
        f"{month:02}-{day:02}" if year is None else f"{year}-{month:02}-{day:02}"
        for year, month, day in (dates.first, dates.last)
    ]
    return ends[0] if ends[0] == ends[1] else "..".join(ends)
