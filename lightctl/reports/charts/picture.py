"""A picture: shapes on a surface of fixed width. Units: pixels on a screen, a quarter of a millimetre on paper."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

WIDTH = 720.0
EM = 0.52  # mean width of a letter of Helvetica, in its size


class Ink(StrEnum):
    """Tones that are no figures: text, what stands back, and lines one should hardly see."""

    INK = "ink"
    SOFT = "soft"
    GRID = "grid"


class Anchor(StrEnum):
    """Where the x of a text is."""

    START = "start"
    MIDDLE = "middle"
    END = "end"


@dataclass(frozen=True, slots=True)
class Rect:
    """A filled rectangle. tone: a name, or a colour as #rrggbb; tip: what a pointer that rests on it is told."""

    x: float
    y: float
    width: float
    height: float
    tone: str
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points; a pattern of dashes tells it from others without colour."""

    points: tuple[tuple[float, float], ...]
    tone: str
    width: float = 1.0
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Dot:
    """A point with a tip."""

    x: float
    y: float
    radius: float
    tone: str
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """Words on a baseline."""

    x: float
    y: float
    text: str
    size: float = 12.0
    tone: str = Ink.SOFT
    anchor: Anchor = Anchor.START
    bold: bool = False


Shape = Rect | Line | Dot | Text


@dataclass(frozen=True, slots=True)
class Picture:
    """Shapes in the order in which they are drawn; `title` says what is seen, for those who cannot see it."""

    title: str
    height: float
    shapes: tuple[Shape, ...] = field(default=())


def width_of(text: str, size: float = 12.0) -> float:
    """Guess how wide a text is."""
    return len(text) * size * EM
