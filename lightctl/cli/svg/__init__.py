"""Nights as an SVG picture for a report: one night as a curve of light, several as a map, one panel below the other.

The text that comes out is well-formed XML without scripts and without anything from elsewhere. Colours stand in the
elements themselves, for readers that know no style sheets; one that does, and prefers dark, gets other papers and inks.
"""

from __future__ import annotations

from collections.abc import Sequence

from lightctl.cli.nights import Shown
from lightctl.cli.svg.night import draw_night
from lightctl.cli.svg.season import draw_season
from lightctl.cli.svg.shapes import MARGIN, Page

_BETWEEN = 24.0


def picture(shown: Sequence[tuple[str, Shown]], *, as_map: bool) -> str:
    """Give the picture of all that is shown, each under its heading (empty: none): nights alone, or seasons as maps."""
    page = Page()
    y = MARGIN
    for heading, each in shown:
        if y > MARGIN:
            y += _BETWEEN
        y = draw_season(page, y, heading, each) if as_map else draw_night(page, y, heading, each.nights[0])
    return page.finish(y + MARGIN)
