"""Calendars, assignments and protections from their YAML."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from lightctl.domain.programs import Assignment, Calendar, CalendarRule, Protection
from lightctl.files.dates import parse_dates, parse_holidays, parse_nth, parse_weekdays
from lightctl.files.fields import items_of, level_of, one_or_list, parsed, selector_of, text_of
from lightctl.files.findings import Code, Sheet, quoted
from lightctl.files.keys import Keys, entries_of
from lightctl.files.yaml_nodes import Listing, Node, Text

T = TypeVar("T")
_EXAMPLES = {
    "dates": "12-24, 12-24..12-26 or a list: [12-24, 12-31]",
    "weekdays": "fri, fri..sat or a list: [mon, wed]",
    "nth": "2, last or a list: [1, 3]",
}
ALONE = ("dates", "weekdays", "holidays")
CONDITIONS = (*ALONE, "nth")
CALENDAR = Keys(("default",), ("rules",))
RULE = Keys(("program",), CONDITIONS)
ASSIGNMENT = Keys(
    ("select", "calendar"),
    elsewhere={"program": "Name a calendar here; one with the program as its default and no rules has it every night."},
)
PROTECTION = Keys(("select", "min_level"), ("reason",))


@dataclass(frozen=True, slots=True)
class Reference:
    """A name used where another part of the files must define it."""

    sheet: Sheet
    node: Node
    name: str
    what: str


def read_calendar(sheet: Sheet, key: Text, node: Node, programs: list[Reference]) -> Calendar | None:
    """Read one calendar; the programs it names are added to `programs`."""
    what = f"calendar {quoted(key.text)}"
    entries = entries_of(sheet, node, what, CALENDAR)
    if entries is None:
        return None
    default = _reference(sheet, entries["default"], f"default of {what}", programs)
    items = items_of(sheet, entries.get("rules"), f"rules of {what}")
    rules = [_rule(sheet, item, f"a rule of {what}", programs) for item in items]
    return Calendar(key.text, default, tuple(rule for rule in rules if rule is not None), sheet.source(key))


def read_assignments(sheet: Sheet, node: Node | None, calendars: list[Reference]) -> list[Assignment]:
    """Read the assignments in order; the calendars they name are added to `calendars`."""
    found: list[Assignment] = []
    for item in items_of(sheet, node, "assignments"):
        entries = entries_of(sheet, item, "an assignment", ASSIGNMENT)
        if entries is None:
            continue
        calendar = _reference(sheet, entries["calendar"], "calendar of an assignment", calendars)
        selector = selector_of(sheet, entries, "an assignment")
        if selector is not None:
            found.append(Assignment(selector, calendar, sheet.source(item)))
    return found


def read_protections(sheet: Sheet, node: Node | None) -> list[Protection]:
    """Read the protections."""
    found: list[Protection] = []
    for item in items_of(sheet, node, "protections"):
        entries = entries_of(sheet, item, "a protection", PROTECTION)
        if entries is None:
            continue
        selector = selector_of(sheet, entries, "a protection")
        level = level_of(sheet, entries["min_level"], "min_level of a protection")
        reason = text_of(sheet, entries["reason"], "reason of a protection") if "reason" in entries else ""
        if selector is not None and level is not None and reason is not None:
            found.append(Protection(selector, level, reason, sheet.source(item)))
    return found


def _rule(sheet: Sheet, node: Node, what: str, programs: list[Reference]) -> CalendarRule | None:
    entries = entries_of(sheet, node, what, RULE)
    if entries is None:
        return None
    if not any(name in entries for name in CONDITIONS):
        sheet.report(
            Code.NO_CONDITION,
            node,
            f"{what} has no condition and would always match",
            "Give it dates, weekdays or holidays, or make it the default.",
        )
    if "nth" in entries and "weekdays" not in entries:
        sheet.report(
            Code.NTH, entries["nth"], f"nth of {what} needs weekdays", "Write for example: weekdays: mon, nth: 2"
        )
    dates = _values(sheet, entries, "dates", what, Code.DATE, parse_dates)
    weekdays = _values(sheet, entries, "weekdays", what, Code.WEEKDAY, parse_weekdays)
    nth = _values(sheet, entries, "nth", what, Code.NTH, parse_nth)
    holidays = ""
    if "holidays" in entries:
        one_each = "Write one code, such as DE-NW; of several each has a rule."
        holidays = (
            parsed(sheet, Code.HOLIDAYS, entries["holidays"], f"holidays of {what}", parse_holidays, one_each) or ""
        )
    return CalendarRule(
        _reference(sheet, entries["program"], f"program of {what}", programs),
        tuple(dates),
        frozenset().union(*weekdays),
        tuple(dict.fromkeys(nth)),
        holidays,
        sheet.source(node),
    )


def _values(
    sheet: Sheet, entries: Mapping[str, Node], name: str, what: str, code: Code, parse: Callable[[str], T]
) -> list[T]:
    if name not in entries:
        return []
    node = entries[name]
    if isinstance(node, Listing) and not node.items:
        sheet.report(code, node, f"{name} of {what} is an empty list", "Remove it, or say which.")
    instead = f"Write {_EXAMPLES[name]}."
    values = [parsed(sheet, code, item, f"{name} of {what}", parse, instead) for item in one_or_list(node)]
    return [value for value in values if value is not None]


def _reference(sheet: Sheet, node: Node, what: str, references: list[Reference]) -> str:
    name = text_of(sheet, node, what)
    if name is not None:
        references.append(Reference(sheet, node, name, what))
    return name or ""
