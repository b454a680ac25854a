"""Profiles: what a make of node can do and how its wire is read, as pure data.

A profile comes in as YAML 1.2 text and goes out as a frozen `Profile`. Nothing in it is executed, and nothing in the
rest of lightctl asks for a make by name: whatever is special about one stands in its file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from lightctl.devices.maps import MqttMap, RegisterMap
from lightctl.domain.assets import Capabilities

Kind = Literal["native", "mqtt", "modbus"]
Confirmation = Literal["revision", "level", "read_back"]
CONFIRMATIONS: Mapping[Kind, tuple[Confirmation, ...]] = MappingProxyType(
    {"native": ("revision",), "mqtt": ("level",), "modbus": ("read_back", "level")}
)


@dataclass(frozen=True, slots=True)
class Profile:
    """A make of node: its wire (kind and map), what it holds before it says so itself, and how it is confirmed.

    announces: it says hello with its own capabilities. confirmation: what proves a command (its revision reported, its
    level reported, or a separate read-back of what was written). heartbeat_s: how often it is heard from at least.
    """

    name: str
    title: str
    kind: Kind
    capabilities: Capabilities
    announces: bool
    confirmation: Confirmation
    caveats: tuple[str, ...] = ()
    mqtt: MqttMap | None = None
    modbus: RegisterMap | None = None
    heartbeat_s: int = 300


def parse_profile(text: str, name: str) -> Profile:
    """Read one profile; raises InvalidInput naming file, line, column and key."""
    raise NotImplementedError


def shipped_profiles() -> Mapping[str, Profile]:
    """Give the profiles that come with lightctl, by name."""
    raise NotImplementedError
