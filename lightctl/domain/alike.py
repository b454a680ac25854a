"""Alike: a mapping whose keys many others have too, in a third of a dictionary's room.

The light points of a city have the same few tags. Each holds its values alone; which place a key has is known once for
all that have these keys. The values stand in the object itself, in slots: a tuple of them beside it would be as large.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

V = TypeVar("V")


class Alike(Mapping[str, V]):
    """Values by key, not to be changed; equal to every mapping that has just these. Made by `alike`.

    No dataclass: whoever writes values down would take it for a record of two fields.
    """

    __slots__ = ("_places",)

    def __init__(self, places: Mapping[str, str], values: Sequence[V]) -> None:
        self._places = places
        for place, value in zip(places.values(), values, strict=True):
            setattr(self, place, value)

    def __getitem__(self, key: str) -> V:
        value: V = getattr(self, self._places[key])
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, key: object) -> bool:
        return key in self._places

    def __repr__(self) -> str:
        return f"Alike({dict(self)!r})"

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 - as Mapping has it
        """Give the value of a key, `default` where there is none; Mapping would raise and catch an error for that."""
        place = self._places.get(key)
        return default if place is None else getattr(self, place)


def slot(place: int) -> str:
    """Give the name of a place, counted from 0."""
    return f"_value_{place}"


def alike(places: Mapping[str, str], values: Sequence[V]) -> Alike[V]:
    """Make one of the place of each key, an object that may be that of many, and its values in the keys' order."""
    return _of(len(values))(places, values)


@cache
def _of(values: int) -> type[Alike[Any]]:
    """Make the class of those that hold so many values."""
    return type("Alike", (Alike,), {"__slots__": tuple(map(slot, range(values)))})
