"""Wishes: what people have asked for, kept apart from lightctl, so that lamps are held against nothing it believes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from lightctl.domain.assets import Fleet, LightPoint
from lightctl.domain.rollouts import Rollout, RolloutState
from lightctl.domain.states import Override
from lightctl.planning.resolve import Plan
from lightctl.planning.staged import StagedPlan
from tests.worlds.stories import setting

Version = tuple[str, int, int]


@dataclass(slots=True)
class Wishes:
    """Light points, schedules (shape, late, floor), overrides that nobody took back, and the newest roll-out."""

    time_zone: str
    points: dict[str, LightPoint]
    version: Version
    overrides: dict[str, Override] = field(default_factory=dict)
    rollout: Rollout | None = None
    coming: Version | None = None

    def copy(self) -> Wishes:
        """Give them as they are now."""
        return replace(self, points=dict(self.points), overrides=dict(self.overrides))

    @property
    def fleet(self) -> Fleet:
        """The inventory."""
        return Fleet.of(self.points.values(), self.time_zone)

    @property
    def plan(self) -> Plan:
        """The schedules in force."""
        return setting.plan(*self.version, self.time_zone)

    @property
    def rolling(self) -> bool:
        """Whether a roll-out is under way."""
        return self.rollout is not None and not self.rollout.state.ended

    def plan_of(self, point: LightPoint) -> Plan:
        """Give the schedules that a light point is to follow."""
        rollout = self.rollout
        if rollout is None or self.coming is None or rollout.state is RolloutState.DONE:
            return self.plan
        return StagedPlan(self.plan, setting.plan(*self.coming, self.time_zone), rollout.moved).of(point)

    def moved(self, rollouts: Iterable[Rollout]) -> bool:
        """Take in how far the controller has brought a roll-out, unless people said another word meanwhile.

        Says whether its state is another one now, which the audit tells.
        """
        changed = False
        for each in rollouts:
            known = self.rollout
            if known is not None and (known.id, known.edition) == (each.id, each.edition) and not known.state.ended:
                changed = changed or known.state is not each.state
                self.rollout = each
                if each.state is RolloutState.DONE and self.coming is not None:
                    self.version = self.coming
        return changed
