"""Work in steps: a city is gone through part by part, so that whoever owns the store can do other things between."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
Steps = Generator[None, None, T]
"""Yields after each step, gives its result at the end."""


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
