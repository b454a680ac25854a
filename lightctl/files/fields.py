"""Reading a value by what it must be: each reader gives the value, or None after it reported why not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeVar, assert_never

from lightctl.domain.assets import FULL_LEVEL, ID_PATTERN
from lightctl.domain.errors import InvalidInput
from lightctl.domain.selectors import Selector, parse_selector
from lightctl.files.findings import Code, Sheet, quoted
from lightctl.files.yaml_nodes import Listing, Node, Refused, Table, Text

T = TypeVar("T")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,8})")
_FRACTION = re.compile(r"0?\.[0-9]{1,4}")
# What word processors and web pages make of -, .. and quotes, and their blanks of no width.
_TYPOGRAPHIC = str.maketrans({**dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"), "\u2026": "..",
                              **dict.fromkeys("\u2018\u2019\u201a\u201c\u201d\u201e\u200b", "")})  # fmt: skip
_LEADING_INTEGER = re.compile(r"\s*([0-9]{1,3})(?:\.0+)?\s*%?\s*")


def named_entries(sheet: Sheet, node: Node | None, what: str) -> list[tuple[Text, Node]]:
    """Read a mapping from names people choose; a name that no topic, file or command can carry is reported."""
    if node is None:
        return []
    if not isinstance(node, Table):
        wrong_type(sheet, node, what, "a mapping from names", "Write a name, a colon and what belongs to it, indented.")
        return []
    for key, _ in node.entries:
        if not ID_PATTERN.fullmatch(key.text):
            sheet.report(
                Code.NAME,
                key,
                f"{quoted(key.text)} cannot be a name in {what}",
                "Use up to 64 of a-z, A-Z, 0-9, - and _; no blanks, no umlauts.",
            )
    return list(node.entries)


def items_of(sheet: Sheet, node: Node | None, what: str) -> tuple[Node, ...]:
    """Read a list; an absent one has no items."""
    if node is None:
        return ()
    if not isinstance(node, Listing):
        wrong_type(sheet, node, what, "a list", "Start each entry with - and a space.")
        return ()
    return node.items


def one_or_list(node: Node) -> tuple[Node, ...]:
    """Give the items of a list, or the value itself where people wrote just one."""
    return node.items if isinstance(node, Listing) else (node,)


def text_of(sheet: Sheet, node: Node, what: str, instead: str = "Write one value, without [ ] and { }.") -> str | None:
    """Read a text; nothing written is an error. `instead` says what to write where a list or a mapping stands."""
    if isinstance(node, Text) and not node.absent:
        return node.text
    wrong_type(sheet, node, what, "a text", instead)
    return None


def parsed(sheet: Sheet, code: Code, node: Node, what: str, parse: Callable[[str], T], instead: str = "") -> T | None:
    """Read a text with one of the parsers that raise InvalidInput; `instead` as for `text_of`."""
    text = text_of(sheet, node, what, instead) if instead else text_of(sheet, node, what)
    if text is None:
        return None
    try:
        return parse(text)
    except InvalidInput as error:
        sheet.report(code, node, f"{what}: {error.why}", _plain_signs(text, parse) or error.hint)
        return None


def _plain_signs(text: str, parse: Callable[[str], object]) -> str:
    """Give a hint when word processors' dashes, quotes and dots are all that is wrong."""
    plain = text.translate(_TYPOGRAPHIC).strip()
    if plain == text:
        return ""
    try:
        parse(plain)
    except InvalidInput:
        return ""
    return f"Type it with plain signs: {plain}"


def level_of(sheet: Sheet, node: Node, what: str) -> int | None:
    """Read a level: an integer percent 0..100, without quotes and without a percent sign."""
    if not isinstance(node, Text):
        wrong_type(sheet, node, what, "an integer from 0 to 100", "Write 0 (off) to 100 (full).")
        return None
    if not node.plain or not _INTEGER.fullmatch(node.text):
        written = "is empty" if node.absent else f"{quoted(node.text)} is not an integer"
        sheet.report(Code.LEVEL_TYPE, node, f"{what}: {written}", _level_hint(node))
        return None
    level = int(node.text)
    if not 0 <= level <= FULL_LEVEL:
        sheet.report(
            Code.LEVEL_RANGE, node, f"{what}: {level} is outside 0..100", "Write a percentage: 0 is off, 100 is full."
        )
        return None
    return level


def _level_hint(node: Text) -> str:
    like, fraction = _LEADING_INTEGER.fullmatch(node.text), _FRACTION.fullmatch(node.text)
    if like is not None and not fraction:
        return f"Write {int(like[1])}." if node.plain else f"Write {int(like[1])}, without quotes."
    if fraction is not None:
        return f"A level is a percentage: write {round(float(node.text) * FULL_LEVEL)}."
    if node.text.lower() in ("on", "off"):
        return f"Write {FULL_LEVEL if node.text.lower() == 'on' else 0}."
    return "Write an integer from 0 (off) to 100 (full)."


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


def wrong_type(sheet: Sheet, node: Node, what: str, wanted: str, instead: str) -> None:
    """Report that a value is of another type than `wanted`, unless it was reported already."""
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
    hint = "Write it after the colon, or remove the key." if got == "empty" else instead
    sheet.report(Code.WRONG_TYPE, node, f"{what} must be {wanted}, but it is {got}", hint)
