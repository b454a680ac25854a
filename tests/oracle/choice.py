"""Who is meant: selectors, calendars, protections and overrides, read from the words of contracts 2."""

from __future__ import annotations

import calendar
import datetime as dt
from functools import lru_cache

from holidays import HolidayBase, country_holidays

from lightctl.domain.assets import LightPoint
from lightctl.domain.programs import Calendar, CalendarRule, DateRange, Intent, Protection
from lightctl.domain.selectors import Selector, Term
from lightctl.domain.states import Override

FIELDS = ("id", "kind", "road_class", "lamps", "rated_power_w", "min_level", "node", "channel", "cabinet", "profile")
ALL_FIELDS = (*FIELDS, "link", "address", "state")
LAST = -1


def selects(selector: Selector, point: LightPoint) -> bool:
    """A comma means AND."""
    return all(_holds(term, _values(point, term.key)) for term in selector.terms)


def _values(point: LightPoint, key: str) -> set[str]:
    if key == "group":
        found = {part.strip() for part in point.tags.get("group", "").split(";")}
    elif key in point.tags:
        found = {point.tags[key]}
    elif key in ALL_FIELDS and getattr(point, key) is not None:
        found = {str(getattr(point, key))}
    else:
        found = set()
    return found - {""}


def _holds(term: Term, values: set[str]) -> bool:
    if term.operator == "present":
        return len(values) > 0
    if term.operator == "!=":
        return values.isdisjoint(term.values)
    return not values.isdisjoint(term.values)


def calendar_of(intent: Intent, point: LightPoint) -> Calendar | None:
    """First match wins; None where nobody assigned the light point."""
    for assignment in intent.assignments:
        if selects(assignment.select, point):
            return intent.calendars[assignment.calendar]
    return None


def program_of(chosen: Calendar, date: dt.date) -> tuple[str, int | None]:
    """First match wins; the program and the number of the rule."""
    for number, rule in enumerate(chosen.rules):
        if _matches(rule, date):
            return rule.program, number
    return chosen.default, None


def _matches(rule: CalendarRule, date: dt.date) -> bool:
    """All keys given in one rule must match."""
    if rule.dates and not any(_in_range(each, date) for each in rule.dates):
        return False
    if rule.weekdays and calendar.weekday(date.year, date.month, date.day) not in rule.weekdays:
        return False
    if rule.nth and not _is_nth(rule.nth, date):
        return False
    return not rule.holidays or date in _holidays(rule.holidays)


def _in_range(dates: DateRange, date: dt.date) -> bool:
    (first_year, *first), (last_year, *last) = dates.first, dates.last
    if first_year is not None and last_year is not None:
        return dt.date(first_year, *first) <= date <= dt.date(last_year, *last)
    start, end, day = (month * 100 + number for month, number in (first, last, (date.month, date.day)))
    days = set(range(start, end + 1)) if start <= end else {*range(start, 1232), *range(101, end + 1)}
    return day in days


def _is_nth(nth: tuple[int, ...], date: dt.date) -> bool:
    month = calendar.monthcalendar(date.year, date.month)
    alike = [week[date.weekday()] for week in month if week[date.weekday()]]
    number = alike.index(date.day) + 1
    return number in nth or (LAST in nth and number == len(alike))


@lru_cache(maxsize=64)
def _holidays(code: str) -> HolidayBase:
    country, _, subdivision = code.partition("-")
    return country_holidays(country, subdiv=subdivision or None)


def floor_over(intent: Intent, point: LightPoint) -> Protection | None:
    """Give the protection that asks for most, the first of equals."""
    found = [each for each in intent.protections if selects(each.select, point)]
    highest = max((each.min_level for each in found), default=0)
    return next((each for each in found if each.min_level == highest), None)


def by_strength(overrides: tuple[Override, ...], point: LightPoint) -> list[Override]:
    """Give those of a light point, weakest first: light point beats group beats site, then the newest, then the id."""
    mine = [each for each in overrides if selects(each.select, point)]
    return sorted(mine, key=lambda each: (each.scope.value, each.start.timestamp(), each.id))
