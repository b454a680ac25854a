"""The part of the schedule files' schema that describes dynamic rules."""

from __future__ import annotations

from lightctl.domain.assets import FULL_LEVEL, ID_PATTERN
from lightctl.domain.sensors import LOWEST_LIT, Comparison, Operation
from lightctl.files.dynamic_files import DYNAMIC, LONGEST_NAME, MOST_ADDED, WHEN
from lightctl.files.schema_parts import ANY_TEXT, Schema, mapping, ref, whole

_NUMBER = "A number without quotes and without a unit."


def dynamic_rule() -> Schema:
    """Give the schema of one dynamic rule."""
    rule = mapping(
        DYNAMIC,
        {
            "sensor": {
                "description": "The sensor by the last part of its topic: the node's own, else its area's.",
                "type": ANY_TEXT,
                "pattern": whole(ID_PATTERN.pattern),
                "maxLength": LONGEST_NAME,
                "errorMessage": f"A sensor's name has up to {LONGEST_NAME} of a-z, A-Z, 0-9, - and _.",
            },
            "when": _when(),
            "operation": {
                "description": "What it does to the program's level: set it, keep it at least (max) or at most (min) "
                "at a level, or add points.",
                "enum": [each.value for each in Operation],
            },
            "level": {
                "description": "Percent, at least 1; for add the points to add, below 0 to take away.",
                "type": "integer",
                "examples": [100, 60],
            },
            "hold": ref("duration", "How long a word of the sensor counts, and a raised level stays: 10m."),
            "period": {
                "description": "The window, or a list of windows, in which the rule counts. Without it: all night.",
                "if": {"type": "array"},
                "then": {"items": ref("window"), "minItems": 1},
                "else": ref("window"),
                "examples": ["23:00 .. 05:00"],
            },
        },
    )
    points = {"minimum": -MOST_ADDED, "maximum": MOST_ADDED, "not": {"const": 0}}
    percent = {"minimum": LOWEST_LIT, "maximum": FULL_LEVEL}
    return rule | {
        "if": {"properties": {"operation": {"const": Operation.ADD.value}}},
        "then": {"properties": {"level": points}},
        "else": {"properties": {"level": percent}},
    }


def _when() -> Schema:
    number = {"type": "number", "minimum": 0, "errorMessage": _NUMBER}
    when = mapping(
        WHEN,
        {
            Comparison.AT_LEAST: {"description": "Lux or vehicles: this many, or more."} | number,
            Comparison.BELOW: {"description": "Lux or vehicles: fewer than this."} | number,
            Comparison.PRESENT: {"description": "Whether somebody is there.", "type": "boolean"},
        },
    )
    return when | {
        "description": "What the reading must be for the rule to count. One condition.",
        "minProperties": 1,
        "maxProperties": 1,
        "examples": [{"at_least": 20}, {"below": 5}, {"present": True}],
    }
