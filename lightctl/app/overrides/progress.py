"""Progress: how far a lighting change got, lamp by lamp. Only a node's own word makes it confirmed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from lightctl.app.desk import Desk
from lightctl.app.overrides.chain import stamped
from lightctl.app.views import ChangeView, PointResult
from lightctl.domain.errors import UnknownTarget
from lightctl.domain.states import Command, CommandState, Scope
from lightctl.store.base import ActionRecord, ChangeRecord, OverrideRecord


def progress(desk: Desk, change: str) -> ChangeView:
    """Say how far a change got; raises UnknownTarget for one that was never made."""
    record = desk.store.change(change)
    if record is None:
        raise UnknownTarget(f"no lighting change {change!r} is known.")
    overrides: list[OverrideRecord] = []
    if record.kind == "identify":
        results = tuple(replace(each, accepted_at=record.at) for each in _of_actions(desk, record))
    else:
        touched = desk.store.overrides_of_change(change)
        overrides = [each for each in touched if each.change == change]
        points = [desk.fleet.points[light] for light in record.light_points if light in desk.fleet.points]
        commands = desk.store.latest_commands({point.node for point in points if point.node})
        results = tuple(_of_overrides(desk, record, touched, commands))
        results = _beside_crews(desk, record, overrides, results)
        since = max([record.at, *(each.override.start for each in overrides)])
        results = stamped(desk, record, results, since, commands)
    counts = {
        state: sum(1 for r in results if r.state == state) for state in ("confirmed", "failed", "expired", "pending")
    }
    return ChangeView(
        change=change,
        affected=len(results),
        confirmed=counts["confirmed"],
        failed=counts["failed"],
        expired=counts["expired"],
        pending=counts["pending"],
        points=results,
        level=record.level,
        start=overrides[0].override.start if overrides else None,
        until=record.until,
        overrides=record.overrides,
    )


def _of_overrides(
    desk: Desk, record: ChangeRecord, touched: Sequence[OverrideRecord], commands: Mapping[str, Command]
) -> Iterator[PointResult]:
    """Say how far setting or ending overrides got, by the newest command of each node."""
    of_point: dict[str, list[OverrideRecord]] = {}
    for each in touched:
        for point in desk.fleet.select(each.override.select):
            of_point.setdefault(point.id, []).append(each)
    for light in record.light_points:
        own = of_point.get(light, [])
        known = _before_it_began(record, own, desk.now())
        since = max([record.at, *(each.override.start for each in own if each.change == record.change)])
        yield PointResult(light, *known) if known else _of_command(desk, record, since, light, commands)


def _before_it_began(record: ChangeRecord, own: Sequence[OverrideRecord], now: dt.datetime) -> tuple[str, str] | None:
    """Give state and detail where no command is to be expected, because an override has not begun or never did."""
    planned = next((each for each in own if each.change == record.change and each.override.start > record.at), None)
    if planned is not None:
        if not planned.began:
            by = f" by {planned.ended_user}" if planned.ended_user else ""
            return "failed", f"taken back{by} before it began"
        begins = planned.override.start
        return ("pending", f"begins at {instant(begins)}") if now < begins else None
    ended = [each for each in own if each.ended_by == record.change]
    if ended and not any(each.began for each in ended) and record.kind != "level":
        return "confirmed", "it had not begun; nothing had to be switched"
    return None


def instant(at: dt.datetime) -> str:
    """Write an instant for people's eyes in details and the audit."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _of_command(
    desk: Desk, record: ChangeRecord, since: dt.datetime, light: str, commands: Mapping[str, Command]
) -> PointResult:
    point = desk.fleet.points.get(light)
    if point is None or not point.node:
        return PointResult(light, "failed", "no node switches this light point")
    command = commands.get(point.node)
    if command is None or command.created_at < since:
        if record.until is not None and desk.now() >= record.until:
            return PointResult(light, "expired", "no command went out while it lasted")
        return PointResult(light, "pending", _no_command_yet(desk))
    match command.state:
        case CommandState.CONFIRMED:
            return PointResult(light, "confirmed", f"node {point.node} reported revision {command.revision}")
        case CommandState.FAILED:
            return PointResult(light, "failed", command.detail)
        case CommandState.EXPIRED:
            return PointResult(light, "expired", command.detail)
        case CommandState.SENT if command.broker_acked_at is not None:
            return PointResult(light, "pending", "the broker has it; the lamp has not reported yet")
        case CommandState.SENT:
            return PointResult(light, "pending", "sent; the lamp has not reported yet")
        case _:
            return PointResult(light, "pending", "queued; not sent yet")


def _beside_crews(
    desk: Desk, record: ChangeRecord, overrides: Sequence[OverrideRecord], results: tuple[PointResult, ...]
) -> tuple[PointResult, ...]:
    """Say what crews make of a change.

    A maintenance that drives no lamp is in force once it is stored; a level asked for elsewhere does not reach a lamp
    that a crew holds at another one.
    """
    if record.kind == "maintenance" and record.level is None:
        return tuple(PointResult(result.id, "confirmed", "alarms kept back, light as it is") for result in results)
    now = desk.now()
    begun = [each.override.start for each in overrides if each.override.start <= now]
    if record.kind != "level" or not begun:
        return results
    crews = [
        each
        for each in desk.store.overrides(now)
        if each.scope is Scope.MAINTENANCE and each.start <= begun[0] and each.level != record.level
    ]
    held = {point.id: each for each in crews for point in desk.fleet.select(each.select)}
    return tuple(
        replace(result, state="failed", detail=f"{held[result.id].id} of a crew holds {held[result.id].level} %")
        if result.id in held
        else result
        for result in results
    )


def _no_command_yet(desk: Desk) -> str:
    return "accepted" if desk.live is not None else "recorded; no daemon runs that could send it"


def action_id(change: str, light: str) -> str:
    """Give the name of the action that a change asks of one light point's node."""
    return f"{change}-{light}"[:64]


def _of_actions(desk: Desk, record: ChangeRecord) -> tuple[PointResult, ...]:
    return tuple(
        _of_action(desk, light, desk.store.action(action_id(record.change, light)), record.until)
        for light in record.light_points
    )


def _of_action(desk: Desk, light: str, found: ActionRecord | None, until: dt.datetime | None) -> PointResult:
    point = desk.fleet.points.get(light)
    if point is None or not point.node:
        return PointResult(light, "failed", "no node switches this light point")
    if found is not None and found.status == "done":
        done = found.detail or f"node {point.node} did it"
        return PointResult(light, "confirmed", done, confirmed_at=found.finished_at)
    if found is not None and found.status:
        return PointResult(light, "failed", found.detail or f"node {point.node} {found.status} it")
    if until is not None and desk.now() >= until:
        return PointResult(light, "expired", "no answer in time")
    return PointResult(light, "pending", "asked; no answer yet" if found is not None else _no_command_yet(desk))
