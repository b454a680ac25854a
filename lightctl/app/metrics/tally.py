"""Tally: what a scrape wants to know of the store, read on the store's own thread. No work that grows with the city.

The one exception, counting light points by their state, is done anew only when the inventory changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lightctl.app.desk import Desk
from lightctl.app.rollouts import steering
from lightctl.domain.assets import Fleet


@dataclass(frozen=True, slots=True)
class RolloutTally:
    """The roll-out under way: whether it is paused, and its nodes by how far they got."""

    paused: bool
    nodes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Tally:
    """Figures of the store; points: (light points, lamps) by state; faults: by event, severity and whether suppressed.

    unassigned: light points in use that no node switches. sizes: bytes by database and part.
    """

    fleet: Fleet
    points: Mapping[str, tuple[int, int]]
    unassigned: int
    faults: Mapping[tuple[str, str, bool], int]
    overrides: int
    maintenances: int
    unclaimed_nodes: int
    quarantined: int
    schedule_version: int
    audit_entries: int
    sizes: Mapping[tuple[str, str], int]
    rollout: RolloutTally | None = None


def take(desk: Desk, before: Tally | None) -> Tally:
    """Read the figures; `before` spares counting an inventory that has not changed."""
    now, store, fleet = desk.now(), desk.store, desk.fleet
    known = before is not None and before.fleet is fleet
    points, unassigned = (before.points, before.unassigned) if before is not None and known else _points(fleet)
    return Tally(
        fleet=fleet,
        points=points,
        unassigned=unassigned,
        faults=store.open_fault_counts(),
        overrides=sum(1 for override in store.overrides(now) if override.start <= now),
        maintenances=len(store.running_maintenances(now)),
        unclaimed_nodes=len(store.unclaimed()),
        quarantined=store.quarantined_total(),
        schedule_version=store.schedule_version(),
        audit_entries=store.audit_length(),
        sizes=store.sizes(),
        rollout=_rollout(desk),
    )


def _points(fleet: Fleet) -> tuple[Mapping[str, tuple[int, int]], int]:
    points: Counter[str] = Counter()
    lamps: Counter[str] = Counter()
    unassigned = 0
    for point in fleet.points.values():
        points[point.state] += 1
        lamps[point.state] += point.lamps
        unassigned += point.state == "in_use" and not point.node
    return MappingProxyType({state: (number, lamps[state]) for state, number in points.items()}), unassigned


def _rollout(desk: Desk) -> RolloutTally | None:
    under_way = desk.plans.rollout
    if under_way is None:
        return None
    view = steering.rollouts(desk, 1)[0]
    nodes = {
        "to_move": view.nodes - view.moved,
        "pending": view.pending,
        "followed": view.followed,
        "failed": view.failed,
        "gone": view.gone,
    }
    return RolloutTally(view.state == "paused", nodes)
