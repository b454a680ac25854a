"""Who looks on during a soak, in threads of their own: people that read, and the one that takes samples."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from tests.support import vitals
from tests.support.fire_city import FireCity
from tests.support.vitals import Sample

READS = ("/v1/lights", "/v1/lights/{lamp}/why", "/v1/faults", "/v1/status", "/v1/audit/verify")


class Repeated:
    """Does something every so many machine seconds from entering to leaving; what failed is counted in `failed`."""

    def __init__(self, what: Callable[[], None], every_s: float) -> None:
        self.failed: Counter[str] = Counter()
        self._what, self._every_s = what, every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(60)

    def _go_on(self) -> None:
        while not self._stop.wait(self._every_s):
            try:
                self._what()
            except (httpx.HTTPError, OSError) as error:
                self.failed[repr(error)[:200]] += 1


def reader(city: FireCity, seed: int) -> Callable[[], None]:
    """Give what reads one thing after the other, as people and their screens do."""
    rng = random.Random(f"{seed}/reads")

    def read() -> None:
        assert city.client is not None
        address = rng.choice(READS).format(lamp=rng.choice(city.lamps))
        city.client.get(address).raise_for_status()

    return read


class Sampler:
    """Takes samples of one slice and keeps them in a file."""

    def __init__(self, city: FireCity, broker_pid: Callable[[], int], number: int, path: Path) -> None:
        self.samples: list[Sample] = []
        self._city, self._broker_pid, self._number, self._path = city, broker_pid, number, path
        self._began_s, self._began = time.monotonic(), city.now()

    def take(self) -> None:
        """Take one now."""
        city = self._city
        assert city.client is not None
        sample = vitals.take(
            self._number,
            self.city_h,
            time.monotonic() - self._began_s,
            client=city.client,
            store=city.store,
            daemon=city.pid("daemon"),
            broker=self._broker_pid(),
            street=city.pid("simulators"),
        )
        self.samples.append(sample)
        vitals.keep(self._path, sample)

    @property
    def city_h(self) -> float:
        """Hours of the city since the slice began."""
        return (self._city.now() - self._began).total_seconds() / 3600
