"""Scales: round numbers along an axis, and which of many labels there is room for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lightctl.reports.charts.picture import width_of
from lightctl.reports.numbers import number

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """Round values in even steps from the first to the last, which hold all there is to show."""

    ticks: tuple[float, ...]

    @property
    def low(self) -> float:
        """The least value shown."""
        return self.ticks[0]

    @property
    def high(self) -> float:
        """The greatest value shown."""
        return self.ticks[-1]

    def share(self, value: float) -> float:
        """Give where a value is, 0 at the least to 1 at the greatest; beyond both it stays at the edge."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    @property
    def names(self) -> tuple[str, ...]:
        """The values as they are written, all with the same places."""
        step = self.ticks[1] - self.ticks[0]
        places = next((each for each in range(13) if abs(round(step, each) - step) < step * 1e-6), 13)
        return tuple(number(tick, places) for tick in self.ticks)


def scale_of(low: float, high: float, most: float | None = None, wanted: int = 5) -> Scale:
    """Give a scale that holds low and high; it ends at `most` where that is given, however round the steps are."""
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError("only finite figures can be drawn")
    if most is not None:
        high = min(high, most)
    if high <= low:
        high = low + (abs(low) or 1.0)
        if most is not None and high > most:
            low, high = most - (high - low), most
    rough = (high - low) / wanted
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next((each * unit for each in _STEPS if each * unit >= rough * (1 - 1e-9)), 10.0 * unit)
    if most is not None:
        count = max(1, math.ceil((most - low) / step - 1e-9))
        return Scale(tuple(most - step * each for each in range(count, -1, -1)))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return Scale(tuple(step * each for each in range(first, max(last, first + 1) + 1)))


def every(labels: Sequence[str], room: float, size: float = 12.0) -> int:
    """Give at which pace labels can be written so that they do not run into each other; `room` is what each has."""
    widest = max((width_of(label, size) for label in labels), default=0.0) + size
    return max(1, math.ceil(widest / room)) if room > 0 else max(1, len(labels))
