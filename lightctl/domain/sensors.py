"""Sensors: what one says, and what a program's dynamic rule makes of it (TALQ's dynamic control)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import assert_never

from lightctl.domain.assets import FULL_LEVEL

LOWEST_LIT = 1


class SensorKind(StrEnum):
    """What a sensor measures: somebody there (1 or 0), light (lux), or vehicles in its counting interval."""

    PRESENCE = "presence"
    LUX = "lux"
    VEHICLES = "vehicles"


@dataclass(frozen=True, slots=True)
class SensorReading:
    """One word of a sensor. node is "" for a sensor of the area; at is the sensor's clock, received_at ours."""

    area: str
    node: str
    name: str
    kind: SensorKind
    value: float
    at: dt.datetime
    received_at: dt.datetime


Readings = Mapping[str, tuple[SensorReading, ...]]
"""What a light point's sensors said lately, by the names its rules know them under; the newest last."""

SILENT: Readings = MappingProxyType({})


class Comparison(StrEnum):
    """How a rule looks at a reading."""

    AT_LEAST = "at_least"
    BELOW = "below"
    PRESENT = "present"


@dataclass(frozen=True, slots=True)
class Condition:
    """What a reading must be for a rule to count; for `present` the limit is 1 (somebody) or 0 (nobody)."""

    comparison: Comparison
    limit: float

    def met_by(self, value: float) -> bool:
        """Say whether a reading meets it."""
        match self.comparison:
            case Comparison.AT_LEAST:
                return value >= self.limit
            case Comparison.BELOW:
                return value < self.limit
            case Comparison.PRESENT:
                return (value > 0) == (self.limit > 0)
            case _:
                assert_never(self.comparison)

    def __str__(self) -> str:
        if self.comparison is Comparison.PRESENT:
            return f"present: {'true' if self.limit else 'false'}"
        return f"{self.comparison}: {self.limit:g}"


class Operation(StrEnum):
    """What a rule does to the program's level (TALQ EffectOperation)."""

    SET = "set"
    MAX = "max"
    MIN = "min"
    ADD = "add"

    def apply(self, base: int, level: int) -> int:
        """Give the level in percent; a lamp that the program lights is dimmed at most, never switched off."""
        match self:
            case Operation.SET:
                found = level
            case Operation.MAX:
                found = max(base, level)
            case Operation.MIN:
                found = min(base, level)
            case Operation.ADD:
                found = base + level
            case _:
                assert_never(self)
        return max(min(base, LOWEST_LIT), min(found, FULL_LEVEL))
