"""The store: I4 (what was accepted survives), I8 (one audit entry a write, chained), I9 (a restart changes nothing)."""

from __future__ import annotations

import datetime as dt

from lightctl.app.running.boot import boot_events
from lightctl.control.controller import Controller
from lightctl.control.policy import Policy
from lightctl.domain.states import DesiredState
from tests.worlds.stories import setting
from tests.worlds.stories.judge_commands import CommandJudge
from tests.worlds.stories.nodes import PROFILES
from tests.worlds.stories.scene import Scene


class StoreJudge:
    """Holds the store against what people were told, and against what was decided."""

    def __init__(self, scene: Scene, commands: CommandJudge) -> None:
        self._scene = scene
        self._commands = commands

    def compare(self) -> None:
        """I4: everything accepted and everything decided is there."""
        self._scene.daemon.save()
        store, wishes = self._scene.daemon.store, self._scene.wishes
        now = self._scene.daemon.now
        if {point.id: point for point in store.points()} != wishes.points:
            self._scene.violate("I4", "the inventory is not what was accepted")
        if store.schedules().files != {"s.yaml": setting.schedule(*wishes.version)}:
            self._scene.violate("I4", "the schedules are not what was accepted")
        kept = {each.id for each in store.overrides(now)}
        if kept != {each.id for each in wishes.overrides.values() if each.until > now}:
            self._scene.violate("I4", f"the overrides kept are {kept}, accepted were {set(wishes.overrides)}")
        rollout = wishes.rollout
        kept_rollout = None if rollout is None else store.rollout(rollout.id)
        if rollout is not None and (kept_rollout is None or kept_rollout.state is not rollout.state):
            self._scene.violate("I4", f"the store has {kept_rollout}, decided was {rollout}")
        self._commands.compare(store)

    def judge_audit(self) -> None:
        """I8: exactly one entry for each write, and the chain holds."""
        store = self._scene.daemon.store
        found = store.verify_audit()
        if not found.ok:
            self._scene.violate("I8", f"the audit is broken at {found.broken_at}: {found.detail}")
        if found.entries != self._scene.writes:
            self._scene.violate("I8", f"{found.entries} audit entries for {self._scene.writes} writes")

    def judge_restart(self, policy: Policy) -> None:
        """I9: a controller that only knows the store wants nothing else from a street that agrees, but for longer."""
        daemon, zone = self._scene.daemon, self._scene.place.time_zone
        daemon.save()
        events = boot_events(daemon.store.replay(daemon.now), zone, setting.read)
        again = Controller(policy, PROFILES, zone).step(events, daemon.now)
        for desired in again.desired:
            held = daemon.store.desired_of(desired.node)
            if held is not None and _alike(held, desired, daemon.now):
                continue
            what = f"a restart gives {desired.node} another document than the daemon that ran on"
            self._scene.violate("I9", what)


def _alike(held: DesiredState, desired: DesiredState, now: dt.datetime) -> bool:
    """Say whether two documents give the same levels from now on, for as long as the shorter one lasts."""
    until = min(held.valid_until, desired.valid_until)
    channels = [(held.channels.get(number), channel) for number, channel in desired.channels.items()]
    instants = {
        switch.at
        for both in channels
        for channel in both
        if channel
        for switch in channel.switches
        if now <= switch.at < until
    }
    return held.channels.keys() == desired.channels.keys() and all(
        before is not None
        and (before.override is None or before.override.until <= now or before.override == after.override)
        and all(before.level_at(at) == after.level_at(at) for at in {now, *instants})
        for before, after in channels
    )
