"""Groups: what nodes have in common, so that one cause can take many: a segment, a cabinet, a gateway, a link.

A light point's tags `segment` and `gateway` name what the inventory has no column for; a segment is one of its cabinet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lightctl.control.memory import NodeMemory

SEGMENT, CABINET, GATEWAY, LINK = "segment", "cabinet", "gateway", "link"
FED = frozenset({SEGMENT, CABINET})
Group = tuple[str, str]


def groups_of(memory: NodeMemory) -> tuple[Group, ...]:
    """Give the groups a node belongs to, the narrowest first."""
    node, found = memory.node, []
    segment = _common(memory, SEGMENT)
    if segment:
        found.append((SEGMENT, f"{node.cabinet}/{segment}" if node.cabinet else segment))
    if node.cabinet:
        found.append((CABINET, node.cabinet))
    gateway = _common(memory, GATEWAY)
    if gateway:
        found.append((GATEWAY, gateway))
    found.append((LINK, node.link))
    return tuple(found)


def members_of(memories: Iterable[NodeMemory]) -> Mapping[Group, tuple[str, ...]]:
    """Give the nodes of every group."""
    found: dict[Group, list[str]] = {}
    for memory in memories:
        for group in groups_of(memory):
            found.setdefault(group, []).append(memory.node.id)
    return {group: tuple(nodes) for group, nodes in found.items()}


def _common(memory: NodeMemory, tag: str) -> str:
    """Give what a tag says of all light points of a node, "" where they do not agree."""
    said = {point.tags.get(tag, "") for point in memory.points.values()}
    return said.pop() if len(said) == 1 else ""
