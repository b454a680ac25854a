"""Reading the parts of a mapping by what they must be: each reader gives a value, or None after it reported why not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar, assert_never

from lightctl.domain.assets import FULL_LEVEL, ID_PATTERN
from lightctl.domain.errors import InvalidInput
from lightctl.domain.selectors import Selector, parse_selector
from lightctl.files.findings import Code, Sheet, did_you_mean, quoted
from lightctl.files.yaml_nodes import Listing, Node, Refused, Table, Text

T = TypeVar("T")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,8})")
_LEADING_INTEGER = re.compile(r"\s*([0-9]{1,3})(?:\.0+)?\s*%?\s*")


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys a mapping must have and may have; the schema for editors is made from the same."""

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()

    @property
    def known(self) -> tuple[str, ...]:
        """All of them, the required ones first."""
        return (*self.required, *self.optional)


def entries_of(sheet: Sheet, node: Node, what: str, keys: Keys) -> dict[str, Node] | None:
    """Read a mapping with known keys; None when it is no mapping.

    A missing required key is reported and stands in the result as Refused, so that the rest is still read.
    """
    if not isinstance(node, Table):
        _wrong_type(sheet, node, what, f"a mapping with {', '.join(keys.known)}")
        return None
    found: dict[str, Node] = {}
    for key, value in node.entries:
        if key.text in keys.known:
            found[key.text] = value
        else:
            message = f"{what} has no key {quoted(key.text)}"
            sheet.report(Code.UNKNOWN_KEY, key, message, did_you_mean(key.text, keys.known))
    for name in keys.required:
        if name not in found:
            sheet.report(Code.MISSING_KEY, node, f"{what} has no {name}", f"Add {name}: to it.")
            found[name] = Refused(node.line, node.column)
    return found


def named_entries(sheet: Sheet, node: Node | None, what: str) -> list[tuple[Text, Node]]:
    """Read a mapping from names people choose; a name that no topic, file or command can carry is reported."""
    if node is None:
        return []
    if not isinstance(node, Table):
        _wrong_type(sheet, node, what, "a mapping from names")
        return []
    for key, _ in node.entries:
        if not ID_PATTERN.fullmatch(key.text):
            sheet.report(
                Code.NAME,
                key,
                f"{quoted(key.text)} cannot be a name in {what}",
                "Use up to 64 letters, digits, - and _.",
            )
    return list(node.entries)


def items_of(sheet: Sheet, node: Node | None, what: str) -> tuple[Node, ...]:
    """Read a list; an absent one has no items."""
    if node is None:
        return ()
    if not isinstance(node, Listing):
        _wrong_type(sheet, node, what, "a list (each entry starts with -)")
        return ()
    return node.items


def one_or_list(node: Node) -> tuple[Node, ...]:
    """Give the items of a list, or the value itself where people wrote just one."""
    return node.items if isinstance(node, Listing) else (node,)


def text_of(sheet: Sheet, node: Node, what: str) -> str | None:
    """Read a text; nothing written is an error."""
    if isinstance(node, Text) and not node.absent:
        return node.text
    _wrong_type(sheet, node, what, "a text")
    return None


def parsed(sheet: Sheet, code: Code, node: Node, what: str, parse: Callable[[str], T]) -> T | None:
    """Read a text with one of the parsers that raise InvalidInput."""
    text = text_of(sheet, node, what)
    if text is None:
        return None
    try:
        return parse(text)
    except InvalidInput as error:
        sheet.report(code, node, f"{what}: {error.why}", error.hint)
        return None


def level_of(sheet: Sheet, node: Node, what: str) -> int | None:
    """Read a level: an integer percent 0..100, without quotes and without a percent sign."""
    if not isinstance(node, Text):
        _wrong_type(sheet, node, what, "an integer from 0 to 100")
        return None
    if not node.plain or not _INTEGER.fullmatch(node.text):
        like = _LEADING_INTEGER.fullmatch(node.text)
        hint = f"Write {int(like[1])}." if like else "Write an integer from 0 (off) to 100 (full)."
        written = "is empty" if node.absent else f"{quoted(node.text)} is not an integer"
        sheet.report(Code.LEVEL_TYPE, node, f"{what}: {written}", hint)
        return None
    level = int(node.text)
    if not 0 <= level <= FULL_LEVEL:
        sheet.report(
            Code.LEVEL_RANGE, node, f"{what}: {level} is outside 0..100", "Write a percentage: 0 is off, 100 is full."
        )
        return None
    return level


def selector_of(sheet: Sheet, entries: Mapping[str, Node], what: str) -> Selector | None:
    """Read the `select` of an assignment or a protection."""
    return parsed(sheet, Code.SELECTOR, entries["select"], f"select of {what}", _selector)


def _selector(text: str) -> Selector:
    try:
        # Runs of white space are folded first: the selector's pattern takes quadratic time on them.
        return parse_selector(" ".join(text.split()))
    except InvalidInput as error:
        if "(" in text and ")" not in text:  # YAML ended the value at the comma inside the brackets
            raise InvalidInput(error.where, error.why, hint='Put it in quotes: "key in (a,b)".') from None
        raise


def _wrong_type(sheet: Sheet, node: Node, what: str, wanted: str) -> None:
    match node:
        case Refused():
            return
        case Table():
            got = "a mapping"
        case Listing():
            got = "a list"
        case Text():
            got = "empty" if node.absent else f"the text {quoted(node.text)}"
        case _:
            assert_never(node)
    sheet.report(Code.WRONG_TYPE, node, f"{what} must be {wanted}, but it is {got}", "Correct it, or remove the key.")
