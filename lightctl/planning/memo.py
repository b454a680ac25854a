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
    """Remembers values by date and key; when full, dates far from the one just asked for go first.

    What is asked for again and again stays, so it grows to the work of a few weeks around the present and no further.
    """

    def __init__(self, capacity: int = FIRST_CAPACITY) -> None:
        self._dates: dict[dt.date, dict[Key, Value]] = {}
        self._count = 0
        self._capacity = capacity

    def __len__(self) -> int:
        return self._count

    def get(self, key: Key, date: dt.date, make: Callable[[], Value]) -> Value:
        """Give the value of a key and date, made now if it is not known."""
        known = self._dates.get(date)
        found = known.get(key) if known is not None else None
        if found is None:
            found = make()
            if self._count >= self._capacity:
                self._forget(date)
            self._dates.setdefault(date, {})[key] = found
            self._count += 1
        return found

    def _forget(self, date: dt.date) -> None:
        self._dates = {
            each: values
            for each, values in self._dates.items()
            if -KEPT_DAYS_BACK <= (each - date).days <= KEPT_DAYS_AHEAD
        }
        self._count = sum(len(values) for values in self._dates.values())
        while self._count * 2 > self._capacity:
            self._capacity *= 2
