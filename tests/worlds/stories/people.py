"""People of a story: they change the inventory, schedules, overrides and roll-outs, and their wishes are noted.

What they want is written into the store, with its audit entry, and told to the daemon: with none running, the store is
all there is, as it is for the command line.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from lightctl.control.waves import members_of, waves_of
from lightctl.domain import events as ev
from lightctl.domain.assets import LifeCycle, LightPoint
from lightctl.domain.rollouts import OnFailure, Portion, Rollout, RolloutState
from lightctl.domain.selectors import parse_selector
from lightctl.domain.states import ActionKind, NodeAction, Override, Scope
from lightctl.store.base import AuditDraft
from lightctl.store.sqlite import SqliteStore
from tests.worlds.stories import setting
from tests.worlds.stories.scene import MINUTE, Scene
from tests.worlds.stories.story import Arguments

ACTION_COUNTS_FOR = dt.timedelta(minutes=5)
Write = Callable[[SqliteStore, AuditDraft], None]


class People:
    """Carries out what people do, by word."""

    def __init__(self, scene: Scene, *, audits_twice: bool = False) -> None:
        self._scene = scene
        self._audits_twice = audits_twice
        self._count = 0
        self.words: dict[str, Callable[[Arguments], None]] = {
            "dim": self._dim,
            "resume": self._resume,
            "schedule": self._apply,
            "group": lambda of: self._edit(of, tags={"group": str(of["group"])}),
            "retire": lambda of: self._edit(of, state=LifeCycle.RETIRED),
            "return": lambda of: self._edit(of, state=LifeCycle.IN_USE),
            "roll out": self._roll_out,
            "say roll-out": lambda of: self.say_rollout(RolloutState(str(of["state"]))),
            "ask": self._ask,
        }

    def settle(self) -> None:
        """Write the inventory and the schedules of the beginning."""
        scene = self._scene
        files = {"s.yaml": setting.schedule(*scene.wishes.version)}
        scene.daemon.store.put_schedules(files, scene.audit("apply"))
        scene.daemon.store.put_points(tuple(scene.wishes.points.values()), scene.audit("import"))
        scene.writes += 2

    def _write(self, verb: str, write: Write, event: ev.Event) -> None:
        scene, draft = self._scene, self._scene.audit(verb)
        scene.writes += 1
        scene.stirred_at = scene.now
        scene.daemon.accept(lambda: self._store(write, draft), event)

    def _store(self, write: Write, draft: AuditDraft) -> None:
        write(self._scene.daemon.store, draft)
        if self._audits_twice:
            self._scene.daemon.store.note(draft)

    def _point(self, of: Arguments) -> LightPoint:
        points = tuple(self._scene.wishes.points.values())
        return points[int(of["number"]) % len(points)]

    # -- overrides ------------------------------------------------------------------------------------------------

    def _dim(self, of: Arguments) -> None:
        point = self._point(of)
        select, scope = {
            "light point": (f"id={point.id}", Scope.LIGHT_POINT),
            "group": ("group=a", Scope.GROUP),
            "site": ("*", Scope.SITE),
            "maintenance": (f"id in ({point.id},{next(iter(self._scene.wishes.points))})", Scope.MAINTENANCE),
        }[str(of["select"])]
        start = self._scene.daemon.now + MINUTE * of["starts_min"]
        self._count += 1
        override = Override(
            f"o{self._count}", scope, parse_selector(select), int(of["level"]), start, start + MINUTE * of["for_min"],
            below_protection=bool(of["below"]) and scope is Scope.MAINTENANCE,
        )  # fmt: skip
        self._scene.wishes.overrides[override.id] = override
        self._write(
            "dim",
            lambda store, draft: store.add_overrides([override], override.id, draft),
            ev.OverrideSet(override),
        )

    def _resume(self, of: Arguments) -> None:
        now = self._scene.daemon.now
        held = [each.id for each in self._scene.wishes.overrides.values() if each.until > now]
        if not held:
            return
        ended = held[int(of["number"]) % len(held)]
        del self._scene.wishes.overrides[ended]
        self._write(
            "resume", lambda store, draft: store.end_overrides([ended], now, "resume", draft), ev.OverrideEnded(ended)
        )

    # -- the inventory and the schedules --------------------------------------------------------------------------

    def _edit(self, of: Arguments, **changes: object) -> None:
        point = replace(self._point(of), **changes)
        wishes = self._scene.wishes
        wishes.points[point.id] = point
        self._write("edit", lambda store, draft: store.put_points([point], draft), ev.FleetChanged(wishes.fleet))

    def _apply(self, of: Arguments) -> None:
        wishes = self._scene.wishes
        if wishes.rolling:
            return  # as `schedule apply` is refused then
        wishes.version = _version(of)
        files = {"s.yaml": setting.schedule(*wishes.version)}
        self._write(
            "apply",
            lambda store, draft: store.put_schedules(files, draft),
            ev.IntentChanged(setting.intent(*wishes.version), "apply"),
        )

    # -- roll-outs ------------------------------------------------------------------------------------------------

    def _roll_out(self, of: Arguments) -> None:
        scene, wishes = self._scene, self._scene.wishes
        members = members_of(wishes.fleet, wishes.points.keys())
        if wishes.rolling or not members:
            return
        scene.daemon.save()
        coming, store = _version(of), scene.daemon.store
        rollout = Rollout(
            id=store.next_rollout(),
            plan="plan",
            base_version=store.schedules().version,
            files={"s.yaml": setting.schedule(*coming)},
            waves=waves_of(members, Portion(count=1), (Portion(percent=60),), int(of["pace"])),
            light_points=len(wishes.points),
            started_at=scene.daemon.now,
            changed_at=scene.daemon.now,
            user="test",
            on_failure=OnFailure(str(of["on_failure"])),
            soak_s=float(of["soak_s"]),
            max_failures_percent=float(of["failures_percent"]),
        )
        wishes.rollout, wishes.coming = rollout, coming
        self._write(
            "rollout start",
            lambda store, draft: store.start_rollout(rollout, draft),
            ev.RolloutChanged(rollout, setting.intent(*coming)),
        )

    def say_rollout(self, state: RolloutState) -> None:
        """Say a word of the roll-out under way, if there is one."""
        scene, wishes = self._scene, self._scene.wishes
        known = wishes.rollout
        if known is None or wishes.coming is None or known.state.ended:
            return
        scene.daemon.save()
        allowed = 100.0 if state is RolloutState.RUNNING else known.max_failures_percent
        told = replace(
            known, state=state, edition=known.edition + 1, changed_at=scene.daemon.now, max_failures_percent=allowed
        )
        wishes.rollout = told
        self._write(
            f"rollout {state}",
            lambda store, draft: store.tell_rollout(told, draft),
            ev.RolloutChanged(told, setting.intent(*wishes.coming)),
        )

    # -- orders ---------------------------------------------------------------------------------------------------

    def _ask(self, of: Arguments) -> None:
        now = self._scene.daemon.now
        self._count += 1
        action = NodeAction(
            f"a{self._count}", self._scene.nodes.pick(float(of["number"])), ActionKind(str(of["action"])),
            now + ACTION_COUNTS_FOR,
        )  # fmt: skip
        self._scene.daemon.tell(ev.ActionRequested(action))


def _version(of: Arguments) -> tuple[str, int, int]:
    return str(of["shape"]), int(of["late"]), int(of["floor"])
