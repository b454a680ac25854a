"""Commissioning: a node that was heard gets the light point it stands at; a node that died is replaced by another one.

Both change the inventory by one audited entry and ask the node for a word of its own, so that its document is above
whatever it holds. What is said by hand or by a label counts where the wire says nothing; where the two differ nothing
is changed. An id or address that already switches another lamp is refused, and that lamp is named.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

from lightctl.app.asking import Actor, Guard
from lightctl.app.crews.unclaimed import reached_by
from lightctl.app.desk import Desk, new_id
from lightctl.app.overrides import progress
from lightctl.app.overrides.switching import dry_view
from lightctl.app.views import ChangeView
from lightctl.devices.makes import check_node, has_own_address
from lightctl.domain.assets import Fleet, LifeCycle, LightPoint, Node
from lightctl.domain.distances import distance_m
from lightctl.domain.errors import InvalidInput, UnknownTarget
from lightctl.domain.events import ActionRequested, Event, FleetChanged
from lightctl.domain.states import ActionKind, NodeAction
from lightctl.files.labels import Label

ACTION_LIFETIME = dt.timedelta(minutes=2)
WITHIN_M = 50.0
APART_M = 5.0
TO_BE_CLAIMED = (LifeCycle.PLANNED, LifeCycle.INSTALLED)

Place = tuple[float, float]


def claim(
    desk: Desk,
    actor: Actor,
    label: Label,
    light_point: str | None,
    nearest: Place | None,
    channel: int,
    guard: Guard,
) -> ChangeView:
    """Give a node the light point named, or the nearest to a place that waits for one; puts it in use.

    Raises UnknownTarget for a node nobody heard that the label does not describe, InvalidInput for one that is taken.
    """
    known = desk.fleet.nodes.get(label.node)
    _refuse_lookalike(desk, label.node)
    reached = reached_by(desk, label, known)
    match light_point, nearest:
        case str(), None:
            point, away = desk.point(light_point), None
        case None, tuple():
            point, away = _nearest(desk, nearest)
        case _:
            raise InvalidInput(
                "light_point", "name a light point or a place, one of the two", hint="LP-0001 or LAT,LON."
            )
    taken = known.channels.get(channel, point.id) if known is not None else point.id
    if taken != point.id:
        raise InvalidInput(
            f"node {label.node}",
            f"channel {channel} already switches light point {taken}",
            hint="Check the id on the node. `lightctl node replace` puts a new node in place of an old one.",
        )
    _refuse_unfit(point, label.node)
    state = LifeCycle.IN_USE if point.state in TO_BE_CLAIMED else point.state
    mounted = replace(_mounted(point, reached), channel=channel, state=state)
    distance = "" if away is None else f", {away:.0f} m away"
    note = f"{point.id} is switched by {_described(reached, channel)}{distance}"
    became = "" if point.state is state else f"; {point.state} -> {state}"
    return _change(desk, actor, "node claim", point.id, (mounted,), note, f"{note}{became}", guard, {})


def replace_node(desk: Desk, actor: Actor, old: str, label: Label, guard: Guard) -> ChangeView:
    """Put another node in place of one: its light points keep everything but the node; the old one is closed.

    What the label leaves open is taken from the wire, else from the old node. Raises InvalidInput without a reason, or
    when the new id or address switches another lamp.
    """
    left = desk.fleet.nodes.get(old)
    if left is None:
        raise UnknownTarget(f"no node {old!r} switches a light point. `lightctl node list` shows them.")
    if not guard.reason.strip():
        raise InvalidInput("reason", "replacing a node needs one", hint="Say what was wrong with it: --reason TEXT.")
    if label.node == old:
        raise InvalidInput(
            f"node {old}",
            "it cannot come in its own place",
            hint="A new device under the old id is given its document by itself; nothing has to be said.",
        )
    _refuse_lookalike(desk, label.node)
    taken = desk.fleet.nodes.get(label.node)
    if taken is not None:
        raise InvalidInput(
            f"node {label.node}",
            f"it already switches light point {', '.join(taken.channels.values())}",
            hint="Check the id on the new node.",
        )
    reached = reached_by(desk, label, left)
    moved = tuple(
        _mounted(point, reached)
        for point in desk.fleet.points.values()
        if point.node == old and point.state is not LifeCycle.RETIRED
    )
    lights = ", ".join(point.id for point in moved)
    note = f"{lights} switched by {_described(reached)} in place of {old}"
    return _change(desk, actor, "node replace", old, moved, note, note, guard, {old: label.node})


def _change(
    desk: Desk,
    actor: Actor,
    verb: str,
    target: str,
    points: Sequence[LightPoint],
    note: str,
    detail: str,
    guard: Guard,
    replaced: Mapping[str, str],
) -> ChangeView:
    """Write light points that got another node, and tell the daemon."""
    merged = Fleet.of({**desk.fleet.points, **{p.id: p for p in points}}.values(), desk.settings.site.time_zone)
    node = merged.nodes[points[0].node]
    profile = desk.profiles[node.profile]
    check_node(node, profile)
    _refuse_taken_address(desk, node, replaced)
    desk.check_reach(len(points), guard)
    change, now = new_id("change"), desk.now()
    if guard.dry_run:
        return replace(dry_view(change, tuple(points), f"would be switched by {node.id}"), notes=(note,))
    used = [point.id for point in points if point.state is LifeCycle.IN_USE]
    with desk.store.transaction():
        desk.store.record_change(change, verb, now, used, None, None, None)
        desk.store.put_points(points, desk.audit(actor, verb, target, guard, detail))
    desk.take(merged)
    events: list[Event] = [FleetChanged(merged, verb, replaced)]
    if profile.announces:  # it may hold a document from before; only its own word says which
        action = NodeAction(new_id("hello"), node.id, ActionKind.REPORT, now + ACTION_LIFETIME)
        events.append(ActionRequested(action))
    desk.notify(events)
    return replace(progress.progress(desk, change), notes=(note,))


def _mounted(point: LightPoint, reached: Label) -> LightPoint:
    return replace(point, node=reached.node, profile=reached.profile, link=reached.link, address=reached.address)


def _described(reached: Label, channel: int | None = None) -> str:
    on = f"node {reached.node}" if channel is None else f"node {reached.node} channel {channel}"
    address = f", address {reached.address}" if reached.address else ""
    return f"{on} ({reached.profile} on {reached.link}{address})"


# -- what is refused --------------------------------------------------------------------------------------------------


def _refuse_lookalike(desk: Desk, node: str) -> None:
    """Refuse an id that differs from a known one in capitals alone: it is a typing error, or will be taken for one."""
    for known in desk.fleet.nodes.values():
        if known.id != node and known.id.casefold() == node.casefold():
            lights = ", ".join(known.channels.values())
            raise InvalidInput(
                f"node {node}",
                f"it differs only in capitals from {known.id}, which switches light point {lights}",
                hint="Check the id on the node.",
            )


def _refuse_taken_address(desk: Desk, node: Node, replaced: Mapping[str, str]) -> None:
    profile = desk.profiles[node.profile]
    if not has_own_address(profile):
        return
    for known in desk.fleet.nodes.values():
        if known.id in replaced or known.id == node.id or known.link != node.link or known.address != node.address:
            continue
        if known.profile in desk.profiles and has_own_address(desk.profiles[known.profile]):
            lights = ", ".join(known.channels.values())
            raise InvalidInput(
                "address",
                f"{node.address} on link {node.link} is that of node {known.id}, which switches light point {lights}",
                hint="Each node needs an address of its own.",
            )


def _refuse_unfit(point: LightPoint, node: str) -> None:
    planned_for_it = point.node == node and point.state in TO_BE_CLAIMED
    if point.node and not planned_for_it:
        raise InvalidInput(
            f"light point {point.id}",
            f"node {point.node} channel {point.channel} already switches it",
            hint=f"`lightctl node replace {point.node} NEW` puts another node in its place.",
        )
    if point.state in (LifeCycle.MAINTENANCE, LifeCycle.RETIRED):
        raise InvalidInput(
            f"light point {point.id}",
            f"it is {point.state}",
            hint="Only a planned, installed or used one gets a node.",
        )


# -- the nearest light point ------------------------------------------------------------------------------------------


def _nearest(desk: Desk, here: Place) -> tuple[LightPoint, float]:
    """Give the light point that waits for a node nearest to a place, and how far it is (m).

    Raises UnknownTarget when none is within 50 m, InvalidInput when two are as near as can be told.
    """
    waiting = [point for point in desk.fleet.points.values() if point.state in TO_BE_CLAIMED and not point.node]
    by_distance = sorted(
        ((distance_m(here, (point.latitude, point.longitude)), point.id, point) for point in waiting),
        key=lambda found: found[:2],
    )
    if not by_distance or by_distance[0][0] > WITHIN_M:
        nearest = f"; the nearest is {by_distance[0][1]}, {by_distance[0][0]:.0f} m away" if by_distance else ""
        raise UnknownTarget(
            f"no planned or installed light point without a node is within {WITHIN_M:.0f} m{nearest}. "
            "Name the light point, or import it first."
        )
    away, light, point = by_distance[0]
    if len(by_distance) > 1 and by_distance[1][0] - away <= APART_M:
        other, name, _ = by_distance[1]
        raise InvalidInput(
            "nearest",
            f"{light} ({away:.0f} m) and {name} ({other:.0f} m) are as near as can be told",
            hint="Name the one you stand at.",
        )
    return point, away
