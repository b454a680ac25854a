"""Tally: what a scrape wants to know of the store, read on the store's own thread. No work that grows with the city."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lightctl.app.desk import Desk
from lightctl.app.rollouts import steering


@dataclass(frozen=True, slots=True)
class RolloutTally:
    """The roll-out under way: whether it is paused, and its nodes by how far they got."""

    paused: bool
    nodes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Tally:
    """Figures of the store; faults: by event, severity and whether suppressed; sizes: bytes by database and part."""

    faults: Mapping[tuple[str, str, bool], int]
    overrides: int
    maintenances: int
    unclaimed_nodes: int
    quarantined: int
    schedule_version: int
    audit_entries: int
    sizes: Mapping[tuple[str, str], int]
    rollout: RolloutTally | None = None


def take(desk: Desk) -> Tally:
    """Read the figures."""
    now, store = desk.now(), desk.store
    return Tally(
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
