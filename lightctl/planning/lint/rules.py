"""What is odd about calendars: rules that no night reaches, and holidays nobody knows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from lightctl.domain.programs import Calendar, CalendarRule, DateRange
from lightctl.planning.calendars import are_holidays_known, choose, rule_covers
from lightctl.planning.lint.findings import LintCode, LintFinding, named

FIRST_YEAR, LAST_YEAR = 1970, 2100


def choices(calendar: Calendar, dates: Sequence[dt.date]) -> Mapping[str, tuple[dt.date, ...]]:
    """Give the nights of each program a calendar chooses."""
    found: dict[str, list[dt.date]] = {}
    for date in dates:
        found.setdefault(choose(calendar, date)[0], []).append(date)
    return {program: tuple(nights) for program, nights in found.items()}


def rule_findings(calendar: Calendar, dates: Sequence[dt.date]) -> Iterator[LintFinding]:
    """Give the rules of a calendar that choose no night of `dates`, nor one of the years they name themselves."""
    year = dates[0].year
    reached = {choose(calendar, date)[1] for date in dates}
    for index, rule in enumerate(calendar.rules):
        if rule.holidays and not are_holidays_known(rule.holidays, year):
            what = f"rules[{index}] of calendar {calendar.id}"
            message = f"{what}: no public holidays of {rule.holidays} are known for {year}"
            yield LintFinding(LintCode.UNKNOWN_HOLIDAYS, message, rule.source, rule.program, calendar.id)
        elif index not in reached:
            yield from _idle(calendar, index, rule, dates)


def _idle(calendar: Calendar, index: int, rule: CalendarRule, dates: Sequence[dt.date]) -> Iterator[LintFinding]:
    covered = sorted({date for date in (*dates, *_own_dates(rule)) if rule_covers(rule, date)})
    winners = [choose(calendar, date)[1] for date in covered]
    if index in winners:
        return
    what = f"rules[{index}] of calendar {calendar.id}"
    if not covered:
        message = f"{what} matches no night of {dates[0].year}" + (" and of its own dates" if _own_years(rule) else "")
        yield LintFinding(LintCode.IDLE_RULE, message, rule.source, rule.program, calendar.id)
        return
    earlier = sorted({winner for winner in winners if winner is not None})
    names = ", ".join(f"rules[{winner}]" for winner in earlier)
    message = f"{what} is never reached: {names} before it takes every night it matches"
    yield LintFinding(LintCode.SHADOWED_RULE, message, rule.source, rule.program, calendar.id, *named(covered))


def _own_years(rule: CalendarRule) -> list[DateRange]:
    return [each for each in rule.dates if each.first[0] is not None]


def _own_dates(rule: CalendarRule) -> Iterator[dt.date]:
    """Give the nights a rule names with their year, which may lie outside the year looked at."""
    for (first_year, *first), (last_year, *last) in ((each.first, each.last) for each in _own_years(rule)):
        assert first_year is not None
        assert last_year is not None
        start = max(dt.date(first_year, *first), dt.date(FIRST_YEAR, 1, 1)).toordinal()
        end = min(dt.date(last_year, *last), dt.date(LAST_YEAR, 12, 31)).toordinal()
        yield from map(dt.date.fromordinal, range(start, end + 1))
