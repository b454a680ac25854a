"""Alike: a mapping whose keys many others have too, in half a dictionary's room.

The light points of a city have the same few tags. Each holds its values alone; which place a key has is known once for
all that have these keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

V = TypeVar("V")


class Alike(Mapping[str, V]):
    """Values by key, not to be changed; equal to every mapping that has just these.

    No dataclass: whoever writes values down would take it for a record of two fields.
    """

    __slots__ = ("_places", "_values")

    def __init__(self, places: Mapping[str, int], values: tuple[V, ...]) -> None:
        """Take the place of each key among the values, in their order; the object may be that of many."""
        self._places = places
        self._values = values

    def __getitem__(self, key: str) -> V:
        return self._values[self._places[key]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: object) -> bool:
        return key in self._places

    def __repr__(self) -> str:
        return f"Alike({dict(self)!r})"

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 - as Mapping has it
        """Give the value of a key, `default` where there is none; Mapping would raise and catch an error for that."""
        place = self._places.get(key)
        return default if place is None else self._values[place]
