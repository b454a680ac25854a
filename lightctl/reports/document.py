"""A document: what a report says, in order, before it becomes a page, a PDF or lines. Texts are for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lightctl.reports.charts.values import Chart

MOST_CHARACTERS = 120


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure that is read first: a name, the value with its unit, and a word on it. `bad`: it calls for action."""

    name: str
    value: str
    note: str = ""
    bad: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures side by side."""

    items: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; figures stand on the right."""

    title: str
    right: bool = False
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `empty` is said in place of one without rows, `last` is a row of sums."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    empty: str = ""
    last: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    """The title of what follows."""

    text: str


Block = Figures | Table | Words | Heading | Chart


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report: whose, what, of which time, what it says, and when and from what it was made.

    told: its own tables hold the figures of its charts already, so that they need not be told again at its end.
    """

    site: str
    title: str
    period: str
    blocks: tuple[Block, ...]
    made: str
    told: bool = False

    @property
    def charts_to_tell(self) -> Iterator[Chart]:
        """The charts whose figures stand in a table at its end, in order."""
        return (block for block in self.blocks if isinstance(block, Chart) and not self.told)


def clipped(text: str, most: int = MOST_CHARACTERS) -> str:
    """Give a text on one line without control characters, cut off visibly where it is longer than anybody reads."""
    shown = "".join(each if each.isprintable() else " " for each in text[: most + 1])
    return shown if len(text) <= most else f"{shown[: most - 1]}…"
