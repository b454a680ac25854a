"""Work in steps: a city is gone through part by part, so that whoever owns the store can do other things between.

What is listed so needs the room of a part, however large the city is and however slowly it is read.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

T = TypeVar("T")
Steps = Generator[None, None, T]
"""Yields after each step, gives its result at the end."""
PART = 250  # light points: a hundredth of a second of the store's thread


@dataclass(frozen=True, slots=True)
class Result(Generic[T]):
    """What came of all steps."""

    value: T


def advance(steps: Steps[T]) -> Result[T] | None:
    """Do one step; the result once there are no more."""
    try:
        next(steps)
    except StopIteration as end:
        return Result(end.value)
    return None


def finish(steps: Steps[T]) -> T:
    """Do all steps at once."""
    while (result := advance(steps)) is None:
        pass
    return result.value


def in_parts(things: Iterable[T], size: int | None = None) -> Iterator[tuple[T, ...]]:
    """Give things so many at a time (None: a PART), each part only when it is asked for."""
    left = iter(things)
    while part := tuple(islice(left, PART if size is None else size)):
        yield part
