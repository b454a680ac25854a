"""What a YAML parser says of broken text, in words for people who plan light: where to look, what is wrong, what to do.

Where something opens and is never closed, the place is where it opens; the parser names where it gave up, often the
end of the file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ruamel.yaml.error import MarkedYAMLError, StringMark

Explained = tuple["StringMark | None", str, str]

_BRACKETS = {"while parsing a flow mapping": ("{", "}"), "while parsing a flow sequence": ("[", "]")}
_SIGNS = {"while scanning an alias": "*", "while scanning an anchor": "&"}
_CANNOT_START = re.compile(r"found character '(\\?.)' that cannot start any token")
_UNEXPECTED = re.compile(r"expected <block end>, but found '(.+)'")
_ESCAPE = re.compile(r"found unknown escape character '(.+)'")


def in_plain_words(error: MarkedYAMLError) -> Explained:
    """Give the place, what is wrong and what to do about it."""
    context, problem = error.context or "", error.problem or ""
    opened, gave_up = error.context_mark, error.problem_mark or error.context_mark
    if context in _SIGNS:
        sign = _SIGNS[context]
        return opened, f"a {sign} without quotes has a meaning of its own in YAML", f'Put it in quotes: "{sign}".'
    if context in _BRACKETS and opened is not None and gave_up is not None:
        return _bracket(_BRACKETS[context], opened, gave_up, problem)
    if context == "while scanning a quoted scalar":
        return opened, "the quote that opens here is never closed", "Close it with the same sign it opens with."
    if found := _CANNOT_START.fullmatch(problem):
        if found[1] == "\\t":
            return gave_up, "a tab stands where the line is indented", "Indent with spaces, never with tabs."
        return gave_up, f"nothing can start with {found[1]} here", "Put a text that starts with it into quotes."
    if found := _UNEXPECTED.fullmatch(problem):
        what, hint = _unexpected(found[1])
        return gave_up, what, hint
    if found := _ESCAPE.fullmatch(problem):
        return gave_up, rf"\{found[1]} means nothing between double quotes", r"Write \\ for a backslash."
    if problem == "mapping values are not allowed here":
        hint = (
            "Put a text that contains a colon and a space into quotes; else check the indentation and the line above."
        )
        return gave_up, "a colon stands where no key can be", hint
    if problem == "sequence entries are not allowed here":
        return gave_up, "a list cannot start within a line", "Start it in the next line, each entry with - and a space."
    if problem == "could not find expected ':'":
        return opened, "a colon is missing in this line", "Write a key, a colon and a space; comments start with #."
    said = " ".join(part for part in (context, problem) if part)
    return gave_up, f"not YAML: {said}", "Check the indentation, the brackets and the quotes up to here."


def _bracket(pair: tuple[str, str], opened: StringMark, gave_up: StringMark, problem: str) -> Explained:
    opening, closing = pair
    if gave_up.line > opened.line:
        before = "" if "<stream end>" in problem else f" before line {gave_up.line + 1}"
        hint = f"Close it with {closing}; or a comma between its entries or a closing quote is missing."
        return opened, f"the {opening} that opens here is not closed{before}", hint
    if problem.endswith("got ':'"):
        hint = "Put a comma between the entries, and a text that contains a colon and a space into quotes."
        return gave_up, "a colon too many", hint
    hint = f"Put a comma between the entries, or close with {closing}."
    return gave_up, f"a comma or {closing} is missing before this", hint


def _unexpected(token: str) -> tuple[str, str]:
    if token == "<scalar>":  # noqa: S105 - a word of the parser
        return "a text follows where the one before has ended", 'Put the whole into double quotes: "the city\'s light".'
    if token in ("}", "]", ","):
        return f"a {token} too many", "Remove it, or open its bracket before."
    return "this line starts in a column in which nothing above it starts", "Start what belongs together in one column."
