"""A node's own clock: it starts a little wrong, drifts, can be set. Pure map between true instants and the node's."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

PPM = 1e-6


@dataclass(frozen=True, slots=True)
class NodeClock:
    """Shows `offset_s` more than the truth at `epoch` and gains `drift_ppm` microseconds each second from there.

    error_s: what it is wrong by for another reason, until it is set.
    """

    epoch: dt.datetime
    offset_s: float = 0.0
    drift_ppm: float = 0.0
    error_s: float = 0.0

    def shows(self, instant: dt.datetime) -> dt.datetime:
        """Give what the node's clock shows at a true instant."""
        if not self.offset_s and not self.drift_ppm and not self.error_s:
            return instant
        passed = (instant - self.epoch).total_seconds()
        return instant + dt.timedelta(seconds=self.offset_s + self.error_s + passed * self.drift_ppm * PPM)

    def set(self, instant: dt.datetime, shown: dt.datetime) -> NodeClock:
        """Give the same oscillator, set at a true instant to show this."""
        return replace(self, epoch=instant, offset_s=(shown - instant).total_seconds(), error_s=0.0)

    def when(self, shown: dt.datetime) -> dt.datetime:
        """Give the first true instant (to the microsecond) at which the clock shows at least this."""
        if not self.offset_s and not self.drift_ppm and not self.error_s:
            return shown
        passed = (shown - self.epoch).total_seconds() - self.offset_s - self.error_s
        instant = self.epoch + dt.timedelta(seconds=passed / (1 + self.drift_ppm * PPM))
        while self.shows(instant) < shown:
            instant += dt.timedelta(microseconds=1)
        return instant
