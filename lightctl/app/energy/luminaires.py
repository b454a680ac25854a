"""Luminaire types as settings name them, and what each light point draws."""

from __future__ import annotations

from collections.abc import Mapping

from lightctl.domain.assets import LightPoint
from lightctl.domain.luminaires import LUMINAIRE_TAG, LuminaireType, PowerCurve, power_curve
from lightctl.files.settings import Settings

FORMER_POWER_TAG = "former_power_w"


def luminaire_types(settings: Settings) -> Mapping[str, LuminaireType]:
    """Give every luminaire type of the settings by its name."""
    return {
        name: LuminaireType(
            name,
            each.rated_power_w,
            each.standby_power_w,
            tuple((int(level), watts) for level, watts in each.power_table.items()),
            each.power_tolerance_percent,
            each.power_factor_threshold,
            each.former_power_w,
        )
        for name, each in settings.luminaires.items()
    }


def curve_of(point: LightPoint, types: Mapping[str, LuminaireType]) -> PowerCurve | None:
    """Give what all lamps of a light point draw by level, by its own watts and its type; None where nobody knows."""
    return power_curve(point, types.get(point.tags.get(LUMINAIRE_TAG, "")))


def former_w(point: LightPoint, types: Mapping[str, LuminaireType]) -> float | None:
    """Give what all lamps of a light point drew before the retrofit (W); None where nobody noted it."""
    noted = point.tags.get(FORMER_POWER_TAG, "").strip().replace(",", ".")
    try:
        watts: float | None = float(noted)
    except ValueError:
        kind = types.get(point.tags.get(LUMINAIRE_TAG, ""))
        watts = kind.former_power_w if kind is not None else None
    return watts * point.lamps if watts is not None and 0 < watts < float("inf") else None
