"""Makes: which make of node speaks on a topic, and whether an address and channels suit a make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lightctl.devices.codec import ProfileCodec, mqtt_codec
from lightctl.devices.profile import Profile
from lightctl.devices.registers import unit_of
from lightctl.devices.topics import MAIN_AREA, ROOT, area_of
from lightctl.domain.assets import ID_PATTERN, Node
from lightctl.domain.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Make:
    """How to speak with a node: its profile, and its address as light points write it ("" where it needs none)."""

    profile: str
    address: str


def make_of(topic: str, node: str, profiles: Mapping[str, Profile]) -> Make | None:
    """Give the make of a node that was heard on a topic; None where no profile speaks there."""
    for name, profile in profiles.items():
        if profile.kind == "modbus" or not mqtt_codec(profile).speaks(topic):
            continue
        if profile.kind == "native":
            return Make(name, plain_address(profile, _area(topic)))
        return Make(name, node if has_own_address(profile) else "")
    return None


def has_own_address(profile: Profile) -> bool:
    """Say whether an address is one node's own on its link: a Modbus unit, or a part of its topics; no area is."""
    return profile.kind == "modbus" or (profile.mqtt is not None and "{address}" in profile.mqtt.set.topic)


def plain_address(profile: Profile, address: str) -> str:
    """Give an address in the one way in which it is compared: the area `main` goes without saying."""
    return "" if profile.kind == "native" and address == MAIN_AREA else address


def check_node(node: Node, profile: Profile) -> None:
    """Check that a node's address and channels suit its make; raises InvalidInput."""
    match profile.kind:
        case "native":
            area_of(node)
            return  # how many channels it has it says itself
        case "modbus":
            unit_of(node)
        case "mqtt":
            ProfileCodec(profile).set_topic(node)
    outside = [channel for channel in node.channels if channel >= profile.capabilities.channels]
    if outside:
        raise InvalidInput(
            f"node {node.id}",
            f"channel {outside[0]} is asked for, and a {profile.name} has {profile.capabilities.channels}",
            hint="Channels count from 0.",
        )


def _area(topic: str) -> str:
    """Give the area of a topic of the native contract, a node's or a sensor's; "" of any other."""
    rest = topic.removeprefix(f"{ROOT}/")
    area = rest.partition("/")[0] if rest != topic else ""
    return area if ID_PATTERN.fullmatch(area) else ""
