"""Assets: light points, the nodes that switch them, and how they group. Units: W, degrees, percent, seconds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from lightctl.domain.errors import InvalidInput
from lightctl.domain.selectors import Operator, Selector
from lightctl.domain.single import lean

ID_PATTERN = re.compile(r"[A-Za-z0-9_-]{1,64}")
NO_TAGS: Mapping[str, str] = MappingProxyType({})
FULL_LEVEL = 100


class LifeCycle(StrEnum):
    """A light point's life; only `in_use` is commanded."""

    PLANNED = "planned"
    INSTALLED = "installed"
    IN_USE = "in_use"
    MAINTENANCE = "maintenance"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the sun is asked for: degrees north and east, and the IANA zone of its clocks."""

    latitude: float
    longitude: float
    time_zone: str


class Dates(StrEnum):
    """What a node ties its switches to: instants, or the time of the week or of the day, which come round again."""

    ABSOLUTE = "absolute"
    WEEKLY = "weekly"
    DAILY = "daily"

    @property
    def days(self) -> int:
        """After how many days of 24 hours its table comes round; 0 when it never does."""
        return {Dates.ABSOLUTE: 0, Dates.WEEKLY: 7, Dates.DAILY: 1}[self]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a node can hold and do.

    nights: nights it can carry (0: a live node, switched at the instant). slots: switches it can hold per channel.
    resolution_s: the grid its switch times sit on. ramp: whether it fades by itself. min_level: lowest level above 0
    (percent). levels: the only levels it knows, ascending, or empty for all (0 and 100: a relay). channels: outputs.
    persists: whether its nights survive a power cut. dates: whether it holds dates, or goes through one night or one
    week again and again. sun: whether it can hold a switch by its own sun clock instead of by the time of day.
    """

    nights: int = 0
    slots: int = 0
    resolution_s: int = 1
    ramp: bool = False
    min_level: int = 0
    channels: int = 1
    persists: bool = False
    levels: tuple[int, ...] = ()
    dates: Dates = Dates.ABSOLUTE
    sun: bool = False

    @property
    def carries_nights(self) -> bool:
        """Whether the node runs nights alone."""
        return self.nights > 0 and self.slots > 0


@dataclass(frozen=True, slots=True)
class LightPoint:
    """One addressable light: a lamp on a pole, or the `lamps` lamps of a cabinet segment.

    rated_power_w and standby_power_w are those of one lamp. `node` and `channel` say who switches it ("" for nobody).
    """

    id: str
    latitude: float
    longitude: float
    kind: str = ""
    road_class: str = ""
    lamps: int = 1
    rated_power_w: float | None = None
    standby_power_w: float = 0.0
    min_level: int = 0
    node: str = ""
    channel: int = 0
    cabinet: str = ""
    profile: str = "native"
    link: str = "mqtt"
    address: str = ""
    state: LifeCycle = LifeCycle.IN_USE
    tags: Mapping[str, str] = field(default_factory=lambda: NO_TAGS)

    def __hash__(self) -> int:
        # By its id alone: its tags cannot be hashed, and points of one id are hardly ever met in one table.
        return hash(self.id)

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups it belongs to: its `group` tag, several separated by semicolons."""
        text = self.tags.get("group", "").strip()
        if ";" not in text:
            return (text,) if text else ()
        return tuple(name.strip() for name in text.split(";") if name.strip())

    def values_of(self, key: str) -> tuple[str, ...]:
        """Give the values a selector sees for `key`: a field, a tag, or the groups; empty where there is none."""
        if key == "group":
            return self.groups
        tag = self.tags.get(key)
        if tag is not None:
            return (tag,) if tag else ()
        if key in SELECTABLE_FIELDS:
            value = getattr(self, key)
            return () if value in ("", None) else (str(value),)
        return ()

    def selected_by(self, selector: Selector) -> bool:
        """Say whether the selector names this light point."""
        return selector.matches(self.values_of)


SELECTABLE_FIELDS = frozenset({
    "id", "kind", "road_class", "lamps", "rated_power_w", "min_level", "node", "channel", "cabinet", "profile",
    "link", "address", "state",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Node:
    """A light-point controller: what speaks on a link, and the light point on each of its channels."""

    id: str
    profile: str
    link: str
    address: str
    channels: Mapping[int, str]
    cabinet: str = ""

    @property
    def feeder(self) -> str:
        """What feeds it, as far as the inventory says: its cabinet, else all that is on its link."""
        return self.cabinet or self.link


@dataclass(frozen=True, slots=True)
class Cabinet:
    """A feeder pillar and the nodes it feeds."""

    id: str
    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A named set of light points."""

    name: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fleet:
    """Every light point of a city and what follows from them; `time_zone` is the city's clock."""

    time_zone: str
    points: Mapping[str, LightPoint]
    nodes: Mapping[str, Node]
    groups: Mapping[str, Group]

    @classmethod
    def of(cls, points: Iterable[LightPoint], time_zone: str) -> Fleet:
        """Build a fleet; raises InvalidInput on a double id, a shared channel or a node described two ways."""
        by_id: dict[str, LightPoint] = {}
        for point in points:
            if point.id in by_id:
                raise InvalidInput(f"light point {point.id}", "the id is used twice", hint="Ids must be unique.")
            by_id[point.id] = point
        nodes, groups = _nodes(by_id.values()), _groups(by_id.values())
        return cls(time_zone, MappingProxyType(by_id), MappingProxyType(nodes), MappingProxyType(groups))

    def select(self, selector: Selector) -> tuple[LightPoint, ...]:
        """Give the light points a selector names, in inventory order."""
        return tuple(point for point in self._candidates(selector) if point.selected_by(selector))

    def nodes_on(self, link: str) -> Mapping[str, Node]:
        """Give the nodes on a link by id; in most cities there is one link, and they are all there are."""
        if all(node.link == link for node in self.nodes.values()):
            return self.nodes
        return {node.id: node for node in self.nodes.values() if node.link == link}

    def _candidates(self, selector: Selector) -> Iterable[LightPoint]:
        """Give the light points a selector can name at all: few, where it asks for an id or a group of a large city."""
        for term in selector.terms:
            if term.key == "id" and term.operator is Operator.EQUALS:
                named = self.points.get(term.values[0])
                return () if named is None else (named,)
        for term in selector.terms:
            if term.key == "group" and term.operator is Operator.EQUALS:
                group = self.groups.get(term.values[0])
                return () if group is None else [self.points[member] for member in group.members]
        return self.points.values()

    @property
    def cabinets(self) -> dict[str, Cabinet]:
        """The cabinets by id, each with the nodes it feeds."""
        members: dict[str, list[str]] = {}
        for node in self.nodes.values():
            if node.cabinet:
                members.setdefault(node.cabinet, []).append(node.id)
        return {name: Cabinet(name, tuple(nodes)) for name, nodes in members.items()}


def _groups(points: Iterable[LightPoint]) -> dict[str, Group]:
    members: dict[str, list[str]] = {}
    for point in points:
        for name in dict.fromkeys(point.groups):
            members.setdefault(name, []).append(point.id)
    return {name: Group(name, tuple(ids)) for name, ids in members.items()}


def _nodes(points: Iterable[LightPoint]) -> dict[str, Node]:
    channels: dict[str, dict[int, str]] = {}
    first: dict[str, LightPoint] = {}
    for point in points:
        if not point.node or point.state in (LifeCycle.PLANNED, LifeCycle.RETIRED):
            continue
        taken = channels.setdefault(point.node, {})
        if point.channel in taken:
            raise InvalidInput(
                f"light point {point.id}",
                f"channel {point.channel} of node {point.node} already switches light point {taken[point.channel]}",
                hint="Give it another node or channel, or retire the other light point.",
            )
        taken[point.channel] = point.id
        known = first.setdefault(point.node, point)
        if (known.profile, known.link, known.address) != (point.profile, point.link, point.address):
            raise InvalidInput(
                f"light point {point.id}",
                f"node {point.node} has profile/link/address {known.profile}/{known.link}/{known.address or '-'} on "
                f"another light point and {point.profile}/{point.link}/{point.address or '-'} here",
                hint="All light points of one node share its profile, link and address.",
            )
    return {
        name: Node(name, point.profile, point.link, point.address, lean(channels[name]), point.cabinet)
        for name, point in first.items()
    }
