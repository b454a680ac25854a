"""Waves: who moves when in a roll-out, decided once, before it begins, and the same for the same city and wishes.

The canary is spread over the city by a fixed pseudo-random number of each node. The waves after it go street by street
(cabinet, first group, light point), so that a town changes along its streets and not here and there. Within a wave
every feeder goes its own way, with at most `pace` nodes to a batch.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import pairwise

from lightctl.control.policy import fraction
from lightctl.domain.assets import Fleet, LifeCycle, LightPoint
from lightctl.domain.errors import InvalidInput
from lightctl.domain.rollouts import Portion, Wave

Street = tuple[str, str, str]
NOWHERE: Street = ("", "", "")


@dataclass(frozen=True, slots=True)
class Member:
    """A node of a roll-out, what feeds it and where it stands."""

    node: str
    feeder: str
    street: Street


def street_of(point: LightPoint) -> Street:
    """Give where a light point stands: its cabinet, its first group, itself."""
    return point.cabinet, next(iter(point.groups), ""), point.id


def members_of(fleet: Fleet, light_points: AbstractSet[str]) -> list[Member]:
    """Give the nodes that switch any of these light points, street by street."""
    found: dict[str, Member] = {}
    for node in fleet.nodes.values():
        points = [fleet.points[light] for light in node.channels.values()]
        used = [point for point in points if point.state is LifeCycle.IN_USE]
        if any(point.id in light_points for point in used):
            found[node.id] = Member(node.id, node.feeder, min(map(street_of, used)))
    return sorted(found.values(), key=lambda member: (member.street, member.node))


def waves_of(members: Sequence[Member], canary: Portion, portions: Sequence[Portion], pace: int) -> tuple[Wave, ...]:
    """Divide members (street by street) into a canary and waves; the last one takes whoever is left.

    portions: of all members, each with those of the waves before in it. Raises InvalidInput where they go down.
    """
    total = len(members)
    sizes = [min(max(1, canary.of(total)), total), *(portion.of(total) for portion in portions), total]
    if any(before > after for before, after in pairwise(sizes[1:])):
        raise InvalidInput("waves", "each wave has those before in it, so they only grow", hint="Write 10%,50%,100%.")
    by_number = sorted(members, key=lambda member: (fraction(member.node), member.node))
    first = {member.node for member in by_number[: sizes[0]]}
    rest = [member for member in members if member.node not in first]
    groups = [[member for member in members if member.node in first]]
    begin = 0
    for size in sizes[1:]:
        end = max(begin, size - sizes[0])
        groups.append(rest[begin:end])
        begin = end
    return tuple(_batches(group, pace) for group in groups if group)


def _batches(members: Iterable[Member], pace: int) -> Wave:
    before: Counter[str] = Counter()
    batches: defaultdict[int, list[str]] = defaultdict(list)
    for member in members:
        batches[before[member.feeder] // pace].append(member.node)
        before[member.feeder] += 1
    return tuple(tuple(batches[number]) for number in sorted(batches))
