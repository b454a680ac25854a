"""Boot: what the store remembers, as the same events that would have brought it about.

The store may be a restored backup, and then it does not know which revisions were given after it was made; a node that
holds one of them must never be given the same number with other content, or it would confirm what it does not do. So
the revisions of each run begin at the second in which it starts: no earlier run can have come so far, as no node is
given more revisions than seconds pass.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from lightctl.domain.assets import Fleet
from lightctl.domain.crews import Maintenance
from lightctl.domain.events import (
    Event,
    FleetChanged,
    IntentChanged,
    MaintenanceSet,
    NodeRestored,
    OverrideSet,
    RolloutChanged,
)
from lightctl.domain.states import Fault, Override
from lightctl.files.schedules import ScheduleSet, read_schedules
from lightctl.store.base import Snapshot

Read = Callable[[Mapping[str, str]], ScheduleSet]
REVISIONS_BEGAN = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


def revision_floor(start: dt.datetime) -> int:
    """Give the lowest revision that a run which starts at an instant may give; fits 32 bits until 2156."""
    return max(1, int((start - REVISIONS_BEGAN).total_seconds()))


def boot_events(snapshot: Snapshot, time_zone: str, read: Read = read_schedules) -> Iterator[Event]:
    """Give the events that tell a fresh controller everything the store knows; `read` reads schedules."""
    fleet = Fleet.of(snapshot.points, time_zone)
    faults: dict[str, list[Fault]] = {}
    for fault in snapshot.open_faults:
        if fault.subject_kind == "site":
            continue
        point = fleet.points.get(fault.subject)
        faults.setdefault(point.node if point is not None else fault.subject, []).append(fault)
    for node in snapshot.nodes:
        left = faults.pop(node.node, None)
        yield node if left is None else replace(node, faults=tuple(left))
    for unheard, own in faults.items():  # of nodes never heard of, and of lamps that left the inventory
        yield NodeRestored(unheard, 0, faults=tuple(own))
    yield FleetChanged(fleet)
    yield IntentChanged(read(snapshot.schedule_files).intent, "daemon start")
    if snapshot.rollout is not None:
        yield RolloutChanged(snapshot.rollout, read(snapshot.rollout.files).intent)
    yield from held_events(snapshot.overrides, snapshot.maintenances)


def held_events(overrides: Iterable[Override], maintenances: Iterable[Maintenance]) -> Iterator[Event]:
    """Give the events that tell a controller what people hold: at boot, and when a clock set back has un-ended it."""
    for override in overrides:
        yield OverrideSet(override, asked=False)
    for maintenance in maintenances:
        yield MaintenanceSet(maintenance)
