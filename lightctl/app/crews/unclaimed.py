"""Unclaimed: nodes that were heard and are in no inventory; how one is reached, from its topic and its label."""

from __future__ import annotations

from dataclasses import replace

from lightctl.app.desk import Desk
from lightctl.app.views import NodeView
from lightctl.devices.makes import make_of, plain_address
from lightctl.domain.assets import Node
from lightctl.domain.errors import InvalidInput, UnknownTarget
from lightctl.files.labels import Label
from lightctl.store.base import UnclaimedNode


def unclaimed(desk: Desk) -> list[UnclaimedNode]:
    """Give the nodes that were heard and are in no inventory."""
    return [found for found in desk.store.unclaimed() if found.node not in desk.fleet.nodes]


def shown(desk: Desk, found: UnclaimedNode) -> NodeView:
    """Show an unclaimed node; profile and address are those it speaks with, as far as its topic tells."""
    made = make_of(found.source, found.node, desk.profiles)
    return NodeView(
        id=found.node,
        claimed=False,
        profile="" if made is None else made.profile,
        link=found.link,
        address=found.source if made is None else made.address,
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


def reached_by(desk: Desk, label: Label, like: Node | None) -> Label:
    """Complete a label by what was heard of its node, else by a node like it; raises InvalidInput where they differ."""
    record = _heard(desk, label)
    if record is not None:
        reached = _agreed(desk, label, record)
    elif like is not None:
        reached = Label(
            label.node, label.profile or like.profile, label.link or like.link, label.address or like.address
        )
    else:
        reached = label
    if not reached.profile or not reached.link:
        raise UnknownTarget(
            f"node {label.node!r} was not heard on any link, so nobody knows how to speak with it. Switch it on and "
            "look for it with `lightctl node unclaimed`, or give a label that says it all: "
            f"lightctl:{label.node}:PROFILE:LINK:ADDRESS."
        )
    if reached.profile not in desk.profiles:
        raise InvalidInput(
            "profile", f"no profile {reached.profile!r} is known", hint=f"Known: {', '.join(desk.profiles)}."
        )
    links = desk.settings.links
    if links and reached.link not in links:
        raise InvalidInput("link", f"no link {reached.link!r} in settings", hint=f"There are: {', '.join(links)}.")
    if links and links[reached.link].type.startswith("modbus") != (desk.profiles[reached.profile].kind == "modbus"):
        raise InvalidInput(
            "link",
            f"link {reached.link} is of type {links[reached.link].type}, on which no {reached.profile} speaks",
            hint=f"Give a label that says it all: lightctl:{reached.node}:PROFILE:LINK:ADDRESS.",
        )
    return reached


def _heard(desk: Desk, label: Label) -> UnclaimedNode | None:
    records = [record for record in desk.store.unclaimed() if record.node == label.node]
    on_link = [record for record in records if not label.link or record.link == label.link]
    if records and not on_link:
        raise InvalidInput("link", f"{label.node} speaks on link {records[0].link} and not on {label.link}")
    if len(on_link) > 1:
        links = ", ".join(record.link for record in on_link)
        raise InvalidInput(
            f"node {label.node}", f"it was heard on links {links}", hint="Say which: lightctl:NODE:PROFILE:LINK."
        )
    return on_link[0] if on_link else None


def _agreed(desk: Desk, label: Label, record: UnclaimedNode) -> Label:
    made = make_of(record.source, record.node, desk.profiles)
    if made is None:
        return replace(label, link=record.link)
    profile = desk.profiles[made.profile]
    said = plain_address(profile, label.address) if label.address else made.address
    speaks = {"profile": (label.profile or made.profile, made.profile), "address": (said, made.address)}
    for name, (wanted, heard) in speaks.items():
        if wanted != heard:
            raise InvalidInput(
                name,
                f"{label.node} speaks with {name} {heard or '-'} (on {record.source}) and not with {wanted or '-'}",
                hint="Leave it out, or correct the node.",
            )
    return Label(label.node, made.profile, record.link, made.address)
