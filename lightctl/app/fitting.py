"""Fitting: what each node can hold, as it said or as its profile says, and what the plan in force loses on it."""

from __future__ import annotations

from dataclasses import fields

from lightctl.app import reading
from lightctl.app.desk import Desk
from lightctl.app.schedules.losses import loss_views
from lightctl.app.views import NodeDetail, NodeView
from lightctl.devices.fit import Loss
from lightctl.devices.losses import losses_of, merged_losses
from lightctl.domain.assets import Capabilities, LifeCycle, Node
from lightctl.domain.errors import NodeRefused
from lightctl.planning.wall import night_date, noons_from


def node(desk: Desk, node_id: str) -> NodeDetail:
    """Show one node with what it can hold and what it loses; raises UnknownTarget."""
    view = reading.node(desk, node_id)
    shown = {each.name: getattr(view, each.name) for each in fields(NodeView)}
    claimed = desk.fleet.nodes.get(node_id)
    if claimed is None or claimed.profile not in desk.profiles:
        return NodeDetail(**shown)
    seen = desk.store.nodes_seen((node_id,)).get(node_id)
    capabilities = reading.capabilities_of(desk, claimed.profile, seen)
    losses, refused = _losses(desk, claimed, capabilities)
    return NodeDetail(**shown, capabilities=capabilities, losses=loss_views(losses), refused=refused)


def _losses(desk: Desk, node: Node, capabilities: Capabilities) -> tuple[tuple[Loss, ...], str]:
    """Give the losses of the coming nights on all channels of a node, and why it cannot hold them where it cannot."""
    zone, nights = desk.settings.site.time_zone, desk.settings.delivery.nights
    first = night_date(desk.now(), zone)
    noons = noons_from(first, nights, zone)
    found: list[Loss] = []
    for light in node.channels.values():
        point = desk.fleet.points[light]
        if point.state is not LifeCycle.IN_USE:
            continue
        try:
            planned = desk.plan_of(point).switches(point, first, nights)
            found += losses_of([(planned, noons)], capabilities, point.min_level)
        except NodeRefused as refused:
            return merged_losses(found), refused.why
    return merged_losses(found), ""
