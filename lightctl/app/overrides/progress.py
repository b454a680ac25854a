"""Progress: how far a lighting change got, lamp by lamp. Only a node's own word makes it confirmed.

It is worked out part by part, as a change may be of a whole city. What changes meanwhile counts as before or as since.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lightctl.app.desk import Desk
from lightctl.app.overrides.chain import stamped
from lightctl.app.steps import Steps, finish, in_parts
from lightctl.app.views import ChangeView, PointResult
from lightctl.domain.errors import UnknownTarget
from lightctl.domain.states import Command, CommandState, Override, Scope
from lightctl.store.base import ActionRecord, ChangeRecord, OverrideRecord

AT_ONCE = 5000  # light points: they keep everything else waiting for less than a tenth of a second


def progress(desk: Desk, change: str) -> ChangeView:
    """Say how far a change got, lamp by lamp and at once; raises UnknownTarget for one that was never made."""
    return finish(in_steps(desk, change, points=True))


def in_steps(desk: Desk, change: str, *, points: bool) -> Steps[ChangeView]:
    """Say how far a change got, a part of its lamps a step; without points it only counts them."""
    record = desk.store.change(change)
    if record is None:
        raise UnknownTarget(f"no lighting change {change!r} is known.")
    touched = () if record.kind == "identify" else desk.store.overrides_of_change(change)
    own = [each for each in touched if each.change == change]
    asked = _Asked(record, _by_point(desk, touched), _crews(desk, record, own), _since(record, own))
    counts: Counter[str] = Counter()
    kept: list[PointResult] = []
    for part in in_parts(record.light_points, AT_ONCE):
        if record.kind == "identify":
            results = _of_actions(desk, record, part)
        else:
            commands = desk.store.latest_commands(_nodes(desk, part))
            results = tuple(_beside_crews(asked, each) for each in _of_each(desk, asked, part, commands))
            results = stamped(desk, record, results, asked.since, commands) if points else results
        counts.update(each.state for each in results)
        kept += results if points else ()
        yield
    return ChangeView(
        change=change,
        affected=len(record.light_points),
        confirmed=counts["confirmed"],
        failed=counts["failed"],
        expired=counts["expired"],
        pending=counts["pending"],
        points=tuple(kept),
        level=record.level,
        start=own[0].override.start if own else None,
        until=record.until,
        overrides=record.overrides,
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """A change of levels: the overrides it set or ended, and the levels that crews hold against it, by light point."""

    record: ChangeRecord
    touched: Mapping[str, Sequence[OverrideRecord]]
    crews: Mapping[str, Override]
    since: dt.datetime


def _by_point(desk: Desk, touched: Sequence[OverrideRecord]) -> Mapping[str, Sequence[OverrideRecord]]:
    found: dict[str, list[OverrideRecord]] = {}
    for each in touched:
        for point in desk.fleet.select(each.override.select):
            found.setdefault(point.id, []).append(each)
    return found


def _since(record: ChangeRecord, own: Sequence[OverrideRecord]) -> dt.datetime:
    return max([record.at, *(each.override.start for each in own)])


def _nodes(desk: Desk, lights: Sequence[str]) -> set[str]:
    return {point.node for light in lights if (point := desk.fleet.points.get(light)) is not None and point.node}


def _of_each(
    desk: Desk, asked: _Asked, lights: Sequence[str], commands: Mapping[str, Command]
) -> Iterator[PointResult]:
    """Say how far setting or ending overrides got at some lamps, by the newest command of each node."""
    record, now = asked.record, desk.now()
    for light in lights:
        touched = asked.touched.get(light, ())
        known = _before_it_began(record, touched, now)
        since = _since(record, [each for each in touched if each.change == record.change])
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


def _crews(desk: Desk, record: ChangeRecord, own: Sequence[OverrideRecord]) -> Mapping[str, Override]:
    """Give the levels that crews held when a level asked for began, where they are others, by light point."""
    now = desk.now()
    begun = [each.override.start for each in own if each.override.start <= now]
    if record.kind != "level" or not begun:
        return {}
    crews = [
        each
        for each in desk.store.overrides(now)
        if each.scope is Scope.MAINTENANCE and each.start <= begun[0] and each.level != record.level
    ]
    return {point.id: each for each in crews for point in desk.fleet.select(each.select)}


def _beside_crews(asked: _Asked, result: PointResult) -> PointResult:
    """Say what crews make of a change at a lamp.

    A maintenance that drives no lamp is in force once it is stored; a level asked for elsewhere does not reach a lamp
    that a crew holds at another one.
    """
    if asked.record.kind == "maintenance" and asked.record.level is None:
        return PointResult(result.id, "confirmed", "alarms kept back, light as it is")
    crew = asked.crews.get(result.id)
    if crew is None:
        return result
    return replace(result, state="failed", detail=f"{crew.id} of a crew holds {crew.level} %")


def _no_command_yet(desk: Desk) -> str:
    return "accepted" if desk.live is not None else "recorded; no daemon runs that could send it"


def action_id(change: str, light: str) -> str:
    """Give the name of the action that a change asks of one light point's node."""
    return f"{change}-{light}"[:64]


def _of_actions(desk: Desk, record: ChangeRecord, lights: Sequence[str]) -> tuple[PointResult, ...]:
    found = ((light, desk.store.action(action_id(record.change, light))) for light in lights)
    return tuple(
        replace(_of_action(desk, light, action, record.until), accepted_at=record.at) for light, action in found
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
