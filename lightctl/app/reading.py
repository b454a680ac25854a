"""Reading: what the store and the plan say, shown as views. Shows an unreachable lamp as unreachable, never as well.

Lists are read part by part as they are asked for: what changes meanwhile is shown as it was before, or as it is since.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from lightctl.app.crews import unclaimed
from lightctl.app.crews.views import MountingView
from lightctl.app.desk import Desk
from lightctl.app.steps import in_parts
from lightctl.app.views import (
    AuditVerdict,
    AuditView,
    CommandView,
    DesiredView,
    LightView,
    NodeView,
    ReportedView,
)
from lightctl.devices.fit import fit_level
from lightctl.domain.assets import Capabilities, LifeCycle, LightPoint, Node
from lightctl.domain.crews import Maintenance
from lightctl.domain.errors import InvalidInput, UnknownTarget
from lightctl.domain.states import Command, CommandState, Override, ReportedState
from lightctl.store.base import NodeSeen

LEVEL_TOLERANCE = 2


@dataclass(frozen=True, slots=True)
class Street:
    """One reading of what the views of some lamps are made from."""

    now: dt.datetime
    reports: Mapping[str, ReportedState] = field(default_factory=dict)
    commands: Mapping[str, Command] = field(default_factory=dict)
    seen: Mapping[str, NodeSeen] = field(default_factory=dict)
    overrides: Mapping[str, Sequence[Override]] = field(default_factory=dict)
    faults: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    maintenances: Sequence[Maintenance] = ()


def held(desk: Desk) -> Street:
    """Read what people hold, and nothing yet of what nodes were asked and said, and of what is wrong."""
    now = desk.now()
    return Street(now, overrides=desk.overrides_by_point(now), maintenances=desk.store.running_maintenances(now))


def of_nodes(desk: Desk, street: Street, nodes: Collection[str]) -> Street:
    """Read what nodes were asked and said last, beside what was read of the street before."""
    return replace(
        street,
        reports=desk.store.last_reports(nodes),
        commands=desk.store.latest_commands(nodes),
        seen=desk.store.nodes_seen(nodes),
    )


def of_lights(desk: Desk, street: Street, points: Iterable[LightPoint]) -> Street:
    """Read all that the views of light points are made from, beside what people hold."""
    found = of_nodes(desk, street, {point.node for point in points if point.node})
    subjects = {point.id for point in points} | {point.node for point in points if point.node}
    return replace(found, faults=desk.store.alarms_of(subjects))


def lights(desk: Desk, points: Iterable[LightPoint]) -> Iterator[LightView]:
    """Show light points."""
    held_now = held(desk)
    for some in in_parts(points):
        street = of_lights(desk, held_now, some)
        yield from (light(desk, street, point) for point in some)


def light(desk: Desk, street: Street, point: LightPoint) -> LightView:
    """Show a light point by what was read of the street."""
    report = street.reports.get(point.node) if point.node else None
    seen = street.seen.get(point.node) if point.node else None
    command = street.commands.get(point.node) if point.node else None
    reachable = is_reachable(desk, point.profile, seen, street.now)
    commanded = point.state is LifeCycle.IN_USE
    if commanded:
        overrides, readings = street.overrides.get(point.id, ()), desk.readings(point)
        found = desk.plan_of(point).resolve(point, overrides, street.now, readings)
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
        tags=dict(point.tags),
        desired=desired,
        reported=reported(report, point.channel),
        settled=has_settled(desk, street, point, desired.level),
        reachable=reachable,
        node=point.node,
        channel=point.channel,
        cabinet=point.cabinet,
        last_seen=seen.last_seen if seen is not None else None,
        faults=street.faults.get(point.id, ()) + street.faults.get(point.node or "-", ()),
        maintenance=next((each.id for each in street.maintenances if point.selected_by(each.select)), ""),
    )


def reported(report: ReportedState | None, channel: int) -> ReportedView | None:
    """Show what a node's report says of one channel, None where it says nothing."""
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


def has_settled(desk: Desk, street: Street, point: LightPoint, level: int | None) -> bool:
    """Say whether the lamp measurably has the level due (None: nobody commands it) and its node the newest revision."""
    report, command = street.reports.get(point.node), street.commands.get(point.node)
    said = report.channels.get(point.channel) if report is not None else None
    if report is None or said is None or said.level is None or level is None:
        return False
    if not is_reachable(desk, point.profile, street.seen.get(point.node), street.now):
        return False
    if command is not None and not command.state.terminal:
        return False
    profile = desk.profiles[point.profile]
    named = profile.confirmation in ("revision", "stored")
    if profile.confirmation == "stored" and not report.verified:
        return False
    # A later document than any command's went out in answer to a hello, while the lamp was in local hands.
    if named and (command is None or report.applied_revision is None or report.applied_revision < command.revision):
        return False
    due = fit_level(level, capabilities_of(desk, point.profile, street.seen.get(point.node)), point.min_level)
    return abs(said.level - due) <= LEVEL_TOLERANCE


def capabilities_of(desk: Desk, profile: str, seen: NodeSeen | None) -> Capabilities:
    """Give what a node can hold: its own word where its make gives one, else its profile's."""
    return desk.profiles[profile].capabilities_of(seen.capabilities if seen is not None else None)


def is_reachable(desk: Desk, profile: str, seen: NodeSeen | None, now: dt.datetime) -> bool:
    """Say whether a node was heard within its lease."""
    if seen is None or seen.last_seen is None:
        return False
    delivery = desk.settings.delivery
    heartbeat = max(desk.profiles[profile].heartbeat_s, delivery.heartbeat_s)
    return now - seen.last_seen < dt.timedelta(seconds=heartbeat * delivery.lease_factor)


def nodes(desk: Desk, *, claimed: bool | None = None) -> Iterator[NodeView]:
    """Show every node of the inventory, then those that spoke and are in none; only one of the two kinds if asked."""
    now = desk.now()
    for some in in_parts(() if claimed is False else desk.fleet.nodes.values()):
        street = of_nodes(desk, Street(now), {node.id for node in some})
        yield from (_node(desk, street, node) for node in some)
    if not claimed:
        yield from (unclaimed.shown(desk, found) for found in unclaimed.unclaimed(desk))


def mountings(desk: Desk, light_id: str) -> tuple[MountingView, ...]:
    """Show the nodes that switched a light point; raises UnknownTarget."""
    found = desk.store.mountings(desk.point(light_id).id)
    return tuple(MountingView(each.light_point, each.node, each.channel, each.since, each.until) for each in found)


def node(desk: Desk, node_id: str) -> NodeView:
    """Show one node; raises UnknownTarget."""
    claimed = desk.fleet.nodes.get(node_id)
    if claimed is not None:
        return _node(desk, of_nodes(desk, Street(desk.now()), (node_id,)), claimed)
    found = next((found for found in unclaimed.unclaimed(desk) if found.node == node_id), None)
    if found is None:
        raise UnknownTarget(f"no node {node_id!r} is known. `lightctl node list` shows them.")
    return unclaimed.shown(desk, found)


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
        carries_nights=capabilities_of(desk, node.profile, seen).carries_nights,
        revision=command.revision if command is not None else None,
        applied_revision=report.applied_revision if report is not None else None,
        model=seen.model if seen is not None else "",
        firmware=seen.firmware if seen is not None else "",
        reachable=is_reachable(desk, node.profile, seen, street.now),
        last_seen=seen.last_seen if seen is not None else None,
        command=command.state if command is not None else None,
        flags=report.flags if report is not None else (),
        clock_offset_s=_clock_offset_s(report),
    )


def _clock_offset_s(report: ReportedState | None) -> float | None:
    if report is None or report.at is None:
        return None
    return round((report.at - report.received_at).total_seconds(), 1)


def commands(desk: Desk, state: str | None, node_id: str | None, limit: int) -> Iterator[CommandView]:
    """Show the newest commands, of one state or node if asked."""
    if state is not None and state not in set(CommandState):
        raise InvalidInput("state", f"{state!r} is no state", hint=f"Known: {', '.join(CommandState)}.")
    wanted = CommandState(state) if state is not None else None
    newest = islice(desk.store.each_command(wanted, node_id), limit)
    return (
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
        for found in newest
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
