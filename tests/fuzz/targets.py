"""Every target by name."""

from __future__ import annotations

from tests.fuzz import wires, writings
from tests.fuzz.http_target import http, http_seeds
from tests.fuzz.judging import WIRE_S, Target, judge

__all__ = ["TARGETS", "Target", "judge"]

TARGETS = {
    "mqtt": Target(wires.mqtt, wires.mqtt_seeds, 8300, WIRE_S),
    "node_end": Target(wires.node_end, wires.node_end_seeds, 8192, WIRE_S),
    "registers": Target(wires.registers, wires.register_seeds, 300, WIRE_S),
    "http": Target(http, http_seeds),
    "schedules": Target(writings.schedules, writings.schedule_seeds),
    "inventory_csv": Target(writings.inventory_csv, writings.csv_seeds),
    "inventory_geojson": Target(writings.inventory_geojson, writings.geojson_seeds),
    "mapping": Target(writings.mapping, writings.mapping_seeds),
    "settings": Target(writings.settings, writings.settings_seeds),
    "settlement": Target(writings.settlement, writings.settlement_seeds),
    "words": Target(writings.words, writings.word_seeds, 300),
}
