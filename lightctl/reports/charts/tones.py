"""The colours of tones, on white paper and on a dark screen: from Okabe and Ito's set, for every eye.

They differ in lightness too, so that a copy in grey still shows which is which.
"""

from __future__ import annotations

from lightctl.reports.charts.picture import Ink
from lightctl.reports.charts.values import Tone

COLOURS: dict[str, tuple[str, str]] = {
    Ink.INK: ("#1c1f2e", "#eceef4"),
    Ink.SOFT: ("#555b6c", "#a9b0c2"),
    Ink.GRID: ("#dfe2e9", "#343948"),
    Tone.GOOD: ("#0072b2", "#4aa3dd"),
    Tone.BAD: ("#d55e00", "#f08a3c"),
    Tone.UNKNOWN: ("#b4bac6", "#6b7285"),
    Tone.METERED: ("#0072b2", "#4aa3dd"),
    Tone.ESTIMATED: ("#86c5ec", "#a9d8f5"),
    Tone.OTHER: ("#009e73", "#3cc79b"),
    Tone.REFERENCE: ("#1c1f2e", "#eceef4"),
}


def on_paper(tone: str) -> str:
    """Give a tone's colour on white, as #rrggbb; a colour stands for itself."""
    return COLOURS[tone][0] if tone in COLOURS else tone
