"""Field operations: a technician's verbs at the pole, and what anybody may see of them. A part of `Operations`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from lightctl.app import reading
from lightctl.app.asking import NO_GUARD, Actor, Guard, Role, Target, require
from lightctl.app.crews import commissioning, maintenance, self_tests
from lightctl.app.crews.views import MaintenanceView, MountingView, SelfTestView
from lightctl.app.desk import Desk
from lightctl.app.views import ChangeView
from lightctl.domain.errors import InvalidInput
from lightctl.files.labels import Label, read_label


class FieldOperations:
    """Maintenances, and nodes that are claimed, replaced and tested."""

    _desk: Desk

    def light_nodes(self, actor: Actor, light_id: str) -> tuple[MountingView, ...]:
        """Give the nodes that switched a light point, the present one last; raises UnknownTarget."""
        require(actor, Role.VIEWER)
        return reading.mountings(self._desk, light_id)

    def maintenance_list(self, actor: Actor, *, ended: bool = False, limit: int = 100) -> tuple[MaintenanceView, ...]:
        """Give the newest maintenances that run, with `ended` also those that are over."""
        require(actor, Role.VIEWER)
        return maintenance.listed(self._desk, ended=ended, limit=limit)

    def self_test(self, actor: Actor, test_id: str) -> SelfTestView:
        """Say what came of a self-test so far; raises UnknownTarget."""
        require(actor, Role.VIEWER)
        return self_tests.shown(self._desk, test_id)

    def maintenance_start(
        self,
        actor: Actor,
        target: Target,
        level: int | None,
        until: dt.datetime | None,
        guard: Guard,
        *,
        below_protection: bool = False,
    ) -> ChangeView:
        """Keep alarms of a target back until an instant (None: for four hours), and hold a level if one is given."""
        require(actor, Role.TECHNICIAN)
        return maintenance.start(self._desk, actor, target, level, until, guard, below_protection=below_protection)

    def maintenance_stop(self, actor: Actor, ids: Sequence[str], guard: Guard) -> ChangeView:
        """End maintenances before their time; raises UnknownTarget."""
        require(actor, Role.TECHNICIAN)
        return maintenance.stop(self._desk, actor, ids, guard)

    def node_claim(
        self,
        actor: Actor,
        *,
        node: str | None = None,
        qr: str | None = None,
        light_point: str | None = None,
        nearest: tuple[float, float] | None = None,
        channel: int = 0,
        guard: Guard = NO_GUARD,
    ) -> ChangeView:
        """Give a node, by id or by its label, the light point it stands at, by id or as the nearest that waits."""
        require(actor, Role.TECHNICIAN)
        return commissioning.claim(self._desk, actor, _label(node, qr), light_point, nearest, channel, guard)

    def node_replace(
        self,
        actor: Actor,
        old: str,
        *,
        new: str | None = None,
        qr: str | None = None,
        profile: str = "",
        address: str = "",
        guard: Guard = NO_GUARD,
    ) -> ChangeView:
        """Put another node, by id or by its label, in place of one; raises UnknownTarget for one nobody has."""
        require(actor, Role.TECHNICIAN)
        label = _label(new, qr)
        label = replace(label, profile=profile or label.profile, address=address or label.address)
        return commissioning.replace_node(self._desk, actor, old, label, guard)

    def node_self_test(self, actor: Actor, name: str, step_s: float = 20.0, guard: Guard = NO_GUARD) -> SelfTestView:
        """Begin a self-test of a node, or of the lamp of a light point."""
        require(actor, Role.TECHNICIAN)
        return self_tests.start(self._desk, actor, name, step_s, guard)


def _label(node: str | None, qr: str | None) -> Label:
    match node, qr:
        case str(), None:
            return read_label(node, "node")
        case None, str():
            return read_label(qr)
        case _:
            raise InvalidInput("node", "name the node by its id or by its label, one of the two")
