"""Reading: what the store and the plan say, shown as views. Shows an unreachable lamp as unreachable, never as well."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lightctl import __version__
from lightctl.app.desk import Desk
from lightctl.app.views import (
    AuditVerdict,
    AuditView,
    CommandView,
    DesiredView,
    FaultView,
    LightView,
    NodeView,
    ReportedView,
    StatusView,
)
from lightctl.devices.fit import fit_level
from lightctl.domain.assets import Capabilities, LifeCycle, LightPoint, Node
from lightctl.domain.errors import InvalidInput, UnknownTarget
from lightctl.domain.states import Command, CommandState, Fault, Override, ReportedState
from lightctl.store.base import NodeSeen

LEVEL_TOLERANCE = 2


@dataclass(frozen=True, slots=True)
class Street:
    """One reading of everything the views of lamps are made from."""

    now: dt.datetime
    reports: Mapping[str, ReportedState]
    commands: Mapping[str, Command]
    seen: Mapping[str, NodeSeen]
    overrides: Mapping[str, Sequence[Override]]
    faults: Mapping[str, tuple[str, ...]]


def look(desk: Desk) -> Street:
    """Read the street once."""
    now = desk.now()
    faults: dict[str, list[str]] = {}
    for _, fault in desk.store.faults(open_only=True):
        faults.setdefault(fault.subject, []).append(fault.event)
    return Street(
        now=now,
        reports=desk.store.last_reports(),
        commands=desk.store.latest_commands(),
        seen=desk.store.nodes_seen(),
        overrides=desk.overrides_by_point(now),
        faults={subject: tuple(events) for subject, events in faults.items()},
    )


def lights(desk: Desk, points: Sequence[LightPoint]) -> tuple[LightView, ...]:
    """Show light points."""
    street = look(desk)
    return tuple(_light(desk, street, point) for point in points)


def _light(desk: Desk, street: Street, point: LightPoint) -> LightView:
    report = street.reports.get(point.node) if point.node else None
    seen = street.seen.get(point.node) if point.node else None
    command = street.commands.get(point.node) if point.node else None
    reachable = _reachable(desk, point.profile, seen, street.now)
    commanded = point.state is LifeCycle.IN_USE
    if commanded:
        found = desk.plan.resolve(point, street.overrides.get(point.id, ()), street.now)
        desired = DesiredView(
            found.level, found.reason, found.ref, found.until, command.revision if command is not None else None
        )
    else:
        desired = DesiredView(None, "default", f"not commanded while {point.state}", None, None)
    return LightView(
        id=point.id,
        lat=point.latitude,
        lon=point.longitude,
        state=point.state,
        kind=point.kind,
        road_class=point.road_class,
        lamps=point.lamps,
        tags=point.tags,
        desired=desired,
        reported=_reported(report, point.channel),
        settled=reachable and commanded and _settled(desk, street, point, desired, report, command),
        reachable=reachable,
        node=point.node,
        channel=point.channel,
        cabinet=point.cabinet,
        last_seen=seen.last_seen if seen is not None else None,
        faults=street.faults.get(point.id, ()) + street.faults.get(point.node or "-", ()),
    )


def _reported(report: ReportedState | None, channel: int) -> ReportedView | None:
    said = report.channels.get(channel) if report is not None else None
    if report is None or said is None:
        return None
    return ReportedView(
        level=said.level,
        commanded=said.commanded,
        reason=said.reason,
        revision=report.applied_revision,
        at=report.received_at,
        power_w=said.power_w,
    )


def _settled(
    desk: Desk,
    street: Street,
    point: LightPoint,
    desired: DesiredView,
    report: ReportedState | None,
    command: Command | None,
) -> bool:
    """Say whether the lamp measurably has what is due and its node holds the newest revision."""
    said = report.channels.get(point.channel) if report is not None else None
    if report is None or said is None or said.level is None or desired.level is None:
        return False
    if command is not None and not command.state.terminal:
        return False
    profile = desk.profiles[point.profile]
    if profile.confirmation == "revision" and (command is None or report.applied_revision != command.revision):
        return False
    due = fit_level(desired.level, _capabilities(desk, point.profile, street.seen.get(point.node)), point.min_level)
    return abs(said.level - due) <= LEVEL_TOLERANCE


def _capabilities(desk: Desk, profile: str, seen: NodeSeen | None) -> Capabilities:
    return (
        seen.capabilities if seen is not None and seen.capabilities is not None else desk.profiles[profile].capabilities
    )


def _reachable(desk: Desk, profile: str, seen: NodeSeen | None, now: dt.datetime) -> bool:
    if seen is None or seen.last_seen is None:
        return False
    delivery = desk.settings.delivery
    heartbeat = max(desk.profiles[profile].heartbeat_s, delivery.heartbeat_s)
    return now - seen.last_seen < dt.timedelta(seconds=heartbeat * delivery.lease_factor)


def nodes(desk: Desk) -> tuple[NodeView, ...]:
    """Show every node of the inventory, then those that spoke and are in none."""
    street = look(desk)
    known = tuple(_node(desk, street, node) for node in desk.fleet.nodes.values())
    unclaimed = tuple(
        NodeView(
            id=found.node,
            claimed=False,
            profile="",
            link=found.link,
            address=found.source,
            channels={},
            cabinet="",
            carries_nights=None,
            revision=None,
            applied_revision=None,
            model=found.model,
            firmware="",
            reachable=False,
            last_seen=found.last_seen,
        )
        for found in desk.store.unclaimed()
        if found.node not in desk.fleet.nodes
    )
    return known + unclaimed


def node(desk: Desk, node_id: str) -> NodeView:
    """Show one node; raises UnknownTarget."""
    found = next((view for view in nodes(desk) if view.id == node_id), None)
    if found is None:
        raise UnknownTarget(f"no node {node_id!r} is known. `lightctl node list` shows them.")
    return found


def _node(desk: Desk, street: Street, node: Node) -> NodeView:
    report = street.reports.get(node.id)
    seen = street.seen.get(node.id)
    command = street.commands.get(node.id)
    return NodeView(
        id=node.id,
        claimed=True,
        profile=node.profile,
        link=node.link,
        address=node.address,
        channels=dict(node.channels),
        cabinet=node.cabinet,
        carries_nights=_capabilities(desk, node.profile, seen).carries_nights,
        revision=command.revision if command is not None else None,
        applied_revision=report.applied_revision if report is not None else None,
        model=seen.model if seen is not None else "",
        firmware=seen.firmware if seen is not None else "",
        reachable=_reachable(desk, node.profile, seen, street.now),
        last_seen=seen.last_seen if seen is not None else None,
        command=command.state if command is not None else None,
        flags=report.flags if report is not None else (),
    )


def status(desk: Desk) -> StatusView:
    """Show the city at a glance."""
    street = look(desk)
    shown = [_light(desk, street, p) for p in desk.fleet.points.values() if p.state is LifeCycle.IN_USE]
    counts = desk.store.counts()
    faults: dict[str, int] = {}
    for _, fault in desk.store.faults(open_only=True):
        faults[fault.event] = faults.get(fault.event, 0) + 1
    reachable = [light for light in shown if light.reachable]
    live = desk.live
    return StatusView(
        now=street.now,
        daemon=live is not None,
        version=__version__,
        site=desk.settings.site.name,
        time_zone=desk.settings.site.time_zone,
        light_points=len(desk.fleet.points),
        in_use=len(shown),
        lit=sum(1 for light in reachable if light.reported is not None and light.reported.level),
        settled=sum(1 for light in shown if light.settled),
        unsettled=sum(1 for light in reachable if not light.settled),
        unreachable=sum(1 for light in shown if not light.reachable and light.last_seen is not None),
        unknown=sum(1 for light in shown if light.last_seen is None),
        nodes=len(desk.fleet.nodes),
        unclaimed_nodes=sum(1 for found in desk.store.unclaimed() if found.node not in desk.fleet.nodes),
        open_faults=faults,
        open_commands=counts.open_commands,
        overrides=len(desk.store.overrides(street.now)),
        quarantined=counts.quarantined,
        links=tuple(live.links.values()) if live is not None else (),
        started_at=live.started_at if live is not None else None,
        notes=tuple(live.notes.values()) if live is not None else (),
    )


def commands(desk: Desk, state: str | None, node_id: str | None, limit: int) -> tuple[CommandView, ...]:
    """Show the newest commands, of one state or node if asked."""
    if state is not None and state not in set(CommandState):
        raise InvalidInput("state", f"{state!r} is no state", hint=f"Known: {', '.join(CommandState)}.")
    wanted = CommandState(state) if state is not None else None
    return tuple(
        CommandView(
            id=found.id,
            node=found.node,
            revision=found.revision,
            state=found.state,
            cause=found.cause,
            created_at=found.created_at,
            deadline=found.deadline,
            sent_at=found.sent_at,
            broker_acked_at=found.broker_acked_at,
            finished_at=found.finished_at,
            attempts=found.attempts,
            detail=found.detail,
        )
        for found in desk.store.commands(state=wanted, node=node_id, limit=limit)
    )


def faults(desk: Desk, *, open_only: bool, limit: int) -> tuple[FaultView, ...]:
    """Show the newest faults."""
    return tuple(_fault(number, fault) for number, fault in desk.store.faults(open_only=open_only, limit=limit))


def _fault(number: int, fault: Fault) -> FaultView:
    return FaultView(
        id=number,
        event=fault.event,
        subject_kind=fault.subject_kind,
        subject=fault.subject,
        severity=fault.severity,
        opened_at=fault.opened_at,
        cleared_at=fault.cleared_at,
        detail=fault.detail,
    )


def audit(desk: Desk, limit: int) -> tuple[AuditView, ...]:
    """Show the newest audit entries."""
    return tuple(
        AuditView(e.seq, e.at, e.user, e.origin, e.verb, e.target, e.reason, e.detail, e.hash)
        for e in desk.store.audit(limit)
    )


def audit_verdict(desk: Desk) -> AuditVerdict:
    """Check the audit chain from its beginning."""
    found = desk.store.verify_audit()
    return AuditVerdict(found.ok, found.entries, found.head, found.broken_at, found.detail)
