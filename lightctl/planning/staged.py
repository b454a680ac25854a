"""Two plans side by side while a roll-out is under way: light points whose node has moved follow the coming one."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from lightctl.domain.assets import LightPoint
from lightctl.planning.resolve import Plan

NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class StagedPlan:
    """The plan in force, and the one that the nodes in `moved` follow already; most of the time there is only one."""

    base: Plan
    coming: Plan | None = None
    moved: AbstractSet[str] = NOBODY

    @property
    def time_zone(self) -> str:
        """The city's clock."""
        return self.base.time_zone

    def of(self, point: LightPoint) -> Plan:
        """Give the plan that a light point follows."""
        return self.coming if self.coming is not None and point.node in self.moved else self.base
