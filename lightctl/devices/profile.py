"""Profiles: what a make of node can do and how its wire is read, as pure data.

A profile comes in as YAML 1.2 text and goes out as a frozen `Profile`. Nothing in it is executed, and nothing in the
rest of lightctl asks for a make by name: whatever is special about one stands in its file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from lightctl.devices.maps import MqttMap, RegisterMap
from lightctl.devices.places import Places
from lightctl.devices.profile_keys import Confirmation, Kind, ProfileKeys, capabilities, confirmation, contradictions
from lightctl.devices.words import counts_to
from lightctl.domain.assets import ID_PATTERN, Capabilities
from lightctl.domain.errors import InvalidInput

__all__ = ["Confirmation", "Kind", "Profile", "parse_profile", "shipped_profiles"]

HIGHEST_REVISION = 2**53 - 1  # of JSON


@dataclass(frozen=True, slots=True)
class Profile:
    """A make of node: its wire (kind and map), what it holds before it says so itself, and how it is confirmed.

    announces: it says hello with its own capabilities. confirmation: what proves a command (its revision reported, its
    level reported, a separate read-back of what was written, or one of the nights it keeps and runs). heartbeat_s: how
    often it is heard from at least.
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

    @property
    def highest_revision(self) -> int:
        """The highest revision that its wire carries: a unit's commit register may be small."""
        schedule = self.modbus.schedule if self.modbus is not None else None
        if schedule is None:
            return HIGHEST_REVISION
        return min(counts_to(part.type) for part in (schedule.commit, schedule.applied))

    @property
    def takes_time(self) -> bool:
        """Whether its clock can be set by us."""
        wire = self.mqtt or self.modbus
        return wire is not None and wire.clock is not None

    def capabilities_of(self, announced: Capabilities | None) -> Capabilities:
        """Give what a node of it can hold: the node's own word where this make gives one, else the profile's."""
        return announced if announced is not None and self.announces else self.capabilities


def parse_profile(text: str, name: str) -> Profile:
    """Read one profile; raises InvalidInput naming file, line, column and key."""
    place = Places(text, f"{name}.yaml")
    if not ID_PATTERN.fullmatch(name):
        raise InvalidInput(place.file, f"{name!r} is no name for a profile", hint="Use letters, digits, _ and -.")
    try:
        content = YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        raise place.error_at(error.problem_mark, f"{error.problem or error.context}") from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise InvalidInput(place.file, f"it is no YAML 1.2: {error}") from error
    try:
        keys = msgspec.convert(content, ProfileKeys)
    except msgspec.ValidationError as error:
        why, _, path = str(error).partition(" - at ")
        raise place.error("$" + path.rpartition("$")[2].rstrip("`"), why) from error
    for path, why in contradictions(keys):
        raise place.error(path, why)
    return Profile(
        name=name,
        title=keys.title,
        kind=keys.kind,
        capabilities=capabilities(keys),
        announces=keys.announces,
        confirmation=confirmation(keys),
        caveats=keys.caveats,
        mqtt=keys.mqtt,
        modbus=keys.modbus,
        heartbeat_s=keys.heartbeat_s,
    )


@cache
def shipped_profiles() -> Mapping[str, Profile]:
    """Give the profiles that come with lightctl, by name."""
    folder = resources.files("lightctl.devices") / "profiles"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name)
    names = [(file.name.removesuffix(".yaml"), file) for file in files if not file.name.startswith("_")]
    return MappingProxyType({name: parse_profile(file.read_text("utf-8"), name) for name, file in names})
