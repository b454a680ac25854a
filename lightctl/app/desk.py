"""The desk: what every operation works with. It keeps the fleet and the plans read from the store.

Lives on the store's own thread, like every operation.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Sequence

from lightctl.app.asking import Actor, Guard, Target
from lightctl.app.citizens.matching import Matching
from lightctl.app.live import Live
from lightctl.app.plans import Plans
from lightctl.devices.profile import Profile, shipped_profiles
from lightctl.domain.assets import Fleet, LightPoint
from lightctl.domain.errors import InvalidInput, SafetyRefused, UnknownTarget
from lightctl.domain.events import Event
from lightctl.domain.programs import Intent
from lightctl.domain.selectors import EVERYTHING, Operator, Selector, Term, parse_selector
from lightctl.domain.sensors import SILENT, Readings
from lightctl.domain.states import Override, Scope
from lightctl.files.settings import Settings
from lightctl.planning.resolve import Plan
from lightctl.store.base import AuditDraft
from lightctl.store.sqlite import SqliteStore

Notify = Callable[[Sequence[Event]], None]


class Desk:
    """The store, the settings, the clock and the way to tell the daemon; and what the store holds, read once."""

    def __init__(
        self, store: SqliteStore, settings: Settings, now: Callable[[], dt.datetime], notify: Notify, live: Live | None
    ) -> None:
        """Read everything lazily; `live` is None where no daemon runs."""
        self.store = store
        self.settings = settings
        self.now = now
        self.notify = notify
        self.live = live
        self.profiles: dict[str, Profile] = dict(shipped_profiles())
        self.plans = Plans(store, settings.site.time_zone)
        self._fleet: Fleet | None = None
        self._matching: Matching | None = None

    @property
    def fleet(self) -> Fleet:
        """The fleet as the store has it."""
        if self._fleet is None:
            self._fleet = Fleet.of(self.store.points(), self.settings.site.time_zone)
        return self._fleet

    @property
    def matching(self) -> Matching:
        """How a place or a mast's plate leads to a light point of this fleet."""
        if self._matching is None:
            self._matching = Matching(self.fleet, self.settings.citizens.plate_tag)
        return self._matching

    @property
    def intent(self) -> Intent:
        """The schedules in force."""
        return self.plans.intent

    @property
    def plan(self) -> Plan:
        """The intent read for this city's clock; what nodes of a roll-out follow already is `plan_of` them."""
        return self.plans.staged.base

    def plan_of(self, point: LightPoint) -> Plan:
        """Give the plan that a light point follows."""
        return self.plans.staged.of(point)

    def take(self, fleet: Fleet) -> None:
        """Take the fleet as the store has it from now on: a second reading of it would hold everything twice."""
        self._fleet = fleet
        self._matching = None
        self.plans.forget_points()

    def audit(self, actor: Actor, verb: str, target: str, guard: Guard, detail: str = "") -> AuditDraft:
        """Draft the audit entry of a change."""
        return AuditDraft(self.now(), actor.user, actor.origin, verb, target, guard.reason, detail)

    def overrides_by_point(self, now: dt.datetime) -> dict[str, list[Override]]:
        """Give the overrides that concern each light point, those yet to begin included."""
        found: dict[str, list[Override]] = {}
        for override in self.store.overrides(now):
            for point in self.fleet.select(override.select):
                found.setdefault(point.id, []).append(override)
        return found

    def check_reach(self, affected: int, guard: Guard) -> None:
        """Refuse a change that touches more lamps than allowed without saying so by number."""
        limit = self.settings.safety.max_affected if guard.max_affected is None else guard.max_affected
        if affected > limit:
            how = "--max-affected" if guard.max_affected is not None else "safety.max_affected"
            raise SafetyRefused(
                f"this touches {affected} light points and {how} allows {limit}; nothing was changed. "
                f"Narrow the target, or say --max-affected {affected} if you mean it."
            )

    def readings(self, point: LightPoint) -> Readings:
        """Give what the sensors a light point follows said lately; nothing where no daemon runs."""
        node = self.fleet.nodes.get(point.node) if self.live is not None else None
        return SILENT if node is None or self.live is None else self.live.sensors.of(node)

    def select(self, target: Target) -> tuple[tuple[Selector, Scope], ...]:
        """Give the selectors a target stands for, each with its scope; raises UnknownTarget for a name nobody has."""
        given = [value for value in (target.id, target.group, target.select, target.ids or None) if value is not None]
        if len(given) != 1:
            raise InvalidInput(
                "target", "name exactly one target", hint="A light-point id, group:NAME, -l SELECTOR or --ids -."
            )
        if target.group is not None:
            if target.group not in self.fleet.groups:
                known = ", ".join(sorted(self.fleet.groups)) or "none"
                raise UnknownTarget(f"no group {target.group!r} is known (groups: {known}).")
            return ((_equals("group", target.group), Scope.GROUP),)
        if target.select is not None:
            selector = parse_selector(target.select)
            return ((selector, Scope.SITE if selector == EVERYTHING else Scope.GROUP),)
        ids = target.ids or (target.id or "",)
        for light in ids:
            self.point(light)
        return tuple((_equals("id", light), Scope.LIGHT_POINT) for light in dict.fromkeys(ids))

    def selector(self, target: Target) -> Selector:
        """Give one selector for a target, several ids included; raises as `select` does."""
        selected = [selector for selector, _ in self.select(target)]
        if len(selected) == 1:
            return selected[0]
        return Selector((Term("id", Operator.IN, tuple(dict.fromkeys(target.ids))),))

    def point(self, light_id: str) -> LightPoint:
        """Give a light point; raises UnknownTarget with the nearest names."""
        found = self.fleet.points.get(light_id)
        if found is None:
            near = sorted(known for known in self.fleet.points if light_id and light_id.lower() in known.lower())[:5]
            hint = f" Did you mean {', '.join(near)}?" if near else " `lightctl light list` shows what there is."
            raise UnknownTarget(f"no light point {light_id!r} is known.{hint}")
        return found


def _equals(key: str, value: str) -> Selector:
    return Selector((Term(key, Operator.EQUALS, (value,)),))


def new_id(prefix: str) -> str:
    """Give a fresh name that is short enough to type."""
    return f"{prefix}-{secrets.token_hex(4)}"
