"""Policy: the figures by which the controller judges and paces. All durations in seconds of the running clock."""

from __future__ import annotations

import datetime as dt
import zlib
from dataclasses import dataclass
from functools import cache

from lightctl.control.diagnosis.thresholds import STANDARD, Thresholds


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient, how far ahead and how strict.

    settle_s: grace after a send before a lamp is expected to have followed; doubles with each attempt up to
    retry_cap_s. deadline_s: a command that is not confirmed by then has expired. heartbeat_s, lease_factor: a node
    is unreachable after so many heartbeats of silence. nights: nights a carrying node shall hold. topup_spread_s: the
    nightly top-up is spread over this long. level_tolerance: percent points a measured level may differ.
    clock_warn_s, clock_untrusted_s: a node clock further off than this is worth a warning, a fault. rest_s: pause after
    a failed or expired command before trying anew, doubling up to rest_cap_s. sensor_changes_per_h: how often sensors
    may change a lamp's level in an hour; more only upwards. diagnosis: the figures by which faults are called.
    """

    settle_s: float = 30.0
    retry_cap_s: float = 600.0
    deadline_s: float = 900.0
    heartbeat_s: float = 300.0
    lease_factor: float = 2.5
    nights: int = 7
    topup_spread_s: float = 600.0
    level_tolerance: int = 2
    clock_warn_s: float = 30.0
    clock_untrusted_s: float = 300.0
    rest_s: float = 300.0
    rest_cap_s: float = 3600.0
    sensor_changes_per_h: int = 12
    diagnosis: Thresholds = STANDARD

    def patience_s(self, node: str, attempts: int) -> float:
        """Give how long to wait after the given attempt (from 1): settle x 2^(attempts-1), capped, +-20 % by node."""
        wait = min(self.settle_s * 2.0 ** max(attempts - 1, 0), max(self.retry_cap_s, self.settle_s))
        return wait * (0.8 + 0.4 * fraction(f"{node}/{attempts}"))

    def lease(self, heartbeat_s: float) -> dt.timedelta:
        """Give how long a node may be silent that reports so often (s), at least."""
        return _seconds(self.lease_factor * max(heartbeat_s, self.heartbeat_s))

    def rest_after(self, failures: int) -> float:
        """Give the pause after so many failed or expired commands in a row."""
        return min(self.rest_s * 2.0 ** max(failures - 1, 0), self.rest_cap_s)


@cache
def _seconds(seconds: float) -> dt.timedelta:
    return dt.timedelta(seconds=seconds)


def fraction(text: str) -> float:
    """Give a fixed pseudo-random number in 0..1 for a text: jitter that is the same on every run."""
    return zlib.crc32(text.encode()) / 0xFFFFFFFF
