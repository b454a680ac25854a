"""Strict YAML 1.2 for scenario files: every key asked for by name, every error with file, line and column.

A text is composed, not constructed: scalars stay as written until somebody asks for a type, so `22:30` is never 1350.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterable

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from lightctl.domain.errors import InvalidInput

MAX_CHARACTERS = 10_000_000
DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?")
TRUE, FALSE = "true", "false"


def read_section(text: str, name: str) -> Section:
    """Give the top section of a YAML text; raises InvalidInput."""
    if len(text) > MAX_CHARACTERS:
        raise InvalidInput(name, f"the file is longer than {MAX_CHARACTERS:,} characters", hint="Split it.")
    try:
        root = YAML(typ="safe", pure=True).compose(io.StringIO(text))
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = name if mark is None else f"{name}:{mark.line + 1}:{mark.column + 1}"
        raise InvalidInput(where, f"this is not YAML: {getattr(error, 'problem', None) or error}") from error
    if not isinstance(root, MappingNode):
        raise InvalidInput(f"{name}:1:1", "a mapping of keys is expected here")
    return Section(root, name, "")


def parse_duration(text: str) -> float | None:
    """Give the seconds of 90, 90s, 10m, 2h30m, 1d or 1.5s; None for anything else."""
    match = DURATION.fullmatch(text)
    if match is None or not text:
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def parse_instant(text: str) -> dt.datetime | None:
    """Give the instant of an RFC 3339 text with its offset, as UTC; None for anything else."""
    try:
        instant = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if instant.tzinfo is None else instant.astimezone(dt.UTC)


class Section:
    """A YAML mapping whose keys are taken one by one; `close` refuses those nobody took."""

    def __init__(self, node: MappingNode, file: str, path: str) -> None:
        self._file = file
        self._path = path
        self._node: Node = node
        self._values: dict[str, Node] = {}
        self._asked: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                raise self.error(key, "a key must be plain text")
            if key.value in self._values:
                raise self.error(key, f"{self._named(key.value)} is given twice", hint="Keep one.")
            if value.anchor or value.start_mark.index < key.start_mark.index:
                raise self.error(key, "anchors and aliases are not taken", hint="Write the value out.")
            self._values[key.value] = value

    def error(self, node: Node | str, why: str, *, hint: str = "") -> InvalidInput:
        """Make the error that points at a node or a key of this section."""
        at = self._values.get(node, self._node) if isinstance(node, str) else node
        return InvalidInput(f"{self._file}:{at.start_mark.line + 1}:{at.start_mark.column + 1}", why, hint=hint)

    def has(self, key: str) -> bool:
        """Say whether the key is given."""
        return key in self._values

    def close(self) -> None:
        """Refuse keys nobody asked for."""
        for key, value in self._values.items():
            if key not in self._asked:
                raise self.error(
                    value, f"{self._named(key)} is not known", hint=f"Known here: {', '.join(sorted(self._asked))}."
                )

    def text(self, key: str, default: str | None = None) -> str:
        """Give a text; without a default the key must be there."""
        node = self._take(key)
        if node is None:
            if default is None:
                raise self.error(self._node, f"{self._named(key)} is missing")
            return default
        return self._scalar(node, key)

    def choice(self, key: str, choices: Iterable[str], default: str | None = None) -> str:
        """Give one of the texts."""
        value = self.text(key, default)
        known = sorted(choices)
        if value not in known:
            raise self.error(key, f"{self._named(key)} is {value!r}", hint=f"Write one of: {', '.join(known)}.")
        return value

    def number(self, key: str, default: float, *, least: float = 0.0, most: float = 1e12) -> float:
        """Give a number within bounds."""
        return self._number(self._take(key), key, default, least, most)

    def integer(self, key: str, default: int, *, least: int = 0, most: int = 10**9) -> int:
        """Give a whole number within bounds."""
        value = self.number(key, default, least=least, most=most)
        if value != int(value):
            raise self.error(key, f"{self._named(key)} must be a whole number")
        return int(value)

    def integers(self, key: str, *, least: int, most: int) -> tuple[int, ...]:
        """Give a list of whole numbers within bounds, ascending and each once; empty when the key is not given."""
        values = [self._number(node, key, 0.0, least, most) for node in self._list(key)]
        if any(value != int(value) for value in values) or values != sorted(set(values)):
            raise self.error(key, f"{self._named(key)} must be whole numbers in ascending order, each once")
        return tuple(map(int, values))

    def boolean(self, key: str, *, default: bool) -> bool:
        """Give true or false."""
        return self.choice(key, (TRUE, FALSE), TRUE if default else FALSE) == TRUE

    def duration(self, key: str, default: float | None = None) -> float | None:
        """Give a duration in seconds."""
        node = self._take(key)
        if node is None:
            return default
        seconds = parse_duration(self._scalar(node, key))
        if seconds is None:
            raise self.error(key, f"{self._named(key)} is not a duration", hint="Write 90s, 10m or 2h30m.")
        return seconds

    def instant(self, key: str, start: dt.datetime) -> dt.datetime | None:
        """Give an instant: RFC 3339 with offset, or +DURATION after `start`."""
        node = self._take(key)
        if node is None:
            return None
        text = self._scalar(node, key)
        after = parse_duration(text[1:]) if text.startswith("+") else None
        instant = start + dt.timedelta(seconds=after) if after is not None else parse_instant(text)
        if instant is None:
            hint = 'Write "2026-12-21T16:00:00Z" or +2h30m (after the clock\'s start).'
            raise self.error(key, f"{self._named(key)} is not an instant", hint=hint)
        return instant

    def span(self, key: str, *, least: float, most: float) -> tuple[float, float]:
        """Give a range [from, to], or one number standing for both; 0 when the key is not given."""
        node = self._take(key)
        if not isinstance(node, SequenceNode):
            value = self._number(node, key, 0.0, least, most)
            return value, value
        ends = [self._number(it, key, 0.0, least, most) for it in node.value]
        if len(ends) != 2 or ends[0] > ends[1]:  # noqa: PLR2004 - a range has two ends
            raise self.error(key, f"{self._named(key)} must be [from, to] with from <= to")
        return ends[0], ends[1]

    def texts(self, key: str) -> tuple[str, ...]:
        """Give a list of texts; empty when the key is not given."""
        return tuple(self._scalar(node, key) for node in self._list(key))

    def sections(self, key: str) -> tuple[Section, ...]:
        """Give a list of sections; empty when the key is not given."""
        return tuple(self._section(node, f"{key}[{index}]") for index, node in enumerate(self._list(key)))

    def section(self, key: str) -> Section | None:
        """Give a section; None when the key is not given."""
        node = self._take(key)
        return None if node is None else self._section(node, key)

    def rest(self) -> dict[str, str]:
        """Give all keys not asked for yet, as texts."""
        return {key: self.text(key) for key in self._values if key not in self._asked}

    def _take(self, key: str) -> Node | None:
        self._asked.add(key)
        return self._values.get(key)

    def _named(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def _section(self, node: Node, key: str) -> Section:
        if not isinstance(node, MappingNode):
            raise self.error(node, f"{self._named(key)} must be a mapping of keys")
        return Section(node, self._file, self._named(key))

    def _list(self, key: str) -> list[Node]:
        node = self._take(key)
        if node is None:
            return []
        if not isinstance(node, SequenceNode):
            raise self.error(node, f"{self._named(key)} must be a list")
        return list(node.value)

    def _scalar(self, node: Node, key: str) -> str:
        if not isinstance(node, ScalarNode) or (node.value in ("", "null", "~") and node.style is None):
            raise self.error(node, f"{self._named(key)} must be one value")
        return str(node.value)

    def _number(self, node: Node | None, key: str, default: float, least: float, most: float) -> float:
        if node is None:
            return default
        try:
            value = float(self._scalar(node, key))
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            raise self.error(node, f"{self._named(key)} must be a number from {least:g} to {most:g}")
        return value
