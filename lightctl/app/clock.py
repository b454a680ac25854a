"""The clock a run lives by, and the alarm that wakes it.

APScheduler is an alarm clock here, not a memory: a wake-up only puts an event on the inbox. It holds no business state,
so an alarm that is missed, doubled or late does no harm. This is the only importer of apscheduler.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Callable
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from lightctl.control.own_time import OwnTime
from lightctl.domain.timescale import REAL_TIME, TimeScale

FARTHEST_ALARM_S = 24 * 3600.0
SINCE_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # it goes on while a machine sleeps
NEVER = (None, None)
MANY = 1_000_000  # the default of 1 would skip an alarm that is due while the one before it is still ringing


def steady_s() -> float:
    """Give the seconds since the machine was started, which nobody can set."""
    return time.clock_gettime(SINCE_BOOT)


class RunClock:
    """The machine's clock, or one that runs faster from a given instant on."""

    def __init__(self, scale: TimeScale = REAL_TIME, own: OwnTime | None = None) -> None:
        """Live by `scale`; without one, by the machine's own time. own: what to make of that clock being set."""
        self.scale = scale
        self._own = own

    def now(self) -> dt.datetime:
        """Give the present instant, aware UTC."""
        wall_s = time.time()
        return self.scale.instant(wall_s if self._own is None else self._own.now_s(wall_s, steady_s()))

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds of this clock."""
        await asyncio.sleep(self.scale.machine_seconds(seconds))

    def machine_seconds_to(self, instant: dt.datetime) -> float:
        """Give how many seconds of the machine it is to an instant of this clock."""
        return self.scale.machine_seconds((instant - self.now()).total_seconds())


class ManualClock:
    """A clock that only tests move."""

    def __init__(self, start: dt.datetime) -> None:
        """Stand at `start`."""
        self._now = start

    def now(self) -> dt.datetime:
        """Give the instant it was set to."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Move on by so many seconds without waiting."""
        self._now += dt.timedelta(seconds=seconds)
        await asyncio.sleep(0)

    def set(self, instant: dt.datetime) -> None:
        """Move to an instant."""
        self._now = instant


class Alarm:
    """Rings named alarms at instants of a clock; setting one again moves it."""

    def __init__(self, clock: RunClock) -> None:
        """Ring by `clock`; needs a running event loop from `start` on."""
        self._clock = clock
        self._scheduler: Any = AsyncIOScheduler(timezone=dt.UTC)
        self._set: dict[str, tuple[dt.datetime, Callable[[], None]]] = {}

    def start(self) -> None:
        """Begin to ring."""
        self._scheduler.start()

    def stop(self) -> None:
        """Ring no more."""
        self._scheduler.shutdown(wait=False)

    def wake(self, name: str, at: dt.datetime | None, ring: Callable[[], None]) -> None:
        """Ring at an instant, at once when it has passed; None takes the alarm back.

        An alarm further off than a day rings after a day and is set again by whoever cares.
        """
        if self._set.get(name, NEVER)[0] == at:
            return
        if at is None:
            self._set.pop(name, None)
            if self._scheduler.get_job(name) is not None:
                self._scheduler.remove_job(name)
            return
        self._set[name] = (at, ring)
        away_s = min(max(self._clock.machine_seconds_to(at), 0.0), FARTHEST_ALARM_S)
        self._scheduler.add_job(
            self._ring,
            "date",
            run_date=dt.datetime.fromtimestamp(time.time() + away_s, dt.UTC),
            args=(name, ring),
            id=name,
            replace_existing=True,
            misfire_grace_time=None,
            coalesce=True,
            max_instances=MANY,
        )

    def set_anew(self) -> None:
        """Set every alarm again, as they hang on the machine's clock and that was set."""
        waiting, self._set = self._set, {}
        for name, (at, ring) in waiting.items():
            self.wake(name, at, ring)

    async def _ring(self, name: str, ring: Callable[[], None]) -> None:
        self._set.pop(name, None)
        ring()
