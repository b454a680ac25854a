"""The colours of light: from a dark lamp to a full one, of daylight, and of the line the sun draws.

More light is brighter in grey too, so that a copy without colour, and every eye, reads the same.
"""

from __future__ import annotations

from bisect import bisect_right

Colour = tuple[int, int, int]

DAYLIGHT: Colour = (222, 232, 242)
DAYLIGHT_ON_DARK: Colour = (74, 88, 112)
SUN: Colour = (214, 76, 36)
SUN_ON_DARK: Colour = (120, 190, 255)
_STOPS: tuple[tuple[int, Colour], ...] = (
    (0, (30, 33, 58)),
    (25, (98, 62, 76)),
    (50, (176, 98, 58)),
    (75, (236, 160, 58)),
    (100, (255, 221, 112)),
)


def shade(level: float) -> Colour:
    """Give the colour of a level, 0 to 100 percent."""
    above = min(bisect_right([stop for stop, _ in _STOPS], level), len(_STOPS) - 1)
    (low, dark), (high, bright) = _STOPS[above - 1], _STOPS[above]
    part = (level - low) / (high - low)
    red, green, blue = (round(one + (other - one) * part) for one, other in zip(dark, bright, strict=True))
    return red, green, blue


def as_hex(colour: Colour) -> str:
    """Write a colour as #rrggbb."""
    red, green, blue = colour
    return f"#{red:02x}{green:02x}{blue:02x}"
