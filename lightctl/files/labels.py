"""Labels: what the QR code on a node says. It has one of three forms.

    N-0099                                        the node's id alone
    lightctl:NODE[:PROFILE[:LINK[:ADDRESS]]]      the id, and how to speak with it
    https://maker.example/any/path/N-0099         a web address: its `node=` parameter, or its last part, is the id

Blanks around it do not count, `lightctl:` may be in capitals. A label is whatever somebody stuck on a pole: it is read
strictly, and what it says of the node counts only where nothing heard from the node says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from lightctl.domain.assets import ID_PATTERN
from lightctl.domain.errors import InvalidInput

SCHEME = "lightctl:"
LONGEST = 500
MOST_PARTS = 4
HINT = "Write the node's id, lightctl:NODE[:PROFILE[:LINK[:ADDRESS]]], or a web address that ends with the id."


@dataclass(frozen=True, slots=True)
class Label:
    """A node's id and, where the label says so, its profile, link and address; "" for what it does not say."""

    node: str
    profile: str = ""
    link: str = ""
    address: str = ""


def read_label(text: str, where: str = "QR text") -> Label:
    """Read a label; raises InvalidInput that says which part of it is not right."""
    given = text.strip()
    if not given or len(given) > LONGEST:
        raise InvalidInput(where, "it is empty" if not given else f"it has {len(given)} characters", hint=HINT)
    if given.lower().startswith(SCHEME):
        return _of_parts(given[len(SCHEME) :].split(":"), where)
    if "://" in given:
        return Label(_id(_id_of_address(given, where), "the node of this web address", where))
    return Label(_id(given, "this", where))


def _of_parts(parts: list[str], where: str) -> Label:
    if len(parts) > MOST_PARTS:
        raise InvalidInput(where, f"it has {len(parts)} parts after lightctl:, and there are {MOST_PARTS}", hint=HINT)
    node, profile, link, address = [*parts, *[""] * (MOST_PARTS - len(parts))]
    for value, name in ((profile, "profile"), (link, "link"), (address, "address")):
        if value:
            _id(value, f"its {name}", where)
    return Label(_id(node, "its node", where), profile, link, address)


def _id_of_address(text: str, where: str) -> str:
    try:
        parts = urlsplit(text)
        named = parse_qs(parts.query, max_num_fields=50).get("node", [])
    except ValueError as error:
        raise InvalidInput(where, f"the web address cannot be read: {error}", hint=HINT) from None
    if parts.scheme.lower() not in ("http", "https"):
        raise InvalidInput(where, f"{parts.scheme}:// is no web address", hint=HINT)
    if len(named) > 1:
        raise InvalidInput(where, f"the web address names {len(named)} nodes", hint=HINT)
    return named[0] if named else unquote(parts.path.rstrip("/").rpartition("/")[2])


def _id(text: str, what: str, where: str) -> str:
    if not ID_PATTERN.fullmatch(text):
        raise InvalidInput(where, f"{what} ({text[:80]!r}) is no id of 1 to 64 letters, digits, _ or -", hint=HINT)
    return text
