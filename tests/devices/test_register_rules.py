"""Register maps whose levels, nights or clocks cannot be are refused with the place in the file and the reason."""

from __future__ import annotations

import pytest

from lightctl.devices.profile import parse_profile
from lightctl.domain.errors import InvalidInput

HEAD = "version: 1\ntitle: T\nkind: modbus\n"
STORED = """
modbus:
  channels:
    count: 2
    level: {table: input, address: 0, stride: 1}
  schedule:
    slots: 4
    valid_until: {table: holding, address: 100, type: uint32}
    count: {table: holding, address: 102, stride: 20}
    at: {table: holding, address: 103, type: uint32, step: 3, stride: 20}
    level: {table: holding, address: 105, step: 3, stride: 20}
    checksum: {table: holding, address: 200}
    commit: {table: holding, address: 201}
    applied: {table: input, address: 9}
"""
NIGHTS = HEAD + "capabilities: {nights: 7}" + STORED
RELAYS = """modbus:
  channels:
    relays:
      circuits: {a: {coil: {table: coil, address: 0}}, b: {coil: {table: coil, address: 1}}}
      steps: [{level: 0, lit: []}, {level: 50, lit: [a]}, {level: 100, lit: [a, b]}]
"""


@pytest.mark.parametrize(
    ("text", "where", "why"),
    [
        (NIGHTS.replace("{nights: 7}", "{persists: true}"), "x.yaml:4:1", "needs nights"),
        (NIGHTS.replace("7}", "7, slots: 9}"), "x.yaml:4:1", "counts its slots itself"),
        (NIGHTS.replace("7}", "7, ramp: true}"), "x.yaml:4:1", "holds no ramp"),
        (NIGHTS + "confirmation: level\n", "x.yaml:18:1", "confirmed by what it has stored"),
        (HEAD + "modbus: {}\nconfirmation: stored\n", "x.yaml:5:1", "no other unit"),
        (NIGHTS.replace("uint32, step", "uint32, scale: 60, step"), "x.yaml:13:54", "does not divide"),
        (NIGHTS.replace("address: 105, step: 3", "address: 104, step: 3"), "x.yaml:14:5", "104 is that of"),
        (NIGHTS.replace("address: 201", "address: 108"), "x.yaml:16:5", "108 is that of"),
        (NIGHTS.replace("step: 3, stride: 20}\n    checksum", "step: 3}\n    checksum"), "x.yaml:14:5", "is that of"),
        (NIGHTS.replace("{table: holding, address: 201", "{table: input, address: 201"), "x.yaml:16:14", "holding"),
        (NIGHTS.replace("address: 201", "address: 201, type: uint32") + "  write: single\n", "x.yaml:16:44", "torn"),
        (NIGHTS + "  clock: {address: 5}\n  write: single\n", "x.yaml:18:3", "one request"),
        (NIGHTS + "  actions: {set_clock: {table: coil, address: 1}}\n", "x.yaml:18:3", "leave set_clock out"),
        (NIGHTS.replace("slots: 4", "slots: 3"), "x.yaml:10:5", ">= 4"),
        (HEAD + "modbus:\n  channels: {count: 1}\n", "x.yaml:5:3", "a level or relays"),
        (HEAD + RELAYS.replace("lit: [a]}", "lit: [c]}"), "x.yaml:8:48", "no circuit c"),
        (HEAD + RELAYS.replace("level: 50", "level: 100"), "x.yaml:8:7", "ascending"),
        (HEAD + RELAYS.replace("lit: [a]}", "lit: [a, b]}"), "x.yaml:8:7", "told apart"),
        (HEAD + RELAYS.replace("lit: []", "lit: [b]"), "x.yaml:8:15", "lights no circuit"),
        (HEAD + RELAYS.replace("coil, address: 1", "holding, address: 1"), "x.yaml:7:67", "by a coil"),
        (HEAD + RELAYS + "    count: 2\n", "x.yaml:7", "stride"),
        (HEAD + RELAYS + "    level: {table: coil, address: 5, type: bool}\n", "x.yaml:5:3", "one of the two"),
    ],
)  # fmt: skip
def test_a_map_that_cannot_be_is_refused_at_its_place(text, where, why):
    with pytest.raises(InvalidInput) as refused:
        parse_profile(text, "x")
    assert refused.value.where.startswith(where)
    assert why in str(refused.value)
    assert "_blueprint.yaml" in refused.value.hint


def test_the_maps_that_are_spoilt_above_are_sound_by_themselves():
    assert parse_profile(NIGHTS, "x").confirmation == "stored"
    assert parse_profile(NIGHTS, "x").capabilities.slots == 2, "two are kept free for an override"
    assert parse_profile(HEAD + RELAYS, "x").capabilities.levels == (0, 50, 100)
