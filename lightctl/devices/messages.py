"""Messages: what every MQTT codec sends and raises, and how a payload is read without ever trusting it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from lightctl.devices.topics import PAYLOAD_CAP, area_of
from lightctl.domain.assets import Node
from lightctl.domain.errors import InvalidInput

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to publish."""

    topic: str
    payload: bytes
    retain: bool = False
    qos: int = 1


class UnknownNode(InvalidInput):
    """A node nobody has in the inventory speaks; `model` is what it says it is, if it says so."""

    def __init__(self, node: str, model: str = "") -> None:
        self.node = node
        self.model = model
        super().__init__(
            f"node {node}",
            "no light point of the inventory names this node",
            hint="Import a light point with this node to claim it.",
        )


def claimed(node: str, area: str, nodes: Mapping[str, Node], model: str = "") -> Node:
    """Give the node that speaks; raises UnknownNode, and InvalidInput where the inventory has it in another area."""
    known = nodes.get(node)
    if known is None:
        raise UnknownNode(node, model)
    if area_of(known) != area:
        raise InvalidInput(
            f"node {node}",
            f"it speaks in area {area} and the inventory has it in {area_of(known)}",
            hint="Correct the address of its light points, or the node's own area.",
        )
    return known


def read_json(payload: bytes, kind: type[T], where: str) -> T:
    """Read a JSON payload as a type; raises InvalidInput, whatever the bytes are."""
    if len(payload) > PAYLOAD_CAP:
        raise InvalidInput(where, f"the payload has {len(payload)} bytes, more than the {PAYLOAD_CAP} allowed")
    try:
        return msgspec.json.decode(payload, type=kind)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(where, str(error)) from error
