"""Single: a mapping of one entry in a fifth of a dictionary's room.

Most nodes have one channel, and seldom more than one thing wrong. What is known of a hundred thousand nodes by channel
would be several hundred thousand dictionaries of one entry each, a third of all that a daemon of a large city holds.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import Any, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Single(Mapping[K, V]):
    """One key and its value, not to be changed; equal to every mapping that has just these.

    No dataclass: whoever writes values down would take it for a record of two fields.
    """

    __slots__ = ("_key", "_value")

    def __init__(self, key: K, value: V) -> None:
        self._key = key
        self._value = value

    def __getitem__(self, key: K) -> V:
        if key != self._key:
            raise KeyError(key)
        return self._value

    def __iter__(self) -> Iterator[K]:
        yield self._key

    def __repr__(self) -> str:
        return f"Single({self._key!r}, {self._value!r})"

    def __len__(self) -> int:
        return 1

    def __contains__(self, key: object) -> bool:
        return key == self._key

    def get(self, key: K, default: Any = None) -> Any:  # noqa: ANN401 - as Mapping has it
        """Give the value of a key, `default` where there is none; Mapping would raise and catch an error for that."""
        return self._value if key == self._key else default

    # A dictionary made for the moment is four times as fast as what Mapping has for these.

    def items(self) -> ItemsView[K, V]:
        """Give its entry."""
        return {self._key: self._value}.items()

    def keys(self) -> KeysView[K]:
        """Give its key."""
        return {self._key: self._value}.keys()

    def values(self) -> ValuesView[V]:
        """Give its value."""
        return {self._key: self._value}.values()


def lean(mapping: Mapping[K, V]) -> Mapping[K, V]:
    """Give a mapping of one entry as a Single, any other as it is."""
    if len(mapping) != 1:
        return mapping
    ((key, value),) = mapping.items()
    return Single(key, value)
