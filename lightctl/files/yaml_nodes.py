"""YAML text as a small tree that knows where everything stands and decides no types.

Comes in: the text of one file. Goes out: Text, Listing and Table nodes; every scalar stays text, so that no parser
turns `22:30` into 1350. Must hold: nothing raises, whatever the text; anchors, aliases, tags, duplicate keys, deep
nesting and oversize are findings. Built on ruamel's event stream, which neither recurses nor expands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StringMark
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.scanner import Scanner

from lightctl.files.findings import Code, Sheet, quoted
from lightctl.files.yaml_words import in_plain_words

MAX_BYTES = 10_000_000
MAX_DEPTH = 16
_OUR_YAML = (1, 2)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff]")


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar as written; `plain` when without quotes. An absent value is plain and empty."""

    line: int
    column: int
    text: str
    plain: bool = True

    @property
    def absent(self) -> bool:
        """Whether nothing was written, or one of YAML's words for nothing."""
        return self.plain and self.text in ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True, slots=True)
class Listing:
    """A YAML sequence."""

    line: int
    column: int
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A YAML mapping; keys are plain texts and differ."""

    line: int
    column: int
    entries: tuple[tuple[Text, Node], ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Something already reported, to be passed over in silence."""

    line: int
    column: int


Node = Text | Listing | Table | Refused


@dataclass(frozen=True, slots=True)
class _At:
    line: int
    column: int


class _TooDeepError(Exception):
    def __init__(self, spot: _At) -> None:
        self.spot = spot
        super().__init__()


class _ShallowScanner(Scanner):
    """Ruamel's scanner, stopped at MAX_DEPTH: its look-ahead takes seconds on 2,000 open brackets."""

    def fetch_flow_collection_start(self, TokenClass: type, to_push: str) -> None:  # noqa: N803 - the base's name
        if len(self.flow_context) >= MAX_DEPTH:
            raise _TooDeepError(_at(self.reader.get_mark()))
        super().fetch_flow_collection_start(TokenClass, to_push)

    def add_indent(self, column: int) -> bool:
        if len(self.indents) > MAX_DEPTH:
            raise _TooDeepError(_at(self.reader.get_mark()))
        return super().add_indent(column)


def read_yaml(sheet: Sheet, text: str) -> Table | None:
    """Read one file into its top mapping, or None when it has none; what is wrong goes to the sheet."""
    start = _At(1, 1)
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "replace")) > MAX_BYTES:
        sheet.readable = False
        sheet.report(Code.TOO_BIG, start, "the file is larger than 10 MB", "Split it into several files.")
        return None
    root = _read(sheet, text)
    if isinstance(root, Table):
        return root
    sheet.readable = False
    if root is None or (isinstance(root, Text) and root.absent):
        if not sheet.findings:
            sheet.report(Code.EMPTY, start, "the file is empty", "Write at least: version: 1")
    elif not isinstance(root, Refused):
        sheet.report(
            Code.WRONG_TYPE,
            root,
            "the file must be a mapping of version, programs, calendars, assignments and protections",
            "Start the file with: version: 1",
        )
    return None


def _read(sheet: Sheet, text: str) -> Node | None:
    try:
        return _Composer(sheet, text).root()
    except _TooDeepError as error:
        sheet.report(
            Code.TOO_DEEP, error.spot, f"nested deeper than {MAX_DEPTH} levels", "A schedule needs 6 levels at most."
        )
    except ReaderError as error:
        sheet.report(
            Code.NOT_YAML,
            _at_index(text, error.position),
            f"the character U+{_code_point(error.character):04X} is not allowed in YAML",
            "Remove it, or save the file as UTF-8 text.",
        )
    except MarkedYAMLError as error:
        mark, what, hint = in_plain_words(error)
        sheet.report(Code.NOT_YAML, _at(mark), what, hint)
    except Exception as error:  # noqa: BLE001 - a foreign parser on foreign text: whatever it trips over is the text's fault
        what = str(error).partition("\n")[0] or type(error).__name__
        sheet.report(Code.NOT_YAML, _At(1, 1), f"not YAML: {what[:200]}", "Check the file with a YAML editor.")
    return None


class _Composer:
    def __init__(self, sheet: Sheet, text: str) -> None:
        parser = YAML(typ="safe", pure=True)
        parser.Scanner = _ShallowScanner
        self._sheet = sheet
        self._events: Iterator[Event] = parser.parse(text.removeprefix("\ufeff"))

    def root(self) -> Node | None:
        """Read the only document; None when there is none."""
        root: Node | None = None
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                if root is not None:
                    self._sheet.report(
                        Code.SEVERAL_DOCUMENTS,
                        _at(event.start_mark),
                        "a second YAML document starts here",
                        "Remove the line ---, or put what follows into a file of its own.",
                    )
                    return Refused(1, 1)
                if event.version is not None and tuple(event.version) != _OUR_YAML:
                    self._sheet.report(
                        Code.NOT_YAML, _At(1, 1), "the file asks for another YAML than 1.2", "Remove the %YAML line."
                    )
            elif isinstance(event, NodeEvent):
                root = self._node(event, 1)
        return root

    def _node(self, event: Event, depth: int) -> Node:
        spot = _at(event.start_mark)
        if depth > MAX_DEPTH:
            raise _TooDeepError(spot)
        if isinstance(event, AliasEvent):
            self._sheet.report(
                Code.ANCHOR,
                spot,
                f"the alias *{event.anchor} is not allowed",
                "Write the value out; a text with * needs quotes.",
            )
            return Refused(spot.line, spot.column)
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if anchor is not None:
            self._sheet.report(
                Code.ANCHOR,
                spot,
                f"the anchor &{anchor} is not allowed",
                "Write the value out wherever it is used.",
            )
        if tag is not None:
            written = str(tag).replace("tag:yaml.org,2002:", "!!")
            hint = "Remove it; lightctl knows the types. A text that starts with ! needs quotes."
            self._sheet.report(Code.TAG, spot, f"the tag {quoted(written)} is not allowed", hint)
            if isinstance(event, ScalarEvent):
                return Refused(spot.line, spot.column)
        if isinstance(event, ScalarEvent):
            if control := _CONTROL.search(event.value):
                self._sheet.report(
                    Code.NOT_YAML,
                    spot,
                    f"the control character U+{ord(control[0]):04X} stands in a text",
                    "Remove it; nobody can see it.",
                )
                return Refused(spot.line, spot.column)
            return Text(spot.line, spot.column, event.value, plain=event.style is None)
        if isinstance(event, SequenceStartEvent):
            return Listing(spot.line, spot.column, tuple(self._items(depth)))
        assert isinstance(event, MappingStartEvent)
        return Table(spot.line, spot.column, tuple(self._entries(depth)))

    def _items(self, depth: int) -> Iterator[Node]:
        for event in self._events:
            if isinstance(event, SequenceEndEvent):
                return
            yield self._node(event, depth + 1)

    def _entries(self, depth: int) -> Iterator[tuple[Text, Node]]:
        known: dict[str, Text] = {}
        for event in self._events:
            if isinstance(event, MappingEndEvent):
                return
            key = self._node(event, depth + 1)
            value = self._node(next(self._events), depth + 1)
            if not isinstance(key, Text):
                if not isinstance(key, Refused):
                    self._sheet.report(
                        Code.WRONG_TYPE, key, "a key must be a plain word", "Write a name followed by a colon."
                    )
                continue
            if key.text in known:
                self._sheet.report(
                    Code.DUPLICATE_KEY,
                    key,
                    f"the key {quoted(key.text)} is used twice; first in line {known[key.text].line}",
                    "Keep one of the two.",
                )
                continue
            known[key.text] = key
            # An absent value is marked where the next thing starts, often lines below; the key is where people look.
            yield key, Text(key.line, key.column, "") if value == Text(value.line, value.column, "") else value


def _at(mark: StringMark | None) -> _At:
    return _At(1, 1) if mark is None else _At(mark.line + 1, mark.column + 1)


def _at_index(text: str, index: int) -> _At:
    before = text[:index]
    line = before.count("\n") + 1
    return _At(line, index - (before.rfind("\n") + 1) + 1)


def _code_point(character: object) -> int:
    return ord(character) if isinstance(character, str) and len(character) == 1 else int(str(character) or "0")
