"""History: what the rules remember of one node. A few values, advanced by its reports alone, none of it endless."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from lightctl.control.diagnosis.cycling import Cycling
from lightctl.control.diagnosis.evidence import NO_EVIDENCE, Evidence, Key
from lightctl.control.diagnosis.learned import Learned
from lightctl.domain.assets import LightPoint
from lightctl.domain.luminaires import LUMINAIRE_TAG
from lightctl.domain.states import Reading, ReportedState

NO_LEARNED: Mapping[int, Learned] = MappingProxyType({})
NO_CYCLING: Mapping[int, Cycling] = MappingProxyType({})
NO_STUCK: Mapping[int, int] = MappingProxyType({})


@dataclass(slots=True)
class Metering:
    """What is remembered of a meter: its newest reading, and the one that was judged last.

    alive: the phases that ever had voltage; peak_w: the most it ever measured.
    """

    reading: Reading
    judged: Reading | None = None
    alive: frozenset[str] = frozenset()
    peak_w: float = 0.0


@dataclass(slots=True)
class History:
    """What is remembered of a node for the sake of its faults.

    judged: the report that was judged last; the same one is never counted twice. metering: None for all but the few
    that meter. evidence: by fault. learned: factors by `learned.band`. cycling: by channel, of lamps that went out of
    late. stuck: the level a channel was last seen to stay at (percent).
    """

    judged: ReportedState | None = None
    metering: Metering | None = None
    evidence: Mapping[Key, Evidence] = field(default_factory=lambda: NO_EVIDENCE)
    learned: Mapping[int, Learned] = field(default_factory=lambda: NO_LEARNED)
    cycling: Mapping[int, Cycling] = field(default_factory=lambda: NO_CYCLING)
    stuck: Mapping[int, int] = field(default_factory=lambda: NO_STUCK)

    @property
    def reading(self) -> Reading | None:
        """The newest reading of its meter."""
        return None if self.metering is None else self.metering.reading

    @property
    def metered_anew(self) -> bool:
        """Whether its meter has spoken since it was last judged."""
        return self.metering is not None and self.metering.reading is not self.metering.judged

    def meter(self, reading: Reading) -> None:
        """Take in what its meter measured."""
        if self.metering is None:
            self.metering = Metering(reading)
        elif reading.at >= self.metering.reading.at:
            self.metering.reading = reading

    def was_judged(self, report: ReportedState | None) -> None:
        """Take note that it was judged by its newest words."""
        self.judged = report
        if self.metering is not None:
            self.metering.judged = self.metering.reading

    def forget_lamps(self) -> None:
        """Take the lamps for others: what was learned of the old ones is worth nothing."""
        self.learned, self.cycling, self.stuck = NO_LEARNED, NO_CYCLING, NO_STUCK


def relamped(before: Mapping[int, LightPoint], after: Mapping[int, LightPoint]) -> bool:
    """Say whether a node's light points draw something else than before, by the inventory."""
    if before is after:
        return False
    return {channel: _drawn_by(point) for channel, point in before.items()} != {
        channel: _drawn_by(point) for channel, point in after.items()
    }


def _drawn_by(point: LightPoint) -> tuple[object, ...]:
    return (point.id, point.lamps, point.rated_power_w, point.standby_power_w, point.tags.get(LUMINAIRE_TAG))
