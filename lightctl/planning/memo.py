"""A memo of values that belong to a date, which forgets old dates when it grows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

FIRST_CAPACITY = 4096
KEPT_DAYS_BACK = 2
KEPT_DAYS_AHEAD = 40


class DatedMemo(Generic[Key, Value]):
    """Remembers values by key and date; when full, dates far from the one just asked for go first.

    What is asked for again and again stays, so it grows to the work of a few weeks around the present and no further.
    """

    def __init__(self, capacity: int = FIRST_CAPACITY) -> None:
        self._values: dict[tuple[Key, dt.date], Value] = {}
        self._capacity = capacity

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Key, date: dt.date, make: Callable[[], Value]) -> Value:
        """Give the value of a key and date, made now if it is not known."""
        found = self._values.get((key, date))
        if found is None:
            found = make()
            if len(self._values) >= self._capacity:
                self._forget(date)
            self._values[key, date] = found
        return found

    def _forget(self, date: dt.date) -> None:
        self._values = {
            entry: value
            for entry, value in self._values.items()
            if -KEPT_DAYS_BACK <= (entry[1] - date).days <= KEPT_DAYS_AHEAD
        }
        while len(self._values) * 2 > self._capacity:
            self._capacity *= 2
