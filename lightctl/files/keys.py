"""The keys of a mapping: known, mistyped, cut off at a comma, or missing. One mistake is one error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from lightctl.files.fields import wrong_type
from lightctl.files.findings import Code, Sheet, closest, did_you_mean, quoted
from lightctl.files.yaml_nodes import Node, Refused, Table, Text

_TAKE_LISTS = ("active", "period", "dates", "weekdays", "nth")


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys a mapping must have and may have; the schema for editors is made from the same.

    `elsewhere`: keys people look for here, each with what to write instead.
    """

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    elsewhere: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def known(self) -> tuple[str, ...]:
        """All of them, the required ones first."""
        return (*self.required, *self.optional)


def entries_of(sheet: Sheet, node: Node, what: str, keys: Keys) -> dict[str, Node] | None:
    """Read a mapping with known keys; None when it is no mapping.

    A key that is missing, or mistyped, is reported and stands in the result as Refused, so that the rest is still read.
    """
    if not isinstance(node, Table):
        wrong_type(sheet, node, what, f"a mapping with {', '.join(keys.known)}", _as_mapping(node, keys))
        return None
    found = {key.text: value for key, value in node.entries if key.text in keys.known}
    before: tuple[Text, Node] | None = None
    for key, value in node.entries:
        if key.text in keys.known:
            before = (key, value)
            continue
        meant, hint = _meant(key, value, before, keys, found)
        sheet.report(Code.UNKNOWN_KEY, key, f"{what} has no key {quoted(key.text)}", hint)
        if meant:
            found.setdefault(meant, Refused(key.line, key.column))
    for name in keys.required:
        if name not in found:
            sheet.report(Code.MISSING_KEY, node, f"{what} has no {name}", f"Add {name}: to it.")
            found[name] = Refused(node.line, node.column)
    return found


def _meant(
    key: Text, value: Node, before: tuple[Text, Node] | None, keys: Keys, found: Mapping[str, Node]
) -> tuple[str, str]:
    """Give the key that was meant, "" when nobody can say, and the hint."""
    if key.text in keys.elsewhere:
        return "", keys.elsewhere[key.text]
    name, colon, rest = key.text.partition(":")
    if colon and name in keys.known:
        return name, f"Put a space after the colon: {name}: {rest}"
    if close := closest(key.text, keys.known):
        return close, f"Did you mean {close}?"
    if isinstance(value, Text) and value.absent:
        if before is not None and before[0].line == key.line:
            return "", _cut_off(*before, key)
        if before is None and keys.required and keys.required[0] not in found:
            return keys.required[0], f"Write {keys.required[0]}: {key.text}"
    return "", did_you_mean(key.text, keys.known)


def _cut_off(name: Text, value: Node, rest: Text) -> str:
    """Say how to write a value with a comma in it, which YAML took for the end of the value."""
    start = value.text if isinstance(value, Text) else "..."
    if name.text in _TAKE_LISTS:
        return f"For several values write a list: {name.text}: [{start}, {rest.text}]."
    return f'Put a value with a comma into quotes: {name.text}: "{start}, {rest.text}".'


def _as_mapping(node: Node, keys: Keys) -> str:
    name, colon, rest = node.text.partition(":") if isinstance(node, Text) else ("", "", "")
    if colon and name in keys.known:
        return f"Put a space after the colon: {name}: {rest}"
    entries = ", ".join(f"{name}: ..." for name in keys.required)
    return f"Write {{{entries}}}." if entries else "Write its keys below it, or {} for nothing but the defaults."
