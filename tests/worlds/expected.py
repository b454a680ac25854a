"""What lamps must do in a night, by the second reading of the contracts (tests/oracle), and whether one did it.

The oracle shares neither sun nor clocks nor the choice of programs with lightctl.planning. What it allows is written
as spans with the levels that may be due in each; a lamp's own list of changes is then held against every instant of
the night at once. Nights in which the sun grazes an angle that matters are not decided, and left out.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lightctl.domain.assets import Capabilities, LightPoint
from lightctl.domain.programs import Intent
from lightctl.domain.states import Override
from tests.oracle.lamp import LampNight
from tests.oracle.sun import Sky

Levels = frozenset[int]
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Segment:
    """A lamp had a level from one instant to another (seconds since 1970)."""

    begin: float
    end: float
    level: int


@dataclass(frozen=True, slots=True)
class Allowed:
    """Which levels may be due: `levels[i]` from `starts[i]` on (seconds since 1970), the last until `end`."""

    starts: tuple[float, ...]
    levels: tuple[Levels, ...]
    end: float

    def spans(self, begin: float, end: float, longer_s: float = 0.0) -> Iterator[tuple[float, Levels]]:
        """Give what may be due in a span, each with when it begins to be; only what is due for longer than so long."""
        for index in range(max(0, bisect_right(self.starts, begin) - 1), len(self.starts)):
            if end <= max(begin, self.starts[index]):
                return
            over = self.starts[index + 1] if index + 1 < len(self.starts) else self.end
            if over - self.starts[index] > longer_s:
                yield max(begin, self.starts[index]), self.levels[index]

    def of(self, capabilities: Capabilities) -> Allowed:
        """Give the same for lamps that do not go as low."""
        least = capabilities.min_level
        lifted = tuple(frozenset(max(each, least) if each else 0 for each in levels) for levels in self.levels)
        return Allowed(self.starts, lifted, self.end)

    def fault_of(self, segments: Sequence[Segment], slack_s: float, grid_s: float = 0.0) -> str:
        """Say where a lamp did what it may not, "" where nowhere.

        slack_s: how late or early it may be; grid_s: how much earlier it may have more light, and later less, so that
        it need not do what lasts for less than two cells of its grid, as long as it gives no less light.
        """
        for each in segments:
            inner = slack_s + grid_s
            for at, levels in self.spans(each.begin + inner, each.end - inner, 2 * grid_s):
                if each.level not in levels:
                    return _told(at, each.level, levels)
            if grid_s:
                for at, levels in self.spans(each.begin + slack_s, each.end - slack_s):
                    if each.level < min(levels):
                        return _told(at, each.level, levels)
        return ""


def _told(at: float, level: int, levels: Levels) -> str:
    return f"{level} % at {dt.datetime.fromtimestamp(at, dt.UTC):%Y-%m-%d %H:%M:%S}, and {sorted(levels)} is due"


def allowed(
    intent: Intent,
    zone: str,
    point: LightPoint,
    date: dt.date,
    sky: Sky,
    overrides: tuple[Override, ...] = (),
    settling_s: float = 0.0,
) -> Allowed | None:
    """Give what may be due at a light point in a night; None where two suns need not agree.

    settling_s: for so long after its begin and before its end an override may be in force or not. A node holds an
    override at one level, so a protection that counts in a part of it may count in all of it.
    """
    lamp = LampNight(intent, zone, point, date, overrides, sky)
    if lamp.is_undecided():
        return None
    bounds = lamp.bounds_of_change()
    if overrides:
        edges = [at for each in overrides for at in (each.start.timestamp(), each.until.timestamp())]
        bounds = np.unique(np.concatenate([bounds, [at + settling_s for at in edges]]))
        bounds = bounds[bounds <= lamp.bounds[1]]
    middles = (bounds[:-1] + bounds[1:]) / 2
    levels: list[set[int]] = [set() for _ in middles]
    readings = [lamp.possible(middles)]
    if overrides:
        readings.append(lamp.possible(middles, overrides=False))
    for number, reading in enumerate(readings):
        for one in reading:
            for index in np.flatnonzero(one.at):
                if not number or _unsettled(middles[index], overrides, settling_s):
                    levels[index].add(one.level)
    if overrides and lamp.floor is not None:
        for index, at in enumerate(middles):
            if any(each.start.timestamp() <= at < each.until.timestamp() for each in overrides):
                levels[index].add(max(lamp.floor.min_level, min(levels[index])))
    return _merged(bounds, [frozenset(each) for each in levels])


def _unsettled(at: float, overrides: tuple[Override, ...], settling_s: float) -> bool:
    return any(each.start.timestamp() <= at < each.start.timestamp() + settling_s for each in overrides)


def _merged(bounds: np.ndarray, levels: list[Levels]) -> Allowed:
    starts: list[float] = []
    kept: list[Levels] = []
    for begin, each in zip(bounds[:-1].tolist(), levels, strict=True):
        if not kept or kept[-1] != each:
            starts.append(begin)
            kept.append(each)
    return Allowed(tuple(starts), tuple(kept), float(bounds[-1]))
