"""The JSON Schema (draft 2020-12) of schedule files: what an editor explains, completes and underlines as people type.

Comes in: the keys and patterns that the readers beside this file read by. Goes out: the schema as a JSON value. Must
hold: it takes every file the readers take. It refuses what one value shows by itself; what needs the whole set (a name
nobody defined, two steps at one time, a day the month does not have) is left to `lightctl schedule check`.
"""

from __future__ import annotations

import json

from lightctl.domain.assets import FULL_LEVEL, ID_PATTERN
from lightctl.domain.programs import SunEvent
from lightctl.domain.selectors import KEY
from lightctl.files.calendar_files import ALONE, ASSIGNMENT, CALENDAR, PROTECTION, RULE
from lightctl.files.dates import HOLIDAY_CODE, NTH, WEEKDAYS
from lightctl.files.dynamic_files import MOST_RULES
from lightctl.files.dynamic_schema import dynamic_rule
from lightctl.files.expressions import ANGLE, CLOCK_TIME, DURATION
from lightctl.files.program_files import EDGE, PROGRAM, STEP, WINDOW
from lightctl.files.schedules import FILE, VERSION
from lightctl.files.schema_parts import (
    ANY_TEXT,
    NAME,
    Schema,
    list_of,
    mapping,
    named,
    one_or_list,
    range_of,
    ref,
    text,
    whole,
)

_TWILIGHT = rf"(?:{SunEvent.DUSK}|{SunEvent.DAWN})(?:\s*\(\s*{ANGLE}\s*\))?"
_SUN_TIME = rf"(?:{SunEvent.SUNSET}|{SunEvent.SUNRISE}|{_TWILIGHT})(?:\s*[+-]\s*(?=[0-9]){DURATION})?"
_TIME = rf"(?:{CLOCK_TIME}|\s*{_SUN_TIME}\s*)"
_WINDOW = rf"\s*{_TIME}\s*\.\.\s*{_TIME}\s*"
_DAY = "(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_WEEKDAY = f"(?:{'|'.join(WEEKDAYS)})"
_VALUES = r"\(\s*[^\s,()][^,()]*(?:,\s*[^\s,()][^,()]*)*\)"
_TERM = rf"{KEY}(?:\s*!?=\s*[^\s,()=!][^,()=!]*|\s+in\s*{_VALUES})?"


def schedule_schema() -> Schema:
    """Give the schema of one schedule file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Schedule file",
        "description": "What shall be lit, and when. Several files make one intent.",
        **_file(),
        "$defs": {
            "program": _program(),
            "step": _step(),
            "dynamic": dynamic_rule(),
            "window": _window(),
            "edge": _edge(),
            "calendar": _calendar(),
            "rule": _rule(),
            "assignment": _assignment(),
            "protection": _protection(),
            "time": text(
                _TIME,
                'A time is "22:30", or one of sunset, sunrise, dusk, dawn, dusk(-3), also with +10m or -1h30m.',
                ["22:30", "sunset", "sunrise-45m", "dusk", "dawn(-4.5)-10m", "sunset+1h30m"],
            ),
            "clock": text(CLOCK_TIME, 'A clock time is "05:00", from "00:00" to "23:59".', ["05:00", "16:30"]),
            "duration": text(
                f"(?=[0-9]){DURATION}", "A duration has units: 90s, 10m, 1h30m.", ["30s", "90s", "10m", "1h30m"]
            ),
            "level": {
                "type": "integer",
                "minimum": 0,
                "maximum": FULL_LEVEL,
                "errorMessage": "A level is a whole percent without quotes and without %: 0 is off, 100 is full.",
                "examples": [100, 70, 50, 0],
            },
            "name": {
                "type": ANY_TEXT,
                "pattern": whole(ID_PATTERN.pattern),
                "errorMessage": NAME,
            },
            "selector": {
                **text(
                    rf"\s*(?:\*|{_TERM}\s*(?:,\s*{_TERM}\s*)*)\s*",
                    "A selector is key=value, key!=value, key in (a,b), key or *; a comma means and.",
                    ["*", "kind=crossing", "road_class in (collector,local), district!=harbour", "group=centre"],
                ),
                "type": ["string", "boolean"],  # a tag may be called true
            },
        },
    }


def schema_text() -> str:
    """Give the schema as the JSON that editors load."""
    return json.dumps(schedule_schema(), indent=2)


def _file() -> Schema:
    return mapping(
        FILE,
        {
            "version": {"description": "The grammar the file is written in. Every file says 1.", "const": int(VERSION)},
            "programs": named("program", "Control programs by name: what a lamp does in one night."),
            "calendars": named("calendar", "Calendars by name: which program each night has."),
            "assignments": list_of(
                "assignment",
                "Which light points follow which calendar. The first that selects a light point decides; files count "
                "in the order of their names. What none selects is lit at full level from sunset to sunrise.",
            ),
            "protections": list_of(
                "protection",
                "Floors that no program, override or sensor goes below while the sun is down. Of several the highest "
                "holds.",
            ),
        },
    )


def _program() -> Schema:
    return mapping(
        PROGRAM,
        {
            "description": {"description": "A text for people.", "type": ANY_TEXT},
            "active": {
                "description": "The window, or a list of windows, in which the lamp may be lit. Outside all of them it "
                "is off. Without it: sunset .. sunrise.",
                "if": {"type": "array"},
                "then": {"items": ref("window"), "minItems": 1},
                "else": ref("window"),
                "default": "sunset .. sunrise",
                "examples": [["sunset .. 23:00", "05:30 .. sunrise"]],
            },
            "start_level": {
                **ref("level", "Percent inside a window before the night's first step: 0 is off, 100 is full."),
                "default": FULL_LEVEL,
            },
            "steps": list_of("step", "Switch points, each holding until the next. Never two at the same time."),
            "dynamics": list_of("dynamic", "What sensors change of the level, the first rule in force counting.")
            | {"maxItems": MOST_RULES},
        },
    )


def _step() -> Schema:
    return mapping(
        STEP,
        {
            "at": ref(
                "time",
                'When: a clock time ("22:00"; before noon it belongs to the morning after) or a time of the sun '
                "(sunset, sunrise-45m, dusk(-3)+10m).",
            ),
            "level": ref("level", "Percent from then on: 0 is off, 100 is full."),
            "ramp": ref("duration", "How long the change takes, from that time on: 30s. Without it: at once."),
            **_clamps(),
        },
    )


def _window() -> Schema:
    in_full = mapping(
        WINDOW,
        {
            "from": ref("edge", "Where the window opens: a time, or a time with limits."),
            "to": ref("edge", "Where the window closes: a time, or a time with limits."),
        },
    )
    window = text(
        _WINDOW,
        'A window is two times with two dots between: sunset-10m .. sunrise+10m, or "05:30 .. sunrise".',
        ["sunset .. sunrise", "sunset-10m .. sunrise+10m", "sunset .. 23:00", "05:30 .. sunrise"],
    )
    return {"anyOf": [window, in_full]}


def _edge() -> Schema:
    time = ref("time", "When the window opens or closes, before earliest and latest are looked at.")
    in_full = mapping(EDGE, {"at": time, **_clamps()})
    return {"anyOf": [ref("time"), in_full], "examples": ["sunset-10m", {"at": "sunset-10m", "earliest": "16:30"}]}


def _clamps() -> dict[str, Schema]:
    return {
        "earliest": ref("clock", "A clock time; whatever the sun does, not before it. Holds after the offset."),
        "latest": ref("clock", "A clock time; whatever the sun does, not after it. Holds after the offset."),
    }


def _calendar() -> Schema:
    return mapping(
        CALENDAR,
        {
            "rules": list_of(
                "rule", "Rules in order: the first whose conditions all hold chooses the night's program."
            ),
            "default": ref("name", "The program of every night that no rule takes."),
        },
    )


def _rule() -> Schema:
    weeks = [int(week) for week in NTH if week.isdigit()]
    conditions = mapping(
        RULE,
        {
            "dates": one_or_list(
                "The night's own date: each year (12-24, 12-24..12-26, 12-30..01-02), once (2026-11-27, "
                "2026-11-27..2026-12-23), or a list of these. Month first.",
                text(
                    rf"\s*(?:{range_of(_DAY)}|{range_of(f'[0-9]{{4}}-{_DAY}')})\s*",
                    "A date is 12-24 (month first) or 2026-12-24; a range has two dots: 12-24..12-26.",
                    ["12-24", "12-24..12-26", "2026-11-27..2026-12-23"],
                ),
            ),
            "weekdays": one_or_list(
                "The weekday on whose evening the night begins: fri, fri..sat, or a list of these.",
                text(
                    rf"\s*{range_of(_WEEKDAY)}\s*",
                    f"A weekday is one of {', '.join(WEEKDAYS)}; a range has two dots: mon..fri.",
                    [*WEEKDAYS, "mon..fri", "fri..sat"],
                ),
            ),
            "nth": one_or_list(
                "Which of those weekdays in their month: 1 to 5, last, or a list of these. Needs weekdays.",
                {
                    "type": ["integer", "string"],
                    "minimum": min(weeks),
                    "maximum": max(weeks),
                    "pattern": whole("|".join(NTH)),
                    "errorMessage": "Write 1 to 5, or last.",
                    "examples": [*weeks, "last"],
                },
            ),
            "holidays": {
                "description": "Public holidays of a country or of a part of it: DE, DE-NW.",
                **text(HOLIDAY_CODE, "Write a country, or country-subdivision: DE-NW.", ["DE-NW", "DE", "AT", "US"]),
            },
            "program": ref("name", "The program of the nights on which every condition of this rule holds."),
        },
    )
    return conditions | {
        "if": {"required": ["nth"]},
        "then": {"required": ["weekdays"]},
        "else": {"anyOf": [{"required": [name]} for name in ALONE]},
    }


def _assignment() -> Schema:
    select = ref(
        "selector",
        'Which light points, by their fields and tags: kind=crossing, "road_class in (collector,local), ward!=6", "*". '
        "With a comma or a star in quotes.",
    )
    return mapping(ASSIGNMENT, {"select": select, "calendar": ref("name", "The calendar they follow.")})


def _protection() -> Schema:
    return mapping(
        PROTECTION,
        {
            "select": ref("selector", "Which light points, by their fields and tags: kind=crossing."),
            "min_level": ref("level", "The floor in percent."),
            "reason": {"description": "Why, for people.", "type": ANY_TEXT},
        },
    )
