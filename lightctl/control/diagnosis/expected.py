"""Expected: what a lamp should draw at every level, and how far it may be off. Shared by all lamps of one kind.

Powers are worked out once for every whole percent, so that judging a healthy lamp is a comparison.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lightctl.control.diagnosis.thresholds import Thresholds
from lightctl.domain.assets import FULL_LEVEL, LightPoint
from lightctl.domain.luminaires import LUMINAIRE_TAG, LuminaireType, PowerCurve, power_curve

UNKNOWN = PowerCurve(((0, 0.0), (FULL_LEVEL, 1.0)))
# The example curve of powerFactorThresholdDimmingCurve in TALQ's data model 2.7.1: level (percent), power factor.
TALQ_POWER_FACTORS = PowerCurve((
    (0, 0.65), (10, 0.60), (20, 0.70), (30, 0.75), (40, 0.80), (50, 0.85), (60, 0.87), (70, 0.89), (80, 0.90),
    (90, 0.95), (100, 0.98),
))  # fmt: skip
LEVELS = range(FULL_LEVEL + 1)


@dataclass(frozen=True, slots=True)
class Expected:
    """What all lamps of a light point together should draw (W), by level.

    known: False where nothing says what they draw; the watts are then shares of full power, worth something only
    together with what is learned. low, high: the bounds by level; above high[0] a lamp that is off burns. dark: below
    this it gives no light, 0 where that is too little to tell. power_factor: the lowest good one, 0 where not judged.
    """

    known: bool
    lamps: int
    watts: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    dark: tuple[float, ...]
    power_factor: tuple[float, ...]
    tolerance: float

    @property
    def standby_w(self) -> float:
        """What they draw while off."""
        return self.watts[0]

    def per_lamp_w(self, level: int) -> float:
        """Give what one lamp's light draws beyond its standby."""
        return (self.watts[level] - self.watts[0]) / self.lamps


class Expectations:
    """What the lamps of a city should draw; equal lamps share one."""

    def __init__(self, thresholds: Thresholds, luminaires: Mapping[str, LuminaireType]) -> None:
        """Take the luminaire types by name."""
        self._thresholds = thresholds
        self._luminaires = luminaires
        self._known: dict[tuple[object, ...], Expected] = {}

    def of(self, point: LightPoint) -> Expected:
        """Give what a light point should draw."""
        name = point.tags.get(LUMINAIRE_TAG, "")
        key = (name, point.rated_power_w, point.standby_power_w, point.lamps)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = expect(point, self._luminaires.get(name), self._thresholds)
        return found


def expect(point: LightPoint, luminaire: LuminaireType | None, thresholds: Thresholds) -> Expected:
    """Work out what a light point should draw, by its watts, its type and the thresholds."""
    curve = power_curve(point, luminaire)
    percent = thresholds.power_tolerance_percent if luminaire is None else luminaire.power_tolerance_percent
    tolerance = percent / 100
    floor = thresholds.power_floor_w * point.lamps if curve is not None else 0.0
    watts = tuple((curve or UNKNOWN).watts(level) for level in LEVELS)
    standby, light = watts[0], watts[-1] - watts[0]
    off = (max(floor, tolerance * each) for each in watts)
    bounds = [(each - margin, each + margin) for each, margin in zip(watts, off, strict=True)]
    bounds[0] = (0.0, standby + thresholds.on_share * light)
    dark = tuple(
        standby + (each - standby) * thresholds.dark_share if each - standby >= floor else 0.0 for each in watts
    )
    return Expected(
        curve is not None,
        max(point.lamps, 1),
        watts,
        tuple(low for low, _ in bounds),
        tuple(high for _, high in bounds),
        dark,
        _power_factors(luminaire, thresholds),
        tolerance,
    )


def _power_factors(luminaire: LuminaireType | None, thresholds: Thresholds) -> tuple[float, ...]:
    at_full = (luminaire.power_factor_threshold if luminaire is not None else 0.0) or thresholds.power_factor_min
    scale = at_full / TALQ_POWER_FACTORS.full_w
    return tuple(
        TALQ_POWER_FACTORS.watts(level) * scale if level >= max(thresholds.power_factor_from_level, 1) else 0.0
        for level in LEVELS
    )
