"""A world whose people also roll schedules out: started, paused, resumed and undone while everything else goes wrong.

What a lamp shall do is then what the plan says that its node follows by the newest word in the store, the controller's
included; the rules of `World` are the same.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from lightctl.app.rollouts.steering import now_in_force
from lightctl.control.controller import Controller
from lightctl.control.effects import Effects
from lightctl.control.waves import members_of, waves_of
from lightctl.domain import events as ev
from lightctl.domain.assets import LightPoint
from lightctl.domain.rollouts import MemberState, OnFailure, Portion, Rollout, RolloutState
from lightctl.files.schedules import read_schedules
from lightctl.planning.resolve import Plan
from lightctl.planning.staged import StagedPlan
from tests.support.world import START, ZONE, World, read_intent, schedule

LONGEST = dt.timedelta(hours=12)


class RollingWorld(World):
    """A story with roll-outs in it."""

    def __init__(self, seed: int, controller: type[Controller] = Controller) -> None:
        self._rollout: Rollout | None = None
        self._coming: Plan | None = None
        super().__init__(seed, controller)
        self._at(START + dt.timedelta(hours=self.rng.choice((1, 4, 8))), self._begin)

    def tell(self) -> list[str]:
        """Live the story of `World` with a pause where it asks for calm, then let the roll-out come to its end."""
        violations = super().tell()
        self._judge_rollout()
        return violations

    # -- the daemon -----------------------------------------------------------------------------------------------

    def _record(self, effects: Effects) -> None:
        for moved in effects.rollouts:
            known = self._rollout
            if known is not None and (known.id, known.edition) == (moved.id, moved.edition) and not known.state.ended:
                self._rollout = moved
        super()._record(effects)
        if any(moved.state is RolloutState.DONE for moved in effects.rollouts):
            self._save()
            for event in now_in_force(self._store, effects.rollouts):
                assert isinstance(event, ev.IntentChanged)
                self._plan = Plan(event.intent, ZONE)
                self._tell(event)

    def _restore_backup(self) -> None:
        super()._restore_backup()
        newest = self._store.rollouts(1)
        self._rollout = newest[0] if newest else None
        if self._rollout is not None:
            self._coming = Plan(read_schedules(dict(self._rollout.files)).intent, ZONE)

    def _plan_of(self, point: LightPoint) -> Plan:
        rollout = self._rollout
        if rollout is None or rollout.state is RolloutState.DONE:
            return self._plan
        return StagedPlan(self._plan, self._coming, rollout.moved).of(point)

    def _end_mishaps(self) -> None:
        if self._under_way():
            self._say(RolloutState.PAUSED)
        super()._end_mishaps()

    # -- what people do -------------------------------------------------------------------------------------------

    def _operate(self, verb: str) -> None:
        if verb == "schedule" or self.rng.random() < 0.4:
            self._begin() if not self._under_way() else self._say(
                self.rng.choice((RolloutState.PAUSED, RolloutState.RUNNING, RolloutState.RUNNING, RolloutState.UNDONE))
            )
            return
        super()._operate(verb)

    def _under_way(self) -> bool:
        return self._rollout is not None and not self._rollout.state.ended

    def _begin(self) -> None:
        late, floor = self.rng.choice((0, 30, 50)), self.rng.choice((0, 60))
        members = members_of(self._fleet, self._points.keys())
        if self._under_way() or not members:
            return
        self._save()
        rollout = Rollout(
            id=self._store.next_rollout(),
            plan="plan",
            base_version=self._store.schedules().version,
            files={"s.yaml": schedule(late, floor)},
            waves=waves_of(members, Portion(count=1), (Portion(percent=60),), self.rng.choice((1, 5))),
            light_points=len(self._points),
            started_at=self.now,
            changed_at=self.now,
            user="test",
            on_failure=self.rng.choice(tuple(OnFailure)),
            soak_s=self.rng.choice((0.0, 30.0, 900.0, 7200.0)),
            max_failures_percent=self.rng.choice((20.0, 100.0, 100.0)),
        )
        self.told.append(f"{self.now:%d. %H:%M:%S} roll-out {rollout.id}")
        self._rollout, self._coming = rollout, Plan(read_intent(late, floor), ZONE)
        self._store.start_rollout(rollout, self._audit("rollout start"))
        self._tell(ev.RolloutChanged(rollout, self._coming.intent))

    def _say(self, state: RolloutState) -> None:
        assert self._rollout is not None
        assert self._coming is not None
        self._save()
        known = self._rollout
        allowed = 100.0 if state is RolloutState.RUNNING else known.max_failures_percent
        told = replace(known, state=state, edition=known.edition + 1, changed_at=self.now, max_failures_percent=allowed)
        self.told.append(f"{self.now:%d. %H:%M:%S} roll-out {told.id} {state}")
        self._rollout = told
        self._store.tell_rollout(told, self._audit(f"rollout {state}"))
        self._tell(ev.RolloutChanged(told, self._coming.intent))

    # -- what must be true ----------------------------------------------------------------------------------------

    def _judge_rollout(self) -> None:
        """Let a roll-out that is under way end, and hold what it says of each node against the node itself."""
        if self._under_way():
            self._say(RolloutState.RUNNING)
            self.run(self.now + LONGEST)
        self._save()
        rollout = self._rollout
        if rollout is None:
            return
        if self._store.rollout(rollout.id) != replace(rollout, version=self._version(rollout)):
            self._violate("I9", f"the store has {self._store.rollout(rollout.id)}, decided was {rollout}")
        if not rollout.state.ended:
            self._violate("I2", f"roll-out {rollout.id} never ends: {rollout.state} {rollout.place} {rollout.detail}")
        if rollout.state is not RolloutState.DONE:
            return
        standings = self._store.standings(rollout.id)
        for node in rollout.moved:
            if node not in standings:
                self._violate("I2", f"roll-out {rollout.id} is done and says nothing of {node}")
            elif standings[node].state is MemberState.FAILED and not standings[node].detail:
                self._violate("I2", f"roll-out {rollout.id} does not say why {node} failed")

    def _version(self, rollout: Rollout) -> int | None:
        kept = self._store.rollout(rollout.id)
        return None if kept is None else kept.version
