"""Shapes: how answers are written as JSON, and read again."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")


class Shape(Generic[T]):
    """How values of one type are written; worked out when one is, as a daemon answers few of all it could."""

    def __init__(self, of: type[T]) -> None:
        self._of = of

    @cached_property
    def _adapter(self) -> TypeAdapter[T]:
        return TypeAdapter(self._of)

    def json(self, value: T) -> bytes:
        """Write a value as JSON."""
        return self._adapter.dump_json(value)

    def plain(self, value: T) -> Any:  # noqa: ANN401 - any JSON
        """Give what its JSON would be read as."""
        return self._adapter.dump_python(value, mode="json")

    def read(self, text: bytes) -> T:
        """Read what `json` wrote; pydantic's ValidationError where it is something else."""
        return self._adapter.validate_json(text)
