"""The chain of a change at each lamp: accepted, sent, at the broker, confirmed, and the level measured since.

Each is an instant somebody vouches for: we that it is stored, the link that it left, the broker that it has it, the
node that it did it. What has not happened is None, so an offline node never shows beyond sent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

from lightctl.app.desk import Desk
from lightctl.app.reading import capabilities_of
from lightctl.app.views import PointResult
from lightctl.devices.fit import fit_level
from lightctl.domain.assets import LightPoint
from lightctl.domain.states import Command, CommandState, ReportedState
from lightctl.store.base import ChangeRecord, NodeSeen

MEASURED_UP_TO = 1000


def stamped(
    desk: Desk,
    record: ChangeRecord,
    results: Sequence[PointResult],
    since: dt.datetime,
    commands: Mapping[str, Command],
) -> tuple[PointResult, ...]:
    """Give some results with their chains; a command (the newest by node) from before `since` is none of this change.

    Of changes of more than MEASURED_UP_TO lamps levels are not read: that many reports are asked for by `light list`.
    """
    points = {each.id: desk.fleet.points[each.id] for each in results if each.id in desk.fleet.points}
    nodes = {point.node for point in points.values() if point.node}
    few = len(record.light_points) <= MEASURED_UP_TO
    reports = desk.store.last_reports(nodes) if few else {}
    seen = desk.store.nodes_seen(nodes) if few and record.level is not None else {}
    return tuple(_stamped(desk, record, each, points.get(each.id), commands, reports, seen, since) for each in results)


def _stamped(
    desk: Desk,
    record: ChangeRecord,
    result: PointResult,
    point: LightPoint | None,
    commands: Mapping[str, Command],
    reports: dict[str, ReportedState],
    seen: dict[str, NodeSeen],
    since: dt.datetime,
) -> PointResult:
    command = commands.get(point.node) if point is not None else None
    if point is None or command is None or command.created_at < since:
        return replace(result, accepted_at=record.at)
    return replace(
        result,
        detail=result.detail + _taken(desk, record, point, seen),
        accepted_at=record.at,
        sent_at=command.sent_at,
        broker_acked_at=command.broker_acked_at,
        confirmed_at=command.finished_at if command.state is CommandState.CONFIRMED else None,
        level=_measured(reports.get(point.node), point.channel, command),
    )


def _measured(report: ReportedState | None, channel: int, command: Command) -> int | None:
    """Give the level measured after the command left; what was said before says nothing of it."""
    if report is None or report.received_at < (command.sent_at or command.created_at):
        return None
    said = report.channels.get(channel)
    return None if said is None else said.level


def _taken(desk: Desk, record: ChangeRecord, point: LightPoint, seen: dict[str, NodeSeen]) -> str:
    """Say where the lamp cannot have the very level asked for: nothing is rounded in silence."""
    if record.level is None or not seen:
        return ""
    taken = fit_level(record.level, capabilities_of(desk, point.profile, seen.get(point.node)), point.min_level)
    return "" if taken == record.level else f"; it takes {taken} % for {record.level} %"
