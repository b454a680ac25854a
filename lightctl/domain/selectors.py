"""Selectors: one small grammar for naming light points in files, on the command line and over HTTP.

    key=value   key!=value   key in (a,b)   key   *          a comma means AND

Keys are a light point's fields and tags. `id=LP1` names one light point, `group=centre` a group.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from lightctl.domain.errors import InvalidInput


class Operator(StrEnum):
    """How a term compares a key with its values."""

    EQUALS = "="
    DIFFERS = "!="
    IN = "in"
    PRESENT = "present"


@dataclass(frozen=True, slots=True)
class Term:
    """One condition on one key."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()

    def holds(self, values: tuple[str, ...]) -> bool:
        """Say whether a light point whose `key` has these values meets the condition (no values: key absent)."""
        match self.operator:
            case Operator.PRESENT:
                return bool(values)
            case Operator.DIFFERS:
                return self.values[0] not in values
            case _:
                return any(value in self.values for value in values)

    def __str__(self) -> str:
        match self.operator:
            case Operator.PRESENT:
                return self.key
            case Operator.IN:
                return f"{self.key} in ({','.join(self.values)})"
            case _:
                return f"{self.key}{self.operator}{self.values[0]}"


@dataclass(frozen=True, slots=True)
class Selector:
    """All terms must hold; no terms selects everything."""

    terms: tuple[Term, ...] = ()

    def matches(self, value_of: Callable[[str], tuple[str, ...]]) -> bool:
        """Say whether everything holds; `value_of(key)` gives the values of a key, empty where it has none."""
        return all(term.holds(value_of(term.key)) for term in self.terms)

    def __str__(self) -> str:
        return ",".join(str(term) for term in self.terms) or "*"


EVERYTHING = Selector()
KEY = r"[A-Za-z_][A-Za-z0-9_.-]*"
_VALUE = r"[^\s,()=!]+(?: +[^\s,()=!]+)*"
# Possessive throughout (*+): a long run of blanks must not be tried in every division.
_TERM = re.compile(
    rf"\s*+(?P<key>{KEY})\s*+(?:(?P<op>!=|=)\s*+(?P<value>{_VALUE})|(?<=\s)in\s*+\((?P<list>[^()]*)\))?\s*+(?:,|$)",
)
_OTHER_LANGUAGES = (
    (re.compile("=="), "Write one sign: key=value."),
    (re.compile(r"\bin *\[", re.IGNORECASE), "Write round brackets: key in (a,b)."),
    (re.compile(r"\bnot in\b", re.IGNORECASE), "Write key!=a, key!=b: a comma means and."),
    (re.compile(r" or |[|;]", re.IGNORECASE), "Write key in (a,b) for either; there is no other or."),
    (re.compile(r" and |&", re.IGNORECASE), "A comma means and: key=a, other=b."),
    (re.compile(r"(?:^|,) *(?:!|not )", re.IGNORECASE), "Write key!=value; what has no such key counts as well."),
    (re.compile(r"\bIN *\("), "Write in, with small letters: key in (a,b)."),
)


def parse_selector(text: str, *, where: str = "selector") -> Selector:
    """Read a selector; raises InvalidInput that names the column (from 1) where reading stopped."""
    if not text.strip():
        raise InvalidInput(where, "the selector is empty", hint="Write * for everything.")
    if text.strip() == "*":
        return EVERYTHING
    terms: list[Term] = []
    position = 0
    while position < len(text):
        found = _TERM.match(text, position)
        if found is None:
            raise InvalidInput(
                where,
                f"cannot read the selector {text!r} from column {position + 1}",
                hint=_hint(text),
            )
        terms.append(_term(found, where))
        position = found.end()
    if text.rstrip().endswith(","):
        raise InvalidInput(where, f"the selector {text!r} ends with a comma", hint="Remove it or add a condition.")
    return Selector(tuple(terms))


def _hint(text: str) -> str:
    """Say how a selector is written; what other languages have, it has by another sign."""
    for sign, instead in _OTHER_LANGUAGES:
        if sign.search(text):
            return instead
    return "Write key=value, key!=value, key in (a,b), key or *, joined by commas."


def _term(found: re.Match[str], where: str) -> Term:
    key = found["key"]
    if found["op"] is not None:
        return Term(key, Operator(found["op"]), (found["value"],))
    if found["list"] is None:
        return Term(key, Operator.PRESENT)
    values = tuple(value.strip() for value in found["list"].split(","))
    if not all(values):
        raise InvalidInput(where, f"the list after {key!r} has an empty value", hint="Write key in (a,b).")
    return Term(key, Operator.IN, values)
