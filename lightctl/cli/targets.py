"""What a verb acts on: light-point ids, group:NAME, -l SELECTOR or --ids FILE, exactly one of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lightctl.domain.assets import ID_PATTERN
from lightctl.domain.errors import InvalidInput
from lightctl.domain.selectors import parse_selector

GROUP = "group:"
_HINT = "Name a light point, group:NAME, -l SELECTOR or --ids FILE (- for stdin)."


def target_of(words: Sequence[str], select: str | None, ids: str | None) -> dict[str, Any]:
    """Give the target as the API takes it; raises InvalidInput unless exactly one kind is given."""
    kinds = [bool(words), select is not None, ids is not None]
    if sum(kinds) != 1:
        raise InvalidInput(
            "TARGET", "nothing to act on" if not any(kinds) else "more than one kind of target", hint=_HINT
        )
    if select is not None:
        parse_selector(select, where="-l")
        return {"select": select}
    if ids is not None:
        return {"ids": _checked(_read_ids(ids), "--ids")}
    groups = [word for word in words if word.startswith(GROUP)]
    if groups:
        if len(words) > 1 or not groups[0].removeprefix(GROUP):
            raise InvalidInput("TARGET", "one group:NAME at a time, and nothing beside it", hint=_HINT)
        return {"group": groups[0].removeprefix(GROUP)}
    if len(words) == 1:
        return {"id": _checked(words, "TARGET")[0]}
    return {"ids": _checked(words, "TARGET")}


def one_id(text: str, where: str = "ID") -> str:
    """Check that a word can be an id; raises InvalidInput."""
    return _checked([text], where)[0]


def segment(text: str) -> str:
    """Write a name as one segment of an address."""
    return quote(text, safe="")


def described(target: dict[str, Any]) -> str:
    """Say a target as the operator did."""
    match target:
        case {"id": str(name)}:
            return name
        case {"group": str(name)}:
            return f"{GROUP}{name}"
        case {"select": str(text)}:
            return f"-l '{text}'"
        case _:
            return f"{len(target['ids'])} ids"


def _checked(words: Sequence[str], where: str) -> list[str]:
    for word in words:
        if not ID_PATTERN.fullmatch(word):
            raise InvalidInput(where, f"{word[:80]!r} cannot be an id", hint="Ids are 1 to 64 of A-Z a-z 0-9 _ and -.")
    return list(dict.fromkeys(words))


def _read_ids(source: str) -> list[str]:
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput("--ids", f"{source} cannot be read: {error}") from error
    ids = [name for line in text.splitlines() for name in _ids_of(line)]
    if not ids:
        raise InvalidInput(
            "--ids", "the list of ids is empty", hint="One id a line, or lines of `light list -o jsonl`."
        )
    return ids


def _ids_of(line: str) -> list[str]:
    if line.lstrip().startswith("{"):
        try:
            return [str(json.loads(line)["id"])]
        except (ValueError, KeyError, TypeError):
            raise InvalidInput("--ids", f"no id in the line {line[:80]!r}") from None
    return line.replace(",", " ").split()
