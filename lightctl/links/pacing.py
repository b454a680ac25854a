"""Pacing: pure pieces that keep a link from hurrying: jittered waits between attempts, and caps on noisy senders."""

from __future__ import annotations

import random
from collections import OrderedDict

BASE_S = 0.5
SHORTEST_S = 0.05


class Backoff:
    """Full jitter: each wait is random between 0 and a bound that doubles with every failure up to `cap_s`."""

    def __init__(self, cap_s: float, rng: random.Random, base_s: float = BASE_S) -> None:
        self._cap_s = cap_s
        self._rng = rng
        self._base_s = min(base_s, cap_s)
        self._failures = 0

    def next_s(self) -> float:
        """Give the next wait in seconds, never quite 0."""
        bound = min(self._cap_s, self._base_s * 2.0 ** min(self._failures, 32))
        self._failures += 1
        return max(SHORTEST_S, self._rng.uniform(0, bound))

    def reset(self) -> None:
        """Start again from the shortest bound: the last attempt held."""
        self._failures = 0


class Throttle:
    """Lets a key through once per `interval_s`; remembers at most `max_keys`, the longest silent forgotten first."""

    def __init__(self, interval_s: float, max_keys: int = 10_000) -> None:
        self._interval_s = interval_s
        self._max_keys = max_keys
        self._seen: OrderedDict[str, float] = OrderedDict()

    def allow(self, key: str, now_s: float) -> bool:
        """Say whether this key may pass at `now_s` (seconds of any monotonic clock)."""
        last = self._seen.get(key)
        if last is not None and now_s - last < self._interval_s:
            return False
        self._seen[key] = now_s
        self._seen.move_to_end(key)
        while len(self._seen) > self._max_keys:
            self._seen.popitem(last=False)
        return True


class Bucket:
    """Lets `rate_per_s` through on average and `burst` at once; `held_back` counts what it refused."""

    def __init__(self, rate_per_s: float, burst: float) -> None:
        self.held_back = 0
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._level = burst
        self._at_s: float | None = None

    def allow(self, now_s: float) -> bool:
        """Say whether one may pass at `now_s` (seconds of any monotonic clock), and count it."""
        self._fill(now_s)
        if self._level < 1.0:
            self.held_back += 1
            return False
        self._level -= 1.0
        return True

    def take(self, now_s: float) -> float:
        """Let one pass and give the seconds it must wait first, 0 when it may go at once."""
        self._fill(now_s)
        self._level -= 1.0
        return max(0.0, -self._level / self._rate_per_s)

    def _fill(self, now_s: float) -> None:
        if self._at_s is not None:
            self._level = min(self._burst, self._level + max(0.0, now_s - self._at_s) * self._rate_per_s)
        self._at_s = now_s
