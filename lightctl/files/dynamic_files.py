"""Dynamic rules from their YAML: which sensor, when, what it does to the level, for how long."""

from __future__ import annotations

import re
from collections.abc import Callable

from lightctl.domain.assets import FULL_LEVEL, ID_PATTERN
from lightctl.domain.programs import ActivePeriod, DynamicRule
from lightctl.domain.sensors import LOWEST_LIT, Comparison, Condition, Operation
from lightctl.files.expressions import parse_duration
from lightctl.files.fields import items_of, parsed, text_of
from lightctl.files.findings import Code, Sheet, did_you_mean, quoted
from lightctl.files.keys import Keys, entries_of
from lightctl.files.yaml_nodes import Listing, Node, Text

DYNAMIC = Keys(
    ("sensor", "when", "operation", "level", "hold"),
    ("period",),
    elsewhere={
        "source": "Write sensor: and its name.",
        "active": "Write period: with a window.",
        "holdTime": "Write hold: 10m.",
    },
)
WHEN = Keys(optional=tuple(each.value for each in Comparison))
NUMBER = r"(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,6})?"
MOST_ADDED = 99
MOST_RULES = 16
LONGEST_NAME = 53
_NUMBER = re.compile(NUMBER)
_LEVEL = re.compile(r"-?(?:0|[1-9][0-9]{0,2})")
_TRUTH = {"true": 1, "false": 0}
ReadPeriod = Callable[[Sheet, Node, str], tuple[ActivePeriod, ...]]


def read_dynamics(sheet: Sheet, node: Node | None, what: str, period: ReadPeriod) -> tuple[DynamicRule, ...]:
    """Read the dynamic rules of a program; `period` reads a window or a list of windows."""
    items = items_of(sheet, node, f"dynamics of {what}")
    if node is not None and len(items) > MOST_RULES:
        sheet.report(
            Code.DYNAMIC,
            node,
            f"{what} has {len(items)} dynamic rules",
            f"At most {MOST_RULES}: make programs of them.",
        )
    rules = (_rule(sheet, item, f"a dynamic rule of {what}", period) for item in items[:MOST_RULES])
    return tuple(rule for rule in rules if rule is not None)


def _rule(sheet: Sheet, node: Node, what: str, read_period: ReadPeriod) -> DynamicRule | None:
    entries = entries_of(sheet, node, what, DYNAMIC)
    if entries is None:
        return None
    sensor = _sensor(sheet, entries["sensor"], f"sensor of {what}")
    when = _when(sheet, entries["when"], f"when of {what}")
    operation = _operation(sheet, entries["operation"], f"operation of {what}")
    level = _level(sheet, entries["level"], f"level of {what}", operation)
    hold = parsed(sheet, Code.DURATION, entries["hold"], f"hold of {what}", parse_duration)
    period: tuple[ActivePeriod, ...] = ()
    if "period" in entries:
        period = _period(sheet, entries["period"], f"period of {what}", read_period)
    if hold == 0:
        sheet.report(Code.DYNAMIC, entries["hold"], f"hold of {what} is nothing", "Write how long a word counts: 10m.")
    if sensor is None or when is None or operation is None or level is None or not hold:
        return None
    return DynamicRule(sensor, when, operation, level, hold, period, sheet.source(node))


def _period(sheet: Sheet, node: Node, what: str, read_period: ReadPeriod) -> tuple[ActivePeriod, ...]:
    if isinstance(node, Listing) and not node.items:
        sheet.report(Code.ACTIVE, node, f"{what} has no window", "For all the night leave it out.")
    return read_period(sheet, node, what)


def _sensor(sheet: Sheet, node: Node, what: str) -> str | None:
    name = text_of(sheet, node, what)
    if name is not None and (not ID_PATTERN.fullmatch(name) or len(name) > LONGEST_NAME):
        hint = f"Up to {LONGEST_NAME} of a-z, A-Z, 0-9, - and _: the last part of its topic."
        sheet.report(Code.DYNAMIC, node, f"{what}: {quoted(name)} cannot be the name of a sensor", hint)
        return None
    return name


def _when(sheet: Sheet, node: Node, what: str) -> Condition | None:
    entries = entries_of(sheet, node, what, WHEN)
    if entries is None:
        return None
    if len(entries) != 1:
        sheet.report(Code.DYNAMIC, node, f"{what} has {len(entries) or 'no'} conditions", "Give one: {at_least: 20}")
        return None
    ((name, value),) = entries.items()
    comparison = Comparison(name)
    if not isinstance(value, Text):
        text_of(sheet, value, f"{name} in {what}", "Write one value.")
        return None
    if comparison is Comparison.PRESENT:
        if value.plain and value.text in _TRUTH:
            return Condition(comparison, _TRUTH[value.text])
        wanted = "Write true (somebody is there) or false."
    else:
        if value.plain and _NUMBER.fullmatch(value.text):
            return Condition(comparison, float(value.text))
        wanted = "Write a number without quotes and without a unit: 20."
    written = "is empty" if value.absent else f"cannot be {quoted(value.text)}"
    sheet.report(Code.DYNAMIC, value, f"{name} in {what} {written}", wanted)
    return None


def _operation(sheet: Sheet, node: Node, what: str) -> Operation | None:
    name = text_of(sheet, node, what)
    if name is None:
        return None
    if name not in set(Operation):
        hint = did_you_mean(name.lower(), [each.value for each in Operation])
        sheet.report(Code.DYNAMIC, node, f"{what}: {quoted(name)} is no operation", hint)
        return None
    return Operation(name)


def _level(sheet: Sheet, node: Node, what: str, operation: Operation | None) -> int | None:
    """Read a level: percent, or for `add` the points to add; a rule dims and never switches off."""
    adds = operation is Operation.ADD
    least = LOWEST_LIT if not adds else -MOST_ADDED
    most = FULL_LEVEL if not adds else MOST_ADDED
    if not isinstance(node, Text) or node.absent:
        text_of(sheet, node, what)
        return None
    if node.plain and _LEVEL.fullmatch(node.text):
        level = int(node.text)
        if least <= level <= most and (level or not adds):
            return level
    hint = (
        f"Write the points to add, -{MOST_ADDED} to {MOST_ADDED} and not 0, without quotes."
        if adds
        else f"Write {LOWEST_LIT} to {FULL_LEVEL}, without quotes and without %: a sensor dims, it never switches off."
    )
    sheet.report(Code.DYNAMIC, node, f"{what}: {quoted(node.text)} is no level it can have", hint)
    return None
