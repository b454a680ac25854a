"""Networks of a world: how long a message is on its way, whether it arrives, and how often.

A message travels by the heap; what becomes of it is drawn from the world's seed when it leaves. On an ordered network
messages of one sender do not overtake each other, as on one TCP connection.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from tests.worlds.heap import Heap


@dataclass(frozen=True, slots=True)
class Weather:
    """What a network does to messages: seconds on their way, and the shares that are lost and doubled."""

    shortest_s: float = 0.01
    longest_s: float = 0.3
    lost: float = 0.0
    doubled: float = 0.0


FAIR = Weather()


class Network:
    """Carries messages; change `weather` at any time. `carried` and `lost` count."""

    def __init__(self, heap: Heap, seed: object, weather: Weather = FAIR) -> None:
        self.weather = weather
        self.carried = 0
        self.lost = 0
        self._heap = heap
        self._rng = random.Random(f"{seed}/network")

    def carry(self, arrive: Callable[[], None], lost: Callable[[], None] | None = None) -> None:
        """Let a message travel; where it is lost, its sender's connection learns of that."""
        weather = self.weather
        if weather.lost and self._rng.random() < weather.lost:
            self.lost += 1
            if lost is not None:
                lost()
            return
        copies = 2 if weather.doubled and self._rng.random() < weather.doubled else 1
        for _ in range(copies):
            self.carried += 1
            self._heap.after(self._rng.uniform(weather.shortest_s, weather.longest_s), arrive)
