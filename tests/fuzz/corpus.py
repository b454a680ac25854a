"""The kept inputs of each target: one file a target, one input a line, in base85 of its bytes.

A line with a word before it is something that once failed; it is never dropped.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType
from typing import Any

FOLDER = Path(__file__).parent / "corpus"
FOUND = "found "
OURS = str(Path(__file__).parents[2] / "lightctl")

Edge = tuple[str, int, int]


def kept(target: str) -> list[bytes]:
    """Give every input kept for a target, those that once failed first."""
    return [*found(target), *(base64.b85decode(line) for line in _lines(target) if not line.startswith(FOUND))]


def found(target: str) -> list[bytes]:
    """Give the inputs that once failed."""
    return [base64.b85decode(line.removeprefix(FOUND)) for line in _lines(target) if line.startswith(FOUND)]


def keep(target: str, inputs: Iterable[bytes], failed: Iterable[bytes] = ()) -> None:
    """Keep these inputs in place of the old ones, and what failed beside what failed before."""
    once = sorted({*found(target), *failed})
    lines = [FOUND + base64.b85encode(data).decode() for data in once]
    lines += [
        base64.b85encode(data).decode() for data in sorted(set(inputs) - set(once), key=lambda data: (len(data), data))
    ]
    FOLDER.mkdir(exist_ok=True)
    _file(target).write_text("".join(f"{line}\n" for line in lines), encoding="ascii")


def telling(run: Callable[[bytes], object], inputs: Iterable[bytes]) -> list[bytes]:
    """Give of these inputs, the short ones first, each that goes a way through lightctl no other before it went."""
    gone: set[Edge] = set()
    chosen = []
    for data in sorted(set(inputs), key=lambda data: (len(data), data)):
        edges = _edges(lambda given=data: run(given))
        if not edges <= gone:
            gone |= edges
            chosen.append(data)
    return chosen


def _edges(work: Callable[[], object]) -> set[Edge]:
    """Give every step from line to line that some work takes inside lightctl."""
    found: set[Edge] = set()

    def enter(frame: FrameType, _event: str, _argument: object) -> Any:
        name, before = frame.f_code.co_filename, 0
        if not name.startswith(OURS):
            return None

        def step(frame: FrameType, event: str, _argument: object) -> Any:
            nonlocal before
            if event == "line":
                found.add((name, before, frame.f_lineno))
                before = frame.f_lineno
            return step

        return step

    sys.settrace(enter)
    try:
        work()
    finally:
        sys.settrace(None)
    return found


def _lines(target: str) -> list[str]:
    return _file(target).read_text(encoding="ascii").splitlines() if _file(target).exists() else []


def _file(target: str) -> Path:
    return FOLDER / f"{target}.txt"
