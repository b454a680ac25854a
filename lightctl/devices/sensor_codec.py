"""Sensors on the native contract, both ends: a node's own and those of an area.

    lightctl/v1/{area}/{node}/sensor/{name}    a sensor of a node
    lightctl/v1/{area}/sensor/{name}           a sensor of an area

QoS 1, never retained: an old word would pass for a new one. A sensor of an area cannot bear the name of a leaf such as
`hello`: that topic is the one of a node called `sensor`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from lightctl.devices import topics
from lightctl.devices.messages import Outgoing, claimed, read_json
from lightctl.domain.assets import ID_PATTERN, Node
from lightctl.domain.errors import InvalidInput
from lightctl.domain.events import SensorRead
from lightctl.domain.sensors import SensorKind, SensorReading

SENSOR = "sensor"
AREA_PARTS, NODE_PARTS = 5, 6
SUBSCRIPTIONS = (f"{topics.ROOT}/+/{SENSOR}/+", f"{topics.ROOT}/+/+/{SENSOR}/+")

Value = Annotated[float, Meta(ge=0, le=1e9)]


class SensorDoc(Struct, frozen=True):
    """What a sensor says: lux, vehicles in its counting interval, or for presence 1 or 0; `at` by its own clock."""

    at: topics.NodeClock
    kind: SensorKind
    value: Value


def sensor_topic(area: str, node: str, name: str) -> str:
    """Give the topic of a sensor; node "" for one of the area."""
    return "/".join(part for part in (topics.ROOT, area, node, SENSOR, name) if part)


def is_sensor_topic(text: str) -> bool:
    """Say whether a topic is a sensor's, well formed or not."""
    if SENSOR not in text:
        return False
    parts = text.split("/")
    of_node = len(parts) == NODE_PARTS and parts[4] == SENSOR
    of_area = len(parts) == AREA_PARTS and parts[3] == SENSOR
    return of_node or (of_area and parts[4] not in topics.NODE_LEAVES + topics.DAEMON_LEAVES)


def encode_sensor(reading: SensorReading) -> Outgoing:
    """Give a sensor's message; `received_at` is not sent."""
    document = SensorDoc(at=reading.at.timestamp(), kind=reading.kind, value=reading.value)
    return Outgoing(sensor_topic(reading.area, reading.node, reading.name), msgspec.json.encode(document))


def decode_sensor(topic: str, payload: bytes, received_at: dt.datetime, nodes: Mapping[str, Node]) -> SensorRead:
    """Read what a sensor says; a node's counts only where the inventory has it. Raises InvalidInput (UnknownNode)."""
    area, node, name = _split(topic)
    if node:
        claimed(node, area, nodes)
    said = read_json(payload, SensorDoc, topic)
    if said.kind is SensorKind.PRESENCE and said.value not in (0, 1):
        raise InvalidInput(topic, f"presence is 1 or 0, not {said.value:g}")
    at = dt.datetime.fromtimestamp(said.at, dt.UTC)
    return SensorRead(SensorReading(area, node, name, said.kind, said.value, at, received_at))


def _split(topic: str) -> tuple[str, str, str]:
    parts = topic.split("/")
    area, node, name = parts[2], parts[3] if len(parts) == NODE_PARTS else "", parts[-1]
    if not all(ID_PATTERN.fullmatch(part) for part in (*parts[2:-2], name)):
        raise InvalidInput(f"topic {topic[:200]!r}", "area, node and name have 1 to 64 letters, digits, _ or -")
    return area, node, name
