"""Plans: the schedules in force and those of a roll-out under way, read from the store and again when they changed.

The daemon changes them too, on the same thread, so what was read is held against the store's edition each time.
"""

from __future__ import annotations

from lightctl.domain.programs import Intent
from lightctl.domain.rollouts import Rollout
from lightctl.files.schedules import read_schedules
from lightctl.planning.resolve import Plan
from lightctl.planning.staged import StagedPlan
from lightctl.store.sqlite import SqliteStore


class Plans:
    """What light points follow, as the store has it."""

    def __init__(self, store: SqliteStore, time_zone: str) -> None:
        """Read everything lazily."""
        self._store = store
        self._time_zone = time_zone
        self._edition = -1
        self._version = -1
        self._rollout: Rollout | None = None
        self._staged: StagedPlan | None = None

    @property
    def intent(self) -> Intent:
        """The schedules in force."""
        return self.staged.base.intent

    @property
    def rollout(self) -> Rollout | None:
        """The roll-out under way."""
        self._read()
        return self._rollout

    @property
    def staged(self) -> StagedPlan:
        """The plan in force and the coming one, for this city's clock; their nights are kept as long as they last."""
        return self._read()

    def forget_points(self) -> None:
        """Take the light points being others from now on; what is known of nights stays."""
        for plan in (self._staged.base, self._staged.coming) if self._staged is not None else ():
            if plan is not None:
                plan.forget_points()

    def _read(self) -> StagedPlan:
        edition = self._store.intent_edition
        if self._staged is not None and edition == self._edition:
            return self._staged
        before, former = self._staged, self._rollout
        schedules, rollout = self._store.schedules(), self._store.rollout_under_way()
        same = before is not None and schedules.version == self._version
        base = before.base if before is not None and same else self._plan(schedules.files)
        staged = StagedPlan(base)
        if rollout is not None:
            known = before.coming if before is not None and former is not None and former.id == rollout.id else None
            staged = StagedPlan(base, known or self._plan(dict(rollout.files)), rollout.moved)
        self._edition, self._version, self._rollout, self._staged = edition, schedules.version, rollout, staged
        return staged

    def _plan(self, files: dict[str, str]) -> Plan:
        return Plan(read_schedules(files).intent, self._time_zone)
