"""Findings: what is wrong in people's files, where, and what to write instead. docs/errors.md explains every code."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from lightctl.domain.programs import Source

MAX_FINDINGS_PER_FILE = 100
SNIPPET_WIDTH = 100
_MAX_SUGGESTED_FROM = 200
_MAX_NAMES_LISTED = 16
_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # what YAML counts as a line break
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa0-\ud7ff\ue000-\U0010ffff]")


class Code(StrEnum):
    """Stable names of what can be wrong; from LC-S101 on they are warnings."""

    TOO_BIG = "LC-S001"
    NOT_YAML = "LC-S002"
    TOO_DEEP = "LC-S003"
    ANCHOR = "LC-S004"
    TAG = "LC-S005"
    EMPTY = "LC-S006"
    SEVERAL_DOCUMENTS = "LC-S007"
    DUPLICATE_KEY = "LC-S008"
    UNKNOWN_KEY = "LC-S009"
    MISSING_KEY = "LC-S010"
    WRONG_TYPE = "LC-S011"
    VERSION = "LC-S012"
    NAME = "LC-S013"
    LEVEL_TYPE = "LC-S014"
    LEVEL_RANGE = "LC-S015"
    TIME = "LC-S016"
    DURATION = "LC-S017"
    CLAMP = "LC-S018"
    ACTIVE = "LC-S019"
    SAME_STEP = "LC-S020"
    DATE = "LC-S021"
    WEEKDAY = "LC-S022"
    NTH = "LC-S023"
    HOLIDAYS = "LC-S024"
    NO_CONDITION = "LC-S025"
    SELECTOR = "LC-S026"
    UNKNOWN_PROGRAM = "LC-S027"
    UNKNOWN_CALENDAR = "LC-S028"
    DEFINED_TWICE = "LC-S029"
    MORE = "LC-S030"
    DYNAMIC = "LC-S031"
    UNUSED_PROGRAM = "LC-S101"
    UNUSED_CALENDAR = "LC-S102"
    NEVER_REACHED = "LC-S103"

    @property
    def is_warning(self) -> bool:
        """Whether a set with only such findings may be applied."""
        return self >= "LC-S101"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong: line and column count from 1, `snippet` is the offending line with a caret below it."""

    file: str
    line: int
    column: int
    code: str
    message: str
    hint: str = ""
    snippet: str = ""

    def __str__(self) -> str:
        lines = [f"{self.file}:{self.line}:{self.column}: {self.code} {self.message}"]
        lines += [f"    {line}" for line in self.snippet.splitlines()]
        return "\n".join([*lines, f"    {self.hint}"] if self.hint else lines)


class Spot(Protocol):
    """Anything that stands somewhere in a file; line and column count from 1."""

    @property
    def line(self) -> int:
        """The line, from 1."""
        ...

    @property
    def column(self) -> int:
        """The column, from 1."""
        ...


class Sheet:
    """One file being read: its lines, and what was found wrong in it so far."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.readable = True
        self.findings: list[Finding] = []
        self._lines: Sequence[str] = _LINE_BREAK.split(text)

    def report(self, code: Code, spot: Spot, message: str, hint: str = "") -> None:
        """Note a finding; after many errors only once that there are more."""
        errors = len(self.findings)
        if errors > MAX_FINDINGS_PER_FILE and not code.is_warning:
            return
        if errors == MAX_FINDINGS_PER_FILE and not code.is_warning:
            code = Code.MORE
            message = f"more than {MAX_FINDINGS_PER_FILE} things are wrong in this file; the rest is not shown"
            hint = "Correct these first and check again."
        snippet = self._snippet(spot.line, spot.column)
        self.findings.append(Finding(self.file, spot.line, spot.column, code, message, hint, snippet))

    def source(self, spot: Spot) -> Source:
        """Say where something stands, for the domain values built from it."""
        return Source(self.file, spot.line, spot.column)

    def _snippet(self, line: int, column: int) -> str:
        if not 0 < line <= len(self._lines):
            return ""
        text = self._lines[line - 1]
        start = max(0, column - 1 - SNIPPET_WIDTH // 2) if column > SNIPPET_WIDTH else 0
        shown = _UNPRINTABLE.sub(" ", text[start : start + SNIPPET_WIDTH]).rstrip()
        return f"{shown}\n{' ' * (column - 1 - start)}^" if shown else ""


def quoted(text: str) -> str:
    """Show what was written, short and printable."""
    shown = text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - about half a terminal line
    return f'"{_UNPRINTABLE.sub("?", shown)}"'


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Give a hint that names the closest known name, or else the few there are."""
    names = sorted(known)
    if close := closest(name, names):
        return f"Did you mean {close}?"
    if not names:
        return ""
    end = ", ..." if len(names) > _MAX_NAMES_LISTED else "."
    return f"Known here: {', '.join(names[:_MAX_NAMES_LISTED])}{end}"


def closest(name: str, known: Iterable[str]) -> str:
    """Give the known name that is written most like this one, or ""."""
    close = difflib.get_close_matches(name[:64], sorted(known)[:_MAX_SUGGESTED_FROM], n=1)
    return close[0] if close else ""
