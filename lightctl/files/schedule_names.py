"""Names for exported schedule files: fit for any folder, and in the order the files count in.

Schedules are kept under the names they were applied with: paths of another machine, `<stdin>`, whatever a program sent.
Assignments and protections of several files count in the order of those names, so the new ones must sort alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_STEM = 60
_SEPARATORS = re.compile(r"[/\\]")
_SUFFIX = re.compile(r"\.(?:yaml|yml)$")
_ODD = re.compile(r"[^\w.-]+")
_EDGES = "-._"


def file_names(names: Iterable[str]) -> dict[str, str]:
    """Give each name, in the order in which apply counts them, a file name of its own that sorts in that order.

    It is the last part of the name with odd signs replaced; all get numbers in front where they would clash, or sort
    otherwise.
    """
    ordered = sorted(names)
    plain = [_plain(name) for name in ordered]
    alone = len({name.casefold() for name in plain}) == len(plain)
    if not alone or sorted(plain) != plain:
        width = max(2, len(str(len(plain))))
        plain = [f"{number:0{width}}-{name}" for number, name in enumerate(plain, 1)]
    return dict(zip(ordered, plain, strict=True))


def _plain(name: str) -> str:
    base = _SEPARATORS.split(name)[-1]
    stem = _ODD.sub("_", _SUFFIX.sub("", base)).strip(_EDGES)[:MAX_STEM] or "schedule"
    found = _SUFFIX.search(base)
    return stem + (found[0] if found else ".yaml")
