"""Schedule files to one intent: all errors of all files at once, or what people asked for.

Comes in: file names with their text, in the order in which assignments and protections shall count. Goes out: an Intent
with errors and warnings. Must hold: nothing raises, and an intent is given only when there is no error at all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from lightctl.domain.programs import NO_INTENT, Assignment, Calendar, ControlProgram, Intent, Protection
from lightctl.domain.selectors import EVERYTHING
from lightctl.files.calendar_files import Reference, read_assignments, read_calendar, read_protections
from lightctl.files.fields import named_entries
from lightctl.files.findings import Code, Finding, Sheet, did_you_mean, quoted
from lightctl.files.keys import Keys, entries_of
from lightctl.files.program_files import read_program
from lightctl.files.yaml_nodes import Node, Refused, Text, read_yaml

__all__ = ["Finding", "ScheduleSet", "read_schedules"]

T = TypeVar("T", ControlProgram, Calendar)
VERSION = "1"
FILE = Keys(("version",), ("programs", "calendars", "assignments", "protections"))


@dataclass(frozen=True, slots=True)
class ScheduleSet:
    """What the files say together. With errors the intent is empty: nothing of such a set may be applied."""

    intent: Intent
    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]


@dataclass(slots=True)
class _Draft:
    programs: dict[str, ControlProgram | None] = field(default_factory=dict)
    calendars: dict[str, Calendar | None] = field(default_factory=dict)
    places: dict[tuple[str, str], tuple[Sheet, Text]] = field(default_factory=dict)
    program_references: list[Reference] = field(default_factory=list)
    calendar_references: list[Reference] = field(default_factory=list)
    assignments: list[tuple[Sheet, Assignment]] = field(default_factory=list)
    protections: list[Protection] = field(default_factory=list)


def read_schedules(texts: Mapping[str, str]) -> ScheduleSet:
    """Read schedule files (name -> content) into one intent; never raises, gives all errors at once."""
    draft = _Draft()
    sheets = [Sheet(name, text) for name, text in texts.items()]
    for sheet, text in zip(sheets, texts.values(), strict=True):
        _read_file(sheet, text, draft)
    if all(sheet.readable for sheet in sheets):  # else a name may well be defined in the file that cannot be read
        names: Mapping[str, Collection[str]] = {"program": draft.programs, "calendar": draft.calendars}
        _check_references(draft.program_references, Code.UNKNOWN_PROGRAM, "program", names)
        _check_references(draft.calendar_references, Code.UNKNOWN_CALENDAR, "calendar", names)
    if not any(sheet.findings for sheet in sheets):  # a mistyped name would make its program look unused as well
        _warn(draft)
    findings = [one for sheet in sheets for one in sorted(sheet.findings, key=lambda one: (one.line, one.column))]
    errors = tuple(one for one in findings if not Code(one.code).is_warning)
    warnings = tuple(one for one in findings if Code(one.code).is_warning)
    return ScheduleSet(NO_INTENT if errors else _intent(draft), errors, warnings)


def _read_file(sheet: Sheet, text: str, draft: _Draft) -> None:
    root = read_yaml(sheet, text)
    if root is None:
        return
    entries = entries_of(
        sheet, root, "a schedule file", Keys(optional=FILE.known)
    )  # a missing version has its own words
    assert entries is not None
    _check_version(sheet, root, entries.get("version"))
    for key, node in named_entries(sheet, entries.get("programs"), "programs"):
        if _is_first(sheet, draft, "program", key):
            draft.programs[key.text] = read_program(sheet, key, node)
    for key, node in named_entries(sheet, entries.get("calendars"), "calendars"):
        if _is_first(sheet, draft, "calendar", key):
            draft.calendars[key.text] = read_calendar(sheet, key, node, draft.program_references)
    assignments = read_assignments(sheet, entries.get("assignments"), draft.calendar_references)
    draft.assignments += [(sheet, assignment) for assignment in assignments]
    draft.protections += read_protections(sheet, entries.get("protections"))


def _check_version(sheet: Sheet, root: Node, version: Node | None) -> None:
    if version is None:
        sheet.report(Code.MISSING_KEY, root, "the file says no version", "Start the file with: version: 1")
    elif isinstance(version, Text) and version.text == VERSION and not version.plain:
        sheet.report(
            Code.VERSION, version, "the version is a text, not a number", "Write it without quotes: version: 1"
        )
    elif not isinstance(version, Refused) and not (isinstance(version, Text) and version.text == VERSION):
        written = f" {quoted(version.text)}" if isinstance(version, Text) else ""
        sheet.report(Code.VERSION, version, f"the version{written} is not known", "Write: version: 1")


def _is_first(sheet: Sheet, draft: _Draft, kind: str, key: Text) -> bool:
    first_sheet, first_key = draft.places.setdefault((kind, key.text), (sheet, key))
    if first_key is key:
        return True
    place = first_sheet.source(first_key)
    message = f"{kind} {quoted(key.text)} is defined twice: here and at {place}"
    sheet.report(Code.DEFINED_TWICE, key, message, "Rename or remove one of the two.")
    return False


def _check_references(
    references: Collection[Reference], code: Code, kind: str, names: Mapping[str, Collection[str]]
) -> None:
    known = names[kind]
    for one in references:
        if one.name in known:
            continue
        hint = did_you_mean(one.name, known) or f"These files define no {kind}; give all files of the set."
        for other in names:
            if one.name in names[other]:
                hint = f"{quoted(one.name)} is a {other}; a {kind} belongs here. {hint}"
        one.sheet.report(code, one.node, f"{one.what}: there is no {kind} {quoted(one.name)}", hint)


def _warn(draft: _Draft) -> None:
    for kind, code, known, references, user in (
        ("program", Code.UNUSED_PROGRAM, draft.programs, draft.program_references, "calendar"),
        ("calendar", Code.UNUSED_CALENDAR, draft.calendars, draft.calendar_references, "assignment"),
    ):
        used = {reference.name for reference in references}
        for name in known:
            if name not in used:
                sheet, key = draft.places[kind, name]
                message = f"no {user} uses the {kind} {quoted(name)}"
                sheet.report(code, key, message, f"Use it in a {user}, or remove it.".replace("a as", "an as"))
    everything: Assignment | None = None
    for sheet, assignment in draft.assignments:
        if everything is not None:
            sheet.report(
                Code.NEVER_REACHED,
                assignment.source,
                f'this assignment is never reached: "*" at {everything.source} takes every light point',
                'Put "*" last; files count in the order of their names.',
            )
        elif assignment.select == EVERYTHING:
            everything = assignment


def _intent(draft: _Draft) -> Intent:
    return Intent(
        MappingProxyType(_complete(draft.programs)),
        MappingProxyType(_complete(draft.calendars)),
        tuple(assignment for _, assignment in draft.assignments),
        tuple(draft.protections),
    )


def _complete(values: Mapping[str, T | None]) -> dict[str, T]:
    return {name: value for name, value in values.items() if value is not None}
