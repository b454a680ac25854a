"""How a lamp shows itself: three blinks, a second each way by the node's clock. The plan goes on underneath.

A dark lamp goes to 100 % and back to 0. A lit one goes down to 30 % and up to 100 %, so that nobody who blinks a street
darkens it; a driver that cannot go that low goes to its least, and one whose least hardly shows goes dark.
Which of the two it is, is asked again at every step, so a plan that switches meanwhile is followed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from simulators.lamp import FULL_LEVEL
from simulators.node import NEVER, Channel, LampChanged
from simulators.node_clock import NodeClock

BLINKS = 3
STEP = dt.timedelta(seconds=1)
DIMMED = 30
STILL_SHOWS = 70


@dataclass(slots=True)
class Blink:
    """One channel's: what the clock showed when it began, and the step it is in."""

    began: dt.datetime
    step: int = -1


class Blinks:
    """The blinks under way on one node, timed by its oscillator: setting the clock wrong cuts or prolongs none."""

    def __init__(self, clock: NodeClock, channels: Mapping[int, Channel], min_level: int) -> None:
        self.due = NEVER
        self._clock = clock
        self._channels = channels
        self._low = _low(min_level)
        self._under_way: dict[int, Blink] = {}

    def start(self, numbers: Iterable[int], now: dt.datetime) -> list[LampChanged]:
        """Begin on these channels; one that blinks already begins again."""
        self._under_way |= {number: Blink(self._clock.shows(now)) for number in numbers}
        return self.step(now)

    def step(self, now: dt.datetime) -> list[LampChanged]:
        """Move on the lamps whose second is over; `due` is when the next one is."""
        shown = self._clock.shows(now)
        changes: list[LampChanged] = []
        for number, blink in list(self._under_way.items()):
            step = (shown - blink.began) // STEP
            if step > blink.step:
                blink.step = step
                channel = self._channels[number]
                if step >= 2 * BLINKS:
                    del self._under_way[number]
                channel.lamp.show(self._level(channel, step), now)
                changes.append(channel.truth(number, now))
        self._wait(now)
        return changes

    def stop(self, now: dt.datetime) -> None:
        """Forget them all, as a node that starts again does."""
        for number in self._under_way:
            self._channels[number].lamp.show(None, now)
        self._under_way.clear()
        self.due = NEVER

    def _level(self, channel: Channel, step: int) -> float | None:
        if step >= 2 * BLINKS:
            return None
        away, back = (self._low, FULL_LEVEL) if channel.commanded else (FULL_LEVEL, 0)
        return back if step % 2 else away

    def _wait(self, now: dt.datetime) -> None:
        coming = [self._clock.when(it.began + (it.step + 1) * STEP) for it in self._under_way.values()]
        self.due = max(min(coming, default=NEVER), now + dt.timedelta(microseconds=1))


def _low(min_level: int) -> int:
    least = max(DIMMED, min_level)
    return least if least <= STILL_SHOWS else 0
