"""TimeScale: one affine map from a machine's clock to the clock a run lives by, shared by daemon and simulators."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

MICROSECOND = dt.timedelta(microseconds=1)  # times a whole number it is a span in half the time a float takes


@dataclass(frozen=True, slots=True)
class TimeScale:
    """Machine time `machine_epoch` (seconds since 1970) is the instant `start`; from there time runs `speed` times."""

    start: dt.datetime
    machine_epoch: float
    speed: float = 1.0

    def instant(self, machine_now: float) -> dt.datetime:
        """Give the instant (aware UTC) at a machine time in seconds since 1970."""
        return self.start + MICROSECOND * round((machine_now - self.machine_epoch) * self.speed * 1e6)

    def machine_seconds(self, seconds: float) -> float:
        """Give how many machine seconds so many seconds of the run take."""
        return seconds / self.speed


REAL_TIME = TimeScale(dt.datetime.fromtimestamp(0, dt.UTC), 0.0)
