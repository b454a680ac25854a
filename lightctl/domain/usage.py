"""Usage: what light points and meters did in a span of time, added up. Instants are aware UTC; Wh, percent, seconds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Resolution(StrEnum):
    """How long the spans are: a quarter of an hour, a night (local noon to noon), a local calendar month."""

    QUARTER = "15min"
    NIGHT = "night"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Usage:
    """What one channel of a node did in one span, by its own reports.

    energy_wh: what its counter grew by, None where it has none; metered_s: the seconds that counts for. level_s: the
    seconds at each level it said was in force, as far as it said so; what is missing up to the span's length is not
    known. reports: how many speak of the span.
    """

    node: str
    channel: int
    start: dt.datetime
    energy_wh: float | None
    metered_s: float
    level_s: Mapping[int, float]
    reports: int

    @property
    def known_s(self) -> float:
        """For how many seconds its level is known."""
        return sum(self.level_s.values())

    @property
    def lit_s(self) -> float:
        """For how many seconds it was lit."""
        return sum(seconds for level, seconds in self.level_s.items() if level)


@dataclass(frozen=True, slots=True)
class MeterUsage:
    """What a meter counted in one span; metered_s: the seconds that counts for."""

    node: str
    start: dt.datetime
    energy_wh: float
    metered_s: float
