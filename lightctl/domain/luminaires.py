"""Luminaires: what a lamp of one type draws at every level. Units: W, percent."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

from lightctl.domain.assets import FULL_LEVEL, LightPoint

LUMINAIRE_TAG = "luminaire"


@dataclass(frozen=True, slots=True)
class LuminaireType:
    """A luminaire type (TALQ's word), as settings name it; a light point names its own in its tag `luminaire`.

    rated_power_w, standby_power_w: of one lamp with its gear, None to take the light point's own. power_table: watts
    by level, ascending, 0 and 100 left out. power_tolerance_percent: how far a lamp may be off before that is a fault.
    power_factor_threshold: the lowest good power factor at full level, 0 where none is known. former_power_w: what
    the lamp it replaced drew with its gear.
    """

    name: str
    rated_power_w: float | None = None
    standby_power_w: float | None = None
    power_table: tuple[tuple[int, float], ...] = ()
    power_tolerance_percent: float = 20.0
    power_factor_threshold: float = 0.0
    former_power_w: float | None = None


NO_LUMINAIRES: Mapping[str, LuminaireType] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PowerCurve:
    """What a lamp draws by level: straight lines between these points (level percent, W), 0 and 100 among them."""

    points: tuple[tuple[int, float], ...]

    def watts(self, level: float) -> float:
        """Give the power at a level, also between whole percents, as while fading (W)."""
        at = bisect_left(self.points, (level,))
        if at < len(self.points) and self.points[at][0] == level:
            return self.points[at][1]
        (below, low), (above, high) = self.points[at - 1], self.points[at]
        return low + (high - low) * (level - below) / (above - below)

    def mean_watts(self, one: float, other: float) -> float:
        """Give the mean power of a steady fade between two levels (W): the area under the curve, by its width."""
        low, high = sorted((one, other))
        if low == high:
            return self.watts(low)
        inner = [(float(level), watts) for level, watts in self.points if low < level < high]
        along = [(low, self.watts(low)), *inner, (high, self.watts(high))]
        area = sum((above - below) * (w + v) / 2 for (below, w), (above, v) in pairwise(along))
        return area / (high - low)

    def by_percent(self) -> tuple[float, ...]:
        """Give the power at every whole percent, 0 to 100 (W)."""
        return tuple(self.watts(level) for level in range(FULL_LEVEL + 1))

    @property
    def standby_w(self) -> float:
        """The power at level 0 (W)."""
        return self.points[0][1]

    @property
    def full_w(self) -> float:
        """The power at full level (W)."""
        return self.points[-1][1]


def together(curves: Mapping[PowerCurve, int]) -> PowerCurve:
    """Give what so many lamps of each curve draw as one; no lamps draw nothing."""
    levels = sorted({level for curve in curves for level, _ in curve.points} | {0, FULL_LEVEL})
    return PowerCurve(
        tuple((level, sum(curve.watts(level) * many for curve, many in curves.items())) for level in levels)
    )


def power_curve(point: LightPoint, luminaire: LuminaireType | None = None) -> PowerCurve | None:
    """Give what all lamps of a light point draw together; None where nothing says what they draw at full level.

    Without a table the line is straight: P = standby + (rated - standby) x level. The light point's own watts go
    before those of its type; the table of a type is stretched to them.
    """
    kind = luminaire or LuminaireType("")
    rated = point.rated_power_w or kind.rated_power_w
    if not rated:
        return None
    standby = point.standby_power_w or kind.standby_power_w or 0.0
    table_standby, table_full = kind.standby_power_w or 0.0, kind.rated_power_w or rated
    span = table_full - table_standby
    share = (rated - standby) / span if span > 0 else 1.0
    between = [(level, standby + (watts - table_standby) * share) for level, watts in kind.power_table]
    ends = [(0, standby), *between, (FULL_LEVEL, rated)]
    return PowerCurve(tuple((level, watts * point.lamps) for level, watts in ends))
