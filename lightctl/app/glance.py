"""The city at a glance, counted a slice of its lamps at a time, so that nobody waits for a whole city to be read.

What changes meanwhile is counted as it was before, or as it is since.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from lightctl import __version__
from lightctl.app import reading
from lightctl.app.crews import unclaimed
from lightctl.app.desk import Desk
from lightctl.app.faults import listing
from lightctl.app.reading import Street
from lightctl.app.rollouts.words import noted
from lightctl.app.steps import Steps, in_parts
from lightctl.app.views import StatusView
from lightctl.domain.assets import LifeCycle, LightPoint
from lightctl.domain.faults import FaultState

SLICE = 500  # lamps: so many keep the store's thread for about a hundredth of a second


def status_steps(desk: Desk) -> Steps[StatusView]:
    """Show the city at a glance."""
    fleet, street = desk.fleet, reading.held(desk)
    lamps: Counter[str] = Counter()
    in_use = (point for point in fleet.points.values() if point.state is LifeCycle.IN_USE)
    for some in in_parts(in_use, SLICE):
        yield
        _count(desk, reading.of_nodes(desk, street, {point.node for point in some if point.node}), some, lamps)
    yield
    found = [(record.state(street.now), record.fault) for record in listing.open_now(desk)]
    states = Counter(state for state, _ in found)
    alarms = [fault for state, fault in found if state.alarm]
    live = desk.live
    return StatusView(
        now=street.now,
        daemon=live is not None,
        version=__version__,
        site=desk.settings.site.name,
        time_zone=desk.settings.site.time_zone,
        light_points=len(fleet.points),
        in_use=lamps["in use"],
        lit=lamps["lit"],
        settled=lamps["settled"],
        unsettled=lamps["reachable"] - lamps["settled"],
        unreachable=lamps["heard"] - lamps["reachable"],
        unknown=lamps["in use"] - lamps["heard"],
        nodes=len(fleet.nodes),
        unclaimed_nodes=len(unclaimed.unclaimed(desk)),
        open_faults=dict(Counter(fault.event.value for fault in reversed(alarms))),
        open_commands=desk.store.open_commands(),
        overrides=len(desk.store.overrides(street.now)),
        quarantined=desk.store.quarantined_total(),
        links=tuple(live.links.values()) if live is not None else (),
        started_at=live.started_at if live is not None else None,
        notes=(*(live.notes.values() if live is not None else ()), *noted(desk.plans.rollout)),
        maintenances=len(street.maintenances),
        suppressed_faults=states[FaultState.SUPPRESSED],
        alarms=dict(Counter(fault.severity for fault in alarms)),
        acknowledged_faults=states[FaultState.ACKNOWLEDGED],
        silenced_faults=states[FaultState.SILENCED],
        telemetry_dropped=live.telemetry_dropped if live is not None else 0,
        telemetry_waiting=live.telemetry_waiting if live is not None else 0,
    )


def _count(desk: Desk, street: Street, points: Iterable[LightPoint], lamps: Counter[str]) -> None:
    """Count how some light points stand; who was not heard within its lease is neither lit nor settled."""
    for point in points:
        lamps["in use"] += 1
        seen = street.seen.get(point.node)
        if seen is None or seen.last_seen is None:
            continue
        lamps["heard"] += 1
        if reading.is_reachable(desk, point.profile, seen, street.now):
            lamps["reachable"] += 1
            lamps["lit"] += _is_lit(street, point)
            lamps["settled"] += reading.has_settled(desk, street, point, _due(desk, street, point))


def _due(desk: Desk, street: Street, point: LightPoint) -> int:
    overrides = street.overrides.get(point.id, ())
    return desk.plan_of(point).level_at(point, overrides, street.now, desk.readings(point))[0]


def _is_lit(street: Street, point: LightPoint) -> bool:
    report = street.reports.get(point.node)
    said = report.channels.get(point.channel) if report is not None else None
    return said is not None and bool(said.level)
